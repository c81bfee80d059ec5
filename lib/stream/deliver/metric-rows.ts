import type { JsonObject } from '../accept/event.ts'
import type { Endpoint } from '../compute/endpoint.ts'
import type { EndpointSchema } from '../compute/endpoint-schema.ts'
import type { WindowTotals } from '../compute/endpoint-table.ts'
import type { RowReader } from '../compute/row-reader.ts'
import type { MetricRow } from '../ports.ts'
import { baseMetrics } from './endpoint-record.ts'

/** Columns of every row of the table; a feature of that name would replace one (D34). */
const INDEX_COLUMNS: ReadonlySet<string> = new Set([
  'prediction',
  'timestamp',
  'time',
  'endpoint_id',
  'record_type',
  // pandas readers of framesd hang the labels of a frame onto it under this name.
  'labels',
])

/** The aggregates of an endpoint at a stamp (SEMANTICS.md section 9, `base_metrics`). */
export function baseMetricsRow(
  endpointId: string,
  { totals, errorCount }: { readonly totals: WindowTotals; readonly errorCount: number },
  stampMs: number,
): MetricRow {
  const { names, values } = baseMetrics(totals)
  names.push('error_count')
  values.push(errorCount)
  return {
    endpointId,
    recordType: 'base_metrics',
    atMs: stampMs,
    names: sharedNames(names),
    values: values.slice(), // a list that is made by push() has room for 17
  }
}

let baseNames: readonly string[] = []

/** Rows wait by the thousand, and nearly all of them have the names of the one before. */
function sharedNames(names: readonly string[]): readonly string[] {
  const isKnown =
    names.length === baseNames.length && names.every((name, index) => name === baseNames[index])
  if (!isKnown) baseNames = names.slice()
  return baseNames
}

/**
 * The row that the reader holds: features and predictions by name, and the first prediction once more
 * as `prediction`, for readers of April 2021. Missing values are left out; null if nothing is there.
 */
export function featuresRow(
  endpoint: Endpoint,
  row: Pick<RowReader, 'features' | 'featureTexts' | 'predictions' | 'isPredictionNull'>,
  stampMs: number,
): MetricRow | null {
  const { schema, endpointId } = endpoint
  const columns = columnsOf(schema)
  const recordType = 'endpoint_features'
  const numbers = numbersAlone(schema, row)
  if (numbers !== null) {
    return { endpointId, recordType, atMs: stampMs, names: columns, values: numbers }
  }
  const fieldCount = schema.fields.length
  const predictions = row.isPredictionNull ? NO_PREDICTIONS : row.predictions
  const values: (number | string | null)[] = []
  for (let field = 0; field < fieldCount; field++) {
    const isText = schema.kinds[field] === 'text'
    const value = isText ? row.featureTexts[field] : row.features[field]
    values.push(value === undefined || Number.isNaN(value) ? null : value)
  }
  values.push(predictions[0] ?? null)
  // A label called prediction says the same as the first prediction does.
  const isNamed = schema.labelNames[0] === 'prediction'
  for (let label = isNamed ? 1 : 0; label < schema.labelNames.length; label++) {
    values.push(predictions[label] ?? null)
  }
  if (!values.includes(null)) {
    const whole = values as (number | string)[]
    return { endpointId, recordType, atMs: stampMs, names: columns, values: whole }
  }
  const names = columns.filter((_, index) => values[index] !== null)
  if (names.length === 0) return null
  const given = values.filter((value) => value !== null)
  return { endpointId, recordType, atMs: stampMs, names, values: given }
}

const NO_PREDICTIONS: readonly null[] = []

/**
 * The values of a row of numbers with one prediction, as nearly every row is; null for any other one. A
 * list that never holds anything but numbers is one piece of memory, while it waits as well.
 */
function numbersAlone(
  { shape: { plainWidth }, labelNames, predictionKind }: EndpointSchema,
  {
    features,
    predictions,
    isPredictionNull,
  }: Pick<RowReader, 'features' | 'predictions' | 'isPredictionNull'>,
): readonly number[] | null {
  const [prediction] = predictions
  if (plainWidth < 0 || predictionKind !== 'double' || isPredictionNull) return null
  if (labelNames.length !== 1 || typeof prediction !== 'number') return null
  // A label called prediction says the same as the first prediction does.
  const count = labelNames[0] === 'prediction' ? 1 : 2
  const values = new Array<number>(plainWidth + count)
  for (let field = 0; field < plainWidth; field++) {
    const value = features[field] ?? Number.NaN
    if (Number.isNaN(value)) return null
    values[field] = value
  }
  values.fill(prediction, plainWidth)
  return values
}

/** By the lists of fields and labels, which endpoints with the same names share. */
const columnsCache = new WeakMap<readonly string[], WeakMap<readonly string[], readonly string[]>>()

/** The columns of the features, of `prediction`, and of the labels. */
function columnsOf({ fields, labelNames }: EndpointSchema): readonly string[] {
  let byLabels = columnsCache.get(fields)
  if (byLabels === undefined) {
    byLabels = new WeakMap()
    columnsCache.set(fields, byLabels)
  }
  const known = byLabels.get(labelNames)
  if (known !== undefined) return known
  const others = labelNames[0] === 'prediction' ? labelNames.slice(1) : labelNames
  const labels = others.map((name) => (name === 'prediction' ? 'label_prediction' : name))
  const features = fields.map((name) => columnOf(name, fields, labelNames))
  const columns = [...features, 'prediction', ...labels]
  byLabels.set(labelNames, columns)
  return columns
}

/** A feature's column among others of features alone: its name, unless every row has a column of that name. */
export function featureColumn(feature: string): string {
  return columnOf(feature, [], [])
}

/** A feature's column: its name, or a free one where the name belongs to another column. */
function columnOf(
  feature: string,
  fields: readonly string[],
  labelNames: readonly string[],
): string {
  const isTaken = (name: string): boolean => INDEX_COLUMNS.has(name) || labelNames.includes(name)
  if (!isTaken(feature)) return feature
  let name = `feature_${feature}`
  while (isTaken(name) || fields.includes(name)) name = `feature_${name}`
  return name
}

/** The numbers among an event's own metrics, booleans as 0 and 1; null if there is none. */
export function customMetricsRow(
  endpoint: Endpoint,
  metrics: JsonObject | null,
  stampMs: number,
): MetricRow | null {
  const numbers = numbersOf(metrics)
  if (numbers === null) return null
  return {
    endpointId: endpoint.endpointId,
    recordType: 'custom_metrics',
    atMs: stampMs,
    names: [...numbers.keys()],
    values: [...numbers.values()],
  }
}

/** Numbers and booleans of an event's metrics; null if there is none. */
export function numbersOf(metrics: JsonObject | null): ReadonlyMap<string, number> | null {
  if (metrics === null) return null
  const numbers = new Map<string, number>()
  for (const [name, value] of Object.entries(metrics)) {
    if (typeof value === 'boolean') numbers.set(name, Number(value))
    else if (typeof value === 'number' && Number.isFinite(value)) numbers.set(name, value)
  }
  return numbers.size === 0 ? null : numbers
}
