// Items into frames, by the table's `.#schema`.
import type { Cell } from '../frame-columns.ts'
import type { FrameParts, NullValues, WireColumn } from '../frames-messages.ts'
import { Refusal } from '../refusal.ts'
import { attributesOf, nameOf, readSchema, type TableSchema } from './kv-schema.ts'
import { cellOf, dtypeOf, type FieldType } from './kv-values.ts'
import { type Item, scan, type WebApi } from './web-api.ts'

/** What /read asks of kv. */
export interface KvQuery {
  /** Attribute names; none for all of the schema. */
  readonly columns: readonly string[]
  /** Evaluated by V3IO. */
  readonly filter: string
  /** The key stays a column and is no index. */
  readonly resetIndex: boolean
  /** Rows of a frame at most; 0 for 256. */
  readonly messageLimit: number
}

type Row = ReadonlyMap<string, Cell>
type ColumnParts = Partial<WireColumn> & { readonly name: string }

const ROWS_MAX = 256

/**
 * Reads a table; no frames when it has no items.
 *
 * @throws Refusal for a table that is absent or has no schema, and for an item with an attribute
 *         that the schema does not list
 */
export async function readItems(
  api: WebApi,
  path: string,
  query: KvQuery,
): Promise<readonly FrameParts[]> {
  const attributes = query.columns.length === 0 ? '*' : [...query.columns, '__name'].join(',')
  const items = await scan(api, { path, attributes, filter: query.filter })
  if (items === null) throw new Refusal(`No such file or directory: ${path}`)
  const schema = await readSchema(api, path)
  if (schema === null) {
    throw new Refusal(
      `Failed to find a schema for '${path}'; use the \`execute\` 'infer' command to create it`,
    )
  }
  const rows = items
    .filter((item) => nameOf(item) !== '.#schema')
    .map((item) => rowOf(item, schema))
  const rowsMax = query.messageLimit === 0 ? ROWS_MAX : query.messageLimit
  const frames: FrameParts[] = []
  for (let from = 0; from < rows.length; from += rowsMax) {
    frames.push(frameOf(rows.slice(from, from + rowsMax), schema, query))
  }
  return frames
}

function rowOf(item: Item, schema: TableSchema): Row {
  const row = new Map<string, Cell>()
  for (const [name, attribute] of attributesOf(item)) {
    const field = schema.fields.find((one) => one.name === name)
    if (field === undefined) {
      throw new Refusal(`column ${name} is not in the schema; use the \`execute\` 'infer' command`)
    }
    row.set(name, fitted(name, field.type, cellOf(attribute)))
  }
  if (!row.has(schema.key)) row.set(schema.key, nameOf(item))
  return row
}

function fitted(name: string, type: FieldType, read: ReturnType<typeof cellOf>): Cell {
  if (read.type === type) return read.cell
  if (type === 'double' && read.type === 'long') return Number(read.cell)
  throw new Refusal(`column ${name} is ${type} in the schema, an item has ${read.type}`)
}

function frameOf(rows: readonly Row[], schema: TableSchema, query: KvQuery): FrameParts {
  const fields = schema.fields.filter(
    ({ name }) => query.columns.length === 0 || query.columns.includes(name),
  )
  const all = new Map(fields.map(({ name, type }) => [name, columnOf(name, type, rows)]))
  const columns = new Map(all)
  const indices: ColumnParts[] = []
  for (const name of query.resetIndex ? [] : [schema.key, schema.sortingKey ?? '']) {
    const column = all.get(name)
    // The key is no index when nothing else was asked for.
    if (column === undefined || all.size === 1) continue
    if (query.columns.includes(name)) {
      indices.push({ ...column, name: `_${name}` })
    } else {
      indices.push(column)
      columns.delete(name)
    }
  }
  const nulls = nullsOf(rows, [...all.keys()])
  return { columns: [...columns.values()], indices, null_values: nulls }
}

function columnOf(name: string, type: FieldType, rows: readonly Row[]): ColumnParts {
  const dtype = dtypeOf(type)
  const cells = rows.map((row) => row.get(name))
  switch (dtype) {
    case 'INTEGER':
      return { name, dtype, ints: cells.map((cell) => BigInt(cell ?? 0)) }
    case 'FLOAT':
      return { name, dtype, floats: cells.map((cell) => Number(cell ?? Number.NaN)) }
    case 'TIME':
      return { name, dtype, times: cells.map((cell) => BigInt(cell ?? 0)) }
    case 'BOOLEAN':
      return { name, dtype, bools: cells.map((cell) => cell === true) }
    default:
      return { name, dtype, strings: cells.map((cell) => String(cell ?? '')) }
  }
}

/** One entry for each row, or none at all when no cell is null. */
function nullsOf(rows: readonly Row[], names: readonly string[]): readonly NullValues[] {
  const nulls = rows.map((row) => names.filter((name) => !row.has(name)))
  if (nulls.every((missing) => missing.length === 0)) return []
  return nulls.map((missing) => ({
    nullColumns: Object.fromEntries(missing.map((name) => [name, true])),
  }))
}
