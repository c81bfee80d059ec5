import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { FramesClient, type FramesClientOptions } from '../../src/frames-client.ts'
import { ACCESS_KEY } from './clients.ts'

/** A request to the server. */
export interface FramesRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** An answer, or `reset`: the connection ends without one; or `silence`. */
export type FramesReply =
  | { readonly status?: number; readonly body: Buffer | string }
  | 'reset'
  | 'silence'

/** Starts a server that answers with these, the last one again and again, and a client of it. */
export async function startFrames(
  replies: readonly FramesReply[],
  options: Partial<FramesClientOptions> = {},
): Promise<{ readonly client: FramesClient; readonly requests: FramesRequest[] }> {
  const requests: FramesRequest[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const reply = replies[Math.min(requests.length, replies.length - 1)] ?? 'silence'
    const { url: path = '', headers } = request
    requests.push({ path, headers, body: Buffer.concat(pieces) })
    if (reply === 'reset') request.socket.resetAndDestroy()
    else if (reply !== 'silence') {
      response.writeHead(reply.status ?? 200)
      response.end(reply.body)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const client = new FramesClient({
    url: `http://127.0.0.1:${port}`,
    container: 'projects',
    accessKey: ACCESS_KEY,
    backoffMs: 1,
    ...options,
  })
  after(() => {
    client.close()
    server.closeAllConnections()
    server.close()
  })
  return { client, requests }
}
