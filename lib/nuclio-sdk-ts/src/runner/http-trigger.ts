import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readBody, type WireResponse } from '../wire.ts'
import { RunnerError, runnerErrorCode } from './runner-error.ts'
import { httpEvent } from './wire-events.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Settings of an HTTP trigger; the defaults are Nuclio's, but for the address. */
export interface HttpTriggerOptions {
  /** 0 takes any free port. */
  readonly port: number
  /** Default 127.0.0.1: nobody but this machine. */
  readonly host?: string
  /** The trigger's name in the events. Default `http`. */
  readonly name?: string
  /** Larger bodies get status 413. Default 4 MiB. */
  readonly maxRequestBodySize?: number
  /** A request that finds no free worker for so long gets status 503. Default 10,000. */
  readonly workerAvailabilityTimeoutMs?: number
}

/** An open HTTP trigger. */
export interface HttpTrigger {
  readonly port: number
  /** `http://127.0.0.1:8080` */
  readonly url: string
  /** Takes no more requests and lets those in hand finish. */
  stop(): Promise<void>
}

/** Opens the port. Rejects with `port_in_use` or `listen_failed`. */
export async function listenHttp(
  pool: WorkerPool,
  options: HttpTriggerOptions,
): Promise<HttpTrigger> {
  const { port, host = '127.0.0.1' } = options
  const id = randomUUID() // one for all events, as Nuclio has it
  const server = createServer((request, response) => {
    // answerRequest settles all trouble itself; what is left is a client that went away.
    answerRequest({ pool, options, id }, request, response).catch(() => response.destroy())
  })
  await listen(server, port, host)
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE'
      const text = isTaken
        ? `Port ${port} on ${host} is already in use.`
        : `Cannot listen on port ${port} of ${host}: ${error.message}`
      reject(new RunnerError(isTaken ? 'port_in_use' : 'listen_failed', text, error))
    })
    server.listen(port, host, resolve)
  })
}

interface Trigger {
  readonly pool: WorkerPool
  readonly options: HttpTriggerOptions
  readonly id: string
}

const BODY_BYTES_MAX = 4 * 1024 * 1024
const WAIT_MS_MAX = 10_000

async function answerRequest(
  { pool, options, id }: Trigger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { name = 'http', maxRequestBodySize = BODY_BYTES_MAX } = options
  const body = await readRequestBody(request, maxRequestBodySize)
  if (body === null) {
    response.writeHead(413, { 'Content-Type': 'text/plain', Connection: 'close' })
    response.end('The body is too large.')
    return
  }
  const { method = 'GET', url: target = '/', rawHeaders } = request
  const timestampMs = Date.now()
  const event = httpEvent({ body, method, target, rawHeaders, name, id, timestampMs })
  const waitMsMax = options.workerAvailabilityTimeoutMs ?? WAIT_MS_MAX
  try {
    writeResponse(response, await pool.run(event, { waitMsMax }))
  } catch (error) {
    const code = runnerErrorCode(error)
    const status = code === 'no_worker_available' || code === 'stopped' ? 503 : 502
    response.writeHead(status, { 'Content-Type': 'text/plain' })
    response.end(error instanceof Error ? error.message : String(error))
  }
}

/** The body's bytes, or null as soon as they are too many. */
async function readRequestBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    request.resume()
    return null
  }
  const chunks: Buffer[] = []
  let byteCount = 0
  return await new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      byteCount += chunk.length
      if (byteCount <= bytesMax) chunks.push(chunk)
      else resolve(null) // what is still to come is dropped, not kept
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}

function writeResponse(response: ServerResponse, answer: WireResponse): void {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) headers[name] = String(value)
  headers['Content-Type'] = answer.content_type
  const body = readBody(answer)
  headers['Content-Length'] = String(body.length)
  response.writeHead(answer.status_code, headers)
  response.end(body)
}
