import { createHash } from 'node:crypto'
import type { StoredRecord } from '../ports.ts'
import type { EventSource } from './event.ts'
import { isJsonObject } from './event.ts'

/**
 * What the store said of one endpoint, as a record of the log: state depends on it, so a replay must
 * meet it at the same place. JSON: source, endpoint_id, model, and the attributes of the record that
 * state depends on; `record` is null if the store has none.
 */
export interface EndpointRead {
  /** How events name the endpoint. */
  readonly source: EventSource
  readonly endpointId: string
  /** The versioned model that the id belongs to. */
  readonly model: string
  /** Null when the store has no record; else the attributes of READ_ATTRIBUTES that it has. */
  readonly record: StoredRecord | null
}

/** Attributes that name and type an endpoint's columns, and so make a later reading news. */
const NAMING = [
  'feature_names',
  'label_names',
  'label_columns',
  'feature_stats',
  'monitor_configuration',
] as const
/** Attributes that count only when an endpoint is first met. */
const RESUMED = ['first_request', 'error_count', 'stream_error_counts'] as const

/** The JSON of a read, with nothing of the record that state does not depend on. */
export function encodeRead({ source, endpointId, model, record }: EndpointRead): string {
  const kept = record === null ? null : pick(record, [...NAMING, ...RESUMED])
  return JSON.stringify({ source, endpoint_id: endpointId, model, record: kept })
}

/** The read of a record of the log; null for JSON that is none. */
export function decodeRead(json: string): EndpointRead | null {
  const value: unknown = JSON.parse(json)
  if (!isJsonObject(value) || !isJsonObject(value['source'])) return null
  const { source, endpoint_id: endpointId, model, record } = value
  if (typeof endpointId !== 'string' || typeof model !== 'string') return null
  const text = (name: string): string => String(source[name] ?? '')
  const attributes = isJsonObject(record) ? Object.entries(record).filter(isAttribute) : null
  return {
    source: {
      functionUri: text('functionUri'),
      model: text('model'),
      version: text('version'),
      endpointId: text('endpointId'),
    },
    endpointId,
    model,
    record: attributes === null ? null : new Map(attributes),
  }
}

/** Equal for two records which name and type their endpoint's columns alike; '' for no record. */
export function digestOf(record: StoredRecord | null): string {
  if (record === null) return ''
  return createHash('sha1')
    .update(JSON.stringify(pick(record, NAMING)))
    .digest('base64')
}

function pick(record: StoredRecord, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = record.get(name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function isAttribute(entry: [string, unknown]): entry is [string, string | number | boolean] {
  return ['string', 'number', 'boolean'].includes(typeof entry[1])
}
