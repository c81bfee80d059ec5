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
])

/** The aggregates of an endpoint at a stamp (SEMANTICS.md section 9, `base_metrics`). */
export function baseMetricsRow(
  endpoint: Endpoint,
  totals: WindowTotals,
  stampMs: number,
): MetricRow {
  const names: string[] = []
  const values: number[] = []
  for (const [name, value] of baseMetrics(totals)) {
    names.push(name)
    values.push(value)
  }
  names.push('error_count')
  values.push(endpoint.errorCount)
  return {
    endpointId: endpoint.endpointId,
    recordType: 'base_metrics',
    atMs: stampMs,
    names,
    values,
  }
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
  const { schema } = endpoint
  const names: string[] = []
  const values: (number | string)[] = []
  for (const [field, name] of schema.fields.entries()) {
    const isText = schema.kinds[field] === 'text'
    const value = isText ? row.featureTexts[field] : row.features[field]
    if (value === null || value === undefined || Number.isNaN(value)) continue
    names.push(columnOf(name, schema))
    values.push(value)
  }
  const predictions = row.isPredictionNull ? [] : row.predictions
  const first = predictions[0] ?? null
  if (first !== null) {
    names.push('prediction')
    values.push(first)
  }
  for (const [index, value] of predictions.entries()) {
    const name = schema.labelNames[index]
    if (name === undefined || value === null || (name === 'prediction' && index === 0)) continue
    names.push(name === 'prediction' ? 'label_prediction' : name)
    values.push(value)
  }
  if (names.length === 0) return null
  const { endpointId } = endpoint
  return { endpointId, recordType: 'endpoint_features', atMs: stampMs, names, values }
}

/** A feature's column: its name, or a free one where the name belongs to another column. */
function columnOf(feature: string, schema: EndpointSchema): string {
  const { fields, labelNames } = schema
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
