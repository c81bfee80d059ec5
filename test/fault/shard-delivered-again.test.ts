// Claim (ACK=delivered): an owner that is given again what owners before it had taken says nothing untrue of it.
// The ledger names no offset whose counts it does not know, and rows of a claimed range are known as such until all
// of them have come again, however many claims the log has.
import assert from 'node:assert'
import { test } from 'node:test'
import { CLAIM_KEYS_MAX } from '../../lib/stream/deliver/claimed-ranges.ts'
import { type MemoryStore, memoryStore } from '../support/memory-store.ts'
import { call, servingEvent } from '../support/serving-event.ts'
import { logOf, ShardWorker } from '../support/shard-worker.ts'
import { nextTurns, type TestClock, testClock } from '../support/test-pipeline.ts'

const SHARD = 'events/0'
const SETTINGS = { ACK_WINDOW_SIZE: '8', SAMPLE_WINDOW: '1', KV_BATCHING_TIMEOUT_SECS: '0' }

function bodyAt(offset: number): Uint8Array {
  return Buffer.from(JSON.stringify(servingEvent(call(`r${offset}`, [[offset, 1]]))))
}

async function hand(worker: ShardWorker, clock: TestClock, offset: number): Promise<void> {
  clock.timeUs += 1_000_000
  await worker.hand(bodyAt(offset), { shard: SHARD, offset }, clock.timeUs)
  await nextTurns()
}

async function tick(worker: ShardWorker): Promise<void> {
  worker.logs.tick()
  await nextTurns()
}

/** A worker that has taken the first offsets, has written everything, and has stored a checkpoint. */
async function firstOwner(
  store: MemoryStore,
  clock: TestClock,
  eventCount: number,
): Promise<ShardWorker> {
  const worker = await ShardWorker.start(store, clock, SETTINGS)
  for (let offset = 0; offset < eventCount; offset++) await hand(worker, clock, offset)
  for (let count = 0; count < 6; count++) await tick(worker)
  assert.equal(store.shardLogs.get(logOf(SHARD))?.checkpoint?.offset, eventCount - 1)
  return worker
}

test('the ledger is told of the newest offset, not of one that came again', async () => {
  const store = memoryStore()
  const clock = testClock()
  const before = await firstOwner(store, clock, 6)
  before.isDead = true
  store.entries.clear()
  const worker = await ShardWorker.start(store, clock, SETTINGS)
  await hand(worker, clock, 2)
  await worker.logs.flushAll()
  const lines = [...store.entries.values()].filter(({ endpointId }) => endpointId !== '')
  assert.deepEqual(
    lines.map(({ offset, counts }) => [offset, counts.rowsAccepted]),
    [[5, 6]],
  )
})

test('claims are known until their rows have come again, however many there are', async () => {
  const store = memoryStore()
  const clock = testClock()
  const before = await firstOwner(store, clock, 6)
  for (const offset of [6, 7]) await hand(before, clock, offset)
  await before.logs.flushAll()
  before.isDead = true
  const log = logOf(SHARD)
  const old = { log, hour: 1, number: 1, firstOffset: 0, lastOffset: 0 }
  for (let count = 0; count <= CLAIM_KEYS_MAX; count++) {
    store.claimed.push({ ...old, endpointId: `e${count}` })
  }
  const fileCount = store.files.size
  const worker = await ShardWorker.start(store, clock, SETTINGS)
  await hand(worker, clock, 5)
  for (const offset of [6, 7]) {
    await tick(worker)
    await hand(worker, clock, offset)
    const isFlushed = await Promise.race([
      worker.logs.flushAll().then(() => true),
      nextTurns().then(() => false),
    ])
    assert(isFlushed && !worker.hasEnded, 'it takes its rows for new ones')
  }
  assert.equal(store.files.size, fileCount)
  assert.equal(worker.logs.status().rows.unaccounted, 0)
})
