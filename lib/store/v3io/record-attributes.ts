import { type Attribute as ItemAttribute, attributeName as inExpression } from 'v3io-js-sdk'
import type { Attribute, StoredRecord } from '../../stream/ports.ts'
import { safeText } from '../safe-text.ts'
import { attributeName } from './safe-name.ts'

/** An attribute that there is. */
export type RecordAttribute = Exclude<Attribute, { readonly type: 'none' }>

/** An update of a record as the platform takes it. */
export interface ItemUpdate {
  /** To be merged into the item. */
  readonly values: ReadonlyMap<string, RecordAttribute>
  /** To be taken out of it: a merge cannot, and there is no null. */
  readonly removed: readonly string[]
}

/**
 * Attributes by the names and in the types that the platform takes (safe-name.ts, safe-text.ts): nearly
 * always those of the update as they are.
 */
export function itemUpdate(attributes: ReadonlyMap<string, Attribute>): ItemUpdate {
  if (everyIsSafe(attributes)) return { values: attributes, removed: NOTHING }
  const values = new Map<string, RecordAttribute>()
  const removed: string[] = []
  for (const [name, attribute] of attributes) {
    const safeName = attributeName(name)
    if (attribute.type === 'none') removed.push(safeName)
    else if (attribute.type === 'string') {
      values.set(safeName, { type: 'string', value: safeText(attribute.value) })
    } else values.set(safeName, attribute)
  }
  return { values, removed }
}

function everyIsSafe(
  attributes: ReadonlyMap<string, Attribute>,
): attributes is ReadonlyMap<string, RecordAttribute> {
  for (const [name, attribute] of attributes) {
    const { type, value } = attribute
    if (type === 'none' || attributeName(name) !== name) return false
    if (type === 'string' && safeText(value) !== value) return false
  }
  return true
}

const NOTHING: readonly string[] = []

/** The expression that takes attributes out of an item. */
export function removal(names: readonly string[]): string {
  return names.map((name) => `delete(${inExpression(name)})`).join(';')
}

/**
 * An item as a record: the system's own attributes, those that are not wanted and values that are no number
 * are left out, times, arrays and bytes become text.
 */
export function storedRecord(
  item: ReadonlyMap<string, ItemAttribute>,
  unwanted: ReadonlySet<string> = new Set(),
): StoredRecord {
  const record = new Map<string, string | number | boolean>()
  for (const [name, attribute] of item) {
    if (unwanted.has(name)) continue
    const value = name.startsWith('__') ? null : plainValue(attribute)
    if (value !== null) record.set(name, value)
  }
  return record
}

function plainValue(attribute: ItemAttribute): string | number | boolean | null {
  switch (attribute.type) {
    case 'string':
    case 'boolean':
      return attribute.value
    case 'int':
      return Number(attribute.value)
    case 'double':
      return Number.isNaN(attribute.value) ? null : attribute.value
    case 'timestamp': {
      const { seconds, nanoseconds } = attribute.value
      return new Date(seconds * 1000 + nanoseconds / 1_000_000).toISOString()
    }
    case 'bytes':
      return Buffer.from(attribute.value).toString('base64')
    case 'ints':
      return JSON.stringify([...attribute.value].map(Number))
    case 'doubles':
      return JSON.stringify([...attribute.value])
  }
}
