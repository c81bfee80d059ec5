import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { after } from 'node:test'

/** A request as it arrived. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A plain answer. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** What the server does with a request: an answer, or one of the ways in which answers go wrong. */
export type Step =
  | Reply
  /** Ends the connection without an answer, hard. */
  | 'reset'
  /** Never answers. */
  | 'silence'
  /** Promises 100 bytes, sends 10 and ends the connection. */
  | 'half-body'
  /** Sends some bytes, then nothing. */
  | 'stall'
  /** A byte each 20 ms, without end. */
  | 'trickle'
  /** What no client of HTTP understands. */
  | 'noise'
  /** 200, and ends the connection as soon as the client has read it. */
  | 'close-when-idle'

/** A server on 127.0.0.1 that does as it is told and remembers what it saw. */
export interface ScriptedServer {
  readonly url: string
  readonly seen: SeenRequest[]
  readonly connections: () => number
  readonly close: () => Promise<void>
}

/**
 * Starts a server, which ends with the tests of the file.
 *
 * @param script  what to do with request number `index`, from 0; a list stays at its last step
 */
export async function startServer(
  script: readonly Step[] | ((request: SeenRequest, index: number) => Step | Promise<Step>),
  tls?: { readonly key: string; readonly cert: string },
): Promise<ScriptedServer> {
  const seen: SeenRequest[] = []
  const sockets = new Set<Socket>()
  let connectionCount = 0
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const index = seen.length
    const one = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(pieces).toString('utf8'),
    }
    seen.push(one)
    const step =
      typeof script === 'function'
        ? await script(one, index)
        : (script[Math.min(index, script.length - 1)] ?? {})
    perform(step, request.socket, response)
  }
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(request, response).catch((error) => {
      // A client that gave up is a part of some tests; everything else shows as a reset.
      response.destroy(error)
    })
  }
  const server: Server =
    tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener)
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket: Socket) => {
    connectionCount++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
  after(close)
  const { port } = server.address() as AddressInfo
  const scheme = tls === undefined ? 'http' : 'https'
  return { url: `${scheme}://127.0.0.1:${port}`, seen, connections: () => connectionCount, close }
}

function perform(step: Step, socket: Socket, response: ServerResponse): void {
  switch (step) {
    case 'reset':
      socket.resetAndDestroy()
      break
    case 'silence':
      break
    case 'half-body':
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('0123456789', () => socket.destroy())
      break
    case 'stall':
      response.write('some')
      break
    case 'trickle': {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'), 20)
      socket.on('close', () => clearInterval(timer))
      break
    }
    case 'noise':
      socket.end('NOISE\r\n\r\n')
      break
    case 'close-when-idle':
      response.writeHead(200, { 'Content-Length': '2' })
      response.end('{}', () => setTimeout(() => socket.destroy(), 5))
      break
    default:
      response.writeHead(step.status ?? 200, { ...step.headers })
      response.end(step.body)
  }
}
