import type { Column, Frame } from 'v3io-js-sdk'
import type { MetricRow } from '../../stream/ports.ts'
import { safeText } from '../safe-text.ts'
import { numberMetricName, textMetricName } from './safe-name.ts'

/** Rows that have the same metrics of the same types, and so fit into one frame. */
interface Group {
  readonly signature: string
  readonly rows: MetricRow[]
}

/**
 * Metric rows as frames to be written one after the other. A row is a line of the frame that has
 * exactly its metrics, because a cell without a value would be stored as 0.
 *
 * The table drops samples that are older than their series' newest, so rows of one series stay in
 * their order: a row goes into a frame that is not before those of the series' earlier rows.
 *
 * @param rows  those of an endpoint and record type in order of time
 */
export function metricFrames(rows: readonly MetricRow[]): readonly Frame[] {
  const groups: Group[] = []
  /** Endpoint and record type -> index of the group that has its last row. */
  const lastGroup = new Map<string, number>()
  for (const row of rows) {
    if (row.names.length === 0) continue
    const series = `${row.endpointId} ${row.recordType}`
    const signature = signatureOf(row)
    let index = lastGroup.get(series) ?? 0
    while (index < groups.length && groups[index]?.signature !== signature) index++
    if (index === groups.length) groups.push({ signature, rows: [] })
    groups[index]?.rows.push(row)
    lastGroup.set(series, index)
  }
  return groups.map(({ rows }) => frameOf(rows))
}

const signatures = new WeakMap<readonly string[], string>()

/** Equal for rows with the same metrics and types. */
function signatureOf({ names, values }: MetricRow): string {
  let signature = signatures.get(names)
  if (signature === undefined) {
    signature = JSON.stringify(names)
    signatures.set(names, signature)
  }
  // Texts are rare, and which metric is one rarely changes.
  for (const [index, value] of values.entries()) {
    if (typeof value === 'string') signature += ` ${index}`
  }
  return signature
}

/** @param rows  one or more, with the same metrics in the same types and order */
function frameOf(rows: readonly MetricRow[]): Frame {
  const sorted = [...rows].sort(bySeries)
  const [first] = sorted
  const columns = (first?.names ?? []).map((name, index): Column => {
    const isText = typeof first?.values[index] === 'string'
    return {
      name: isText ? textMetricName(name) : numberMetricName(name),
      data: isText
        ? { type: 'string', values: sorted.map(({ values }) => safeText(String(values[index]))) }
        : {
            type: 'double',
            values: Float64Array.from(sorted, ({ values }) => Number(values[index])),
          },
    }
  })
  const timesMs = Float64Array.from(sorted, ({ atMs }) => atMs)
  return {
    columns,
    indices: [
      { name: 'timestamp', data: { type: 'timeMs', values: timesMs } },
      textColumn(
        'endpoint_id',
        sorted.map(({ endpointId }) => safeText(endpointId)),
      ),
      textColumn(
        'record_type',
        sorted.map(({ recordType }) => recordType),
      ),
    ],
    labels: new Map(),
  }
}

function textColumn(name: string, values: readonly string[]): Column {
  return { name, data: { type: 'string', values } }
}

function bySeries(a: MetricRow, b: MetricRow): number {
  if (a.endpointId !== b.endpointId) return a.endpointId < b.endpointId ? -1 : 1
  if (a.recordType !== b.recordType) return a.recordType < b.recordType ? -1 : 1
  return a.atMs - b.atMs
}
