/** Values of a column, one for each row. Lists of one frame have the same length. */
export type ColumnValues =
  | { readonly type: 'double'; readonly values: Float64Array | readonly number[] }
  /** 64 bits, signed: whole numbers up to 2^53, or bigints. Read as BigInt64Array. */
  | { readonly type: 'int'; readonly values: BigInt64Array | readonly (number | bigint)[] }
  | { readonly type: 'string'; readonly values: readonly string[] }
  /** Whole milliseconds since 1970 UTC. Never read: framesd answers in nanoseconds. */
  | { readonly type: 'timeMs'; readonly values: Float64Array | readonly number[] }
  /** Nanoseconds since 1970 UTC. `msOf` gives milliseconds. */
  | { readonly type: 'timeNs'; readonly values: BigInt64Array | readonly bigint[] }
  | { readonly type: 'boolean'; readonly values: readonly boolean[] }
  /** No row has a value. */
  | { readonly type: 'null'; readonly rowCount: number }

/** A named column. */
export interface Column {
  readonly name: string
  readonly data: ColumnValues
  /**
   * Present where one value stands for that many rows: `data` then holds that one value. framesd sends
   * labels like this.
   */
  readonly constantRows?: number
}

/** One value of a label. */
export type LabelValue = string | number | bigint | boolean

/** A table as framesd takes and gives it. */
export interface Frame {
  readonly columns: readonly Column[]
  /** Of a time series: the time, and labels that differ by row. Of a KV table: the keys. */
  readonly indices: readonly Column[]
  /** Labels of all rows; of a time series they win over an index of the same name. */
  readonly labels?: ReadonlyMap<string, LabelValue>
  /** Columns without a value by row, one set for each row; absent where every cell has one. */
  readonly nulls?: readonly ReadonlySet<string>[]
}

/** Rows of a column. */
export function columnRows({ data, constantRows }: Column): number {
  if (constantRows !== undefined) return constantRows
  return data.type === 'null' ? data.rowCount : data.values.length
}

/** Rows of a frame: those of its longest column. */
export function frameRows({ columns, indices }: Frame): number {
  let rowCount = 0
  for (const column of columns) rowCount = Math.max(rowCount, columnRows(column))
  for (const column of indices) rowCount = Math.max(rowCount, columnRows(column))
  return rowCount
}

/** Milliseconds of a time in nanoseconds, rounded down as the TSDB does. */
export function msOf(ns: bigint): number {
  const ms = ns / 1_000_000n
  return Number(ns < 0n && ns % 1_000_000n !== 0n ? ms - 1n : ms)
}
