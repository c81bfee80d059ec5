/**
 * A value of a training set. `null` is missing. In a table whose columns have no types (CSV) every
 * value is a text, and what it means depends on its whole column.
 */
export type Cell = string | number | boolean | null

/** The rows of a training set, which can be read more than once: nothing of them is kept. */
export interface TrainingTable {
  /** As the file spells them; each once, none empty. */
  readonly columnNames: readonly string[]
  /** Whether cells have their own types; else all are texts or missing. */
  readonly hasTypes: boolean
  /**
   * Reads all rows from the first on. The list that is handed over may be used again for the next row.
   *
   * @throws StreamError `bad-input-file`
   */
  read(onRow: (cells: readonly Cell[]) => void): Promise<void>
}
