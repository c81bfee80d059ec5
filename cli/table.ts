/** A column of a table. */
export interface Column {
  readonly title: string
  /** Numbers stand at the right. Default left. */
  readonly align?: 'left' | 'right'
}

// Names of events may have 512 characters; a line should still be one.
const CELL_CHARS_MAX = 60

/**
 * Lines of a table: columns as wide as their widest cell, two blanks apart, no blanks at the end.
 * Texts of events are shown so that they cannot steer a terminal.
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(cellOf))]
  const widths = columns.map((_column, index) =>
    cells.reduce((width, row) => Math.max(width, charCount(row[index] ?? '')), 0),
  )
  return cells.map((row) =>
    columns
      .map(({ align }, index) => pad(row[index] ?? '', { width: widths[index] ?? 0, align }))
      .join('  ')
      .trimEnd(),
  )
}

/** A text without characters that steer a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, '\ufffd')
}

/** A number for people: `12,345`; `digits` behind the point. */
export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

/** A count with its noun: `1 file`, `2 files`. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`
}

function cellOf(text: string): string {
  const chars = [...printable(text)]
  if (chars.length <= CELL_CHARS_MAX) return chars.join('')
  return `${chars.slice(0, CELL_CHARS_MAX - 1).join('')}…`
}

function charCount(text: string): number {
  return [...text].length
}

function pad(
  text: string,
  { width, align }: { width: number; align: Column['align'] | undefined },
): string {
  const blanks = ' '.repeat(width - charCount(text))
  return align === 'right' ? blanks + text : text + blanks
}
