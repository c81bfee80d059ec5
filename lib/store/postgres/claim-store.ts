import type { ClaimStore } from '../../stream/ports.ts'
import { safeText } from '../safe-text.ts'
import type { Database } from './database.ts'
import { numberOf, readFrom, textOf, unavailable } from './database.ts'

const LIST = `
  SELECT endpoint_id, hour::float8, number::float8, first_offset::float8, last_offset::float8
  FROM parquet_claims WHERE log = $1::text`

const CREATE = `
  INSERT INTO parquet_claims (log, endpoint_id, hour, number, first_offset, last_offset)
  VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint, $6::bigint)
  ON CONFLICT DO NOTHING
  RETURNING true AS created`

/**
 * Claims in `parquet_claims`. Both calls reject with StreamError `store-unavailable`; whether a
 * claim whose call was rejected exists is then unknown, and `list` tells.
 */
export function createClaimStore(database: Database): ClaimStore {
  return {
    async list(log) {
      const rows = await readFrom(database, LIST, [safeText(log)])
      return rows.map((row) => ({
        log,
        endpointId: textOf(row, 'endpoint_id'),
        hour: numberOf(row, 'hour'),
        number: numberOf(row, 'number'),
        firstOffset: numberOf(row, 'first_offset'),
        lastOffset: numberOf(row, 'last_offset'),
      }))
    },
    async create({ log, endpointId, hour, number, firstOffset, lastOffset }) {
      const key = [safeText(log), safeText(endpointId), hour, number]
      try {
        return (await database.query(CREATE, [...key, firstOffset, lastOffset])).length === 1
      } catch (cause) {
        throw unavailable('A claim on a Parquet file could not be made', cause)
      }
    },
  }
}
