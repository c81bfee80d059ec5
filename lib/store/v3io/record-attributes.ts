import {
  type Attribute as ItemAttribute,
  attributeName as inExpression,
  type Value,
} from 'v3io-js-sdk'
import type { Attribute, StoredRecord } from '../../stream/ports.ts'
import { safeText } from '../safe-text.ts'
import { attributeName } from './safe-name.ts'

/** An update of a record as the platform takes it. */
export interface ItemUpdate {
  /** To be merged into the item. */
  readonly values: ReadonlyMap<string, Value>
  /** To be taken out of it: a merge cannot, and there is no null. */
  readonly removed: readonly string[]
}

/** Attributes by the names and in the types that the platform takes (safe-name.ts, safe-text.ts). */
export function itemUpdate(attributes: ReadonlyMap<string, Attribute>): ItemUpdate {
  const values = new Map<string, Value>()
  const removed: string[] = []
  for (const [name, attribute] of attributes) {
    const safeName = attributeName(name)
    switch (attribute.type) {
      case 'text':
        values.set(safeName, safeText(attribute.value))
        break
      case 'double':
        // With its type, so that a whole number keeps its point.
        values.set(safeName, attribute as ItemAttribute)
        break
      case 'none':
        removed.push(safeName)
        break
      default:
        values.set(safeName, attribute.value)
    }
  }
  return { values, removed }
}

/** The expression that takes attributes out of an item. */
export function removal(names: readonly string[]): string {
  return names.map((name) => `delete(${inExpression(name)})`).join(';')
}

/**
 * An item as a record: the system's own attributes and values that are no number are left out, times,
 * arrays and bytes become text.
 */
export function storedRecord(item: ReadonlyMap<string, ItemAttribute>): StoredRecord {
  const record = new Map<string, string | number | boolean>()
  for (const [name, attribute] of item) {
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
