// The endpoint's record (SEMANTICS.md section 8) and the columns of a prediction (section 10).
import type { CallBody, CallTime } from './slow-event.ts'
import { numbersOf } from './slow-metrics.ts'
import type { JsonObject, SlowEndpoint, SlowPrediction, SlowSettings } from './slow-parts.ts'
import { isObject } from './slow-parts.ts'
import type { ReadRow } from './slow-row.ts'
import type { Source } from './slow-source.ts'
import { baseMetricsAt, streamNowUs } from './slow-windows.ts'

/** JSON text as Python's json.dumps spells it, but for numbers, which stay as JavaScript does. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (isObject(value)) {
    const entries = Object.entries(value).map(([k, v]) => `${pythonJson(k)}: ${pythonJson(v)}`)
    return `{${entries.join(', ')}}`
  }
  if (typeof value === 'number') return String(value)
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The received texts of the earliest and latest call by event time; the first of equal ones. */
export function requestsOf(endpoint: SlowEndpoint): {
  readonly first: string
  readonly last: string
} {
  let first: SlowEndpoint['calls'][number] | null = null
  let last: SlowEndpoint['calls'][number] | null = null
  for (const call of endpoint.calls) {
    if (first === null || call.timeUs < first.timeUs) first = call
    if (last === null || call.timeUs > last.timeUs) last = call
  }
  return { first: first?.when ?? '', last: last?.when ?? '' }
}

/** All that the function itself has written to the record, read when the clock shows `clockUs`. */
export function recordOf(
  endpoint: SlowEndpoint,
  clockUs: number,
  settings: SlowSettings,
): Readonly<Record<string, string | number | boolean>> {
  const nowUs = streamNowUs(endpoint, clockUs) ?? clockUs
  const record: Record<string, string | number | boolean> = {
    endpoint_id: endpoint.id,
    project: settings.project,
    function_uri: endpoint.functionUri,
    model: endpoint.model,
    active: true,
    labels: pythonJson(endpoint.labels),
    ...baseMetricsAt(endpoint, nowUs, settings).columns,
  }
  if (endpoint.modelClass !== null) record['model_class'] = endpoint.modelClass
  for (const [name, value] of Object.entries(endpoint.labels)) {
    const isNumber = typeof value === 'number' && Number.isFinite(value)
    if (isNumber || typeof value === 'string' || typeof value === 'boolean') {
      record[`_${name}`] = value
    }
  }
  const latestCall = endpoint.calls.at(-1)
  if (latestCall !== undefined) {
    const { first, last } = requestsOf(endpoint)
    record['timestamp'] = latestCall.when
    record['first_request'] = first
    record['last_request'] = last
  }
  if (endpoint.featureNames !== null) record['feature_names'] = pythonJson(endpoint.featureNames)
  if (endpoint.labelNames.length > 0) {
    record['label_names'] = pythonJson(endpoint.labelNames)
    record['label_columns'] = pythonJson(endpoint.labelNames)
  }
  return record
}

/** One accepted row as it goes to Parquet. */
export function predictionOf(
  endpoint: SlowEndpoint,
  row: ReadRow,
  call: {
    readonly source: Source
    readonly modelClass: string | null
    readonly labels: JsonObject
    readonly time: CallTime
    readonly body: CallBody
  },
): SlowPrediction {
  const { source, time, body } = call
  const { first, last } = requestsOf(endpoint)
  return {
    endpoint_id: endpoint.id,
    timestampUs: time.timeUs,
    function_uri: source.functionUri,
    model: source.model,
    model_class: call.modelClass,
    request_id: body.requestId,
    first_request: first,
    last_request: last,
    latency: body.latencyUs,
    error_count: endpoint.errorCount,
    prediction: row.prediction,
    named_features: Object.fromEntries(
      row.featureNames.map((name, index) => [name, row.features[index] ?? null]),
    ),
    labels: noneIfEmpty(textsOf(call.labels)),
    entities: noneIfEmpty(textsOf(body.entities)),
    metrics: noneIfEmpty(numbersOf(body.metrics)),
  }
}

function textsOf(values: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  )
}

function noneIfEmpty<T extends object>(map: T): T | null {
  return Object.keys(map).length === 0 ? null : map
}
