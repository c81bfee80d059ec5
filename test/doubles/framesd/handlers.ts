// What framesd does for each path, as answers that are not sent yet.
import { rowCountOf } from './frame-columns.ts'
import {
  decodeFrame,
  decodeWrite,
  encodeFrame,
  type FrameParts,
  type WireFrame,
  type WireWrite,
} from './frames-messages.ts'
import { framed, framedMessages } from './framing.ts'
import { type JsonRequest, parseRequest } from './json-request.ts'
import type { KvBackend } from './kv/kv-backend.ts'
import { Refusal, refuseWith } from './refusal.ts'
import { type Session, sessionOfJson, sessionOfWrite, withAuthorization } from './session.ts'
import type { TsdbBackend } from './tsdb/tsdb-backend.ts'
import { readTable } from './tsdb/tsdb-read.ts'
import { rangeOf } from './tsdb/tsdb-times.ts'
import { checkTsdbArguments, type WriteReport, writeFrame } from './tsdb/tsdb-write.ts'

/** An answer; several parts are sent one by one, as a chunked body. */
export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly parts: readonly Uint8Array[]
  readonly isChunked: boolean
}

/** A request whose body has arrived. */
export interface Call {
  readonly path: string
  readonly authorization: string | undefined
  readonly body: Buffer
  /** Lets everything else than writes to the TSDB do nothing. */
  readonly isIgnored: boolean
  /** Of a write to the TSDB of this table: what is dropped, and what a fault lets vanish. */
  readonly reportOf: (table: string) => WriteReport
}

export interface Backends {
  readonly tsdb: TsdbBackend
  readonly kv: KvBackend
  readonly nowMs: () => number
}

const TEXT = 'text/plain; charset=utf-8'

/** Answers a request to a path that takes POST; null for a path that is not known. */
export async function handlePost(call: Call, backends: Backends): Promise<Reply | null> {
  switch (call.path) {
    case '/write':
      return write(call, backends)
    case '/read':
      return read(call, backends)
    case '/create':
      return create(call, backends)
    case '/delete':
      return remove(call, backends)
    case '/exec':
      return execute(call, backends)
    case '/version':
      parseRequest(call.body)
      return jsonReply({ version: 'unknown' })
    case '/history':
      jsonCall(call)
      return framesReply([])
    default:
      return null
  }
}

export function textReply(status: number, text: string | Uint8Array): Reply {
  return { status, contentType: TEXT, parts: [Buffer.from(text)], isChunked: false }
}

export function jsonReply(value: unknown, contentType = 'application/json'): Reply {
  const parts = [Buffer.from(`${JSON.stringify(value)}\n`)]
  return { status: 200, contentType, parts, isChunked: false }
}

function framesReply(frames: readonly FrameParts[]): Reply {
  const parts = frames.map((frame) => framed(encodeFrame(frame)))
  return { status: 200, contentType: TEXT, parts, isChunked: true }
}

function jsonCall(call: Call): { readonly request: JsonRequest; readonly session: Session } {
  const request = parseRequest(call.body)
  const session = withAuthorization(sessionOfJson(request, call.path), call.authorization)
  return { request, session }
}

async function write(call: Call, backends: Backends): Promise<Reply> {
  const messages = framedMessages(call.body)
  const request = firstMessage(messages)
  const session = withAuthorization(sessionOfWrite(request.session), call.authorization)
  const store = await openWriter({ call, request, session }, backends)
  let [frameCount, totalRows] = [0, 0]
  const add = async (frame: WireFrame): Promise<void> => {
    try {
      await store(frame)
    } catch (error) {
      refuseWith("write error: can't add frame", error)
    }
    frameCount += 1
    totalRows += rowCountOf([...frame.columns, ...frame.indices])
  }
  if (request.initial_data !== null) await add(request.initial_data)
  // Frames before one that cannot be decoded are stored, as by the real one.
  for (;;) {
    const frame = nextFrame(messages)
    if (frame === null) return jsonReply({ num_frames: frameCount, num_rows: totalRows })
    await add(frame)
  }
}

