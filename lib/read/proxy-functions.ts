/**
 * The functions of MLRun's grafana-proxy (0.6.3): same names, parameters, columns and rules for what is missing.
 * Where an answer differs on purpose, docs/deviations.md has it.
 */
import type { SeriesPoint, StoredRecord } from '../stream/ports.ts'
import type { LabelFilter } from './filters.ts'
import { comparison } from './filters.ts'
import { type Found, found, notFound, refuse } from './found.ts'
import { readSeries } from './read-series.ts'
import { idOf, memberOf, namesOf, numberOf, objectOf, textOf, timeOf } from './record-values.ts'
import type { TimeRange } from './request-body.ts'
import { chosenRecords, type ReadSources, recordOf } from './sources.ts'
import { type Cell, type ColumnType, type Series, type Table, tableOf } from './table.ts'

/** What a function is called with. */
export interface ProxyCall {
  readonly parameters: ReadonlyMap<string, string>
  readonly range: TimeRange
  /** Points of a series at most. */
  readonly pointsMax: number
  /** Of the dashboard, besides those of the parameters. */
  readonly filters: readonly LabelFilter[]
}

const ENDPOINT_COLUMNS: Readonly<Record<string, ColumnType>> = {
  endpoint_id: 'string',
  endpoint_function: 'string',
  endpoint_model: 'string',
  endpoint_model_class: 'string',
  first_request: 'time',
  last_request: 'time',
  accuracy: 'number',
  error_count: 'number',
  // Its words, not numbers for them: the original calls it a number nevertheless.
  drift_status: 'string',
  predictions_per_second: 'number',
  latency_avg_1h: 'number',
}

const HOUR_MS = 3_600_000
const METRICS_MAX = 20

/** The endpoints of a project: `project`, and `model`, `function`, `labels`, `metrics` to choose. */
export async function listEndpoints(
  { parameters, range, filters }: ProxyCall,
  sources: ReadSources,
): Promise<Found<Table>> {
  const project = parameters.get('project') ?? ''
  if (project === '') return refuse("project can't be empty")
  const metrics = listOf(parameters.get('metrics'))
  if (metrics.length > METRICS_MAX) return refuse(`metrics may be ${METRICS_MAX} at most.`)
  const records = await chosenRecords(sources, {
    project,
    filters: [...filters, ...filtersOf(parameters)],
  })
  const toMs = range.toMs ?? sources.nowMs
  const fromMs = range.fromMs ?? toMs - HOUR_MS
  const newest = await Promise.all(
    metrics.map(async (metric) => await newestOf(metric, { fromMs, toMs }, sources)),
  )
  const columns = new Map(Object.entries(ENDPOINT_COLUMNS))
  const extra = metrics.filter((metric) => !columns.has(metric))
  for (const metric of extra) columns.set(metric, 'number')
  const rows = records.map((record) => [
    ...endpointCells(record),
    ...extra.map((metric) => newest[metrics.indexOf(metric)]?.get(idOf(record)) ?? null),
  ])
  return found(tableOf(columns, rows))
}

function endpointCells(record: StoredRecord): readonly Cell[] {
  return [
    textOf(record, 'endpoint_id'),
    textOf(record, 'function_uri'),
    textOf(record, 'model'),
    textOf(record, 'model_class'),
    timeOf(record, 'first_request'),
    timeOf(record, 'last_request'),
    numberOf(record, 'accuracy'),
    numberOf(record, 'error_count'),
    textOf(record, 'drift_status'),
    numberOf(record, 'predictions_per_second'),
    numberOf(record, 'latency_avg_1h'),
  ]
}

/** `model`, `function` and `labels` of a call; a label with `=` has that value, one without exists. */
function filtersOf(parameters: ReadonlyMap<string, string>): readonly LabelFilter[] {
  const filters: LabelFilter[] = []
  const [model, functionUri] = [parameters.get('model'), parameters.get('function')]
  if (model !== undefined && model !== '') filters.push(comparison('model', true, model))
  if (functionUri !== undefined && functionUri !== '') {
    filters.push(comparison('function_uri', true, functionUri))
  }
  for (const label of listOf(parameters.get('labels'))) {
    const at = label.indexOf('=')
    filters.push(
      at < 0
        ? { kind: 'exists', name: `_${label}` }
        : { kind: 'equal', name: `_${label.slice(0, at)}`, value: label.slice(at + 1) },
    )
  }
  return filters
}

