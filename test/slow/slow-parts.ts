// What the parts of the slow computation share: its settings, its results, and what it remembers of
// an endpoint. It remembers plainly: every row, call and metric so far; numbers are counted again
// from those lists whenever one is asked for.

export interface SlowWindow {
  readonly name: string
  readonly seconds: number
}

export interface SlowSettings {
  readonly sampleWindow: number
  readonly countWindows: readonly SlowWindow[]
  readonly countPeriodSeconds: number
  readonly avgWindows: readonly SlowWindow[]
  readonly avgPeriodSeconds: number
  readonly tsdbTimeoutSeconds: number
  /** What a model without version gets: 'latest', or '' for nothing. */
  readonly defaultVersion: string
  readonly project: string
  readonly whenSkewSeconds: number
}

export interface SlowMetric {
  /** ISO with milliseconds and Z. */
  readonly time: string
  readonly endpoint_id: string
  readonly record_type: string
  readonly metric: string
  readonly value: number | string
}

/** A value of a number or text column; null where it is missing. */
export type Cell = number | string | null

export interface SlowPrediction {
  readonly endpoint_id: string
  readonly timestampUs: number
  readonly function_uri: string
  readonly model: string
  readonly model_class: string | null
  readonly request_id: string
  readonly first_request: string
  readonly last_request: string
  readonly latency: number | null
  readonly error_count: number
  readonly prediction: readonly Cell[] | null
  readonly named_features: Readonly<Record<string, Cell>>
  readonly labels: Readonly<Record<string, string>> | null
  readonly entities: Readonly<Record<string, string>> | null
  readonly metrics: Readonly<Record<string, number>> | null
}

export interface SlowEndpointResult {
  /** What the function itself has written to the endpoint's record, at the end. */
  readonly record: Readonly<Record<string, string | number | boolean>>
  readonly errorEvents: number
  readonly acceptedEvents: number
  readonly predictions: number
  /** By reason: calls, rows and surplus outputs. */
  readonly rejections: Readonly<Record<string, number>>
}

export interface SlowResult {
  readonly endpoints: ReadonlyMap<string, SlowEndpointResult>
  /** Sorted by time, endpoint, record type and metric. */
  readonly metrics: readonly SlowMetric[]
  /** One per accepted row, in order of arrival. */
  readonly predictions: readonly SlowPrediction[]
  readonly events: Readonly<
    Record<'received' | 'accepted' | 'error' | 'ignored' | 'rejected', number>
  >
  /** By reason, those without an endpoint included. */
  readonly rejections: Readonly<Record<string, number>>
}

/** The word by which a rejection is counted. */
export type Reason =
  | 'not-json'
  | 'missing'
  | 'wrong-type'
  | 'bad-time'
  | 'bad-source'
  | 'no-output'
  | 'no-input'
  | 'row-length'
  | 'nested-value'
  | 'text-for-number'

export interface Rejected {
  readonly reason: Reason
}

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isRejected(value: object): value is Rejected {
  return 'reason' in value
}

/** A row that was accepted, as the windows see it. */
export interface SlowRow {
  readonly timeUs: number
  readonly latencyUs: number | null
  /** How many predictions the row stands for; 1 where nothing is sampled. */
  readonly weight: number
  /** Older than the longest count window when it arrived: never counted. */
  readonly isLateForCounts: boolean
  /** The same for the averages, which have windows of their own. */
  readonly isLateForAverages: boolean
}

/** A row of record type base_metrics that was written. */
export interface BaseRow {
  readonly stampMs: number
  readonly counts: readonly number[]
  readonly errorCount: number
}

export type ColumnType = 'number' | 'text'

/** Everything that is remembered of one endpoint. */
export interface SlowEndpoint {
  readonly id: string
  functionUri: string
  model: string
  modelClass: string | null
  /** Of the latest error event or accepted call. */
  labels: JsonObject
  /** Time and arrival of the error events and accepted calls, in order of arrival. */
  readonly happenings: { readonly timeUs: number; readonly arrivalUs: number }[]
  /** The calls with at least one accepted row, in order of arrival. */
  readonly calls: { readonly timeUs: number; readonly when: string }[]
  readonly rows: SlowRow[]
  /** Error events and rejected calls. */
  errorCount: number
  errorEvents: number
  acceptedEvents: number
  readonly rejections: Record<string, number>
  featureNames: readonly string[] | null
  /** By position; null while every value was missing. */
  featureTypes: readonly (ColumnType | null)[]
  labelNames: readonly string[]
  predictionType: ColumnType | null
  readonly baseRows: BaseRow[]
  /** Idle rows are due from here on: the newest base row, or an edge that was passed in silence. */
  idleSinceMs: number | null
  /** The newest idle row that was written. */
  idleStampMs: number | null
  /** Stamps of sampled rows without a gap, up to the one given last; null before the first. */
  stampRun: { readonly startMs: number; readonly lastMs: number } | null
}

export function newEndpoint(id: string): SlowEndpoint {
  return {
    id,
    functionUri: '',
    model: '',
    modelClass: null,
    labels: {},
    happenings: [],
    calls: [],
    rows: [],
    errorCount: 0,
    errorEvents: 0,
    acceptedEvents: 0,
    rejections: {},
    featureNames: null,
    featureTypes: [],
    labelNames: [],
    predictionType: null,
    baseRows: [],
    idleSinceMs: null,
    idleStampMs: null,
    stampRun: null,
  }
}
