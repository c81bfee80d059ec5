// What the stream must say of drift, from the rows and the training set alone: histograms by definition, windows of
// an hour that end with each pane of five minutes, and with the last row where the function was told to write all.
// Shares nothing with lib/.

const PANE_MS = 300_000
const WINDOW_MS = 12 * PANE_MS
const MINUTE_MS = 60_000
const BINS = 20
/** What stands for an empty share in a logarithm. */
const ZERO = 1e-4

/** A value for each column of the training set, null for a missing one. */
type Values = readonly (number | null)[]

/** A row, or an error event of its endpoint, as it came. */
export interface SlowHappening {
  readonly atMs: number
  /** What the clock showed before its event came, and with it. */
  readonly clockMs: { readonly before: number; readonly after: number }
  /** Null for an error event. */
  readonly values: Values | null
}

/** Columns of a training set in their order. */
export type SlowTraining = ReadonlyMap<string, readonly number[]>

export interface SlowDistances {
  readonly tvd: number
  readonly hellinger: number
  readonly kld: number
}

/** Of the values of a column: what training and window have, and how far apart they are. */
export interface SlowFeature extends SlowDistances {
  readonly name: string
  readonly expected: { readonly min: number; readonly mean: number; readonly max: number }
  readonly actual: { readonly min: number; readonly mean: number; readonly max: number }
}

/** What a window that ended at a time has shown. */
export interface SlowWindow {
  readonly endMs: number
  readonly features: readonly SlowFeature[]
}

/**
 * All windows of an endpoint whose events come in order of time: one for each pane, and one up to just after the
 * last row. Of one whose events are batches only the last one is sure: a row that comes when its pane has ended may
 * come before the pane is measured, or after.
 *
 * @param happenings  each pane has rows
 */
export function slowWindows(
  training: SlowTraining,
  happenings: readonly SlowHappening[],
): readonly SlowWindow[] {
  const times = happenings.flatMap(({ atMs, values }) => (values === null ? [] : [atMs]))
  const [firstMs, lastMs] = [Math.min(...times), Math.max(...times)]
  const ends: number[] = []
  for (let endMs = paneOf(firstMs) + PANE_MS; endMs <= lastMs; endMs += PANE_MS) ends.push(endMs)
  return [...ends, Math.floor(lastMs) + 1].map((endMs) => windowOf(training, happenings, endMs))
}

function windowOf(
  training: SlowTraining,
  happenings: readonly SlowHappening[],
  endMs: number,
): SlowWindow {
  // The pane that has not ended is the last of the twelve.
  const fromMs = paneOf(endMs - 1) + PANE_MS - WINDOW_MS
  const inside = happenings.flatMap(({ atMs, values }) =>
    values !== null && atMs >= fromMs && atMs < endMs ? [values] : [],
  )
  return { endMs, features: featuresOf(training, inside) }
}

function paneOf(atMs: number): number {
  return Math.floor(atMs / PANE_MS) * PANE_MS
}

function featuresOf(training: SlowTraining, rows: readonly Values[]): readonly SlowFeature[] {
  return [...training].flatMap(([name, expected], index) => {
    const actual = rows.flatMap((values) => values[index] ?? [])
    if (actual.length === 0) return []
    return [
      {
        name,
        expected: summaryOf(expected),
        actual: summaryOf(actual),
        ...distancesOf(expected, actual),
      },
    ]
  })
}

function summaryOf(values: readonly number[]): SlowFeature['expected'] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return { min: Math.min(...values), mean, max: Math.max(...values) }
}

function distancesOf(training: readonly number[], current: readonly number[]): SlowDistances {
  const [low, high] = [Math.min(...training), Math.max(...training)]
  const width = (high - low) / BINS
  const edges = Array.from({ length: BINS + 1 }, (_, bin) =>
    bin === BINS ? high : low + bin * width,
  )
  const [t, u] = [sharesOf(training, edges), sharesOf(current, edges)]
  let [tvd, hellinger, kld] = [0, 0, 0]
  for (const [bin, share] of t.entries()) {
    const other = u[bin] ?? 0
    tvd += Math.abs(share - other) / 2
    hellinger += (Math.sqrt(share) - Math.sqrt(other)) ** 2 / 2
    if (share > 0) kld += share * Math.log(share / (other || ZERO))
    if (other > 0) kld += other * Math.log(other / (share || ZERO))
  }
  return { tvd, hellinger: Math.sqrt(hellinger), kld }
}

/** Shares of the bins, with an open one at either side. */
function sharesOf(values: readonly number[], edges: readonly number[]): readonly number[] {
  const [low = 0, high = 0] = [edges[0], edges.at(-1)]
  const counts = new Array<number>(BINS + 2).fill(0)
  for (const value of values) {
    const inside = value === high ? BINS : edges.filter((edge) => edge <= value).length
    const bin = value < low ? 0 : value > high ? BINS + 1 : inside
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return counts.map((count) => count / values.length)
}

/** What the rows of a minute were. */
export interface SlowMinute {
  readonly endMs: number
  rows: number
  missing: number
  outOfRange: number
}

/**
 * Rows by the minute that they came in, with how many of their values were no good. A minute begins with the first
 * row after the one before was told of, as the newest time says, and is told of when stream time leaves it: the
 * newest time, which goes on with the clock.
 *
 * @param happenings  in order of arrival
 */
export function slowQuality(
  training: SlowTraining,
  happenings: readonly SlowHappening[],
): readonly SlowMinute[] {
  const ranges = [...training.values()].map((values) => [Math.min(...values), Math.max(...values)])
  const minutes: SlowMinute[] = []
  let [newestMs, arrivedMs, isOpen] = [0, 0, false]
  for (const { atMs, clockMs, values } of happenings) {
    const streamMs = newestMs + Math.max(clockMs.before - arrivedMs, 0)
    const last = minutes.at(-1)
    if (last !== undefined && Math.max(streamMs, atMs) >= last.endMs) isOpen = false
    if (atMs > newestMs) [newestMs, arrivedMs] = [atMs, clockMs.after]
    if (values === null) continue
    if (!isOpen) {
      const endMs = (Math.floor(newestMs / MINUTE_MS) + 1) * MINUTE_MS
      const nextMs = (last?.endMs ?? 0) + MINUTE_MS
      minutes.push({ endMs: Math.max(endMs, nextMs), rows: 0, missing: 0, outOfRange: 0 })
      isOpen = true
    }
    const minute = minutes.at(-1)
    if (minute === undefined) continue
    minute.rows += 1
    for (const [index, [low = 0, high = 0]] of ranges.entries()) {
      const value = values[index] ?? null
      if (value === null) minute.missing += 1
      else if (value < low || value > high) minute.outOfRange += 1
    }
  }
  return minutes
}
