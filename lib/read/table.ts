/** What a column of a table holds; `time` is whole milliseconds since 1970 UTC. */
export type ColumnType = 'string' | 'number' | 'time' | 'boolean'

/** A cell; null for nothing. */
export type Cell = string | number | boolean | null

/** A table as Grafana's JSON data sources take it; every row has a cell for each column. */
export interface Table {
  readonly columns: readonly { readonly text: string; readonly type: ColumnType }[]
  readonly rows: readonly (readonly Cell[])[]
  readonly type: 'table'
}

/** A series as they take it: [value, milliseconds since 1970 UTC], the oldest first. */
export interface Series {
  readonly target: string
  readonly datapoints: readonly (readonly [number, number])[]
}

/** A table of named and typed columns. */
export function tableOf(
  columns: Readonly<Record<string, ColumnType>> | ReadonlyMap<string, ColumnType>,
  rows: readonly (readonly Cell[])[],
): Table {
  const entries = columns instanceof Map ? [...columns] : Object.entries(columns)
  return { columns: entries.map(([text, type]) => ({ text, type })), rows, type: 'table' }
}
