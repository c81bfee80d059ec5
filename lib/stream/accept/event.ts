import type { Rejection } from './rejection.ts'

/** The closed types that decoding gives; nothing behind `decode.ts` looks at raw JSON fields again. */

/** A JSON object as it came; only its own keys count. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a JSON value is an object, and neither a list nor null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Which model behind which function an event speaks of, as it names it. */
export interface EventSource {
  readonly functionUri: string
  readonly model: string
  /** '' if the event names none. */
  readonly version: string
  /** The uid that MLRun from 1.x sends, or '' : then the id is the hash of the other three. */
  readonly endpointId: string
}

/** One call of a model server: its rows share request id, time and latency. */
export interface PredictionCall {
  readonly kind: 'prediction'
  readonly source: EventSource
  /** '' if the event names no class. */
  readonly modelClass: string
  /** `when` as received, and in whole microseconds since 1970 UTC. */
  readonly when: string
  readonly atUs: number
  readonly requestId: string
  /** Whole microseconds, or NaN where MLRun 1.x sends none. */
  readonly latencyUs: number
  /** One entry per row; what a row may be is decided with the endpoint's names. */
  readonly inputs: readonly unknown[]
  /** inputs[k] belongs to outputs[k]; lengths may differ. */
  readonly outputs: readonly unknown[]
  /** Column names that MLRun 1.x may send, or null. */
  readonly inputNames: readonly string[] | null
  readonly outputNames: readonly string[] | null
  readonly labels: JsonObject | null
  readonly metrics: JsonObject | null
  readonly entities: JsonObject | null
  /** How many predictions one row stands for; 1 unless the server samples. */
  readonly rowWeight: number
  /** Index of the call in a batch event, else null. */
  readonly call: number | null
}

/** A call that failed in the model server. */
export interface ErrorCall {
  readonly kind: 'error'
  readonly source: EventSource
  readonly modelClass: string
  readonly labels: JsonObject | null
  /** Microseconds since 1970 UTC, or NaN: an error counts even if its time cannot be read. */
  readonly atUs: number
}

/** A call of a known endpoint that cannot be taken: it counts as an error of that endpoint. */
export interface InvalidCall {
  readonly kind: 'invalid'
  readonly source: EventSource
  readonly rejection: Rejection
  readonly call: number | null
}

/** A call that names no endpoint, or bytes that are no event at all. */
export interface UnknownCall {
  readonly kind: 'unknown'
  readonly rejection: Rejection
  readonly call: number | null
}

/** MLRun's own notices between its parts: counted by their kind, otherwise ignored. */
export interface Notice {
  readonly kind: 'notice'
  readonly notice: (typeof NOTICES)[number]
}
export const NOTICES = ['nop_event', 'batch_complete'] as const

export type Call = PredictionCall | ErrorCall | InvalidCall | UnknownCall | Notice
