import type { WireColumn, WireValue } from './frames-messages.ts'
import { ProcessDeath } from './refusal.ts'

/** A cell: text, number, exact integer (also of a time, in nanoseconds) or truth. */
export type Cell = string | number | bigint | boolean

/** The cells of a column by row. A NULL column has none. */
export function cellsOf(column: WireColumn): readonly Cell[] {
  const cells = filledList(column)
  if (column.kind === 'SLICE') return cells
  const [first] = cells
  if (first === undefined) {
    throw new ProcessDeath(`label column ${column.name} has no value (index out of range)`)
  }
  return Array.from({ length: Number(column.size) }, () => first)
}

/** Times of a TIME column in nanoseconds, by row. */
export function timesOf(column: WireColumn): readonly bigint[] {
  return cellsOf(column).map((cell) => BigInt(cell))
}

function filledList(column: WireColumn): readonly Cell[] {
  switch (column.dtype) {
    case 'INTEGER':
      return column.ints
    case 'FLOAT':
      return column.floats
    case 'STRING':
      return column.strings
    case 'TIME':
      return column.times
    case 'BOOLEAN':
      return column.bools
    default:
      return []
  }
}

/** The value of a label as its text. */
export function textOfValue(value: WireValue): string {
  const { ival, fval, sval, tval, bval } = value
  return String(sval ?? ival ?? fval ?? tval ?? bval ?? '')
}

/**
 * Rows of a frame.
 *
 * @throws ProcessDeath when columns and indices are not all of one length: the real one reads
 *         beyond the end of the shorter
 */
export function rowCountOf(columns: readonly WireColumn[]): number {
  const lengths = columns.map((column) => cellsOf(column).length)
  const [rowCount = 0] = lengths
  if (lengths.some((length) => length !== rowCount)) {
    const told = columns.map(({ name }, index) => `${name}: ${lengths[index]}`).join(', ')
    throw new ProcessDeath(`columns of different lengths (${told}; index out of range)`)
  }
  return rowCount
}
