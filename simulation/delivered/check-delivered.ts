import assert from 'node:assert'
import { memoryDisk } from '../../test/support/memory-disk.ts'
import { memoryStore } from '../../test/support/memory-store.ts'
import { checkRecords, checkSeries, checkState } from '../check-alike.ts'
import { checkBooks } from '../check-books.ts'
import { checkDrift } from '../check-drift.ts'
import { checkLedger } from '../check-ledger.ts'
import type { Outcome } from '../check-outcome.ts'
import { checkRows } from '../check-rows.ts'
import { expectationOf } from '../events.ts'
import type { Ledger, LedgerEntry } from '../ledger.ts'
import { recordsBefore } from '../records-before.ts'
import { openUndisturbed, type Reference } from '../reference.ts'
import type { BrokerShard } from './broker.ts'
import { checkWindows } from './check-windows.ts'
import type { Cluster } from './cluster.ts'
import { historyLog } from './history.ts'
import type { OwnedShard } from './worker.ts'
import type { DeliveredWorld } from './world.ts'

/**
 * Holds the end of a run to every promise: what the owners of the shards know, and what is in the store.
 *
 * @throws  AssertionError
 */
export async function checkDelivered(world: DeliveredWorld, { shards }: Cluster): Promise<void> {
  for (const shard of shards) {
    const owned = shard.owner?.owned.get(shard.name)
    assert(owned !== undefined, `nobody has ${shard.name}`)
    assert.equal(owned.epoch, world.epochOf(shard.name), 'its owner is the newest one')
    const ledger = ledgerOf(world, shard, owned)
    const lines = world.linesOf(shard.name)
    const log = { name: shard.name, pipeline: owned.pipeline, lines }
    const outcome: Outcome = { world, log, ledger }
    checkRows(outcome)
    checkBooks(outcome, { isSummedUp: world.scenario.hasSameEndpoints, hasRivals: true })
    checkWindows(outcome)
    const reference = await referenceOf(world, shard.name, ledger)
    checkStored(outcome, reference)
    checkDrift(outcome, reference)
  }
  await checkLedger(
    world,
    shards.map(({ name }) => ({ lines: world.linesOf(name) })),
  )
}

/** State, records and time series are those of a process that nothing happened to. */
function checkStored(outcome: Outcome, reference: Reference): void {
  const { hasSameEndpoints, trouble } = outcome.world.scenario
  // What is said of an endpoint that has events in several shards is summed up over those of a process.
  if (hasSameEndpoints) return
  checkState(outcome, reference)
  checkRecords(outcome, reference, { withWindows: trouble?.hasClockJumps !== true })
  // An owner before, or a zombie, has said of a silence, or at another time of the clock, what its windows were.
  checkSeries(outcome, reference, { withWindows: false })
}

/** What the state of a shard comes of, through all its owners: each event once, in order. */
function ledgerOf(world: DeliveredWorld, { name, sent }: BrokerShard, owned: OwnedShard): Ledger {
  const records = owned.history.whole
  const { settings } = world.scenario
  let highest = -1
  const entries = records.flatMap((record): LedgerEntry[] => {
    if (record.kind !== 'event') return []
    const { offset, arrivedAtUs } = record
    const event = sent[offset]
    assert(event !== undefined && Buffer.from(record.body).equals(event.body))
    const isDuplicate = offset <= highest
    if (!isDuplicate) assert.equal(offset, highest + 1, `an event of ${name} is lost`)
    highest = Math.max(highest, offset)
    const expected = expectationOf(event, arrivedAtUs, settings.whenSkewMaxSecs * 1_000_000)
    return [{ record, event, isDuplicate, expected, isDoubtful: false }]
  })
  assert.equal(highest, sent.length - 1, `the last events of ${name} are lost`)
  return { records, entries, stages: [{ last: Number.POSITIVE_INFINITY, settings }] }
}

/** Applies what the state comes of in a process that nothing happens to. */
async function referenceOf(
  world: DeliveredWorld,
  log: string,
  { records }: Ledger,
): Promise<Reference> {
  const store = memoryStore()
  for (const [id, attributes] of recordsBefore(world.scenario))
    store.items.set(id, new Map(attributes))
  const letters: string[] = []
  const pipeline = await openUndisturbed({
    log,
    parts: {
      spool: historyLog(records),
      epoch: 1,
      checkpointDisk: memoryDisk(),
      markDisk: memoryDisk(),
      isStillOwner: async () => true,
    },
    store,
    letters,
    nowUs: world.clock.nowUs(),
    settings: world.scenario.settings,
  })
  await pipeline.catchUp()
  await pipeline.flushAll()
  return { state: pipeline.encodeState(), store, letters, status: pipeline.status() }
}
