import type {
  RecordReader,
  SeriesPoint,
  SeriesQuery,
  StoredRecord,
  StoreReader,
} from '../../stream/ports.ts'
import { safeText } from '../safe-text.ts'
import { createClaimStore } from './claim-store.ts'
import type { Database, Parameter, Row } from './database.ts'
import { numberOf, readFrom, textOf } from './database.ts'
import { readLedger } from './ledger.ts'
import { boundText } from './time-text.ts'

/** Reads records of `model_endpoints`; rejects with StreamError `store-unavailable`. */
export function createRecordReader(database: Database): RecordReader {
  const sql = `
    SELECT endpoint_id, record::text FROM model_endpoints
    WHERE endpoint_id = ANY ($1::text[])`
  return {
    async read(endpointIds) {
      const rows = await readFrom(database, sql, [endpointIds.map((id) => safeText(id))])
      const stored = new Map(rows.map((row) => [textOf(row, 'endpoint_id'), decodeRecord(row)]))
      const records = new Map<string, StoredRecord>()
      for (const id of endpointIds) {
        const record = stored.get(safeText(id))
        if (record !== undefined) records.set(id, record)
      }
      return records
    },
  }
}

/** Reads the tables for people; rejects with StreamError `store-unavailable`. */
export function createStoreReader(database: Database): StoreReader {
  const claims = createClaimStore(database)
  return {
    async endpoints({ without = [] } = {}) {
      const isWhole = without.length === 0
      const sql = `
        SELECT ${isWhole ? 'record' : '(record - $1::text[])'}::text AS record
        FROM model_endpoints ORDER BY endpoint_id`
      return (await readFrom(database, sql, isWhole ? [] : [without])).map((row) =>
        decodeRecord(row),
      )
    },
    async series(query) {
      const { sql, parameters } = seriesStatement(query)
      return (await readFrom(database, sql, parameters)).toReversed().map((row) => pointOf(row))
    },
    ledger: (query) => readLedger(database, query),
    claims: (log) => claims.list(log),
  }
}

/** Newest first, because that is what the limit keeps. */
function seriesStatement(query: SeriesQuery): { sql: string; parameters: readonly Parameter[] } {
  const { endpointId, recordType, metric, fromMs, toMs, bucketMs, limit } = query
  const parameters: Parameter[] = []
  const conditions = ['true']
  function add(comparison: string, parameter: string, cast: string): void {
    parameters.push(parameter)
    conditions.push(`${comparison} $${parameters.length}${cast}`)
  }
  if (endpointId !== undefined) add('endpoint_id =', safeText(endpointId), '::text')
  if (recordType !== undefined) add('record_type =', safeText(recordType), '::text')
  if (metric !== undefined) add('metric =', safeText(metric), '::text')
  if (fromMs !== undefined) add('time >=', boundText(fromMs), '::text::timestamptz')
  if (toMs !== undefined) add('time <=', boundText(toMs), '::text::timestamptz')
  parameters.push(Math.min(limit, Number.MAX_SAFE_INTEGER))
  if (bucketMs !== undefined) {
    const newest = `$${parameters.length}::bigint`
    return { sql: bucketsSql(conditions, newest, parameters.push(`${bucketMs} ms`)), parameters }
  }
  return {
    sql: `
      SELECT round(extract(epoch FROM time) * 1000)::float8 AS at_ms,
        endpoint_id, record_type, metric, value, text
      FROM model_endpoint_metrics
      WHERE ${conditions.join(' AND ')}
      ORDER BY time DESC, endpoint_id DESC, record_type DESC, metric DESC
      LIMIT $${parameters.length}::bigint`,
    parameters,
  }
}

/** The same as means; `position` is that of the parameter that says how long a bucket is. */
function bucketsSql(conditions: readonly string[], limit: string, position: number): string {
  return `
    SELECT round(extract(epoch FROM min(time)) * 1000)::float8 AS at_ms,
      endpoint_id, record_type, metric, avg(value) AS value
    FROM model_endpoint_metrics
    WHERE ${conditions.join(' AND ')} AND value IS NOT NULL
    GROUP BY endpoint_id, record_type, metric,
      date_bin($${position}::text::interval, time, 'epoch'::timestamptz)
    ORDER BY min(time) DESC, endpoint_id DESC, record_type DESC, metric DESC
    LIMIT ${limit}`
}

function pointOf(row: Row): SeriesPoint {
  return {
    atMs: numberOf(row, 'at_ms'),
    endpointId: textOf(row, 'endpoint_id'),
    recordType: textOf(row, 'record_type'),
    metric: textOf(row, 'metric'),
    value: row['value'] === null ? textOf(row, 'text') : numberOf(row, 'value'),
  }
}

/**
 * A record as others may have left it: null is left out, lists and objects become their JSON text,
 * as they are in the KV table of V3IO.
 */
function decodeRecord(row: Row): StoredRecord {
  const record = new Map<string, string | number | boolean>()
  const object: unknown = JSON.parse(textOf(row, 'record'))
  // JSON.parse makes `__proto__` an own property like any other.
  for (const [name, value] of Object.entries(object ?? {})) {
    if (value === null) continue
    record.set(name, typeof value === 'object' ? JSON.stringify(value) : value)
  }
  return record
}
