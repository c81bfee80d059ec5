import type { OnDamage } from '../../lib/stream/accept/damage.ts'
import type { SpoolRecord } from '../../lib/stream/accept/spool-format.ts'
import type { EventLog } from '../../lib/stream/event-log.ts'

/** Opens a log and reads all that is in it. */
export function readSpool(
  spool: EventLog,
  onDamage: OnDamage,
  fromOffset = 0,
): readonly SpoolRecord[] {
  const reader = spool.open(onDamage, fromOffset)
  const records: SpoolRecord[] = []
  for (let record = reader.next(); record !== null; record = reader.next()) records.push(record)
  return records
}
