import { badAnswer, isObject, type JsonObject } from './answer-json.ts'

/** Types of attributes as the schema names them; arrays and bytes have the empty one. */
export type SchemaType = 'string' | 'long' | 'double' | 'boolean' | 'timestamp' | ''

/** One attribute of a table. */
export interface SchemaField {
  readonly name: string
  readonly type: SchemaType
  /** Whether items may be without it; false for the key. */
  readonly nullable: boolean
}

/** What the file `.#schema` says of a table. */
export interface TableSchema {
  readonly fields: readonly SchemaField[]
  /** The attribute that holds the key; empty where nobody has said it. */
  readonly key: string
  readonly sortingKey?: string
  /** Default 0. */
  readonly hashingBucketNum?: number
}

/** Something that is another way in the file, and cannot be changed. */
export interface SchemaConflict {
  /** The field's name, or `key` or `sortingKey` of the table. */
  readonly name: string
  readonly kind: 'type' | 'key'
  readonly there: string
  readonly wanted: string
}

/** Keys of a table. */
export interface SchemaKeys {
  readonly key: string
  readonly sortingKey?: string
}

const TYPES: ReadonlySet<unknown> = new Set([
  'string',
  'long',
  'double',
  'boolean',
  'timestamp',
  '',
])

/** A file's content; @throws V3ioError `bad-answer` */
export function readSchema(raw: JsonObject): TableSchema {
  const { fields, key, sortingKey, hashingBucketNum } = raw
  const hasKeys = isTextOrAbsent(key) && isTextOrAbsent(sortingKey)
  const hasCount = hashingBucketNum === undefined || typeof hashingBucketNum === 'number'
  if (!Array.isArray(fields) || !hasKeys || !hasCount) throw badAnswer('a .#schema is damaged')
  return {
    fields: fields.map(readField),
    key: key ?? '',
    ...(sortingKey === undefined ? {} : { sortingKey }),
    ...(hashingBucketNum === undefined ? {} : { hashingBucketNum }),
  }
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function readField(raw: unknown): SchemaField {
  if (!isObject(raw)) throw badAnswer('a field of a .#schema is no object')
  const { name, type, nullable = true } = raw
  if (typeof name !== 'string' || !isType(type) || typeof nullable !== 'boolean') {
    throw badAnswer('a field of a .#schema is damaged')
  }
  return { name, type, nullable }
}

function isType(value: unknown): value is SchemaType {
  return TYPES.has(value)
}

/**
 * Adds fields and keys to a schema.
 *
 * @param raw  a file's content, or null where there is none; unknown members of it and of its fields
 *   come out as they went in
 * @returns    the content to be written, whether it differs from `raw`, and what stays as it was
 * @throws     V3ioError `bad-answer` for a file that is damaged
 */
export function mergeSchema(
  raw: JsonObject | null,
  fields: readonly SchemaField[],
  keys: SchemaKeys,
): {
  readonly raw: JsonObject
  readonly isChanged: boolean
  readonly conflicts: readonly SchemaConflict[]
} {
  const before = raw ?? { fields: [], key: keys.key, hashingBucketNum: 0 }
  const schema = readSchema(before)
  const conflicts: SchemaConflict[] = []
  const mergedKeys = mergeKeys(schema, keys, conflicts)
  const merged = mergeFields(before, fields, conflicts)
  const after = { ...before, ...mergedKeys, fields: merged }
  const isChanged = raw === null || JSON.stringify(before) !== JSON.stringify(after)
  return { raw: after, isChanged, conflicts }
}

function mergeKeys(
  schema: TableSchema,
  wanted: SchemaKeys,
  conflicts: SchemaConflict[],
): Partial<SchemaKeys> {
  const merged: { key?: string; sortingKey?: string } = {}
  for (const name of ['key', 'sortingKey'] as const) {
    const there = schema[name] ?? ''
    const value = wanted[name]
    if (value === undefined || value === there) continue
    if (there === '') merged[name] = value
    else conflicts.push({ name, kind: 'key', there, wanted: value })
  }
  return merged
}

function mergeFields(
  before: JsonObject,
  wanted: readonly SchemaField[],
  conflicts: SchemaConflict[],
): readonly JsonObject[] {
  // In the order of the file, new ones last. readSchema has seen that they are objects.
  const rawFields = Array.isArray(before['fields']) ? before['fields'].filter(isObject) : []
  const merged = new Map(rawFields.map((field) => [field['name'], field]))
  for (const { name, type, nullable } of wanted) {
    const raw = merged.get(name)
    if (raw === undefined) {
      merged.set(name, { name, type, nullable })
      continue
    }
    const there = readField(raw)
    const merges = mergedType(there.type, type)
    if (merges === null) conflicts.push({ name, kind: 'type', there: there.type, wanted: type })
    const changes = {
      ...(merges === null || merges === there.type ? {} : { type: merges }),
      ...(nullable && !there.nullable ? { nullable } : {}),
    }
    merged.set(name, { ...raw, ...changes })
  }
  return [...merged.values()]
}

/** The type that holds values of both, or null. */
function mergedType(there: SchemaType, wanted: SchemaType): SchemaType | null {
  if (there === wanted) return there
  const isNumber = [there, wanted].every((type) => type === 'long' || type === 'double')
  return isNumber ? 'double' : null
}
