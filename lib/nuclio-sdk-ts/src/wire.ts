// The lines between processor and wrapper: one JSON object each over a unix socket.
//
//   wrapper -> processor   s                        once, ready
//   processor -> wrapper   {event}                  no length prefix
//   wrapper -> processor   m{"duration": seconds}   before the response; absent after a throw
//   wrapper -> processor   r{response}              exactly one per event
//   wrapper -> processor   l{log line}              at any time

/** An event as it is written: the body as base64, the time in whole seconds since 1970. */
export interface WireEvent {
  readonly body: string
  readonly 'content-type': string
  readonly content_type: string
  readonly fields: Readonly<Record<string, string>> | null
  readonly headers: Readonly<Record<string, string>> | null
  readonly id: string
  readonly method: string
  readonly num_shards: number
  readonly offset: number
  readonly path: string
  readonly shard_id: number
  readonly size: number
  readonly timestamp: number
  readonly topic: string
  readonly trigger: { readonly kind: string; readonly name: string }
  readonly type: string
  readonly type_version: string
  readonly url: string
  readonly version: string
}

/** An answer as the wrapper writes it. */
export interface WireResponse {
  /** Absent when the handler answered with nothing. */
  readonly body?: string
  readonly content_type: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly status_code: number
  readonly body_encoding: 'text' | 'base64'
}

/** A log line as the wrapper writes it. */
export interface WireLog {
  readonly datetime: string
  readonly level: 'debug' | 'info' | 'warning' | 'error'
  readonly message: string
  readonly with: Readonly<Record<string, unknown>>
}

/** The bytes of an answer's body. */
export function readBody(response: WireResponse): Buffer {
  return Buffer.from(response.body ?? '', response.body_encoding === 'base64' ? 'base64' : 'utf8')
}
