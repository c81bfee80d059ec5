// A log that is read again while events come in: each is answered at once, applied in its turn, and nothing
// is told of a state that is not up to the present. Shown by pipelines whose clock gives a slice one record, and whose
// pauses end when the test says so.
import assert from 'node:assert'
import { test } from 'node:test'
import { Logs } from '../../../lib/stream/logs.ts'
import type { SegmentDisk } from '../../../lib/stream/ports.ts'
import { memoryStore } from '../../support/memory-store.ts'
import { call, servingEvent, whenAt } from '../../support/serving-event.ts'
import {
  nextTurns,
  openTestPipeline,
  type TestClock,
  type TestPipeline,
} from '../../support/test-pipeline.ts'

const SLICE_US = 10_000
const ENV: Readonly<Record<string, string>> = { SAMPLE_WINDOW: '2', KV_BATCHING_TIMEOUT_SECS: '1' }

/** Time goes on by a slice whenever somebody looks, and timers wait for `fire`. */
function slowClock({ timeUs }: TestClock): TestClock & { fire(): Promise<void> } {
  let timers: (() => void)[] = []
  const clock = {
    timeUs,
    nowUs: () => {
      clock.timeUs += SLICE_US
      return clock.timeUs
    },
    after: (_ms: number, call: () => void) => {
      timers.push(call)
      return () => {
        timers = timers.filter((timer) => timer !== call)
      }
    },
    fire: async () => {
      for (const timer of timers.splice(0)) timer()
      await nextTurns()
    },
  }
  return clock
}

function eventOf(id: string, model = 'm'): object {
  return servingEvent({ ...call(id, [[1, 2]]), model })
}

/** A process that has taken some events and is gone. */
async function left(ids: readonly string[]): Promise<TestPipeline> {
  const own = await openTestPipeline(ENV)
  for (const id of ids) {
    own.clock.timeUs += 1000
    own.accept(eventOf(id), { shard: 's', offset: Number(id) })
    await nextTurns()
  }
  return own
}

async function heirOf(dead: TestPipeline, env = ENV) {
  const clock = slowClock(dead.clock)
  const heir = await openTestPipeline(env, { ...dead, clock, isLeftBehind: true })
  const catchingUp = heir.pipeline.catchUp()
  const untilLive = async (): Promise<void> => {
    for (let turn = 0; turn < 1000 && !heir.pipeline.isLive; turn++) await clock.fire()
    await catchingUp
  }
  return { ...heir, clock, untilLive }
}

test('events that come meanwhile are answered, applied in their turn, and counted once', async () => {
  const dead = await left(['0', '1', '2', '3'])
  const heir = await heirOf(dead)
  assert.equal(heir.pipeline.isLive, false)
  // Four events and what the store said of their endpoint; the first of them is applied.
  assert.equal(heir.pipeline.newestArrivedUs, dead.clock.timeUs, 'known before all is read')
  const { catchingUp, events } = heir.pipeline.status()
  assert.deepEqual([catchingUp, events['received'], events['spooled']], [true, 5, 4])
  assert.equal(heir.accept(eventOf('4'), { shard: 's', offset: 4 }).outcome, 'spooled')
  assert.equal(heir.accept(eventOf('2'), { shard: 's', offset: 2 }).outcome, 'spooled')
  await heir.clock.fire()
  // Whatever is wrong with it is found out later.
  assert.equal(heir.accept(Buffer.from('{'), null).outcome, 'spooled')
  assert.equal(heir.accept(eventOf('5', 'new')).outcome, 'spooled')
  const { events: some } = heir.pipeline.status()
  const { received, ...parts } = some
  const sum = Object.values(parts).reduce((total, count) => total + count, 0)
  assert.equal(received, sum)
  assert.equal(some['spooled'], 7)
  await heir.untilLive()
  assert.equal(heir.accept(eventOf('6')).outcome, 'accepted')
  await heir.clock.fire()
  assert.deepEqual(heir.pipeline.status().events, {
    ...{ received: 9, accepted: 7, error: 0, ignored: 0, rejected: 1, duplicate: 1 },
    ...{ waiting: 0, spooled: 0 },
  })
  assert.equal(heir.pipeline.status().catchingUp, false)
  const infos = heir.logged.filter(({ level }) => level !== 'debug')
  const told = infos.map(({ message, fields }) => [message, fields])
  assert.deepEqual(told, [
    [
      'Reads the spool again; events that come meanwhile wait in it.',
      { log: '00000000-0000-4000-8000-000000000001', recordsLeft: 5 },
    ],
    ['Recovered from the spool.', { recordCount: 9, endpointCount: 1 }],
  ])
})

