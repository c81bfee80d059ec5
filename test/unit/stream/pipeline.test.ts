// A pipeline taken as a whole: a spool that is read again gives the state of the process before it, to the
// byte; a flush writes everything; what cannot be taken in is said, and what cannot be written is kept.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { StreamError } from '../../../lib/stream/errors.ts'
import type { Attribute } from '../../../lib/stream/ports.ts'
import { rowsOfFile } from '../../support/rows-of-file.ts'
import { call, SERVING_ID, servingEvent, whenAt } from '../../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../../support/test-pipeline.ts'

const SECOND_US = 1_000_000
const RETRY = { kind: 'retry', reason: 'away' } as const

/** Events of both recorded files in the order of their times. */
function recordedEvents(countOfEach: number): readonly { body: Buffer; atUs: number }[] {
  return ['2021', '1.12']
    .flatMap((name) =>
      readFileSync(`examples/events-${name}.jsonl`, 'utf8').split('\n').slice(0, countOfEach),
    )
    .map((line) => {
      const when: unknown = JSON.parse(line)['when']
      const atUs = typeof when === 'string' ? Date.parse(when) * 1000 : 0
      return { body: Buffer.from(line), atUs }
    })
    .sort((a, b) => a.atUs - b.atUs)
}

/** Plays events with the clock on their time, a look of the timer after each, and new registrations. */
async function play(own: TestPipeline, events: ReturnType<typeof recordedEvents>): Promise<void> {
  for (const [index, { body, atUs }] of events.entries()) {
    own.clock.timeUs = Math.max(own.clock.timeUs, atUs)
    own.accept(body, index % 3 === 0 ? { shard: 's/1', offset: index } : null)
    if (index % 50 === 49) own.accept(body, { shard: 's/1', offset: index - 1 })
    if (index % 100 === 99) rename([...own.store.items.values()][index % 5], index)
    await nextTurns()
    own.pipeline.tick()
  }
  await nextTurns()
}

/** A registration that names an endpoint's features anew, as many as before. */
function rename(item: Map<string, Attribute> | undefined, index: number): void {
  const names = item?.get('feature_names')?.value
  if (item === undefined || typeof names !== 'string') return
  const [, ...others] = JSON.parse(names) as string[]
  item.set('feature_names', { type: 'string', value: JSON.stringify([`new ${index}`, ...others]) })
}

/** Says where two states differ, as they are long. */
function assertSameState(actual: string, expected: string): void {
  const at = [...expected].findIndex((char, index) => char !== actual[index])
  const near = (state: string): string => state.slice(Math.max(at - 150, 0), at + 150)
  assert(actual === expected, `${near(actual)}\n  is not\n${near(expected)}`)
}

test('recorded events that are read again from the spool give the same state, to the byte', async () => {
  const env = {
    SAMPLE_WINDOW: '3',
    KV_BATCHING_TIMEOUT_SECS: '1',
    PARQUET_BATCHING_MAX_EVENTS: '40',
  }
  const own = await openTestPipeline(env)
  await play(own, recordedEvents(400))
  const state = own.pipeline.encodeState()
  const { events, rows, rejections, endpoints } = own.pipeline.status()
  assert(Number(events['duplicate']) > 10)
  // Reads of records that were renamed meanwhile are in it.
  assert(own.store.files.size > 10)
  assert(new Set([...own.store.files.values()].map((file) => file.featureNames.length)).size > 5)
  await own.pipeline.close()
  const { store, disk, deadLetterLines, clock } = own
  const again = await openTestPipeline(env, { store, disk, deadLetterLines, clock })
  assertSameState(again.pipeline.encodeState(), state)
  const status = again.pipeline.status()
  assert.deepEqual([status.events, status.rows, status.rejections], [events, rows, rejections])
  assert.deepEqual(status.endpoints, endpoints)
  await again.pipeline.flushAll()
  const found = [...store.files.values()].flatMap(rowsOfFile)
  assert.equal(found.length, rows.accepted)
})

test('a flush writes all there is, whatever its age, and its books say so', async () => {
  const own = await openTestPipeline()
  for (const id of ['a', 'b'])
    own.accept(
      servingEvent(
        call(id, [
          [1, 2],
          [3, 4],
        ]),
      ),
    )
  own.accept(servingEvent({ model: 'other', error: 'boom' }))
  // None of it is through yet: the flush waits for the records to be read.
  await own.pipeline.flushAll()
  const { written, refused, pending, rows, events } = own.pipeline.status()
  assert.deepEqual(pending, { records: 0, metricRows: 0, parquetRows: 0 })
  assert.deepEqual(written, {
    records: 2,
    metricRows: own.store.rows.size,
    metricValues: [...own.store.rows.values()].reduce((sum, { names }) => sum + names.length, 0),
    parquetFiles: 1,
    parquetRows: 4,
  })
  assert.deepEqual(Object.values(refused), [0, 0, 0, 0, 0])
  assert.equal(rows.accepted, 4)
  assert.deepEqual([events['accepted'], events['error']], [2, 1])
})

