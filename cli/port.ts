import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { errorCode, errorMessage } from '../lib/stream/errors.ts'
import { oneLine, trouble } from './errors.ts'

const PRIVILEGED_MAX = 1023

/**
 * A port that nobody listens on at this moment; the function is told of it before it is opened.
 *
 * @param port  0 for any
 * @param host  address that it will be opened on
 * @throws CliError when it is in use or may not be opened
 */
export async function findPort(port: number, host: string): Promise<number> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  } catch (error) {
    throw trouble(sentenceOf(port, error))
  } finally {
    server.close()
  }
}

function sentenceOf(port: number, error: unknown): string {
  const code = errorCode(error)
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use: stop the program that has it, or choose another with --port.`
  }
  if (code === 'EACCES' && port <= PRIVILEGED_MAX) {
    return `Port ${port} is not open to this user: choose one above ${PRIVILEGED_MAX} with --port.`
  }
  return `Port ${port} cannot be opened (${oneLine(errorMessage(error))}): choose another with --port.`
}
