/** Reading of answers: what is missing, or of another type, is null and never NaN. */

/** A row of an answer. */
export type Row = Readonly<Record<string, unknown>>

/** The rows of an answer; none where it is no list of objects. */
export function rowsOf(json: unknown): readonly Row[] {
  return Array.isArray(json) ? json.filter(isRow) : []
}

/** Whether a value has members. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object of that name; an empty one for anything else. */
export function rowIn(row: Row, name: string): Row {
  const value = row[name]
  return isRow(value) ? value : {}
}

/** A finite number; null for anything else. */
export function numberIn(row: Row, name: string): number | null {
  const value = row[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** A text that is not empty; null for anything else. */
export function textIn(row: Row, name: string): string | null {
  const value = row[name]
  return typeof value === 'string' && value !== '' ? value : null
}

/** The members that are finite numbers, by name. */
export function countsIn(row: Row): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of Object.keys(row)) {
    const value = numberIn(row, name)
    if (value !== null) counts.set(name, value)
  }
  return counts
}