test('a flush brings records up to date that no sample has touched, until they say zero', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '100' })
  for (const id of ['a', 'b', 'c']) own.accept(servingEvent(call(id, [[1, 2]])))
  await own.pipeline.flushAll()
  const countOf = (): unknown => own.store.items.get(SERVING_ID)?.get('predictions_count_1h')?.value
  assert.equal(countOf(), 3)
  own.accept(servingEvent())
  await own.pipeline.flushAll()
  assert.equal(countOf(), 4)
  own.clock.timeUs += 7200 * SECOND_US
  await own.pipeline.flushAll()
  assert.equal(countOf(), 0)
  const updateCount = own.store.updates.length
  own.clock.timeUs += 7200 * SECOND_US
  await own.pipeline.flushAll()
  assert.equal(own.store.updates.length, updateCount)
})

test('no more may come in while too much waits to be written, and again when it is', async () => {
  const bytes = { PARQUET_BATCHING_BYTES_MAX: '4096', PARQUET_OPEN_BYTES_MAX: '4096' }
  const rows = Array<number[]>(8).fill([1, 2])
  const own = await openTestPipeline(bytes)
  own.store.outcomes.parquet.push(...Array<typeof RETRY>(1000).fill(RETRY))
  assert.equal(own.pipeline.holdReason, null)
  for (let hour = 0; hour < 8; hour++) {
    own.accept(servingEvent({ when: whenAt(`0${hour}:00:00`), ...call('r', rows) }))
    await nextTurns()
  }
  const flushing = own.pipeline.flushAll()
  assert.equal(own.pipeline.holdReason, 'too much waits to be written')
  own.store.outcomes.parquet.length = 0
  await flushing
  assert.equal(own.pipeline.holdReason, null)
  assert.equal(own.pipeline.status().written.parquetRows, 8 * rows.length)
})

test('a start that cannot list the claims fails and says why; the next one finds all', async () => {
  const own = await openTestPipeline()
  own.accept(servingEvent())
  await own.pipeline.close()
  own.store.failures.push(new StreamError('store-unavailable', 'away'))
  await assert.rejects(openTestPipeline({}, own), { code: 'store-unavailable' })
  const again = await openTestPipeline({}, own)
  await again.pipeline.flushAll()
  assert.equal(again.pipeline.status().written.parquetRows, 1)
  assert.equal(again.logged.filter(({ message }) => /Recovered/.test(message)).length, 1)
})

test('closing waits for no store that is away; the next process delivers', async () => {
  const own = await openTestPipeline()
  own.accept(servingEvent())
  await nextTurns()
  for (const sink of ['kv', 'tsdb', 'parquet'] as const) {
    own.store.outcomes[sink].push(...Array<typeof RETRY>(1000).fill(RETRY))
  }
  void own.pipeline.flushAll()
  await nextTurns()
  await own.pipeline.close()
  for (const sink of ['kv', 'tsdb', 'parquet'] as const) own.store.outcomes[sink].length = 0
  await nextTurns()
  assert.equal(own.store.files.size, 0)
  const again = await openTestPipeline({}, own)
  await again.pipeline.flushAll()
  assert.deepEqual(
    [again.store.files.size, again.store.items.size, again.store.rows.size > 0],
    [1, 1, true],
  )
})

test('a sync that fails is told of once, and tried again by the next one', async () => {
  const own = await openTestPipeline()
  own.accept(servingEvent())
  const told = () =>
    own.logged.filter(({ message }) => /safe from a power cut/.test(message)).length
  own.disk.can.sync = false
  for (let count = 0; count < 3; count++) await own.pipeline.sync()
  assert.equal(told(), 1)
  own.disk.can.sync = true
  await own.pipeline.sync()
  own.accept(servingEvent())
  own.disk.can.sync = false
  await own.pipeline.sync()
  assert.equal(told(), 2)
})

test('the status tells of each endpoint its rate, its latency and what was refused', async () => {
  const own = await openTestPipeline()
  for (let count = 0; count < 600; count++) {
    own.accept(servingEvent({ when: whenAt('08:00:00'), microsec: count % 2 === 0 ? 10 : 20 }))
  }
  own.accept(servingEvent({ when: whenAt('06:00:00') }))
  own.accept(servingEvent({ when: null }))
  await nextTurns()
  const { log, endpoints, rows } = own.pipeline.status()
  assert.equal(log, '00000000-0000-4000-8000-000000000001')
  assert.deepEqual(rows, { accepted: 601, rejected: 0, late: 1, unaccounted: 0 })
  assert.deepEqual(endpoints, [
    {
      endpoint_id: SERVING_ID,
      model: 'm:v1',
      function_uri: 'p/f:v1',
      predictions: 601,
      errors: 1,
      rejected: { missing: 1 },
      late: 1,
      predictions_per_second: 2,
      latency_avg_us: 15,
      drift: null,
    },
  ])
  own.clock.timeUs += 3600 * SECOND_US
  const [later] = own.pipeline.status().endpoints
  assert.deepEqual([later?.predictions_per_second, later?.latency_avg_us], [0, null])
})
