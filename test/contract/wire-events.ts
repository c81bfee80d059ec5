/** An event as the processor writes it. */
export interface WireEvent {
  readonly trigger: { readonly kind: string; readonly name: string }
  /** Base64. An object for a structured cloud event, which the wrapper refuses itself. */
  readonly body: string | object
  readonly method: string
  readonly path: string
  readonly topic: string
  readonly shard_id: number
  readonly offset: number
  readonly [field: string]: unknown
}

type Body = string | Uint8Array

function eventWith(body: Body, changes: Partial<WireEvent>): WireEvent {
  const bytes = Buffer.from(body)
  return {
    body: bytes.toString('base64'),
    'content-type': '',
    content_type: '',
    fields: null,
    headers: {},
    id: '188a90c1-80a1-4dfc-9cb1-0f4d49cef74d',
    method: '',
    num_shards: 0,
    offset: 0,
    path: '',
    shard_id: -1,
    size: bytes.length,
    timestamp: 1_795_505_557,
    topic: '',
    trigger: { kind: 'http', name: 'http' },
    type: '',
    type_version: '',
    url: '',
    version: '',
    ...changes,
  }
}

/** A request that pushes a body over HTTP. */
export function post(body: Body, changes: Partial<WireEvent> = {}): WireEvent {
  return eventWith(body, { method: 'POST', path: '/', fields: {}, ...changes })
}

/** A request that reads, with a key where the function has one. */
export function get(path: string, key = ''): WireEvent {
  const headers = key === '' ? {} : { 'X-V3io-Session-Key': key }
  return eventWith('', { method: 'GET', path, fields: {}, headers })
}

/** A message of a Kafka topic; header values are base64 there. */
export function kafka(body: Body, { shard = 0, offset }: { shard?: number; offset: number }) {
  return eventWith(body, {
    trigger: { kind: 'kafka-cluster', name: 'model-endpoints' },
    headers: { 'content-type': 'YXBwbGljYXRpb24vanNvbg==' },
    shard_id: shard,
    offset,
    path: 'events',
    topic: 'events',
  })
}

/** A tick of a cron trigger. */
export function cron(): WireEvent {
  return eventWith('', { trigger: { kind: 'cron', name: 'flush' }, timestamp: 0 })
}

/** The line of an event, newline included. */
export function lineOf(event: WireEvent): string {
  return `${JSON.stringify(event)}\n`
}
