import type { LedgerEntry, LedgerQuery, LedgerSink } from '../../stream/ports.ts'
import { bisect } from '../bisect.ts'
import { safeText } from '../safe-text.ts'
import type { Database, Parameter, Row } from './database.ts'
import { numberOf, readFrom, textOf } from './database.ts'
import { verdict } from './refusal.ts'

const COUNTS = [
  ['received', 'received'],
  ['accepted', 'accepted'],
  ['error', 'error'],
  ['ignored', 'ignored'],
  ['rejected', 'rejected'],
  ['duplicate', 'duplicate'],
  ['waiting', 'waiting'],
  ['rowsAccepted', 'rows_accepted'],
  ['rowsRejected', 'rows_rejected'],
] as const

const NUMBERS = [
  'at_offset',
  ...COUNTS.map(([, column]) => column),
  'letters',
  'delivered_before',
] as const

// An entry that was under way for long does not take the place of one that has counted more; one that a
// start has said again does not move to another time.
const WRITE = `
  INSERT INTO model_endpoint_ledger AS stored
    (log, endpoint_id, minute, quality, ${NUMBERS.join(', ')})
  SELECT given.log, given.endpoint_id, to_timestamp(given.minute * 60), given.quality,
    ${NUMBERS.map((column) => `given.${column}::bigint`).join(', ')}
  FROM unnest($1::text[], $2::text[], $3::float8[], $4::text[],
    ${NUMBERS.map((_, index) => `$${index + 5}::float8[]`).join(', ')})
    AS given (log, endpoint_id, minute, quality, ${NUMBERS.join(', ')})
  ORDER BY given.log COLLATE "C", given.endpoint_id COLLATE "C"
  ON CONFLICT (log, endpoint_id, at_offset) DO UPDATE
  SET minute = least(stored.minute, excluded.minute), quality = excluded.quality,
    ${NUMBERS.map((column) => `${column} = excluded.${column}`).join(', ')}
  WHERE excluded.received - excluded.waiting >= stored.received - stored.waiting
    AND coalesce(excluded.delivered_before, 0) >= coalesce(stored.delivered_before, 0)`

/** The conservation ledger in `model_endpoint_ledger`: all lines of a call in one statement. */
export function createLedgerSink(database: Database): LedgerSink {
  return {
    write(entries) {
      const insert = async (from: number, to: number): Promise<void> => {
        const part = entries.slice(from, to)
        const columns: Parameter[] = [
          part.map(({ log }) => safeText(log)),
          part.map(({ endpointId }) => safeText(endpointId)),
          part.map(({ minute }) => minute),
          part.map(({ quality }) => quality && JSON.stringify(quality)),
          part.map(({ offset }) => offset),
          ...COUNTS.map(([name]) => part.map(({ counts }) => counts[name])),
          part.map(({ whole }) => whole?.letters ?? null),
          part.map(({ whole }) => whole?.deliveredBefore ?? null),
        ]
        await database.query(WRITE, columns)
      }
      return bisect(entries.length, insert, verdict)
    },
  }
}

/** Reads it back; rejects with StreamError `store-unavailable`. */
export async function readLedger(
  database: Database,
  { log, endpointId, toMinute, isNewest }: LedgerQuery,
): Promise<readonly LedgerEntry[]> {
  const parameters: Parameter[] = []
  const conditions = ['true']
  function add(comparison: string, parameter: string | number, cast: string): void {
    parameters.push(parameter)
    conditions.push(`${comparison} $${parameters.length}${cast}`)
  }
  if (log !== undefined) add('log =', safeText(log), '::text')
  if (endpointId !== undefined) add('endpoint_id =', safeText(endpointId), '::text')
  if (toMinute !== undefined) {
    parameters.push(toMinute)
    conditions.push(`minute <= to_timestamp($${parameters.length}::float8 * 60)`)
  }
  const columns = `log, endpoint_id, quality, round(extract(epoch FROM minute) / 60)::float8 AS minute,
      ${NUMBERS.map((column) => `${column}::float8`).join(', ')}`
  const sql =
    isNewest && endpointId !== undefined
      ? newestOfEachLogSql(columns, conditions)
      : `
    SELECT ${isNewest ? 'DISTINCT ON (log, endpoint_id)' : ''} ${columns}
    FROM model_endpoint_ledger
    WHERE ${conditions.join(' AND ')}
    ORDER BY log, endpoint_id, at_offset ${isNewest ? 'DESC' : ''}`
  return (await readFrom(database, sql, parameters)).map(entryOf)
}

/**
 * The newest line of one endpoint in each log. It steps from one log to the next along the key: there are
 * few logs, and a line a minute of every endpoint.
 */
function newestOfEachLogSql(columns: string, conditions: readonly string[]): string {
  return `
    SELECT newest.* FROM (
      WITH RECURSIVE step AS (
        (SELECT log FROM model_endpoint_ledger ORDER BY log LIMIT 1)
        UNION ALL
        SELECT (SELECT log FROM model_endpoint_ledger WHERE log > step.log ORDER BY log LIMIT 1)
        FROM step WHERE log IS NOT NULL
      )
      SELECT log FROM step
    ) AS logs, LATERAL (
      SELECT ${columns} FROM model_endpoint_ledger
      WHERE log = logs.log AND ${conditions.join(' AND ')}
      ORDER BY at_offset DESC LIMIT 1
    ) AS newest
    ORDER BY newest.log`
}

function entryOf(row: Row): LedgerEntry {
  const count = (column: (typeof NUMBERS)[number]): number => numberOf(row, column)
  const isWhole = row['letters'] !== null
  const quality = row['quality']
  return {
    log: textOf(row, 'log'),
    endpointId: textOf(row, 'endpoint_id'),
    offset: count('at_offset'),
    minute: numberOf(row, 'minute'),
    counts: {
      received: count('received'),
      accepted: count('accepted'),
      error: count('error'),
      ignored: count('ignored'),
      rejected: count('rejected'),
      duplicate: count('duplicate'),
      waiting: count('waiting'),
      rowsAccepted: count('rows_accepted'),
      rowsRejected: count('rows_rejected'),
    },
    whole: isWhole
      ? { letters: count('letters'), deliveredBefore: count('delivered_before') }
      : null,
    quality: typeof quality === 'string' ? JSON.parse(quality) : null,
  }
}
