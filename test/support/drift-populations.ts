import assert from 'node:assert'
import { bindColumns } from '../../lib/stream/drift/binding.ts'
import { DriftPanes } from '../../lib/stream/drift/histogram.ts'
import { parseReference } from '../../lib/stream/drift/reference.ts'
import { emptyWindow, layoutOf, type WindowCounts } from '../../lib/stream/drift/window-counts.ts'
import {
  countedStats,
  draw,
  numberStats,
  type Random,
  type SourceName,
  WINDOW_MS,
} from './drift-data.ts'

const POPULATION_BITS = 18

/**
 * Very many values of a source. Training rows and a window's rows that are drawn blindly from one population
 * come from one distribution, as the claim wants it, and cost a few nanoseconds each.
 */
export interface Population {
  /** NaN: missing; of texts an index into `texts`. */
  readonly values: Float64Array
  /** Empty for numbers. */
  readonly texts: readonly string[]
}

export function populationOf(source: SourceName, random: Random): Population {
  const values = draw(source, 2 ** POPULATION_BITS, random)
  const codes = new Map<string, number>()
  const coded = values.map((value) => {
    if (typeof value !== 'string') return value ?? Number.NaN
    if (!codes.has(value)) codes.set(value, codes.size)
    return codes.get(value) ?? 0
  })
  return { values: Float64Array.from(coded), texts: [...codes.keys()] }
}

/** Whole numbers of 32 bits, the same ones for the same seed (sfc32, which does not repeat in any run). */
export function seeded32(seed: number): () => number {
  let [a, b, c, counter] = [seed | 0, 0x9e3779b9 | 0, 0x243f6a88, 1]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 16; round++) next()
  return next
}

function sampleOf({ values }: Population, count: number, next32: () => number): Float64Array {
  const sample = new Float64Array(count)
  for (let row = 0; row < count; row++)
    sample[row] = values[next32() >>> (32 - POPULATION_BITS)] ?? 0
  return sample
}

function statsOfSample({ texts }: Population, sample: Float64Array): object {
  if (texts.length === 0) {
    const hasHoles = sample.includes(Number.NaN)
    const numbers = hasHoles ? sample.filter((value) => !Number.isNaN(value)) : sample
    return numberStats(numbers, !hasHoles)
  }
  const counts = new Float64Array(texts.length)
  for (let row = 0; row < sample.length; row++) {
    const code = sample[row] ?? 0
    counts[code] = (counts[code] ?? 0) + 1
  }
  const present = texts.flatMap((text, code) => {
    const count = counts[code] ?? 0
    return count > 0 ? [[text, count] as const] : []
  })
  return countedStats(new Map(present), sample.length)
}

/** A window and its training set, each feature drawn from a population. */
export function unchangedWindow(
  populations: readonly Population[],
  { training, rows }: { readonly training: number; readonly rows: number },
  next32: () => number,
): WindowCounts {
  const names = populations.map((_, index) => `f${index}`)
  const stats = populations.map((population, index) => {
    return [names[index], statsOfSample(population, sampleOf(population, training, next32))]
  })
  const reference = parseReference(JSON.stringify(Object.fromEntries(stats)))
  assert(reference.kind === 'known')
  const layout = layoutOf(reference)
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: names, labels: [] })
  const row = {
    features: new Float64Array(names.length),
    featureTexts: new Array<string | null>(names.length).fill(null),
    predictions: [],
  }
  const samples = populations.map((population) => sampleOf(population, rows, next32))
  const columns = populations.map(({ texts }, index) => ({ texts, sample: samples[index] }))
  for (let at = 0; at < rows; at++) {
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]
      const value = column?.sample?.[at] ?? 0
      const isText = column !== undefined && column.texts.length > 0
      row.features[index] = isText ? Number.NaN : value
      row.featureTexts[index] = isText ? (column.texts[value] ?? null) : null
    }
    panes.add(row, binding, 0)
  }
  const window = emptyWindow(layout)
  panes.sumInto(window, 0)
  return window
}
