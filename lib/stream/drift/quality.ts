import type { QualityCounts } from '../ports.ts'
import { ABSENT, type Binding } from './binding.ts'
import { ODD_KINDS, type OddCounts } from './odd-values.ts'
import type { PaneLayout } from './window-counts.ts'

/** Which value of a prediction each predicted name of the reference is. */
type Predicted = readonly (readonly [name: string, index: number])[]

/**
 * A tally as a checkpoint has it: the offset after which it counts, rows, counts by place and kind, and what
 * was predicted, which is null before the first row and false where nothing can be proven.
 */
export type QualityState = readonly [
  since: number,
  rows: number,
  odd: readonly (readonly [number, number])[],
  predicted: Predicted | false | null,
]

/** Of rows whose values nobody has counted from the first one on. */
export const NOT_COUNTED: QualityState = [-1, 0, [], false]

/**
 * What was counted of an endpoint's values in one log since their reference is known. It only grows, and
 * is moved by records alone, so that the books can say it and an audit can count again. Values come to it in
 * lots: nothing is done here for a row.
 */
export class QualityTally {
  readonly #since: number
  #rows = 0
  #odd: Map<number, number> | null = null
  #predicted: Predicted | false | null = null

  /** @param since  offset of the log's last record whose rows do not count, -1 for none */
  constructor(since: number) {
    this.#since = since
  }

  /** Adds what was counted since the last time. */
  add(rows: number, odd: OddCounts): void {
    this.#rows += rows
    if (odd.size === 0) return
    this.#odd = sumOf(this.#odd, odd)
  }

  /** The places' values are found so from now on. */
  bound({ places }: PaneLayout, binding: Binding): void {
    const predicted: Predicted = places.flatMap(({ feature }, place) => {
      const source = binding[place] ?? ABSENT
      return source < ABSENT ? [[feature.name, -2 - source] as const] : []
    })
    const known = this.#predicted
    const isSame = known === null || JSON.stringify(known) === JSON.stringify(predicted)
    // Files do not say what a prediction's values were called: those of two meanings cannot be told apart.
    this.#predicted = isSame ? predicted : false
  }

  /**
   * What it comes to at this moment, for whoever asks later: all endpoints are asked in one step, and names and
   * sums take longer than to remember what they are made of.
   *
   * @param rows  that are not added yet, and their values
   * @returns     gives null where nothing could be proven of it
   */
  snapshot(layout: PaneLayout, rows: number, odd: OddCounts): () => QualityCounts | null {
    const told = this.#odd
    const sum = odd.size === 0 ? null : new Map(odd)
    const known = { since: this.#since, rows: this.#rows + rows, predicted: this.#predicted }
    return () => {
      const { predicted } = known
      if (predicted === false) return null
      const values = valuesOf(layout, sum === null ? told : sumOf(told, sum))
      return { reference: layout.signature, ...known, predicted: predicted ?? [], values }
    }
  }

  /** As plain values, with what is not added yet. */
  toState(rows: number, odd: OddCounts): QualityState {
    const sum = [...sumOf(this.#odd, odd)].sort(([one], [other]) => one - other)
    return [this.#since, this.#rows + rows, sum, this.#predicted]
  }

  static restore([since, rows, odd, predicted]: QualityState): QualityTally {
    const tally = new QualityTally(since)
    tally.#rows = rows
    tally.#odd = odd.length === 0 ? null : new Map(odd)
    tally.#predicted = predicted
    return tally
  }
}

function valuesOf({ places }: PaneLayout, odd: OddCounts | null): QualityCounts['values'] {
  const values = new Map<string, number[]>()
  for (const [key, count] of odd ?? []) {
    const name = places[Math.floor(key / ODD_KINDS)]?.feature.name ?? ''
    const kinds = values.get(name) ?? new Array<number>(ODD_KINDS).fill(0)
    kinds[key % ODD_KINDS] = count
    values.set(name, kinds)
  }
  return [...values].sort(([one], [other]) => (one < other ? -1 : 1))
}

/** A new map: what was handed out stays as it is. */
function sumOf(one: OddCounts | null, other: OddCounts): Map<number, number> {
  const sum = new Map(one)
  for (const [key, count] of other) sum.set(key, (sum.get(key) ?? 0) + count)
  return sum
}
