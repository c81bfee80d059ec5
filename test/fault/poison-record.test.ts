// A record that ends the process is not met for ever: after two deaths it is a dead letter, and everything
// else goes on. Also where the process is killed without a word, as when there is no memory left.
import { strict as assert } from 'node:assert'
import { afterEach, test } from 'node:test'
import { Endpoint } from '../../lib/stream/compute/endpoint.ts'
import { CrashMarks } from '../../lib/stream/crash-marks.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { memoryStore } from '../support/memory-store.ts'
import { call, servingEvent, whenAt } from '../support/serving-event.ts'
import { ShardWorker } from '../support/shard-worker.ts'
import {
  nextTurns,
  openTestPipeline,
  type TestPipeline,
  testClock,
} from '../support/test-pipeline.ts'

const POISON = whenAt('08:00:07')
const POISON_US = Date.parse('2026-11-02T08:00:07Z') * 1000
const { observe } = Endpoint.prototype
const { crashed } = CrashMarks.prototype

afterEach(() => {
  Endpoint.prototype.observe = observe
  CrashMarks.prototype.crashed = crashed
})

/** A bug of ours: one event's time ends the process. */
function plantBug(): void {
  Endpoint.prototype.observe = function (atUs, arrivedAtUs) {
    if (atUs === POISON_US) throw new TypeError('a bug')
    observe.call(this, atUs, arrivedAtUs)
  }
}

/** Feeds events; the one in the middle has the poisonous time. */
async function feed(process: TestPipeline): Promise<void> {
  for (const second of ['05', '06', '07', '08', '09']) {
    const when = whenAt(`08:00:${second}`)
    process.accept(servingEvent({ when, ...call(second, [[1, 2]]) }), {
      shard: 's',
      offset: Number(second),
    })
    await nextTurns()
  }
}

async function assertDelivered(process: TestPipeline): Promise<void> {
  await process.pipeline.flushAll()
  const { events, rows, rejections } = process.pipeline.status()
  assert.deepEqual(rejections, { crashed: 1 })
  assert.deepEqual(
    [events['received'], events['accepted'], events['rejected']],
    [events['received'], (events['received'] ?? 0) - 1, 1],
  )
  assert.equal(rows.accepted, events['accepted'])
  const letters = process.deadLetterLines.map((line) => JSON.parse(line))
  assert.equal(letters.length, 1)
  assert.equal(letters[0].reason, 'crashed')
  assert.equal(JSON.parse(letters[0].body).when, POISON)
  const requestIds = [...process.store.files.values()].flatMap(({ requestIds: ids }) => ids)
  assert(!requestIds.includes('07'))
  assert.equal(requestIds.length, rows.accepted)
}

test('an event that ends the process twice is a dead letter, others are not', async () => {
  plantBug()
  const first = await openTestPipeline()
  await assert.rejects(feed(first), /a bug/)
  await assert.rejects(openTestPipeline({}, first), /a bug/, 'the replay meets it again')
  const third = await openTestPipeline({}, first)
  assert(third.logged.some(({ message }) => message.startsWith('A record ended the process twice')))
  const position = { shard: 's', offset: 8 }
  third.accept(servingEvent({ when: whenAt('08:00:08'), ...call('08', [[1, 2]]) }), position)
  await assertDelivered(third)
  // Redelivered it is a duplicate, and later starts stay clear of it as well.
  third.accept(servingEvent({ when: POISON }), { shard: 's', offset: 7 })
  assert.equal(third.pipeline.status().events['duplicate'], 1)
  const fourth = await openTestPipeline({}, first)
  assert.equal(fourth.deadLetterLines.length, 1)
  assert.equal(fourth.pipeline.status().events['rejected'], 1)
})

test('killed without a word again and again, the replay finds out at which record', async () => {
  const first = await openTestPipeline()
  await feed(first)
  // From now on it kills, as a fault of the runtime would: nobody writes a mark.
  plantBug()
  CrashMarks.prototype.crashed = () => undefined
  let deaths = 0
  let heir: TestPipeline | null = null
  while (heir === null && deaths < 10) {
    heir = await openTestPipeline({}, first).catch((error: unknown) => {
      assert.match(String(error), /a bug/)
      deaths++
      return null
    })
  }
  assert(heir !== null)
  assert.equal(deaths, 4, 'two before it is careful, two marks')
  await assertDelivered(heir)
})

