/**
 * Entry point of the worker thread that encodes and writes Parquet files. Its bundle stands beside
 * parquet_wasm_bg.wasm and the handler's; `parquet-sink.ts` starts it and is told how each file
 * went. Everything that can go wrong with a file is an answer; a missing .wasm file ends the
 * thread.
 */
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parentPort } from 'node:worker_threads'
import { initSync } from 'parquet-wasm/esm'
import wasmPath from 'parquet-wasm/esm/parquet_wasm_bg.wasm'
import { errorMessage, unreachable } from '../../stream/errors.ts'
import { writeDurably } from './durable-file.ts'
import { encodeFile } from './parquet-encode.ts'
import { type PackedFile, packFile } from './parquet-pack.ts'
import type { ParquetReply, ParquetRequest } from './parquet-protocol.ts'
import { warmUpFile } from './warm-up-file.ts'

/** The first writes are about three times slower; after so many the code is compiled. */
const WARM_UP_COUNT = 5

function answer(request: ParquetRequest): ParquetReply {
  switch (request.kind) {
    case 'write':
      return encode(request.packed, (bytes) => writeTo(request, bytes))
    case 'encode':
      // A copy of its own: small ones share their memory with others and cannot be handed over.
      return encode(request.packed, (bytes) => ({ kind: 'encoded', bytes: new Uint8Array(bytes) }))
    case 'warm-up':
      for (let count = 0; count < WARM_UP_COUNT; count++) encodeFile(packFile(warmUpFile()))
      return { kind: 'done' }
    default:
      return unreachable(request)
  }
}

function encode(packed: PackedFile, use: (bytes: Uint8Array) => ParquetReply): ParquetReply {
  let bytes: Uint8Array
  try {
    bytes = encodeFile(packed)
  } catch (error) {
    return { kind: isBroken(error) ? 'broken' : 'refused', reason: errorMessage(error) }
  }
  return use(bytes)
}

function writeTo({ root, path }: FileToWrite, bytes: Uint8Array): ParquetReply {
  try {
    writeDurably({ root, path, bytes })
  } catch (error) {
    return { kind: 'disk', reason: errorMessage(error) }
  }
  return { kind: 'done' }
}

type FileToWrite = Extract<ParquetRequest, { kind: 'write' }>

/** A trap leaves Rust's memory as it was in the middle; V8 says so when it gets no memory. */
function isBroken(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const isOutOfMemory = error.name === 'RangeError' && /allocation failed|grow/i.test(error.message)
  return error.name === 'RuntimeError' || isOutOfMemory
}

const port = parentPort
assert(port !== null, 'runs in a worker thread')
const reply = (message: ParquetReply): void => {
  // Bytes are handed over instead of copied.
  port.postMessage(message, message.kind === 'encoded' ? [message.bytes.buffer] : [])
}
initSync({ module: readFileSync(join(__dirname, wasmPath)) })
port.on('message', (request: ParquetRequest) => reply(answer(request)))
reply({ kind: 'ready' })