function firstMessage(messages: Iterator<Buffer, void>): WireWrite {
  try {
    const { value } = messages.next()
    if (value !== undefined) return decodeWrite(value)
  } catch {
    throw new Refusal('bad write request', 400)
  }
  throw new Refusal('bad write request', 400)
}

function nextFrame(messages: Iterator<Buffer, void>): WireFrame | null {
  try {
    const { value } = messages.next()
    return value === undefined ? null : decodeFrame(value)
  } catch {
    throw new Refusal('decode error')
  }
}

async function openWriter(
  { call, request, session }: { call: Call; request: WireWrite; session: Session },
  { tsdb, kv }: Backends,
): Promise<(frame: WireFrame) => void | Promise<void>> {
  try {
    if (request.backend === 'tsdb') {
      checkTsdbArguments(request)
      const table = adapterOf(tsdb, session, request.table)
      const report = call.reportOf(request.table)
      return (frame) => writeFrame(table, frame, report)
    }
    if (request.backend !== 'kv') throw new Refusal(`unknown backend - '${request.backend}'`)
    if (call.isIgnored) return () => undefined
    return await kv.openWriter(session, request)
  } catch (error) {
    refuseWith('write error: backend Write failed', error)
  }
}

function adapterOf(tsdb: TsdbBackend, session: Session, table: string) {
  try {
    return tsdb.open(session, table)
  } catch (error) {
    refuseWith('failed to create adapter', error)
  }
}

async function read(call: Call, backends: Backends): Promise<Reply> {
  const { request, session } = jsonCall(call)
  if (call.isIgnored) return framesReply([])
  try {
    const frames =
      backendOf(request) === 'tsdb'
        ? readTsdb({ request, session }, backends)
        : await backends.kv.read(session, request)
    return framesReply(frames)
  } catch (error) {
    // Errors of a read are a frame inside of a good answer.
    if (!(error instanceof Refusal) || error.status === 400) throw error
    return framesReply([{ error: `can't query: ${error.message}` }])
  }
}

function readTsdb(
  { request, session }: { request: JsonRequest; session: Session },
  { tsdb, nowMs }: Backends,
): readonly FrameParts[] {
  const table = adapterOf(tsdb, session, request.text('table'))
  for (const name of ['query', 'aggregation_window']) {
    if (request.text(name) !== '') throw new Refusal(`this double does not know '${name}'`)
  }
  return readTable(table, {
    columns: request.texts('columns'),
    filter: request.text('filter'),
    groupBy: request.text('group_by'),
    aggregators: request.text('aggregators'),
    step: request.text('step'),
    multiIndex: request.flag('multi_index'),
    messageLimit: request.count('message_limit'),
    range: rangeOf({ start: request.text('start'), end: request.text('end') }, nowMs()),
  })
}

function create(call: Call, { tsdb }: Backends): Reply {
  const { request, session } = jsonCall(call)
  if (backendOf(request) === 'kv') {
    throw new Refusal('not required, table is created on first write')
  }
  if (!call.isIgnored) tsdb.create(session, request)
  return textReply(200, 'OK')
}

async function remove(call: Call, { tsdb, kv }: Backends): Promise<Reply> {
  const { request, session } = jsonCall(call)
  try {
    const backend = backendOf(request)
    if (call.isIgnored) return textReply(200, 'OK')
    if (backend === 'tsdb') tsdb.delete(session, request)
    else await kv.delete(session, request)
  } catch (error) {
    refuseWith("can't delete", error)
  }
  return textReply(200, 'OK')
}

async function execute(call: Call, { kv }: Backends): Promise<Reply> {
  const { request, session } = jsonCall(call)
  try {
    if (backendOf(request) !== 'kv') throw new Refusal('TSDB has no commands')
    if (!call.isIgnored) await kv.execute(session, request)
  } catch (error) {
    // The reason stays in framesd's log.
    if (!(error instanceof Refusal) || error.status === 400) throw error
    throw new Refusal("can't exec")
  }
  return jsonReply({ frame: '' }, TEXT)
}

function backendOf(request: JsonRequest): 'tsdb' | 'kv' {
  const backend = request.text('backend')
  if (backend === 'tsdb' || backend === 'kv') return backend
  throw new Refusal(`unknown backend - '${backend}'`)
}
