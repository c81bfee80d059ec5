import type { Attribute, EndpointUpdate, KvSink } from '../../stream/ports.ts'
import { STREAM_EPOCH, STREAM_LOG, STREAM_VERSION } from '../../stream/record-version.ts'
import { bisect } from '../bisect.ts'
import { safeText } from '../safe-text.ts'
import type { Database } from './database.ts'
import { verdict } from './refusal.ts'

// An attribute without a value is null, and a merge takes it out of the record.
// Sorted, so that two processes which update the same endpoints never wait for each other.
// What has come too late changes nothing (record-version.ts). As jsonb, because others may have written
// anything there, and a cast would refuse the whole statement for it.
const MERGE = `
  INSERT INTO model_endpoints AS stored (endpoint_id, record, updated_at)
  SELECT given.endpoint_id, given.record::jsonb, now()
  FROM unnest($1::text[], $2::text[]) AS given (endpoint_id, record)
  ORDER BY given.endpoint_id COLLATE "C"
  ON CONFLICT (endpoint_id) DO UPDATE
  SET record = jsonb_strip_nulls(stored.record || excluded.record), updated_at = excluded.updated_at
  WHERE NOT coalesce(
    stored.record -> '${STREAM_LOG}' = excluded.record -> '${STREAM_LOG}'
    AND (stored.record -> '${STREAM_EPOCH}', stored.record -> '${STREAM_VERSION}')
      >= (excluded.record -> '${STREAM_EPOCH}', excluded.record -> '${STREAM_VERSION}'), false)`

/** Endpoint records in `model_endpoints`: all updates of a call in one statement. */
export function createKvSink(database: Database): KvSink {
  return {
    write(updates) {
      const merge = async (from: number, to: number): Promise<void> => {
        const records = mergeById(updates.slice(from, to))
        await database.query(MERGE, [
          [...records.keys()],
          [...records.values()].map((attributes) => recordJson(attributes)),
        ])
      }
      return bisect(updates.length, merge, verdict)
    },
  }
}

/** One statement may meet a key only once, and two ids may become equal under the text rule. */
function mergeById(updates: readonly EndpointUpdate[]): Map<string, Map<string, Attribute>> {
  const records = new Map<string, Map<string, Attribute>>()
  for (const { endpointId, attributes } of updates) {
    const id = safeText(endpointId)
    const record = records.get(id) ?? new Map<string, Attribute>()
    records.set(id, record)
    for (const [name, attribute] of attributes) record.set(safeText(name), attribute)
  }
  return records
}

/** The text of a JSON object, put together by hand: an attribute may be called `__proto__`. */
function recordJson(attributes: ReadonlyMap<string, Attribute>): string {
  const members: string[] = []
  for (const [name, { value }] of attributes) {
    const scalar = typeof value === 'string' ? safeText(value) : value
    members.push(`${JSON.stringify(name)}:${JSON.stringify(scalar)}`)
  }
  return `{${members.join(',')}}`
}
