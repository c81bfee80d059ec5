import { bindColumns } from '../stream/drift/binding.ts'
import { edgesOf } from '../stream/drift/reference.ts'
import type { FeaturePlace, PaneLayout } from '../stream/drift/window-counts.ts'
import type { FoundRow } from './found-row.ts'

/** Kinds of values that are no good, in the order in which the ledger counts them. */
export const VALUE_KINDS = ['missing', 'wrong_type', 'out_of_range', 'unseen'] as const
const [MISSING, WRONG_TYPE, OUT_OF_RANGE, UNSEEN] = [0, 1, 2, 3]

/** Gives the kind of a value, by its place in VALUE_KINDS; -1 for a good one. */
type Judge = (value: unknown) => number

/** One feature of the reference. */
interface Counted {
  readonly name: string
  readonly judge: Judge
  /** Which value of the prediction it is; null for a column. */
  readonly predicted: number | null
  readonly counts: number[]
}

/**
 * Counts values again by what the words mean: one after the other, and with nothing of what the stream counts
 * them by but the reference.
 */
export class ValueCounts {
  rows = 0
  readonly #layout: PaneLayout
  readonly #features: readonly Counted[]
  /** Columns that were seen so far. */
  #columns: readonly string[] = []

  /** @param predicted  which features are which values of the prediction */
  constructor(layout: PaneLayout, predicted: ReadonlyMap<string, number>) {
    this.#layout = layout
    this.#features = layout.places.map((place) => ({
      name: place.feature.name,
      judge: judgeOf(layout, place),
      predicted: predicted.get(place.feature.name) ?? null,
      counts: VALUE_KINDS.map(() => 0),
    }))
  }

  /** Counts rows that have the same columns. */
  add(rows: readonly FoundRow[]): void {
    const [first] = rows
    if (first === undefined) return
    this.rows += rows.length
    const columns = Object.keys(first.features)
    if (columns.length > this.#columns.length) this.#columns = columns
    const names = this.#namesIn(columns)
    for (const [place, { judge, predicted, counts }] of this.#features.entries()) {
      const name = names[place]
      if (predicted === null && name === undefined) continue
      for (const { features, prediction } of rows) {
        const value = predicted === null ? features[name ?? ''] : prediction[predicted]
        const kind = judge(value)
        if (kind >= 0) counts[kind] = (counts[kind] ?? 0) + 1
      }
    }
  }

  /** Counts a row that was refused because a column had a text in the place of a number. */
  addWrongType(column: string): void {
    const columns = this.#columns.includes(column) ? this.#columns : [...this.#columns, column]
    const place = this.#namesIn(columns).indexOf(column)
    const counts = this.#features[place]?.counts
    if (counts === undefined) return
    this.rows++
    counts[WRONG_TYPE] = (counts[WRONG_TYPE] ?? 0) + 1
  }

  /** Values that are no good, by feature, in the order of VALUE_KINDS. */
  get values(): ReadonlyMap<string, readonly number[]> {
    return new Map(this.#features.map(({ name, counts }) => [name, counts]))
  }

  /** The column of each feature; undefined where it has none. */
  #namesIn(columns: readonly string[]): readonly (string | undefined)[] {
    const binding = bindColumns(this.#layout, { fields: columns, labels: [] })
    return this.#features.map(({ predicted }, place) => {
      return predicted === null ? columns[binding[place] ?? -1] : undefined
    })
  }
}

function judgeOf({ reference }: PaneLayout, { feature }: FeaturePlace): Judge {
  if (feature.kind === 'categorical') {
    // Files have no halves of surrogate pairs.
    const known = new Set(feature.categories.map((text) => text.toWellFormed()))
    return (value) => {
      if (value === null || value === undefined) return MISSING
      return feature.isComplete && !known.has(String(value)) ? UNSEEN : -1
    }
  }
  const edges = edgesOf(reference, feature)
  const [least = 0, most = 0] = [edges[0], edges.at(-1)]
  return (value) => {
    if (typeof value === 'number') return value < least || value > most ? OUT_OF_RANGE : -1
    return typeof value === 'string' ? WRONG_TYPE : MISSING
  }
}

/** Whether a file's reader can tell a column of that name. */
export function isReadable(name: string): boolean {
  return name !== '__proto__' && name.isWellFormed()
}
