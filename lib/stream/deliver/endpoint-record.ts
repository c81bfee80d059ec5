import type { JsonObject } from '../accept/event.ts'
import type { WindowTotals } from '../compute/endpoint-table.ts'
import { meanOf, shortestRate } from '../compute/sliding-windows.ts'
import type { Attribute } from '../ports.ts'
import { pythonJson } from './python-json.ts'

/** What an endpoint's record says at one moment. */
export interface EndpointSummary extends WindowTotals {
  readonly endpointId: string
  readonly project: string
  readonly functionUri: string
  /** With its version. */
  readonly model: string
  /** '' if no event named a class. */
  readonly modelClass: string
  readonly labels: JsonObject | null
  /** `when` of the row that came last, '' before the first row. */
  readonly timestamp: string
  /** `when` of the earliest and the latest row by event time, '' before the first row. */
  readonly firstRequest: string
  readonly lastRequest: string
  readonly errorCount: number
  /** Names that the record lacks; null where it has them. */
  readonly generatedFeatures: readonly string[] | null
  readonly generatedLabels: readonly string[] | null
}

/**
 * The attributes of an endpoint's record that this function writes; all others of the record stay.
 * Source: MLRun 0.6 `EventToKV`, and for project and active its API (an item without `project` is
 * invisible to MLRun's list).
 */
export function recordAttributes(summary: EndpointSummary): Map<string, Attribute> {
  const attributes = new Map<string, Attribute>()
  for (const [name, value] of Object.entries(summary.labels ?? {})) {
    const attribute = scalarAttribute(value)
    if (attribute !== null) attributes.set(`_${name}`, attribute)
  }
  const setText = (name: string, value: string): void => {
    if (value !== '') attributes.set(name, { type: 'string', value })
  }
  setText('endpoint_id', summary.endpointId)
  setText('project', summary.project)
  setText('function_uri', summary.functionUri)
  setText('model', summary.model)
  setText('model_class', summary.modelClass)
  setText('labels', pythonJson(summary.labels ?? {}))
  setText('timestamp', summary.timestamp)
  setText('first_request', summary.firstRequest)
  setText('last_request', summary.lastRequest)
  attributes.set('active', { type: 'boolean', value: true })
  attributes.set('error_count', { type: 'int', value: summary.errorCount })
  if (summary.generatedFeatures !== null) {
    setText('feature_names', pythonJson(summary.generatedFeatures))
  }
  if (summary.generatedLabels !== null) {
    // MLRun's API reads label_names, the function of August 2021 label_columns (D29).
    setText('label_names', pythonJson(summary.generatedLabels))
    setText('label_columns', pythonJson(summary.generatedLabels))
  }
  for (const { name } of summary.latencies) {
    attributes.set(columnOf('latency_avg_', name), NO_VALUE)
  }
  const { names, values } = baseMetrics(summary)
  for (const [index, name] of names.entries()) {
    const value = values[index] ?? 0
    attributes.set(name, { type: isWholeCount(name, value) ? 'int' : 'double', value })
  }
  return attributes
}

/**
 * The aggregates of an endpoint, as columns of `base_metrics` and of its record: counts and averages by
 * window, and the rate over the shortest count window. A window without rows has no average.
 */
export function baseMetrics({ counts, latencies }: WindowTotals): {
  readonly names: string[]
  readonly values: number[]
} {
  const names: string[] = []
  const values: number[] = []
  for (const total of latencies) {
    const mean = meanOf(total)
    if (mean === null) continue
    names.push(columnOf('latency_avg_', total.name))
    values.push(mean)
  }
  for (const total of counts) {
    names.push(columnOf('predictions_count_', total.name))
    values.push(total.count)
  }
  names.push('predictions_per_second')
  values.push(shortestRate(counts))
  return { names, values }
}

type Prefix = 'latency_avg_' | 'predictions_count_'

const columns: Readonly<Record<Prefix, Map<string, string>>> = {
  latency_avg_: new Map(),
  predictions_count_: new Map(),
}

/** The name of a window's column; made once per window, for it stands in every metric row. */
function columnOf(prefix: Prefix, window: string): string {
  const known = columns[prefix].get(window)
  if (known !== undefined) return known
  const name = `${prefix}${window}`
  columns[prefix].set(window, name)
  return name
}

/** Of a window without rows there is no average. */
const NO_VALUE: Attribute = { type: 'none', value: null }

/** One label as an attribute for searches; lists, objects and null stay in `labels` alone (D19, D27). */
function scalarAttribute(value: unknown): Attribute | null {
  if (typeof value === 'string') return { type: 'string', value }
  if (typeof value === 'boolean') return { type: 'boolean', value }
  if (typeof value !== 'number' || !Number.isFinite(value)) return null
  return { type: Number.isSafeInteger(value) ? 'int' : 'double', value }
}

/** Counts are whole numbers unless the server samples: then rows have weights. */
function isWholeCount(name: string, value: number): boolean {
  return name.startsWith('predictions_count_') && Number.isSafeInteger(value)
}
