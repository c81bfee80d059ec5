// Repairs the wrapper's reading of its socket.
//
// Nuclio's wrapper (every version) gives each 'data' chunk of its socket to JSON.parse as if it
// were one whole event. The kernel hands out chunks as it likes: a line over 65,536 bytes always
// comes in pieces, lines over about 32 KB sometimes do, and two events may come in one chunk. Each
// of these kills node, and with it the processor; a Kafka message that does it is a poison pill.
//
// The repair sits between the socket and the wrapper's 'data' listener: it emits 'data' once per
// complete line, and the next line only when the previous event's response line was written,
// because the wrapper keeps a single emitter for the callbacks of all events and would mix up two
// at a time.

import { Socket } from 'node:net'
import { LineSplitter } from './line-splitter.ts'

// One mark per process, whichever copy of this package put it there.
const INSTALLED = Symbol.for('nuclio-sdk-ts.framing')
const RESPONSE_MARK = 'r'.charCodeAt(0)

/**
 * Repairs the framing of the socket that connects to `socketPath`, by default the one Nuclio's
 * wrapper got as its first argument. To be called before that socket connects: while the function's
 * module loads. Does nothing the second time, and nothing outside Nuclio's wrapper.
 */
export function installFraming(socketPath: string | undefined = process.argv[2]): void {
  if (socketPath === undefined || !socketPath.includes('/')) return
  if (Reflect.has(globalThis, INSTALLED)) return
  Reflect.set(globalThis, INSTALLED, true)
  const connect = Socket.prototype.connect
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    const connecting = Reflect.apply(connect, this, args)
    if (pathOf(args[0]) === socketPath) {
      Socket.prototype.connect = connect // there is one such socket; leave all later ones alone
      // Only now, because connect puts the prototype's `write` back. Nothing can have arrived yet.
      repairSocket(this)
    }
    return connecting
  }
}

/**
 * The path of connect(path), connect({ path }), and connect([{ path }, callback]), net's own form.
 */
function pathOf(target: unknown): unknown {
  if (typeof target !== 'object' || target === null) return target
  if (Array.isArray(target)) return pathOf(target[0])
  return Reflect.get(target, 'path')
}

/** Makes the socket's 'data' listeners get one line at a time, each after the last was answered. */
export function repairSocket(socket: Socket): void {
  const splitter = new LineSplitter()
  const emit = socket.emit
  const write = socket.write
  const waiting: Buffer[] = []
  let nextWaiting = 0
  let isBusy = false
  let wantsText = false

  function deliver(line: Buffer): void {
    isBusy = true
    Reflect.apply(emit, socket, ['data', wantsText ? line.toString() : line])
  }

  function deliverNext(): void {
    const line = waiting[nextWaiting]
    if (isBusy || line === undefined) return
    nextWaiting++
    if (nextWaiting === waiting.length) {
      waiting.length = 0
      nextWaiting = 0
    }
    deliver(line)
  }

  function onLine(line: Buffer): void {
    if (line.length === 0) return
    if (isBusy || waiting.length > 0) waiting.push(line)
    else deliver(line)
  }

  function emitLines(this: Socket, type: string | symbol, ...args: unknown[]): boolean {
    if (type !== 'data') return Reflect.apply(emit, socket, [type, ...args])
    const chunk = args[0]
    // Text after setEncoding: no version of the wrapper does that, but it costs nothing.
    wantsText = typeof chunk === 'string'
    splitter.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)), onLine)
    return true
  }

  function watchAnswers(this: Socket, ...args: unknown[]): boolean {
    const isAccepted = Reflect.apply(write, socket, args)
    if (isBusy && isResponse(args[0])) {
      isBusy = false
      // Not at once: the wrapper is still inside its handling of the event it just answered.
      if (waiting.length > 0) queueMicrotask(deliverNext)
    }
    return isAccepted
  }

  socket.emit = emitLines
  socket.write = watchAnswers
}

function isResponse(chunk: unknown): boolean {
  if (typeof chunk === 'string') return chunk.charCodeAt(0) === RESPONSE_MARK
  return chunk instanceof Uint8Array && chunk[0] === RESPONSE_MARK
}