test('a process that dies meanwhile leaves a log that gives the same state, to the byte', async () => {
  const dead = await left(['0', '1', '2'])
  const first = await heirOf(dead)
  first.accept(eventOf('3'), { shard: 's', offset: 3 })
  await first.clock.fire()
  first.accept(eventOf('x', 'other'))
  // It dies; the next one is interrupted by nobody, and the one after that meets events again.
  const second = await heirOf(dead)
  await second.untilLive()
  await second.clock.fire()
  const state = second.pipeline.encodeState()
  assert.equal(second.pipeline.status().events['accepted'], 5)
  const third = await heirOf(dead)
  assert.equal(third.accept(eventOf('1'), { shard: 's', offset: 1 }).outcome, 'spooled')
  await third.untilLive()
  assert.equal(third.pipeline.status().events['duplicate'], 1)
  const fourth = await openTestPipeline(ENV, dead)
  assert.equal(fourth.pipeline.encodeState(), third.pipeline.encodeState())
  assert.notEqual(fourth.pipeline.encodeState(), state, 'the duplicate is counted')
})

test('nothing is written of a state that is behind; who asks for it waits', async () => {
  const dead = await left(['0', '1', '2', '3'])
  const before = dead.store.items.size
  const heir = await heirOf(dead)
  heir.clock.timeUs += 3600 * 1_000_000
  heir.pipeline.tick()
  let isFlushed = false
  const flushing = heir.pipeline.flushAll().then(() => {
    isFlushed = true
  })
  await nextTurns()
  assert.deepEqual([isFlushed, heir.store.items.size, heir.store.files.size], [false, before, 0])
  await heir.untilLive()
  while (!isFlushed) await heir.clock.fire()
  await flushing
  assert.equal(heir.store.files.size, 1)
  assert.equal(heir.pipeline.status().written.parquetRows, 4)
})

test('events are held where the spool is full, and for nothing else', async () => {
  const dead = await left(['0', '1', '2', '3'])
  const heir = await heirOf(dead)
  assert.equal(heir.pipeline.holdReason, null)
  await heir.pipeline.close()
  const full = await heirOf(dead, { ...ENV, SPOOL_BYTES_MAX: '8KiB', SPOOL_SEGMENT_BYTES: '4KiB' })
  assert.equal(full.pipeline.holdReason, null)
  const padded = { ...eventOf('4'), padding: 'x'.repeat(9_000) }
  full.accept(padded)
  assert.equal(full.pipeline.holdReason, 'the spool has reached SPOOL_BYTES_MAX')
  await full.untilLive()
  assert.equal(full.pipeline.status().events['accepted'], 5)
})

