import { numberIn, type Row, textIn } from './fields.ts'
import type { Point } from './geometry.ts'

/** Points by endpoint id and metric, each in order of time. */
export type SeriesByName = ReadonlyMap<string, ReadonlyMap<string, readonly Point[]>>

/** Sorts the rows of /api/series, which are in order of time; values that are no numbers are left out. */
export function seriesOf(rows: readonly Row[]): SeriesByName {
  const all = new Map<string, Map<string, Point[]>>()
  for (const row of rows) {
    const id = textIn(row, 'endpoint_id')
    const metric = textIn(row, 'metric')
    const atMs = numberIn(row, 'time')
    const value = numberIn(row, 'value')
    if (id === null || metric === null || atMs === null || value === null) continue
    const metrics = all.get(id) ?? new Map<string, Point[]>()
    all.set(id, metrics)
    const points = metrics.get(metric) ?? []
    metrics.set(metric, points)
    points.push({ atMs, value })
  }
  return all
}

/** The sums of several series at the times of any of them. */
export function summed(series: readonly (readonly Point[])[]): readonly Point[] {
  const sums = new Map<number, number>()
  for (const { atMs, value } of series.flat()) sums.set(atMs, (sums.get(atMs) ?? 0) + value)
  return [...sums].sort(([one], [other]) => one - other).map(([atMs, value]) => ({ atMs, value }))
}

/** A span that ends with the newest data, or now where data come: recorded events lie in the past. */
export function spanOf(
  newestMs: number | null,
  { nowMs, lengthMs }: { readonly nowMs: number; readonly lengthMs: number },
): { readonly fromMs: number; readonly toMs: number; readonly isPast: boolean } {
  const isPast = newestMs !== null && nowMs - newestMs > PAST_MS
  // A little is added, so that the newest point lies inside; whole minutes keep the address steady.
  const toMs = Math.ceil(((isPast ? newestMs : nowMs) + 1) / MINUTE_MS) * MINUTE_MS
  return { fromMs: toMs - lengthMs, toMs, isPast }
}

const MINUTE_MS = 60_000
const PAST_MS = 10 * MINUTE_MS
