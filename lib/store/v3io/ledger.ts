import assert from 'node:assert'
import { equals, type Item, type KvTable } from 'v3io-js-sdk'
import type { LedgerEntry, LedgerQuery, LedgerSink, QualityCounts } from '../../stream/ports.ts'
import { outcomeOf } from '../outcome.ts'
import { compare } from './compare.ts'
import { unavailable } from './failure.ts'
import { writeEach } from './write-each.ts'

const MINUTES = 60

/** What stands in an attribute. */
type Line = readonly [
  minute: number,
  received: number,
  accepted: number,
  error: number,
  ignored: number,
  rejected: number,
  duplicate: number,
  waiting: number,
  rowsAccepted: number,
  rowsRejected: number,
  letters?: number | null,
  deliveredBefore?: number | null,
  quality?: QualityCounts,
]

/**
 * The conservation ledger as items, one for each log, endpoint and hour: `log`, `endpoint_id`, `hour`
 * (since 1970 UTC), and an attribute `oOFFSET` for each line of that hour, which says at which offset it was
 * so: a JSON list of the minute (since 1970 UTC), received, accepted, error, ignored, rejected, duplicate,
 * waiting, rows accepted, rows rejected, and, of a log as a whole, its dead letters and the offset before
 * which all was delivered; of an endpoint whose values are counted, two nulls and these counts. A line is never overwritten by that of another offset.
 *
 * @param atOnce  merges at once, > 0
 */
export function createLedgerSink(
  table: KvTable,
  { atOnce }: { readonly atOnce: number },
): LedgerSink {
  return {
    write: async (entries) =>
      outcomeOf(
        await writeEach(entries.length, { atOnce }, async (index) => {
          const entry = entries[index]
          assert(entry !== undefined)
          const { log, endpointId, offset, minute } = entry
          const hour = Math.floor(minute / MINUTES)
          // An underscore, because a dot would make the rest of the key a sorting key.
          await table.update(`${log}_${endpointId}_${hour}`, {
            log,
            endpoint_id: endpointId,
            hour,
            [`o${offset}`]: lineOf(entry),
          })
        }),
      ),
  }
}

/** Reads it back; rejects with StreamError `store-unavailable`. */
export async function readLedger(
  table: KvTable,
  { log, endpointId, toMinute, isNewest }: LedgerQuery,
): Promise<readonly LedgerEntry[]> {
  let entries: LedgerEntry[] = []
  const newest = new Map<string, LedgerEntry>()
  const conditions = [
    ...(log === undefined ? [] : [equals('log', log)]),
    ...(endpointId === undefined ? [] : [equals('endpoint_id', endpointId)]),
  ]
  // The platform leaves out what is not asked for, so that it does not travel.
  const filter = conditions.length === 0 ? {} : { filter: conditions.join(' AND ') }
  try {
    for await (const item of table.scan({ names: 'user', ...filter })) {
      for (const entry of entriesOf(item)) {
        if (log !== undefined && entry.log !== log) continue
        if (endpointId !== undefined && entry.endpointId !== endpointId) continue
        if (toMinute !== undefined && entry.minute > toMinute) continue
        const key = `${entry.log} ${entry.endpointId}`
        if (!isNewest) entries.push(entry)
        else if (entry.offset > (newest.get(key)?.offset ?? -1)) newest.set(key, entry)
      }
    }
  } catch (error) {
    throw unavailable('The ledger could not be read', error)
  }
  if (isNewest) entries = [...newest.values()]
  return entries.sort(
    (a, b) => compare(a.log, b.log) || compare(a.endpointId, b.endpointId) || a.offset - b.offset,
  )
}

function lineOf({ minute, counts, whole, quality }: LedgerEntry): string {
  const { received, accepted, error, ignored, rejected, duplicate, waiting } = counts
  const events = [received, accepted, error, ignored, rejected, duplicate, waiting]
  const rows = [counts.rowsAccepted, counts.rowsRejected]
  const wholeLog = whole === null ? [] : [whole.letters, whole.deliveredBefore]
  const values = quality === null ? [] : [null, null, quality]
  return JSON.stringify([minute, ...events, ...rows, ...wholeLog, ...values])
}

function* entriesOf(item: Item): Generator<LedgerEntry> {
  const log = item.get('log')
  const endpointId = item.get('endpoint_id')
  if (log?.type !== 'string' || endpointId?.type !== 'string') return
  for (const [name, line] of item) {
    const offset = /^o(\d+)$/.exec(name)?.[1]
    if (offset === undefined || line.type !== 'string') continue
    const values: Line = JSON.parse(line.value)
    const [minute, received, accepted, error, ignored, rejected, ...others] = values
    const [duplicate, waiting, rowsAccepted, rowsRejected, ...more] = others
    const [letters = null, deliveredBefore = null, quality = null] = more
    const outcomes = { accepted, error, ignored, rejected, duplicate, waiting }
    yield {
      log: log.value,
      endpointId: endpointId.value,
      offset: Number(offset),
      minute,
      counts: { received, ...outcomes, rowsAccepted, rowsRejected },
      whole: letters === null ? null : { letters, deliveredBefore: deliveredBefore ?? 0 },
      quality,
    }
  }
}
