// Stands in for Nuclio's wrapper.js on a developer's machine: node wrapper.js SOCKET FILE FUNCTION.
//
// It repeats the steps of the original (1.7.7 to 1.14.1) and its faults, because a function that
// only works under a kinder wrapper would fail in the cluster: one 'data' chunk is taken for one
// event, one emitter carries the callbacks of all events, initContext is not awaited, the logger
// needs a socket. It differs where a laptop does: FILE may hold any character; when the runner is
// gone it exits, as the end of a pod would have it; and after SIGTERM it exits as soon as the
// function has flushed.

import { EventEmitter, once } from 'node:events'
import { createRequire } from 'node:module'
import { createConnection, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { ResponseConstructor } from './context.ts'
import type { WireLog, WireResponse } from './wire.ts'

type Handler = (context: WrapperContext, event: unknown) => unknown

interface WrapperContext {
  userData: Record<string, unknown>
  callback(output?: unknown): Promise<void>
  Response: ResponseConstructor
  logger: ReturnType<typeof createWireLogger>
  _socket: Socket | undefined
  _eventEmitter: EventEmitter
}

// Nuclio's own patience with an export that is not there yet: 10 s.
const EXPORT_ATTEMPTS = 40
const EXPORT_RETRY_MS = 250

class ResponseOfHandler {
  body: unknown
  headers: unknown
  content_type: string
  status_code: number

  constructor(body?: unknown, headers?: unknown, contentType = 'text/plain', statusCode = 200) {
    this.body = body ?? ''
    this.headers = headers ?? {}
    this.content_type = contentType
    this.status_code = statusCode
  }
}

function createWireLogger(getSocket: () => Socket | undefined) {
  const log = (level: WireLog['level'], message: string, fields: unknown = {}) => {
    const line = { datetime: new Date().toISOString(), level, message, with: fields }
    const socket = getSocket()
    // As in the original: the text is made first, and without a socket this throws.
    if (socket === undefined) throw new TypeError('The logger was used before the socket exists.')
    socket.write(`l${JSON.stringify(line)}\n`)
  }
  return {
    debug: (message: string) => log('debug', message),
    info: (message: string) => log('info', message),
    warn: (message: string) => log('warning', message),
    error: (message: string) => log('error', message),
    debugWith: (message: string, fields: unknown) => log('debug', message, fields),
    infoWith: (message: string, fields: unknown) => log('info', message, fields),
    warnWith: (message: string, fields: unknown) => log('warning', message, fields),
    errorWith: (message: string, fields: unknown) => log('error', message, fields),
  }
}

function createContext(): WrapperContext {
  const emitter = new EventEmitter()
  const context: WrapperContext = {
    userData: {},
    callback: async (output) => {
      emitter.emit('callback', output)
    },
    Response: ResponseOfHandler,
    logger: createWireLogger(() => context._socket),
    _socket: undefined,
    _eventEmitter: emitter,
  }
  return context
}

/** What a callback's value becomes on the wire. Throws on what JSON.stringify refuses. */
function toWireResponse(output: unknown): WireResponse {
  const text = { content_type: 'text/plain', headers: {}, status_code: 200 }
  if (typeof output === 'string') return { body: output, ...text, body_encoding: 'text' }
  if (Buffer.isBuffer(output)) {
    return { body: output.toString('base64'), ...text, body_encoding: 'base64' }
  }
  if (output instanceof ResponseOfHandler) {
    const { body, content_type, headers, status_code } = output
    const written = { content_type, headers: { ...Object(headers) }, status_code }
    return { ...withBody(body), ...written, body_encoding: 'text' }
  }
  if (Array.isArray(output) && output.length === 2 && typeof output[0] === 'number') {
    return { ...withBody(output[1]), ...text, status_code: output[0], body_encoding: 'text' }
  }
  const json = { content_type: 'application/json', headers: {}, status_code: 200 }
  return { ...withBody(output), ...json, body_encoding: 'text' }
}

function withBody(value: unknown): { body?: string } {
  const body = typeof value === 'string' ? value : JSON.stringify(value)
  return body === undefined ? {} : { body }
}

function toErrorResponse(error: unknown): WireResponse {
  const stack = error instanceof Error ? error.stack : ''
  return {
    body: `Error in handler: ${String(error)}\n${stack}`,
    content_type: 'text/plain',
    headers: {},
    status_code: 500,
    body_encoding: 'text',
  }
}

async function handleEvent(context: WrapperContext, handler: Handler, event: unknown) {
  const socket = context._socket
  if (socket === undefined) return
  const write = (mark: 'm' | 'r', value: unknown) =>
    socket.write(`${mark}${JSON.stringify(value)}\n`)
  try {
    const fields = event as { body: unknown; timestamp: unknown }
    // Throws for the object that a structured cloud event has as its body, like the original.
    fields.body = Buffer.from(fields.body as string, 'base64')
    fields.timestamp = new Date((fields.timestamp as number) * 1_000)
    const startedAtMs = Date.now()
    const answered = new Promise((answer) => {
      context._eventEmitter.once('callback', answer)
    })
    handler(context, event)
    const output = await answered
    const seconds = (Date.now() - startedAtMs) / 1_000
    write('m', { duration: seconds || 1e-11 })
    write('r', toWireResponse(output))
  } catch (error) {
    write('r', toErrorResponse(error))
  }
}

async function findExport(loaded: unknown, name: string): Promise<Handler> {
  for (let attempt = 0; attempt < EXPORT_ATTEMPTS; attempt++) {
    const found: unknown = Reflect.get(Object(loaded), name)
    if (typeof found === 'function')
      return (context, event) => Reflect.apply(found, loaded, [context, event])
    if (attempt === 0) console.error(`The function's file has no export "${name}" yet.`)
    await delay(EXPORT_RETRY_MS)
  }
  throw new Error(`The function's file has no export "${name}".`)
}

async function connect(context: WrapperContext, socketPath: string): Promise<Socket> {
  const socket = createConnection(socketPath)
  context._socket = socket
  await once(socket, 'ready')
  return socket
}

async function main(): Promise<void> {
  const [socketPath, file, name] = process.argv.slice(2)
  if (socketPath === undefined || file === undefined || name === undefined) {
    throw new Error('Usage: node wrapper.js SOCKET FILE FUNCTION')
  }
  const path = resolve(file)
  const loaded: unknown = createRequire(path)(path)
  const handler = await findExport(loaded, name)
  const context = createContext()
  const initContext: unknown = Reflect.get(Object(loaded), 'initContext')
  if (typeof initContext === 'function') Reflect.apply(initContext, loaded, [context])
  const socket = await connect(context, socketPath)
  socket.write('s\n')
  socket.on('data', (chunk) => {
    // A parse error is nobody's to catch and ends the process; handleEvent settles all else itself.
    void handleEvent(context, handler, JSON.parse(chunk.toString()))
  })
  socket.on('close', () => process.exit(0))
  // Ctrl-C in a terminal reaches the workers too. The runner decides what it means: it sends
  // SIGTERM so that the function flushes, or it ends, and then the socket closes.
  process.on('SIGINT', () => {})
  const emitter: EventEmitter = process
  emitter.on('nuclio-sdk-ts.flushed', (signal) => {
    if (signal === 'SIGTERM') process.exit(0)
  })
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
