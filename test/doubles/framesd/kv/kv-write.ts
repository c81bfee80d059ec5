// Frames into items: one request of the web API for every row.
import { type Cell, cellsOf, rowCountOf } from '../frame-columns.ts'
import type { WireColumn, WireFrame } from '../frames-messages.ts'
import { Refusal } from '../refusal.ts'
import { deleteTable } from './kv-delete.ts'
import { mergeSchema } from './kv-schema.ts'
import { attributeOf, fieldTypeOf, keyTextOf, literalOf, type TypedCell } from './kv-values.ts'
import { describe, type Item, isGood, type WebApi, type WebApiAnswer } from './web-api.ts'

const COLUMN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

// In an answer of V3IO: the condition was false; the item that should be new exists.
const FALSE_CONDITION = '16777244'
const ITEM_EXISTS = '369098809'

/** UpdateMode of V3IO by save mode; null: without one, which replaces the item. */
const UPDATE_MODES: ReadonlyMap<string, string | null> = new Map([
  ['', null],
  ['errorIfTableExists', null],
  ['overwriteTable', null],
  ['updateItem', 'CreateOrReplaceAttributes'],
  ['overwriteItem', 'OverWriteAttributes'],
  ['createNewItemsOnly', 'CreateNewItemOnly'],
])

/** Where and how the frames of one request go. */
export interface KvTarget {
  readonly api: WebApi
  /** The table's directory, ending in `/`. */
  readonly path: string
  readonly saveMode: string
  /** Template of a condition, `{column}` being the row's value; '' for none. */
  readonly condition: string
}

/** What a save mode asks of the table before the first frame. Throws Refusal. */
export async function prepareTable({ api, path, saveMode }: KvTarget): Promise<void> {
  if (!UPDATE_MODES.has(saveMode)) {
    throw new Refusal(`Save mode '${saveMode}' does not exist.`)
  }
  if (saveMode === 'overwriteTable') await deleteTable(api, path, '')
  if (saveMode !== '' && saveMode !== 'errorIfTableExists') return
  const { status } = await api.send({ method: 'HEAD', path })
  if (status === 404) return
  if (status === 200) throw new Refusal(`Table '${path}' already exists.`)
  throw new Refusal(`Failed to check whether table '${path}' exists (status ${status})`)
}

/** Writes the rows of a frame, in order. Throws Refusal and ProcessDeath. */
export async function writeRows(target: KvTarget, frame: WireFrame): Promise<void> {
  const columns = [...frame.columns, ...frame.indices]
  const [key, sortingKey, ...more] = frame.indices
  if (frame.columns.length === 0) throw new Refusal('empty frame')
  if (key === undefined) throw new Refusal('no index to take the key from')
  if (more.length > 0) throw new Refusal('can only write up to two indices')
  columns.forEach(checkColumnName)
  const rowCount = rowCountOf(columns)
  await mergeSchema(target.api, target.path, {
    fields: columns.map(({ name, dtype }) => ({
      name,
      type: fieldTypeOf(dtype),
      nullable: !frame.indices.some((index) => index.name === name),
    })),
    key: key.name,
    ...(sortingKey !== undefined && { sortingKey: sortingKey.name }),
    hashingBucketNum: 0,
  })
  const cells = new Map(columns.map((column) => [column, cellsOf(column)]))
  for (let index = 0; index < rowCount; index += 1) {
    const row = rowOf(frame, cells, index)
    await writeRow(target, { path: `${target.path}${keyOf(row, key, sortingKey)}`, row })
  }
}

function checkColumnName({ name }: WireColumn): void {
  if (!COLUMN_NAME.test(name)) throw new Refusal(`column '${name}' has an invalid name`)
}

type Row = ReadonlyMap<string, TypedCell>

/** The cells of a row that are not null, by column name. */
function rowOf(
  frame: WireFrame,
  cells: ReadonlyMap<WireColumn, readonly Cell[]>,
  index: number,
): Row {
  const nulls = frame.null_values[index]?.nullColumns ?? {}
  const row = new Map<string, TypedCell>()
  for (const [{ name, dtype }, column] of cells) {
    const cell = column[index]
    if (cell !== undefined && nulls[name] !== true) row.set(name, { dtype, cell })
  }
  return row
}

function keyOf(row: Row, key: WireColumn, sortingKey: WireColumn | undefined): string {
  return [key, sortingKey]
    .flatMap((column) => (column === undefined ? [] : [column.name]))
    .map((name) => {
      const cell = row.get(name)
      if (cell === undefined) throw new Refusal(`the key ${name} is null`)
      return keyTextOf(cell)
    })
    .join('.')
}

async function writeRow(target: KvTarget, { path, row }: { path: string; row: Row }) {
  const { api, saveMode } = target
  const mode = UPDATE_MODES.get(saveMode) ?? null
  const condition = filledIn(target.condition, row)
  const common = {
    ...(mode !== null && { UpdateMode: mode }),
    ...(condition !== '' && { ConditionExpression: condition }),
  }
  const answer =
    saveMode === 'updateItem'
      ? await api.send({
          method: 'POST',
          path,
          function: 'UpdateItem',
          body: { ...common, UpdateExpression: expressionOf(row) },
        })
      : await api.send({
          method: 'PUT',
          path,
          function: 'PutItem',
          body: { ...common, Item: itemOf(row) },
        })
  if (!isGood(answer) && !isSkipped(answer)) throw new Refusal(describe(answer))
}

function itemOf(row: Row): Item {
  return Object.fromEntries([...row].map(([name, cell]) => [name, attributeOf(cell)]))
}

function expressionOf(row: Row): string {
  return [...row].map(([name, cell]) => `${name}=${literalOf(cell)};`).join('')
}

function filledIn(template: string, row: Row): string {
  return template.replaceAll(/\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const cell = row.get(name)
    return cell === undefined ? whole : literalOf(cell)
  })
}

/** A false condition, or an item that should have been new: the row is skipped silently. */
function isSkipped({ status, body }: WebApiAnswer): boolean {
  if (status !== 400 || !body.includes('ErrorCode')) return false
  return body.includes(FALSE_CONDITION) || body.includes(ITEM_EXISTS)
}
