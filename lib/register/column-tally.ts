import { CATEGORIES_MAX } from '../stream/drift/reference.ts'
import { StreamError } from '../stream/errors.ts'
import { type ScannedColumn, Sum } from './column-scan.ts'
import { boolOf, numberOf } from './csv-cell.ts'
import { HistogramCounter } from './histogram.ts'
import type { ColumnStats, TextCount } from './training-profile.ts'
import type { Cell } from './training-table.ts'

/** A Map has room for 16,777,216 keys; a column with so many texts is one of ids. */
const TEXTS_MAX = 10_000_000

/** Texts of a column that are kept: no longer than this. */
const TEXT_CHARS_MAX = 128

/** The second reading of a column, which knows what the first one has found. */
export interface ColumnTally {
  add(cell: Cell): void
  stats(): ColumnStats
}

/** How a column is read. */
export interface TallyOptions {
  /** For people. */
  readonly name: string
  readonly binCount: number
}

/** The tally for what a column holds. */
export function createTally(scanned: ScannedColumn, options: TallyOptions): ColumnTally {
  return scanned.kind === 'number'
    ? new NumberTally(scanned, options)
    : new CategoryTally(scanned, options)
}

class NumberTally implements ColumnTally {
  readonly #scanned: ScannedColumn
  readonly #histogram: HistogramCounter | null
  readonly #squares = new Sum()
  readonly #mean: number

  constructor(scanned: ScannedColumn, { binCount }: TallyOptions) {
    const { range, hasMissing } = scanned
    this.#scanned = scanned
    this.#mean = range?.mean ?? 0
    const hasHistogram = range !== null && !hasMissing
    this.#histogram = hasHistogram ? HistogramCounter.over(range.min, range.max, binCount) : null
  }

  add(cell: Cell): void {
    if (cell === null || this.#scanned.range === null) return
    const value = typeof cell === 'string' ? (numberOf(cell) ?? 0) : Number(cell)
    this.#squares.add((value - this.#mean) ** 2)
    this.#histogram?.add(value)
  }

  stats(): ColumnStats {
    const { count, range } = this.#scanned
    const std = range === null || count < 2 ? null : Math.sqrt(this.#squares.value / (count - 1))
    return {
      kind: 'number',
      count,
      mean: finiteOrNull(range?.mean),
      std: finiteOrNull(std),
      min: range?.min ?? null,
      max: range?.max ?? null,
      histogram: this.#histogram?.histogram() ?? null,
    }
  }
}

class CategoryTally implements ColumnTally {
  readonly #options: TallyOptions
  readonly #isBool: boolean
  readonly #hasMissing: boolean
  readonly #counts = new Map<string | boolean, number>()

  constructor({ kind, hasMissing }: ScannedColumn, options: TallyOptions) {
    this.#options = options
    this.#isBool = kind === 'bool'
    this.#hasMissing = hasMissing
  }

  add(cell: Cell): void {
    if (cell === null) return
    const value = this.#valueOf(cell)
    this.#counts.set(value, (this.#counts.get(value) ?? 0) + 1)
    if (this.#counts.size <= TEXTS_MAX) return
    throw new StreamError(
      'bad-input-file',
      `The column ${JSON.stringify(this.#options.name)} has more than ${TEXTS_MAX} different texts: leave it out.`,
    )
  }

  #valueOf(cell: string | number | boolean): string | boolean {
    if (typeof cell === 'boolean') return cell
    return (this.#isBool ? boolOf(String(cell)) : undefined) ?? String(cell)
  }

  stats(): ColumnStats {
    let count = 0
    let top: string | boolean = ''
    let freq = 0
    for (const [value, valueCount] of this.#counts) {
      count += valueCount
      if (valueCount <= freq) continue
      top = value
      freq = valueCount
    }
    const unique = this.#counts.size
    const histogram = this.#histogramOfBools()
    return { kind: 'category', count, unique, top, freq, texts: this.#texts(), histogram }
  }

  #texts(): readonly TextCount[] | null {
    if (this.#isBool || this.#counts.size > CATEGORIES_MAX) return null
    const texts = [...this.#counts].map(([text, count]) => [String(text), count] as const)
    if (texts.some(([text]) => text.length > TEXT_CHARS_MAX)) return null
    return texts.sort(([, one], [, other]) => other - one)
  }

  #histogramOfBools(): HistogramOrNull {
    if (!this.#isBool || this.#hasMissing) return null
    const [hasFalse, hasTrue] = [this.#counts.has(false), this.#counts.has(true)]
    const counter = HistogramCounter.over(hasFalse ? 0 : 1, hasTrue ? 1 : 0, this.#options.binCount)
    for (const value of [false, true]) {
      for (let left = this.#counts.get(value) ?? 0; left > 0; left--) counter?.add(Number(value))
    }
    return counter?.histogram() ?? null
  }
}

type HistogramOrNull = ColumnStats['histogram']

function finiteOrNull(value: number | null | undefined): number | null {
  return value !== undefined && value !== null && Number.isFinite(value) ? value : null
}
