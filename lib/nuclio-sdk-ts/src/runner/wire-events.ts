import type { WireEvent } from '../wire.ts'

/** Parts of an event that the caller makes itself. */
export interface SentEvent {
  /** Default empty. */
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** The trigger's kind; default `cron`. */
  readonly kind?: string
  /** The trigger's name; default `tick`. */
  readonly name?: string
  /** As of a request; default empty both. */
  readonly method?: string
  readonly path?: string
}

/** A Go date of nothing: what cron events carry. */
const CRON_SECONDS = 0

const EMPTY = {
  'content-type': '',
  content_type: '',
  fields: null,
  headers: {},
  method: '',
  num_shards: 0,
  offset: 0,
  path: '',
  shard_id: -1,
  topic: '',
  type: '',
  type_version: '',
  url: '',
  version: '',
} as const

/** An event as Nuclio's cron trigger makes it, or another one whose parts are given. */
export function cronEvent(sent: SentEvent, id: string): WireEvent {
  const { body, size } = encodeBody(sent.body ?? '')
  const trigger = { kind: sent.kind ?? 'cron', name: sent.name ?? 'tick' }
  const { method = '', path = '', headers = {} } = sent
  return { ...EMPTY, body, size, headers, method, path, id, timestamp: CRON_SECONDS, trigger }
}

/** What a stream event is made of. */
export interface StreamRecord {
  readonly body: Buffer
  readonly kind: 'kafka-cluster' | 'v3io-stream'
  readonly name: string
  readonly topic: string
  readonly shard: number
  readonly offset: number
  readonly id: string
  readonly timestampMs: number
}

/** An event as Nuclio's Kafka trigger makes it (path = topic), or its v3io trigger (no path). */
export function streamEvent(record: StreamRecord): WireEvent {
  const { kind, name, topic, shard, offset, id, timestampMs } = record
  const { body, size } = encodeBody(record.body)
  return {
    ...EMPTY,
    body,
    size,
    id,
    offset,
    path: kind === 'kafka-cluster' ? topic : '',
    shard_id: shard,
    timestamp: Math.floor(timestampMs / 1_000),
    topic,
    trigger: { kind, name },
  }
}

/** What an HTTP event is made of. */
export interface HttpRecord {
  readonly body: Buffer
  readonly method: string
  /** The request's target: path and query. */
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly name: string
  readonly id: string
  readonly timestampMs: number
}

/** An event as Nuclio's HTTP trigger makes it. */
export function httpEvent(record: HttpRecord): WireEvent {
  const { body, size } = encodeBody(record.body)
  const headers: Record<string, string> = Object.create(null)
  for (let index = 0; index + 1 < record.rawHeaders.length; index += 2) {
    headers[canonicalHeader(record.rawHeaders[index] ?? '')] = record.rawHeaders[index + 1] ?? ''
  }
  const contentType = headers['Content-Type'] ?? ''
  const queryAt = record.target.indexOf('?')
  const path = queryAt === -1 ? record.target : record.target.slice(0, queryAt)
  const fields: Record<string, string> = Object.create(null)
  const query = queryAt === -1 ? '' : record.target.slice(queryAt + 1)
  for (const [key, value] of new URLSearchParams(query)) fields[key] = value
  return {
    ...EMPTY,
    body,
    size,
    'content-type': contentType,
    content_type: contentType,
    fields,
    headers,
    id: record.id,
    method: record.method,
    path: decodePath(path),
    timestamp: Math.floor(record.timestampMs / 1_000),
    trigger: { kind: 'http', name: record.name },
  }
}

function encodeBody(bytes: string | Uint8Array): { body: string; size: number } {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes)
  return { body: buffer.toString('base64'), size: buffer.length }
}

/**
 * A header name as Go writes it: X-Request-Id. Names with characters that no token may have stay as
 * they are.
 */
export function canonicalHeader(name: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return name
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path // a stray % is the client's; the function gets what was sent
  }
}