test('while a store takes nothing the reading waits, and no event is held for it', async () => {
  const dead = await left(Array.from({ length: 60 }, (_, index) => String(index)))
  const { parquet } = dead.store
  let isAway = true
  const write: typeof parquet.write = async (file) =>
    isAway ? { kind: 'retry', reason: 'away' } : parquet.write(file)
  const store = { ...dead.store, parquet: { ...parquet, write } }
  const limits = { PARQUET_OPEN_BYTES_MAX: '4096', PARQUET_BATCHING_BYTES_MAX: '4096' }
  const heir = await heirOf({ ...dead, store }, { ...ENV, ...limits })
  for (let turn = 0; turn < 300; turn++) await heir.clock.fire()
  assert.equal(heir.pipeline.isLive, false, 'no more is taken into memory')
  const spooled = heir.pipeline.status().events['spooled'] ?? 0
  assert(spooled > 0)
  assert.equal(heir.pipeline.holdReason, null)
  assert.equal(heir.accept(eventOf('60')).outcome, 'spooled')
  assert.equal(heir.pipeline.status().events['spooled'], spooled + 1)
  isAway = false
  await heir.untilLive()
  assert.equal(heir.pipeline.status().events['accepted'], 61)
})

test('a disk that cannot be read is tried again, and no event is held for it', async () => {
  const dead = await left(['0', '1', '2', '3'])
  let isBad = false
  const read: SegmentDisk['read'] = (name, from, to) => {
    if (isBad && name.endsWith('.spool')) {
      throw Object.assign(new Error('bad disk: read'), { code: 'EIO' })
    }
    return dead.disk.read(name, from, to)
  }
  const heir = await heirOf({ ...dead, disk: { ...dead.disk, read } })
  isBad = true
  heir.accept(eventOf('4'))
  for (let turn = 0; turn < 20; turn++) await heir.clock.fire()
  assert.equal(heir.pipeline.isLive, false)
  assert(heir.logged.some(({ message }) => message.startsWith('The spool cannot be read')))
  assert.equal(heir.accept(eventOf('5')).outcome, 'spooled')
  isBad = false
  await heir.untilLive()
  assert.equal(heir.pipeline.status().events['accepted'], 6)
})

test('closed meanwhile it reads no more, and nobody waits for it', async () => {
  const dead = await left(['0', '1', '2', '3'])
  const clock = slowClock(dead.clock)
  const heir = await openTestPipeline(ENV, { ...dead, clock, isLeftBehind: true })
  const catchingUp = heir.pipeline.catchUp()
  const flushing = heir.pipeline.flushAll()
  heir.accept(servingEvent({ when: whenAt('08:00:09') }))
  await heir.pipeline.close()
  await catchingUp
  await flushing
  const { events } = heir.pipeline.status()
  assert.equal(events['accepted'], 0)
  const next = await openTestPipeline(ENV, dead)
  assert.equal(next.pipeline.status().events['accepted'], 5)
})

test('another log of the process that is read again holds up nobody, and a signal does not wait', async () => {
  const dead = await left(['0', '1', '2', '3'])
  const store = memoryStore()
  const own = await openTestPipeline(ENV, { store, log: 'own' })
  const logs = new Logs(own.pipeline)
  const adopted = await heirOf(dead, {
    ...ENV,
    SPOOL_BYTES_MAX: '8KiB',
    SPOOL_SEGMENT_BYTES: '4KiB',
  })
  adopted.accept({ ...eventOf('4'), padding: 'x'.repeat(9_000) })
  assert.notEqual(adopted.pipeline.holdReason, null)
  logs.adopt(adopted.pipeline)
  assert.equal(logs.holdReason, null)
  own.accept(eventOf('a'))
  await nextTurns()
  await logs.flushLive()
  assert.equal(own.store.files.size, 1)
  assert.equal(logs.status().catchingUp, true)
  assert.equal(adopted.store.files.size, 0)
  await adopted.untilLive()
  assert.equal(logs.status().catchingUp, false)
  assert.equal(logs.status().events['accepted'], 6)
})

test('killed without a word while it waits between two records, it blames none of them', async () => {
  const dead = await left(['0', '1', '2', '3'])
  for (let deaths = 0; deaths < 8; deaths++) await heirOf(dead)
  const heir = await heirOf(dead)
  await heir.untilLive()
  assert.deepEqual(heir.pipeline.status().rejections, {})
  assert.equal(heir.pipeline.status().events['accepted'], 4)
})
