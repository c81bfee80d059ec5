/**
 * What a dashboard shows, said once for all families of data sources: a family turns it into queries of its own
 * (families/), and build.ts into Grafana's JSON.
 */

/** How a number or text is shown; `title` is the head of its column. */
export interface Column {
  readonly title: string
  /** Of Grafana. */
  readonly unit?: string
  readonly kind: 'text' | 'number' | 'time' | 'status' | 'distance'
}

/** Of an endpoint's record. */
export const ENDPOINT_COLUMNS = {
  endpoint_id: { title: 'Endpoint ID', kind: 'text' },
  function_uri: { title: 'Function', kind: 'text' },
  model: { title: 'Model', kind: 'text' },
  model_class: { title: 'Model Class', kind: 'text' },
  first_request: { title: 'First Request', kind: 'time' },
  last_request: { title: 'Last Request', kind: 'time' },
  predictions_per_second: { title: 'Predictions/s (5 Minute Average)', kind: 'number' },
  predictions_count_1h: { title: 'Predictions (1 Hour)', kind: 'number' },
  latency_avg_1h: { title: 'Average Latency (1 Hour)', kind: 'number', unit: 'µs' },
  accuracy: { title: 'Accuracy', kind: 'number' },
  error_count: { title: 'Errors', kind: 'number' },
  drift_status: { title: 'Drift Status', kind: 'status' },
} as const satisfies Readonly<Record<string, Column>>

/** Of a feature: its values in the training set and now, and the distances between them. */
export const FEATURE_COLUMNS = {
  feature_name: { title: 'Feature', kind: 'text' },
  actual_min: { title: 'Actual Min', kind: 'number' },
  actual_mean: { title: 'Actual Mean', kind: 'number' },
  actual_max: { title: 'Actual Max', kind: 'number' },
  expected_min: { title: 'Expected Min', kind: 'number' },
  expected_mean: { title: 'Expected Mean', kind: 'number' },
  expected_max: { title: 'Expected Max', kind: 'number' },
  tvd: { title: 'TVD', kind: 'distance' },
  hellinger: { title: 'Hellinger', kind: 'distance' },
  kld: { title: 'KLD', kind: 'number' },
} as const satisfies Readonly<Record<string, Column>>

/** Of an endpoint's distances as a whole. */
export const DISTANCE_COLUMNS = {
  tvd_sum: { title: 'TVD (sum)', kind: 'number' },
  tvd_mean: { title: 'TVD (mean)', kind: 'distance' },
  hellinger_sum: { title: 'Hellinger (sum)', kind: 'number' },
  hellinger_mean: { title: 'Hellinger (mean)', kind: 'distance' },
  kld_sum: { title: 'KLD (sum)', kind: 'number' },
  kld_mean: { title: 'KLD (mean)', kind: 'number' },
} as const satisfies Readonly<Record<string, Column>>

export type EndpointColumn = keyof typeof ENDPOINT_COLUMNS
export type FeatureColumn = keyof typeof FEATURE_COLUMNS
export type DistanceColumn = keyof typeof DISTANCE_COLUMNS

/** `project`: all endpoints of the variable PROJECT; `model`: the one of the variable MODEL. */
export type Scope = 'project' | 'model'

/** One number of a project's endpoints together. */
export type Total =
  | { readonly by: 'count' }
  | { readonly by: 'count'; readonly status: DriftWord }
  | { readonly by: 'sum'; readonly attribute: EndpointColumn }
  /** The mean of an attribute over its endpoints, each as often as its weight says. */
  | { readonly by: 'mean'; readonly attribute: EndpointColumn; readonly weight: EndpointColumn }

/** What a panel asks for. */
export type Show =
  | { readonly what: 'total'; readonly total: Total }
  | {
      readonly what: 'endpoints'
      readonly scope: Scope
      readonly columns: readonly EndpointColumn[]
    }
  | { readonly what: 'features' }
  | { readonly what: 'distances' }
  | {
      readonly what: 'series'
      readonly scope: Scope
      readonly recordType: string
      /** Empty for all that the record type has. */
      readonly metrics: readonly string[]
      /** Single values that hold until the next one, not means over spans of time. */
      readonly isStepped?: boolean
    }
  /** Of the function itself; Prometheus alone has it. */
  | { readonly what: 'pipeline'; readonly expr: string; readonly legend: string }

/** The record type of what is counted and averaged over windows. */
export const BASE = 'base_metrics'

/** Metrics of the stream; none are all that the record type has. */
export function series(
  scope: Scope,
  recordType: string,
  metrics: readonly string[],
): Extract<Show, { what: 'series' }> {
  return { what: 'series', scope, recordType, metrics }
}

/** How a panel looks. */
export type View =
  | { readonly as: 'stat'; readonly unit?: string; readonly decimals?: number }
  | { readonly as: 'table'; readonly sortBy?: string; readonly links?: boolean }
  | {
      readonly as: 'timeseries'
      readonly unit?: string
      /** With lines at these heights. */
      readonly thresholds?: readonly number[]
    }
  | { readonly as: 'state-timeline' }

/** One panel. `id` is unique in its dashboard; old ones are the original's. */
export interface PanelDescription {
  readonly id: number
  readonly title: string
  readonly doc: string
  readonly show: Show
  readonly view: View
  /** Of 24. */
  readonly width: number
  /** Rows of Grafana's grid. */
  readonly height: number
}

/** Half of a row. */
export const HALF = { width: 12, height: 9 } as const
/** All of it. */
export const WHOLE = { width: 24, height: 9 } as const

/** One dashboard. */
export interface DashboardDescription {
  /** Its file and the end of its address. */
  readonly name: string
  readonly title: string
  /** The original's, which its links have; other families add their name. */
  readonly uid: string
  readonly doc: string
  readonly refresh: string
  /** Whether the dashboard is of one endpoint, which the variable MODEL chooses. */
  readonly hasModel: boolean
  readonly panels: readonly PanelDescription[]
}

/** Of the dashboard that ids of endpoints lead to. */
export const DETAILS_UID = 'AohIXhAMk'

/** MLRun's words, as records have them. */
export type DriftWord = 'NO_DRIFT' | 'POSSIBLE_DRIFT' | 'DRIFT_DETECTED'

/** By the numbers of metrics. */
export const DRIFT_WORDS: readonly { readonly number: number; readonly word: string }[] = [
  { number: -1, word: 'UNKNOWN' },
  { number: 0, word: 'NO_DRIFT' },
  { number: 1, word: 'POSSIBLE_DRIFT' },
  { number: 2, word: 'DRIFT_DETECTED' },
]

/** MLRun's thresholds of the distances. */
export const POSSIBLE = 0.5
export const DETECTED = 0.7
