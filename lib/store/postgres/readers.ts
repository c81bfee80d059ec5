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
  return {
    async read(endpointIds, { without = [] } = {}) {
      const { record, parameters } = recordColumn(without)
      const ids = parameters.push(endpointIds.map((id) => safeText(id)))
      const sql = `
        SELECT endpoint_id, ${record} FROM model_endpoints
        WHERE endpoint_id = ANY ($${ids}::text[])`
      const rows = await readFrom(database, sql, parameters)
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
      const { record, parameters } = recordColumn(without)
      const sql = `SELECT ${record} FROM model_endpoints ORDER BY endpoint_id`
      return (await readFrom(database, sql, parameters)).map((row) => decodeRecord(row))
    },
    async series(query) {
      const { sql, parameters } = seriesStatement(query)
      const rows = await readFrom(database, sql, parameters)
      return rows.toReversed().map((row) => pointOf(row, query))
    },
    ledger: (query) => readLedger(database, query),
    claims: (log) => claims.list(log),
  }
}

/** The column `record` without some attributes, and the parameters that it takes first. */
function recordColumn(without: readonly string[]): { record: string; parameters: Parameter[] } {
  if (without.length === 0) return { record: 'record::text', parameters: [] }
  return { record: '(record - $1::text[])::text AS record', parameters: [without] }
}

/** Newest first, because that is what the limit keeps. */
function seriesStatement(query: SeriesQuery): { sql: string; parameters: readonly Parameter[] } {
  const { endpointId, endpointIds, recordType, metric, fromMs, toMs, bucketMs, limit } = query
  const parameters: Parameter[] = []
  const conditions = ['true']
  function add(comparison: string, parameter: string, cast: string): void {
    parameters.push(parameter)
    conditions.push(`${comparison} $${parameters.length}${cast}`)
  }
  if (endpointId !== undefined) add('endpoint_id =', safeText(endpointId), '::text')
  if (endpointIds !== undefined) {
    const ids = parameters.push(endpointIds.map((id) => safeText(id)))
    conditions.push(`endpoint_id = ANY ($${ids}::text[])`)
  }
  if (recordType !== undefined) add('record_type =', safeText(recordType), '::text')
  if (metric !== undefined) add('metric =', safeText(metric), '::text')
  if (fromMs !== undefined) add('time >=', boundText(fromMs), '::text::timestamptz')
  if (toMs !== undefined) add('time <=', boundText(toMs), '::text::timestamptz')
  const newest = `LIMIT $${parameters.push(Math.min(limit, Number.MAX_SAFE_INTEGER))}::bigint`
  // What is the same in every row of the answer need not be in it.
  const columns = [
    ...(endpointId === undefined ? ['endpoint_id'] : []),
    ...(recordType === undefined ? ['record_type'] : []),
    ...(metric === undefined ? ['metric'] : []),
  ]
  const where = conditions.join(' AND ')
  if (bucketMs === undefined) {
    const sql = `
      SELECT ${[`${msOf('time')} AS at_ms`, ...columns, 'value', 'text'].join(', ')}
      FROM model_endpoint_metrics
      WHERE ${where}
      ORDER BY time DESC, endpoint_id DESC, record_type DESC, metric DESC ${newest}`
    return { sql, parameters }
  }
  const bucket = `$${parameters.push(`${bucketMs} ms`)}::text::interval`
  const sql = `
    SELECT ${[`${msOf('min(time)')} AS at_ms`, ...columns, 'avg(value) AS value'].join(', ')}
    FROM model_endpoint_metrics
    WHERE ${where} AND value IS NOT NULL
    GROUP BY endpoint_id, record_type, metric, date_bin(${bucket}, time, 'epoch'::timestamptz)
    ORDER BY min(time) DESC, endpoint_id DESC, record_type DESC, metric DESC ${newest}`
  return { sql, parameters }
}

function msOf(time: string): string {
  return `round(extract(epoch FROM ${time}) * 1000)::float8`
}

function pointOf(row: Row, query: SeriesQuery): SeriesPoint {
  return {
    atMs: numberOf(row, 'at_ms'),
    endpointId: storedText(query.endpointId) ?? textOf(row, 'endpoint_id'),
    recordType: storedText(query.recordType) ?? textOf(row, 'record_type'),
    metric: storedText(query.metric) ?? textOf(row, 'metric'),
    value: row['value'] === null ? textOf(row, 'text') : numberOf(row, 'value'),
  }
}

/** A text of a query as the rows that it chooses have it. */
function storedText(text: string | undefined): string | undefined {
  return text === undefined ? undefined : safeText(text)
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
