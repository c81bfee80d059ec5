import type { Server } from 'node:http'

/**
 * Has a server listen on 127.0.0.1.
 *
 * @param port  0 for any free one
 * @returns     its URL; rejects when the port is taken
 */
export async function listenLocally(server: Server, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port was bound')
  return `http://127.0.0.1:${address.port}`
}
