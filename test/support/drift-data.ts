import assert from 'node:assert'
import { bindColumns } from '../../lib/stream/drift/binding.ts'
import { DriftPanes } from '../../lib/stream/drift/histogram.ts'
import type { DriftRow } from '../../lib/stream/drift/odd-values.ts'
import { type KnownReference, parseReference } from '../../lib/stream/drift/reference.ts'
import { emptyWindow, layoutOf, type WindowCounts } from '../../lib/stream/drift/window-counts.ts'

export const WINDOW_MS = 3_600_000
export type Random = () => number
type Value = number | string | null

/** Sources of values that training and window can both be drawn from. */
export const SOURCES = {
  normal: normal,
  shifted: (random: Random) => 50 + 5 * normal(random),
  uniform: (random: Random) => random(),
  exponential: (random: Random) => -Math.log(1 - random()),
  integer: (random: Random) => Math.floor(random() * 7),
  counts: (random: Random) => Math.floor(-3 * Math.log(1 - random())),
  rareInteger: (random: Random) => (random() < 0.02 ? 0 : random() < 0.02 ? 2 : 1),
  bool: (random: Random) => Number(random() < 0.3),
  rareBool: (random: Random) => Number(random() < 0.01),
  constant: () => 3,
  lognormal: (random: Random) => Math.exp(1.5 * normal(random)),
  cauchy: (random: Random) => Math.tan(Math.PI * (random() - 0.5)),
  // Most rows tie with the least one.
  spike: (random: Random) => Math.max(0, normal(random)),
  holes: (random: Random) => (random() < 0.05 ? null : normal(random)),
  category: (random: Random) => 'abcde'[Math.floor(random() * random() * 5)] ?? 'a',
  // A few hundred texts, most of them rare: new ones come all the time.
  longTail: (random: Random) => `t${Math.floor(1 / (random() + 0.003))}`,
} satisfies Readonly<Record<string, (random: Random) => Value>>

export type SourceName = keyof typeof SOURCES

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

export function draw(source: SourceName, count: number, random: Random): Value[] {
  const next: (random: Random) => Value = SOURCES[source]
  return Array.from({ length: count }, () => next(random))
}

/** Statistics of a column as MLRun writes them: 20 bins of numpy.histogram; texts with all their counts. */
export function statsOf(values: readonly Value[], binCount = 20): object {
  const texts = values.filter((value) => typeof value === 'string')
  if (texts.length > 0) return textStats(texts)
  const numbers = values.filter((value) => typeof value === 'number')
  return numberStats(numbers, numbers.length === values.length, binCount)
}

/** Statistics of numbers; where others are missing they have no histogram. */
export function numberStats(numbers: ArrayLike<number>, isWhole: boolean, binCount = 20): object {
  const count = numbers.length
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (let row = 0; row < count; row++) {
    const value = numbers[row] ?? 0
    if (value < min) min = value
    if (value > max) max = value
    sum += value
  }
  const mean = sum / count
  let square = 0
  for (let row = 0; row < count; row++) square += ((numbers[row] ?? 0) - mean) ** 2
  const stats = { count, mean, std: Math.sqrt(square / (count - 1)), min, max }
  if (!isWhole) return stats
  const [low, high] = min === max ? [min - 0.5, max + 0.5] : [min, max]
  const step = (high - low) / binCount
  const edges = Array.from({ length: binCount }, (_, bin) => low + bin * step)
  edges.push(high)
  const counts = new Array<number>(binCount).fill(0)
  for (let row = 0; row < count; row++) {
    const value = numbers[row] ?? 0
    let bin = Math.min(binCount - 1, Math.max(0, Math.floor((value - low) / step)))
    while (bin > 0 && value < (edges[bin] ?? 0)) bin--
    while (bin < binCount - 1 && value >= (edges[bin + 1] ?? 0)) bin++
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { ...stats, hist: [counts, edges] }
}

function textStats(texts: readonly string[]): object {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return countedStats(counts, texts.length)
}

/** Statistics of texts by how often each of them came. */
export function countedStats(counts: ReadonlyMap<string, number>, count: number): object {
  const mostFirst = [...counts].sort((one, other) => other[1] - one[1])
  const [[top, freq] = ['', 0]] = mostFirst
  const stats = { count, unique: counts.size, top, freq }
  if (counts.size > 64) return stats
  const categories = [mostFirst.map(([, rows]) => rows), mostFirst.map(([text]) => text)]
  return { ...stats, categories }
}

/** The reference of columns that are given by their values. */
export function referenceOf(columns: Readonly<Record<string, readonly Value[]>>): KnownReference {
  const stats = Object.entries(columns).map(([name, values]) => [name, statsOf(values)])
  const reference = parseReference(JSON.stringify(Object.fromEntries(stats)))
  assert(reference.kind === 'known')
  return reference
}

/** Rows of columns, as the reader of rows hands them on. */
export function rowsOf(columns: readonly (readonly Value[])[]): readonly DriftRow[] {
  return Array.from({ length: columns[0]?.length ?? 0 }, (_, row) => ({
    features: Float64Array.from(columns, (values) => {
      const value = values[row]
      return typeof value === 'number' ? value : Number.NaN
    }),
    featureTexts: columns.map((values) => {
      const value = values[row]
      return typeof value === 'string' ? value : null
    }),
    predictions: [],
  }))
}

/** A window with the rows of columns, which stand in the order of the reference's features. */
export function windowOf(
  reference: KnownReference,
  columns: Readonly<Record<string, readonly Value[]>>,
): WindowCounts {
  const layout = layoutOf(reference)
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: Object.keys(columns), labels: [] })
  for (const row of rowsOf(Object.values(columns))) assert(panes.add(row, binding, 1))
  const window = emptyWindow(layout)
  panes.sumInto(window, 0)
  return window
}
