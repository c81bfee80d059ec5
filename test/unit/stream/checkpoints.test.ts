// Claim: a checkpoint holds every endpoint as it was when it was begun, however they change while it is
// written; it becomes the beginning of the log only when what came before it is delivered; and bytes that
// are no whole checkpoint are none.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  CHECKPOINT_FORMAT,
  type CheckpointHeader,
  checkpointName,
  readCheckpoint,
} from '../../../lib/stream/checkpoint-format.ts'
import { Checkpoints } from '../../../lib/stream/checkpoints.ts'
import { Counters } from '../../../lib/stream/compute/counters.ts'
import type { Endpoint } from '../../../lib/stream/compute/endpoint.ts'
import type { TableCheckpoint } from '../../../lib/stream/compute/endpoint-table.ts'
import { memoryDisk } from '../../support/memory-disk.ts'

/** A table of which only slots and one number each are of interest. */
class DullTable {
  readonly endpoints: Endpoint[] = []
  readonly values: number[] = []

  add(): void {
    this.endpoints.push({ slot: this.endpoints.length } as Endpoint)
    this.values.push(0)
  }

  toCheckpoint({ slot }: Endpoint): TableCheckpoint {
    return [slot, {} as TableCheckpoint[1], [this.values[slot] ?? Number.NaN], null]
  }
}

function header(offset: number): CheckpointHeader {
  return {
    format: CHECKPOINT_FORMAT,
    log: 'log',
    offset,
    newestArrivedUs: 1,
    counters: new Counters().toState(),
    shards: [['a/0', 5]],
    refusedRows: 0,
    periods: [30_000, null],
  }
}

function setUp(endpointCount: number) {
  const disk = memoryDisk()
  const table = new DullTable()
  for (let count = 0; count < endpointCount; count++) table.add()
  const failures: string[] = []
  const onFailure = (reason: string): void => void failures.push(reason)
  const checkpoints = new Checkpoints({ disk, table, onFailure }, -1)
  return { disk, table, failures, checkpoints }
}

async function take(checkpoints: Checkpoints, offset: number): Promise<void> {
  checkpoints.begin(() => header(offset))
  while (checkpoints.step());
  await checkpoints.finish()
}

const pending = (offset: number): string => checkpointName(offset, { isPending: true })
const beginning = (offset: number): string => checkpointName(offset, { isPending: false })

test('all endpoints are in it as they were, whatever changes meanwhile', async () => {
  // A change of an endpoint, a new one, or a step of the writing.
  const action = fc.oneof(fc.nat(199), fc.constantFrom('add', 'step'))
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 200 }), fc.array(action), async (count, actions) => {
      const { disk, table, checkpoints } = setUp(count)
      const change = (slot: number): void => {
        const endpoint = table.endpoints[slot % table.endpoints.length]
        assert(endpoint !== undefined)
        checkpoints.touch(endpoint)
        table.values[endpoint.slot] = (table.values[endpoint.slot] ?? 0) + 1
      }
      for (let slot = 0; slot < count; slot += 3) change(slot)
      const expected = [...table.values]
      checkpoints.begin(() => header(7))
      for (const one of actions) {
        if (one === 'add') table.add()
        else if (one === 'step') checkpoints.step()
        else change(Number(one))
      }
      while (checkpoints.step());
      await checkpoints.finish()
      const read = readCheckpoint(disk.read(pending(7)))
      assert.deepEqual(read?.header, header(7))
      const values: number[] = []
      for (const [slot, , [value = Number.NaN]] of read?.endpoints ?? []) values[slot] = value
      assert.deepEqual(values, expected)
      assert.equal(read?.endpoints.length, count)
    }),
  )
})

test('it is the beginning when what came before it is delivered, and then older ones go', async () => {
  const { disk, checkpoints } = setUp(3)
  await take(checkpoints, 10)
  assert.equal(checkpoints.promote(10), null, 'the record at 10 is not delivered')
  assert.equal(checkpoints.promote(11), 10)
  assert.deepEqual([...disk.files.keys()], [beginning(10)])
  for (const offset of [20, 30, 40]) await take(checkpoints, offset)
  assert.deepEqual(
    [...disk.files.keys()].sort(),
    [beginning(10), pending(20), pending(40)],
    'the oldest and the newest wait',
  )
  assert.equal(checkpoints.promote(25), 20)
  assert.equal(checkpoints.promote(Number.POSITIVE_INFINITY), 40)
  assert.deepEqual([...disk.files.keys()], [beginning(40)])
})

test('a start takes the newest beginning and removes what waited', async () => {
  const { disk, checkpoints } = setUp(3)
  await take(checkpoints, 10)
  checkpoints.promote(11)
  await take(checkpoints, 20)
  disk.files.set(beginning(5), Uint8Array.of(1))
  const damaged: string[] = []
  const read = Checkpoints.read(disk, (name) => damaged.push(name))
  assert.equal(read?.header.offset, 10)
  assert.deepEqual(damaged, [])
  assert(!disk.files.has(pending(20)))
})

test('every damage is seen, and the file kept aside', async () => {
  const { disk, checkpoints } = setUp(2)
  await take(checkpoints, 10)
  checkpoints.promote(11)
  const whole = disk.read(beginning(10))
  assert.notEqual(readCheckpoint(whole), null)
  for (let at = 0; at < whole.length; at++) {
    assert.equal(readCheckpoint(whole.subarray(0, at)), null, `cut at ${at}`)
    const flipped = Uint8Array.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    assert.equal(readCheckpoint(flipped), null, `byte ${at} flipped`)
  }
  disk.files.set(beginning(10), whole.subarray(0, 50))
  const damaged: string[] = []
  assert.equal(
    Checkpoints.read(disk, (name) => damaged.push(name)),
    null,
  )
  assert.deepEqual(damaged, [beginning(10)])
  assert.deepEqual([...disk.files.keys()], [`${beginning(10)}.damaged`])
})

test('a checkpoint of another format is none', async () => {
  const { disk, checkpoints } = setUp(0)
  checkpoints.begin(() => ({ ...header(1), format: 2 }))
  await checkpoints.finish()
  assert.equal(readCheckpoint(disk.read(pending(1))), null)
})

test('the trouble of the disk ends one, and the next one is written', async () => {
  for (const bytes of [0, 100, 400]) {
    const { disk, checkpoints, failures } = setUp(20)
    disk.failAfter(bytes)
    await take(checkpoints, 10)
    assert.equal(failures.length, 1, `${bytes}`)
    assert.equal(checkpoints.isUnderWay, false)
    assert.deepEqual([...disk.files.keys()], [])
    await take(checkpoints, 20)
    assert.equal(checkpoints.promote(21), 20)
  }
  const { disk, checkpoints, failures } = setUp(1)
  disk.can.sync = false
  await take(checkpoints, 10)
  assert.equal(failures.length, 1)
  disk.can.sync = true
  await take(checkpoints, 20)
  await take(checkpoints, 30)
  disk.can.remove = false
  await take(checkpoints, 40)
  assert.equal(checkpoints.promote(41), 40)
})
