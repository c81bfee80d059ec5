import { isJsonObject, type JsonObject } from '../stream/accept/event.ts'
import { parseBody, tryParseJson } from '../stream/accept/parse-json.ts'
import { parseWhen } from '../stream/accept/parse-when.ts'
import type { StoredRecord } from '../stream/ports.ts'
import type { Cell, ColumnType } from './table.ts'

/** Attributes that hold JSON: most of a record's bytes, and nothing that a list of endpoints shows. */
export const JSON_ATTRIBUTES: readonly string[] = [
  'feature_stats',
  'current_stats',
  'drift_measures',
  'stream_drift',
  'data_quality',
  'feature_names',
  'label_names',
  'label_columns',
  'labels',
  'monitor_configuration',
  'stream_error_counts',
]

const TIMES: ReadonlySet<string> = new Set(['first_request', 'last_request', 'timestamp'])
const NUMBERS =
  /^(?:predictions_per_second|error_count|accuracy|latency_avg_.*|predictions_count_.*)$/

/** What a column of that attribute holds, whether or not any record has it. */
export function columnTypeOf(name: string, records: readonly StoredRecord[]): ColumnType {
  if (TIMES.has(name)) return 'time'
  if (NUMBERS.test(name)) return 'number'
  const types = new Set<string>()
  for (const record of records) {
    const value = record.get(name)
    if (value !== undefined) types.add(typeof value)
  }
  const [only] = types
  return types.size === 1 && (only === 'number' || only === 'boolean') ? only : 'string'
}

/** An attribute as a cell of a column of that type; null where there is none, or it is of another type. */
export function cellOf(record: StoredRecord, name: string, type: ColumnType): Cell {
  const value = record.get(name)
  if (value === undefined) return null
  switch (type) {
    case 'time':
      return timeMsOf(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'string':
      return String(value)
  }
}

/** A text attribute; null for none and for an empty one. */
export function textOf(record: StoredRecord, name: string): string | null {
  const value = record.get(name)
  return value === undefined || value === '' ? null : String(value)
}

/** A finite number; null for anything else. */
export function numberOf(record: StoredRecord, name: string): number | null {
  const value = cellOf(record, name, 'number')
  return typeof value === 'number' ? value : null
}

/** A time attribute in whole milliseconds since 1970 UTC; null for none. */
export function timeOf(record: StoredRecord, name: string): number | null {
  const value = record.get(name)
  return value === undefined ? null : timeMsOf(value)
}

/** A time of a record or of the JSON in it, in whole milliseconds since 1970 UTC; null for none. */
export function timeMsOf(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const atUs = parseWhen(value)
  return Number.isNaN(atUs) ? null : Math.floor(atUs / 1000)
}

/** An attribute that holds a JSON object; null for anything else. */
export function objectOf(record: StoredRecord, name: string): JsonObject | null {
  const value = jsonOf(record, name)
  return isJsonObject(value) ? value : null
}

/** An attribute that holds a JSON list of texts; empty for anything else. */
export function namesOf(record: StoredRecord, name: string): readonly string[] {
  const value = jsonOf(record, name)
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** The JSON of an attribute; Python writes NaN and Infinity into it, which are no finite numbers here. */
function jsonOf(record: StoredRecord, name: string): unknown {
  const text = String(record.get(name) ?? '')
  const value = tryParseJson(text)
  if (value !== undefined) return value
  const parsed = parseBody(Buffer.from(text))
  return parsed.ok ? parsed.value : undefined
}

/** A number inside a JSON object that belongs to it alone; null for anything else. */
export function memberOf(object: unknown, name: string): number | null {
  if (!isJsonObject(object) || !Object.hasOwn(object, name)) return null
  const value = object[name]
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** The id of a record's endpoint. */
export function idOf(record: StoredRecord): string {
  return String(record.get('endpoint_id') ?? '')
}
