import assert from 'node:assert'
import type { Pipeline } from '../lib/stream/pipeline.ts'
import { checkAlike } from './check-alike.ts'
import { checkBooks } from './check-books.ts'
import { checkDrift } from './check-drift.ts'
import { checkLedger } from './check-ledger.ts'
import { checkRows } from './check-rows.ts'
import type { SentEvent } from './events.ts'
import type { EventLane } from './lane.ts'
import { type Ledger, ledgerOf } from './ledger.ts'
import { recordsBefore } from './records-before.ts'
import { type Reference, referenceOf } from './reference.ts'
import type { SimulatedLines } from './simulated-lines.ts'
import type { SimulatedLog } from './simulated-log.ts'
import type { World } from './world.ts'

/** A log with the process that owns it. */
export interface OwnedLog {
  readonly name: string
  /** Null while there is no process. */
  readonly pipeline: Pipeline | null
  readonly lines: SimulatedLines
}

/** What is looked at when a run has ended. */
export interface Outcome {
  readonly world: World
  readonly log: OwnedLog
  readonly ledger: Ledger
}

/** A log with those that gave it events. */
interface Stream {
  readonly log: SimulatedLog
  readonly lanes: readonly EventLane[]
}

/** What was worked out at the first look, by the log's name; at the second its records are the same. */
export type References = Map<
  string,
  { readonly recordCount: number; readonly reference: Reference }
>

/**
 * Holds the end of a run to every promise: at first with the process that wrote all, and then with one that
 * has only taken over.
 *
 * @throws  AssertionError
 */
export async function checkOutcome(
  world: World,
  streams: readonly Stream[],
  references: References,
): Promise<void> {
  const sent = streams.flatMap(({ lanes }) => lanes.flatMap((lane) => lane.sent))
  let isDoubtful = false
  const sentByBody = new Map(sent.map((event) => [Buffer.from(event.body).toString(), event]))
  for (const { log, lanes } of streams) {
    const ledger = ledgerOf(log, sentByBody)
    const outcome: Outcome = { world, log, ledger }
    checkAnswered(
      ledger,
      lanes.flatMap((lane) => lane.sent),
    )
    checkRows(outcome)
    checkBooks(outcome)
    isDoubtful ||= ledger.entries.some((entry) => entry.isDoubtful)
    const recordCount = ledger.records.length
    const known = references.get(log.name)
    const reference =
      known?.recordCount === recordCount
        ? known.reference
        : await referenceOf(log.name, ledger, {
            nowUs: world.clock.nowUs(),
            before: recordsBefore(world.scenario),
          })
    references.set(log.name, { recordCount, reference })
    checkAlike(outcome, reference)
    checkDrift(outcome, reference)
    if (known === undefined) checkSpool(log)
  }
  if (isDoubtful) return
  const logs = streams.map(({ log }) => log)
  await checkLedger(world, logs)
}

/** Every event was answered by now: each is in the log, and counts once. */
function checkAnswered({ entries }: Ledger, sent: readonly SentEvent[]): void {
  const counts = new Map<SentEvent, number>()
  for (const { event, record, isDuplicate } of entries) {
    if (isDuplicate) continue
    const count = (counts.get(event) ?? 0) + 1
    counts.set(event, count)
    // A client that got no answer gives its event again, and nobody can tell that it is the same.
    if (record.position !== null) assert.equal(count, 1, `${event.requestId} counts twice`)
  }
  for (const event of sent) {
    assert(counts.has(event), `the answered event ${event.requestId} is not in the log`)
  }
}

/** Nothing waits any more, so the log is as short as it gets. */
function checkSpool(log: SimulatedLog): void {
  const segments = log.disk.names.filter((name) => name.endsWith('.spool'))
  assert(segments.length <= 2, `the spool still holds ${segments.join(' ')}`)
  const pending = log.disk.names.filter((name) => name.endsWith('-pending.jsonl'))
  assert(pending.length <= 2, `too many checkpoints: ${pending.join(' ')}`)
}
