import type { Cell, TrainingTable } from '../../lib/register/training-table.ts'

/** A training set in memory. */
export function tableOf(
  columnNames: readonly string[],
  rows: readonly (readonly Cell[])[],
  { hasTypes = true }: { readonly hasTypes?: boolean } = {},
): TrainingTable {
  return {
    columnNames,
    hasTypes,
    read: async (onRow) => {
      for (const row of rows) onRow(row)
    },
  }
}

/** The same as the text of a CSV file; null is an empty field. */
export function csvOf(columnNames: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const field = (cell: Cell): string => {
    const text = cell === null ? '' : typeof cell === 'boolean' ? boolText(cell) : String(cell)
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [columnNames, ...rows].map((row) => `${row.map(field).join(',')}\n`).join('')
}

function boolText(value: boolean): string {
  return value ? 'True' : 'False'
}
