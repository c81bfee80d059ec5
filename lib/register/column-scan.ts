import { boolOf, numberOf } from './csv-cell.ts'
import type { Cell } from './training-table.ts'

/** What the first reading of a column finds: what it holds, and what its histogram begins with. */
export interface ScannedColumn {
  readonly kind: 'number' | 'bool' | 'text'
  /** Values that are not missing. */
  readonly count: number
  readonly hasMissing: boolean
  /** Of numbers; null without any, or with an infinite one. */
  readonly range: { readonly min: number; readonly max: number; readonly mean: number } | null
}

/**
 * The first reading of a column. Types of a column without any are those that pandas.read_csv finds:
 * numbers if all values are, bools if all are, else texts.
 */
export class ColumnScan {
  readonly #hasTypes: boolean
  #count = 0
  #missingCount = 0
  #numberCount = 0
  #boolCount = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY
  readonly #sum = new Sum()

  constructor({ hasTypes }: { readonly hasTypes: boolean }) {
    this.#hasTypes = hasTypes
  }

  add(cell: Cell): void {
    if (cell === null) {
      this.#missingCount++
      return
    }
    this.#count++
    if (typeof cell === 'boolean') this.#boolCount++
    else if (typeof cell === 'number') this.#addNumber(cell)
    else if (!this.#hasTypes) this.#addText(cell)
  }

  #addText(text: string): void {
    // Nobody asks what the rest of a column of texts looks like.
    if (this.#numberCount + 1 === this.#count) {
      const value = numberOf(text)
      if (value !== undefined) {
        this.#addNumber(value)
        return
      }
    }
    if (this.#boolCount + 1 === this.#count && boolOf(text) !== undefined) this.#boolCount++
  }

  #addNumber(value: number): void {
    this.#numberCount++
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    this.#sum.add(value)
  }

  result(): ScannedColumn {
    const count = this.#count
    const hasMissing = this.#missingCount > 0
    // A column without a value is one of numbers, as for pandas.
    if (this.#numberCount < count) {
      return { kind: this.#boolCount === count ? 'bool' : 'text', count, hasMissing, range: null }
    }
    const [min, max] = [this.#min, this.#max]
    const mean = this.#sum.value / count
    const isUsable = count > 0 && Number.isFinite(min) && Number.isFinite(max)
    return { kind: 'number', count, hasMissing, range: isUsable ? { min, max, mean } : null }
  }
}

/** A sum whose rounding errors do not add up. Source: Neumaier's variant of Kahan's summation. */
export class Sum {
  #sum = 0
  #lost = 0

  add(value: number): void {
    const next = this.#sum + value
    this.#lost +=
      Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - next + value : value - next + this.#sum
    this.#sum = next
  }

  get value(): number {
    return this.#sum + this.#lost
  }
}