/** The newest number of a metric by endpoint. */
async function newestOf(
  metric: string,
  range: { readonly fromMs: number; readonly toMs: number },
  sources: ReadSources,
): Promise<ReadonlyMap<string, number>> {
  // One mean of the last minute of the range would not do: rows may be an hour apart.
  const points = await readSeries(sources, { metric, ...range, pointsMax: 120 })
  const newest = new Map<string, number>()
  for (const { endpointId, value } of points.ok ? points.value : []) {
    if (typeof value === 'number') newest.set(endpointId, value)
  }
  return newest
}

function listOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** One row for each feature of the training set: what it was, what it is, and how far apart they are. */
export async function individualFeatureAnalysis(
  call: ProxyCall,
  sources: ReadSources,
): Promise<Found<Table>> {
  const record = await endpointOf(call, sources)
  if (!record.ok) return record
  return found(tableOf(FEATURE_COLUMNS, featureRows(record.value)))
}

const FEATURE_COLUMNS: Readonly<Record<string, ColumnType>> = {
  feature_name: 'string',
  actual_min: 'number',
  actual_mean: 'number',
  actual_max: 'number',
  expected_min: 'number',
  expected_mean: 'number',
  expected_max: 'number',
  tvd: 'number',
  hellinger: 'number',
  kld: 'number',
}

/** The same rows as objects by column. */
export function featureObjects(record: StoredRecord): Readonly<Record<string, Cell>>[] {
  const names = Object.keys(FEATURE_COLUMNS)
  return featureRows(record).map((row) =>
    Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])),
  )
}

/** Cells in the order of the columns; null for what the record does not have. */
function featureRows(record: StoredRecord): readonly (readonly Cell[])[] {
  const expected = objectOf(record, 'feature_stats') ?? {}
  const actual = objectOf(record, 'current_stats') ?? {}
  const measures = objectOf(record, 'drift_measures') ?? {}
  const own = (object: Readonly<Record<string, unknown>>, name: string): unknown =>
    Object.hasOwn(object, name) ? object[name] : undefined
  return Object.keys(expected).map((name) => [
    name,
    ...['min', 'mean', 'max'].map((part) => memberOf(own(actual, name), part)),
    ...['min', 'mean', 'max'].map((part) => memberOf(own(expected, name), part)),
    ...['tvd', 'hellinger', 'kld'].map((part) => memberOf(own(measures, name), part)),
  ])
}

const OVERALL = ['tvd_sum', 'tvd_mean', 'hellinger_sum', 'hellinger_mean', 'kld_sum', 'kld_mean']

/** One row of an endpoint's drift measures as a whole; none where they were never measured. */
export async function overallFeatureAnalysis(
  call: ProxyCall,
  sources: ReadSources,
): Promise<Found<Table>> {
  const record = await endpointOf(call, sources)
  if (!record.ok) return record
  const measures = objectOf(record.value, 'drift_measures')
  const isMeasured = measures !== null && Object.keys(measures).length > 0
  const columns = new Map<string, ColumnType>(OVERALL.map((name) => [name, 'number']))
  const rows = isMeasured ? [OVERALL.map((name) => memberOf(measures, name))] : []
  return found(tableOf(columns, rows))
}

/** One series for each feature that the record names; none where it names none. */
export async function incomingFeatures(
  call: ProxyCall,
  sources: ReadSources,
): Promise<Found<readonly Series[]>> {
  const record = await endpointOf(call, sources)
  if (!record.ok) return record
  const names = namesOf(record.value, 'feature_names')
  if (names.length === 0) return found([])
  const points = await readSeries(sources, {
    endpointId: idOf(record.value),
    recordType: 'endpoint_features',
    ...call.range,
    pointsMax: call.pointsMax,
  })
  if (!points.ok) return points
  const byName = new Map<string, [number, number][]>(names.map((name) => [name, []]))
  for (const point of points.value) addTo(byName.get(point.metric), point)
  return found([...byName].map(([target, datapoints]) => ({ target, datapoints })))
}

function addTo(datapoints: [number, number][] | undefined, { value, atMs }: SeriesPoint): void {
  if (typeof value === 'number') datapoints?.push([value, atMs])
}

/** The record of `endpoint_id`, in `project` if one is named. */
export async function endpointOf(
  { parameters }: Pick<ProxyCall, 'parameters'>,
  sources: ReadSources,
): Promise<Found<StoredRecord>> {
  const endpointId = parameters.get('endpoint_id') ?? ''
  if (endpointId === '') return refuse("endpoint_id can't be empty")
  const project = parameters.get('project') || null
  const record = await recordOf(sources, { project, endpointId })
  return record === null
    ? notFound(`Endpoint ${endpointId.slice(0, 200)} not found`)
    : found(record)
}
