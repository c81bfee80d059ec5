// The object `.#schema` of a table: read, written, merged, and inferred from items.
import { Refusal } from '../refusal.ts'
import { cellOf, type FieldType } from './kv-values.ts'
import { describe, type Item, isGood, scan, type WebApi } from './web-api.ts'

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly nullable: boolean
}

export interface TableSchema {
  readonly fields: readonly Field[]
  readonly key: string
  readonly sortingKey?: string
  readonly hashingBucketNum: number
}

const SCHEMA = '.#schema'
const SAMPLED_ITEMS = 10

/** The schema of a table, null when there is none. `path` is the directory, ending in `/`. */
export async function readSchema(api: WebApi, path: string): Promise<TableSchema | null> {
  const answer = await api.send({ method: 'GET', path: `${path}${SCHEMA}` })
  if (answer.status === 404) return null
  if (!isGood(answer)) throw new Refusal(describe(answer))
  return JSON.parse(answer.body) as TableSchema
}

/** Brings new fields into the table's schema. Throws Refusal when a type or the key changes. */
export async function mergeSchema(api: WebApi, path: string, added: TableSchema): Promise<void> {
  const old = await readSchema(api, path)
  const merged = old === null ? added : mergedSchema(old, added)
  if (JSON.stringify(merged) !== JSON.stringify(old)) await writeSchema(api, path, merged)
}

function mergedSchema(old: TableSchema, added: TableSchema): TableSchema {
  if (old.key !== added.key) {
    throw new Refusal(`wrong key column name, expected ${old.key} but got ${added.key}`)
  }
  const fields = old.fields.map((field) => {
    const change = added.fields.find(({ name }) => name === field.name)
    return change === undefined ? field : { ...field, type: widened(field, change) }
  })
  const fresh = added.fields.filter(({ name }) => !old.fields.some((field) => field.name === name))
  return { ...old, fields: [...fields, ...fresh] }
}

function widened(old: Field, change: Field): FieldType {
  if (old.type === change.type) return old.type
  if (isNumeric(old.type) && isNumeric(change.type)) return 'double'
  throw new Refusal(
    `Schema change is not allowed: field ${old.name} is ${old.type}, not ${change.type}`,
  )
}

function isNumeric(type: FieldType): boolean {
  return type === 'long' || type === 'double'
}

async function writeSchema(api: WebApi, path: string, schema: TableSchema): Promise<void> {
  await api.demand({ method: 'PUT', path: `${path}${SCHEMA}`, body: schema })
}

/**
 * Writes the schema anew from at most ten items: attributes that those do not have are lost.
 *
 * @param key  name of the key; '' to find the only attribute that equals `__name` everywhere
 * @throws Refusal when types of an attribute do not fit or no single key can be found
 */
export async function inferSchema(api: WebApi, path: string, key: string): Promise<void> {
  const all = await scan(api, {
    path,
    attributes: '*',
    filter: '',
    countMax: SAMPLED_ITEMS + 1,
  })
  const items = (all ?? []).filter((item) => nameOf(item) !== SCHEMA).slice(0, SAMPLED_ITEMS)
  const types = typesOf(items)
  const keyName = key === '' ? onlyKeyOf(items) : key
  const fields = [...types].map(([name, type]) => ({ name, type, nullable: name !== keyName }))
  await writeSchema(api, path, { fields, key: keyName, hashingBucketNum: 0 })
}

/** The name of an item's object. */
export function nameOf(item: Item): string {
  const name = item['__name']?.['S']
  return typeof name === 'string' ? name : ''
}

/** The attributes that an item was given. */
export function attributesOf(item: Item): readonly (readonly [string, Item[string]])[] {
  return Object.entries(item).filter(([name]) => !name.startsWith('__'))
}

function typesOf(items: readonly Item[]): ReadonlyMap<string, FieldType> {
  const types = new Map<string, FieldType>()
  for (const item of items) {
    for (const [name, attribute] of attributesOf(item)) {
      const { type } = cellOf(attribute)
      const known = types.get(name) ?? type
      if (known !== type && !(isNumeric(known) && isNumeric(type))) {
        throw new Refusal(`type ${known} doesn't match type ${type} for column '${name}'.`)
      }
      types.set(name, known === type ? type : 'double')
    }
  }
  return types
}

function onlyKeyOf(items: readonly Item[]): string {
  const candidates = attributesOf(items[0] ?? {})
    .map(([name]) => name)
    .filter((name) => items.every((item) => equalsName(item, name)))
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) return only
  throw new Refusal(
    "could not determine which column is the table's primary-key attribute, because " +
      `${candidates.length} columns (${candidates.join(', ')}) match`,
  )
}

function equalsName(item: Item, name: string): boolean {
  const attribute = item[name]
  return attribute !== undefined && String(cellOf(attribute).cell) === nameOf(item)
}
