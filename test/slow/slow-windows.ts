// Stream time and windows (SEMANTICS.md section 6), by looking through all rows each time.
import type { SlowEndpoint, SlowRow, SlowSettings, SlowWindow } from './slow-parts.ts'

/** The happening with the newest event time; the earlier arrival if there are two. */
function newestOf(endpoint: SlowEndpoint): SlowEndpoint['happenings'][number] | null {
  let newest = null
  for (const happening of endpoint.happenings) {
    if (newest === null || happening.timeUs > newest.timeUs) newest = happening
  }
  return newest
}

/** Newest event time of error events and accepted calls; null before the first. */
export function newestTimeUs(endpoint: SlowEndpoint): number | null {
  return newestOf(endpoint)?.timeUs ?? null
}

/** Stream time goes on from the newest event as the clock goes on from that event's arrival. */
export function streamNowUs(endpoint: SlowEndpoint, clockUs: number): number | null {
  const newest = newestOf(endpoint)
  return newest === null ? null : newest.timeUs + (clockUs - newest.arrivalUs)
}

function bucketOf(timeUs: number, periodSeconds: number): number {
  return Math.floor(timeUs / (periodSeconds * 1_000_000))
}

/** Whether a row of `timeUs` is in the window that ends `nowUs`. */
function isInWindow(
  timeUs: number,
  nowUs: number,
  window: { readonly seconds: number; readonly periodSeconds: number },
): boolean {
  const bucket = bucketOf(timeUs, window.periodSeconds)
  const newestBucket = bucketOf(nowUs, window.periodSeconds)
  const bucketCount = window.seconds / window.periodSeconds
  return newestBucket - bucketCount < bucket && bucket <= newestBucket
}

/** Whether a row that arrives now is older than the longest window, and so is never counted. */
export function isLate(
  timeUs: number,
  newestUs: number,
  windows: { readonly seconds: readonly number[]; readonly periodSeconds: number },
): boolean {
  const { seconds, periodSeconds } = windows
  const bucketCount = Math.max(...seconds) / periodSeconds
  return bucketOf(timeUs, periodSeconds) <= bucketOf(newestUs, periodSeconds) - bucketCount
}

/** Sum of the weights of the rows in a window that ends `nowUs`. */
export function countAt(
  rows: readonly SlowRow[],
  nowUs: number,
  window: { readonly seconds: number; readonly periodSeconds: number },
): number {
  let count = 0
  for (const row of rows) {
    if (!row.isLateForCounts && isInWindow(row.timeUs, nowUs, window)) count += row.weight
  }
  return count
}

/** Mean latency in microseconds of those rows of a window that have one; null if none has. */
export function averageAt(
  rows: readonly SlowRow[],
  nowUs: number,
  window: { readonly seconds: number; readonly periodSeconds: number },
): number | null {
  let sum = 0
  let rowCount = 0
  for (const row of rows) {
    if (row.latencyUs === null || row.isLateForAverages) continue
    if (!isInWindow(row.timeUs, nowUs, window)) continue
    sum += row.latencyUs
    rowCount += 1
  }
  return rowCount === 0 ? null : sum / rowCount
}

export interface BaseMetrics {
  /** In the order of the settings' windows. */
  readonly counts: readonly number[]
  /** All of base_metrics, by column name. */
  readonly columns: Readonly<Record<string, number>>
}

/** What base_metrics and the record say of an endpoint when its stream time is `nowUs`. */
export function baseMetricsAt(
  endpoint: SlowEndpoint,
  nowUs: number,
  settings: SlowSettings,
): BaseMetrics {
  const columns: Record<string, number> = {}
  for (const { name, seconds } of settings.avgWindows) {
    const periodSeconds = settings.avgPeriodSeconds
    const average = averageAt(endpoint.rows, nowUs, { seconds, periodSeconds })
    if (average !== null) columns[`latency_avg_${name}`] = average
  }
  const periodSeconds = settings.countPeriodSeconds
  const counts = settings.countWindows.map(({ seconds }) =>
    countAt(endpoint.rows, nowUs, { seconds, periodSeconds }),
  )
  for (const [index, { name }] of settings.countWindows.entries()) {
    columns[`predictions_count_${name}`] = counts[index] ?? 0
  }
  const shortest = shortestOf(settings.countWindows)
  const shortestCount = countAt(endpoint.rows, nowUs, { seconds: shortest.seconds, periodSeconds })
  columns['predictions_per_second'] = shortestCount / shortest.seconds
  columns['error_count'] = endpoint.errorCount
  return { counts, columns }
}

function shortestOf(windows: readonly SlowWindow[]): SlowWindow {
  return windows.reduce((shortest, window) =>
    window.seconds < shortest.seconds ? window : shortest,
  )
}
