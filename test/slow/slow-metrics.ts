// The rows of the time series: of sampled predictions, and of idle endpoints (SEMANTICS.md sections
// 7 and 9).
import type { CallBody } from './slow-event.ts'
import type { Cell, JsonObject, SlowEndpoint, SlowMetric, SlowSettings } from './slow-parts.ts'
import type { ReadRow } from './slow-row.ts'
import { baseMetricsAt, streamNowUs } from './slow-windows.ts'

const OWN_NAMES = ['prediction', 'timestamp', 'time', 'endpoint_id', 'record_type']

function addMetrics(
  metrics: SlowMetric[],
  place: { readonly stampMs: number; readonly endpointId: string; readonly recordType: string },
  columns: Readonly<Record<string, Cell>>,
): void {
  for (const [metric, value] of Object.entries(columns)) {
    if (value === null || (typeof value === 'number' && !Number.isFinite(value))) continue
    metrics.push({
      time: new Date(place.stampMs).toISOString(),
      endpoint_id: place.endpointId,
      record_type: place.recordType,
      metric,
      value,
    })
  }
}

/** The time stamp of a sampled row: `when` + index ms, moved on where that would overwrite a row. */
export function takeStamp(endpoint: SlowEndpoint, timeUs: number, index: number): number {
  const run = endpoint.stampRun
  let stampMs = Math.floor(timeUs / 1000) + index
  if (stampMs === endpoint.idleStampMs) stampMs += 1
  if (run !== null && stampMs >= run.startMs && stampMs <= run.lastMs) stampMs = run.lastMs + 1
  const isNext = run !== null && stampMs === run.lastMs + 1
  endpoint.stampRun = { startMs: isNext ? run.startMs : stampMs, lastMs: stampMs }
  return stampMs
}

/** Writes what a sampled row gives; `nowUs` is the endpoint's newest event time. */
export function writeSample(
  metrics: SlowMetric[],
  sample: {
    readonly endpoint: SlowEndpoint
    readonly row: ReadRow
    readonly body: CallBody
    readonly stampMs: number
    readonly nowUs: number
  },
  settings: SlowSettings,
): void {
  const { endpoint, row, body, stampMs, nowUs } = sample
  writeBaseMetrics(metrics, { endpoint, stampMs, nowUs }, settings)
  const place = { stampMs, endpointId: endpoint.id }
  addMetrics(metrics, { ...place, recordType: 'endpoint_features' }, featureColumns(row))
  addMetrics(metrics, { ...place, recordType: 'custom_metrics' }, numbersOf(body.metrics))
}

function writeBaseMetrics(
  metrics: SlowMetric[],
  at: { readonly endpoint: SlowEndpoint; readonly stampMs: number; readonly nowUs: number },
  settings: SlowSettings,
): void {
  const { endpoint, stampMs, nowUs } = at
  const { counts, columns } = baseMetricsAt(endpoint, nowUs, settings)
  addMetrics(metrics, { stampMs, endpointId: endpoint.id, recordType: 'base_metrics' }, columns)
  endpoint.baseRows.push({ stampMs, counts, errorCount: endpoint.errorCount })
  // A late row has an old stamp, which does not make its endpoint idle for longer.
  endpoint.idleSinceMs = Math.max(endpoint.idleSinceMs ?? stampMs, stampMs)
}

function featureColumns(row: ReadRow): Readonly<Record<string, Cell>> {
  const columns: [string, Cell][] = []
  for (const [index, name] of row.featureNames.entries()) {
    const isTaken = OWN_NAMES.includes(name) || row.labelNames.includes(name)
    columns.push([isTaken ? `feature_${name}` : name, row.features[index] ?? null])
  }
  for (const [index, value] of (row.prediction ?? []).entries()) {
    columns.push([row.labelNames[index] ?? '', value])
  }
  columns.push(['prediction', row.prediction?.[0] ?? null])
  return Object.fromEntries(columns)
}

/** The numbers and bools of an event's metrics, as numbers. */
export function numbersOf(metrics: JsonObject): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(metrics)
      .filter(([, value]) => typeof value === 'number' || typeof value === 'boolean')
      .map(([name, value]) => [name, Number(value)]),
  )
}

/** The first edge of a count period at or after a time. */
function edgeMsFrom(timeMs: number, periodSeconds: number): number {
  const periodMs = periodSeconds * 1000
  return Math.ceil(timeMs / periodMs) * periodMs
}

/**
 * Writes base_metrics of an endpoint that had none for tsdbTimeoutSeconds, at a period's edge, as
 * often as that has happened when the clock shows `clockUs`. An edge that has no news is silent.
 */
export function writeIdleRows(
  metrics: SlowMetric[],
  at: {
    readonly endpoint: SlowEndpoint
    readonly clockUs: number
    /** Time of the call that comes next: edges up to it lie behind as well. */
    readonly nextUs?: number
  },
  settings: SlowSettings,
): void {
  const { endpoint, clockUs, nextUs = 0 } = at
  const streamUs = streamNowUs(endpoint, clockUs)
  const first = endpoint.happenings[0]
  if (streamUs === null || first === undefined) return
  const nowUs = Math.max(streamUs, nextUs)
  endpoint.idleSinceMs ??= Math.floor(first.timeUs / 1000)

  for (;;) {
    const dueMs = endpoint.idleSinceMs + settings.tsdbTimeoutSeconds * 1000
    const edgeMs = edgeMsFrom(dueMs, settings.countPeriodSeconds)
    const edgeUs = edgeMs * 1000
    if (edgeUs > nowUs) return
    endpoint.idleSinceMs = edgeMs
    if (hasNews(endpoint, edgeUs, settings)) {
      writeBaseMetrics(metrics, { endpoint, stampMs: edgeMs, nowUs: edgeUs }, settings)
      endpoint.idleStampMs = edgeMs
    }
  }
}

/** Something is counted, or was when last written, or there are other errors than last written. */
function hasNews(endpoint: SlowEndpoint, nowUs: number, settings: SlowSettings): boolean {
  const latest = endpoint.baseRows.at(-1) ?? { counts: [], errorCount: 0 }
  const { counts } = baseMetricsAt(endpoint, nowUs, settings)
  return (
    counts.some((count) => count !== 0) ||
    latest.counts.some((count) => count !== 0) ||
    endpoint.errorCount !== latest.errorCount
  )
}