test('with ACK=delivered as well, where the stream hands the events out again', async () => {
  plantBug()
  CrashMarks.prototype.crashed = () => undefined
  const store = memoryStore()
  const clock = testClock()
  const markDisk = memoryDisk()
  const deadLetterLines: string[] = []
  const env = { ACK_WINDOW_SIZE: '10', KV_BATCHING_TIMEOUT_SECS: '0' }
  const seconds = ['05', '06', '07', '08', '09']
  const first = 1_000_000
  const life = async (): Promise<ShardWorker> => {
    const worker = await ShardWorker.start(store, clock, env, { markDisk, deadLetterLines })
    for (const [index, second] of seconds.entries()) {
      const event = servingEvent({ when: whenAt(`08:00:${second}`), ...call(second, [[1, 2]]) })
      const position = { shard: 's', offset: first + index }
      const body = Buffer.from(JSON.stringify(event))
      while ((await worker.hand(body, position, clock.timeUs)) === 'held') await nextTurns()
      await nextTurns()
    }
    return worker
  }
  let deaths = 0
  let heir: ShardWorker | null = null
  while (heir === null && deaths < 10) {
    heir = await life().catch((error: unknown) => {
      assert.match(String(error), /a bug/)
      deaths++
      return null
    })
  }
  assert(heir !== null, 'it is found out which event it is')
  assert.equal(deaths, 4, 'two before it is careful, two marks')
  await heir.logs.flushAll()
  const requestIds = [...store.files.values()].flatMap(({ requestIds: ids }) => ids)
  assert.deepEqual(requestIds.sort(), ['05', '06', '08', '09'])
  assert.deepEqual(
    deadLetterLines.map((line) => JSON.parse(line).reason),
    ['crashed'],
  )
  // Beyond what may come in again nothing is noted down any more, and the next start is not careful.
  for (let offset = first + 5; offset <= first + 20; offset++) {
    const event = servingEvent({ when: whenAt('08:00:09'), ...call(`later ${offset}`, [[1, 2]]) })
    await heir.hand(Buffer.from(JSON.stringify(event)), { shard: 's', offset }, clock.timeUs)
  }
  const marks = Buffer.from(markDisk.read('crash-marks.jsonl')).toString('utf8')
  assert.doesNotMatch(marks, /about|begun/)
})

test('with ACK=delivered no event is to blame for what happens after it was applied', async () => {
  const store = memoryStore()
  const clock = testClock()
  const markDisk = memoryDisk()
  const env = { ACK_WINDOW_SIZE: '10' }
  const event = servingEvent({ when: whenAt('08:00:05'), ...call('05', [[1, 2]]) })
  // Killed from outside again and again, while it waits for the next event.
  for (let life = 0; life < 8; life++) {
    const worker = await ShardWorker.start(store, clock, env, { markDisk })
    const hand = () =>
      worker.hand(Buffer.from(JSON.stringify(event)), { shard: 's', offset: 0 }, clock.timeUs)
    while ((await hand()) === 'held') await nextTurns()
    await nextTurns()
    assert.equal(worker.shards.at({ shard: 's', offset: 1 })?.pipeline.status().rows.accepted, 1)
    worker.isDead = true
  }
})

test('once it is mended, what was not given up is applied', async () => {
  plantBug()
  const first = await openTestPipeline()
  await assert.rejects(feed(first), /a bug/)
  Endpoint.prototype.observe = observe
  const second = await openTestPipeline({}, first)
  await second.pipeline.flushAll()
  assert.deepEqual(second.pipeline.status().rejections, {})
  assert.equal(second.pipeline.status().rows.accepted, 3)
})

test('a file of marks that was torn, or is anything else, says what can be read of it', () => {
  const disk = memoryDisk()
  const name = 'crash-marks.jsonl'
  disk.files.set(
    name,
    Buffer.from('{"crashed": 5}\n{"cra\n[]\nx\n{"crashed": 5}\n{"crashed": "6"}'),
  )
  const marks = new CrashMarks(disk)
  assert.equal(marks.isPoison(5), true)
  assert.equal(marks.isPoison(6), false)
  marks.beginReplay()
  marks.endReplay(6)
  assert.deepEqual([...disk.files.keys()], [], 'nothing that can be met again is left')
})

test('a disk that is full keeps no start from being made', async () => {
  const first = await openTestPipeline()
  await feed(first)
  first.disk.failAfter(0)
  const second = await openTestPipeline({}, first)
  assert.equal(second.pipeline.status().rows.accepted, 5)
})
