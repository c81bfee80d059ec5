/** Counts of values between edges: `edges` has one more entry, and its last bin is closed. */
export interface Histogram {
  readonly counts: readonly number[]
  readonly edges: readonly number[]
}

/** A column of numbers. What a column cannot have (no values, one row, infinity) is null. */
export interface NumberStats {
  readonly kind: 'number'
  /** Values that are not missing. */
  readonly count: number
  readonly mean: number | null
  /** Of a sample: divided by count - 1. */
  readonly std: number | null
  readonly min: number | null
  readonly max: number | null
  readonly histogram: Histogram | null
}

/** A text of a column, and in how many of its rows. */
export type TextCount = readonly [text: string, count: number]

/** A column of texts or bools. */
export interface CategoryStats {
  readonly kind: 'category'
  /** Values that are not missing, > 0. */
  readonly count: number
  /** How many different ones. */
  readonly unique: number
  /** The most frequent one; of equally frequent ones the first in the file. */
  readonly top: string | boolean
  readonly freq: number
  /**
   * Every text with how often it was there, the most frequent first; null where they are too many or too long to
   * be kept, and of bools.
   */
  readonly texts: readonly TextCount[] | null
  /** Only of bools, as 0 and 1, of which none is missing. */
  readonly histogram: Histogram | null
}

/** What drift is measured against. */
export type ColumnStats = NumberStats | CategoryStats

/** One column under the name that it has in the record. */
export interface ProfileColumn {
  readonly name: string
  readonly stats: ColumnStats
}

/** What a record says of a training set. */
export interface TrainingProfile {
  /** In the order of the file, labels included; names differ. */
  readonly columns: readonly ProfileColumn[]
  /** Which of the columns are labels, in the order in which they were named; [] for none. */
  readonly labelNames: readonly string[]
}

/** Names of the columns that are no labels, in order: those of a row's values. */
export function featureNamesOf({ columns, labelNames }: TrainingProfile): readonly string[] {
  return columns.map(({ name }) => name).filter((name) => !labelNames.includes(name))
}
