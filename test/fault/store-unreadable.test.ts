// The store cannot be read when new endpoints turn up: their events are taken and wait, and when it can be
// read again they are applied in their order, as if it always could; too many of them are told of.
import assert from 'node:assert'
import { type TestContext, test } from 'node:test'
import { StreamError } from '../../lib/stream/errors.ts'
import { withoutVersion } from '../support/record-versions.ts'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { call, SERVING_ID, servingEvent, whenAt } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

const MIB = 1024 * 1024

/** Makes the reads of a store fail, to the end of the test or until the answer is called. */
function takeAway({ store, pipeline }: TestPipeline, context: TestContext): () => void {
  const { read } = store.records
  const away = new StreamError('store-unavailable', 'The store is away.')
  Object.assign(store.records, { read: () => Promise.reject(away) })
  context.after(() => pipeline.close()) // else it would try again for ever
  return () => void Object.assign(store.records, { read })
}

const EVENTS = [
  servingEvent(call('a', [[1, 2]])),
  servingEvent({ ...call('b', [[3, 4]]), model: 'other' }),
  servingEvent({ error: 'boom' }),
  servingEvent({ ...call('c', [[5, 6, 7]]), when: whenAt('08:00:01') }),
  servingEvent({ ...call('d', [[8, 9]]), when: whenAt('07:59:00') }),
  servingEvent({ when: null }),
  servingEvent({
    ...call('e', [
      [1, 2],
      [3, 4],
    ]),
    when: whenAt('08:00:02'),
  }),
]

function pictureOf({ store, pipeline, deadLetterLines }: TestPipeline): unknown {
  const { events, rows, rejections, endpoints } = pipeline.status()
  return {
    events,
    rows,
    rejections,
    endpoints: [...endpoints].sort((a, b) => (a.model < b.model ? -1 : 1)),
    files: [...store.files.values()]
      .map((file) => rowsOfFile(file))
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    metrics: [...store.rows].sort(([a], [b]) => (a < b ? -1 : 1)),
    records: [...store.items]
      .map(([id, item]) => [id, withoutVersion(item)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    reasons: deadLetterLines.map((line) => JSON.parse(line).reason),
  }
}

async function withoutTrouble(): Promise<unknown> {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  for (const event of EVENTS) {
    own.accept(event)
    await nextTurns()
  }
  await own.pipeline.flushAll()
  return pictureOf(own)
}

test('events are taken, wait, and are applied in their order when the store is there again', async (context) => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  const bringBack = takeAway(own, context)
  const outcomes = EVENTS.map((event) => own.accept(event).outcome)
  await nextTurns()
  assert.deepEqual(new Set(outcomes), new Set(['waiting']))
  assert.equal(own.pipeline.status().events['waiting'], EVENTS.length)
  assert.deepEqual(own.pipeline.status().endpoints, [])
  assert.equal(own.pipeline.holdReason, null)
  bringBack()
  await own.pipeline.flushAll()
  assert.deepEqual(pictureOf(own), await withoutTrouble())
})

test('endpoints that are known go on meanwhile', async (context) => {
  const own = await openTestPipeline()
  own.accept(servingEvent({ model: 'known' }))
  await nextTurns()
  takeAway(own, context)
  assert.equal(own.accept(servingEvent()).outcome, 'waiting')
  assert.equal(own.accept(servingEvent({ model: 'known' })).outcome, 'accepted')
  own.clock.timeUs += 120_000_000
  own.pipeline.tick() // a refresh that fails
  await nextTurns()
  assert.equal(own.accept(servingEvent({ model: 'known' })).outcome, 'accepted')
  await own.pipeline.close()
})

test('a restart in between loses nothing and changes no order', async (context) => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  const bringBack = takeAway(own, context)
  for (const event of EVENTS.slice(0, 4)) own.accept(event)
  const state = own.pipeline.encodeState()
  await own.pipeline.close()
  const second = await openTestPipeline({ SAMPLE_WINDOW: '1' }, own)
  context.after(() => second.pipeline.close())
  assert.equal(second.pipeline.encodeState(), state)
  for (const event of EVENTS.slice(4)) assert.equal(second.accept(event).outcome, 'waiting')
  await second.pipeline.close()
  const third = await openTestPipeline({ SAMPLE_WINDOW: '1' }, own)
  context.after(() => third.pipeline.close())
  assert.equal(third.pipeline.status().events['waiting'], EVENTS.length)
  bringBack()
  await third.pipeline.flushAll()
  assert.deepEqual(pictureOf(third), await withoutTrouble())
})

test('a process that dies between two reads goes on with what was read', async (context) => {
  const own = await openTestPipeline()
  const bringBack = takeAway(own, context)
  own.accept(servingEvent())
  bringBack()
  own.store.items.set(SERVING_ID, new Map([['error_count', { type: 'int', value: 7 }]]))
  await own.pipeline.flushAll()
  // Somebody writes other counts after they were read: they were taken over once and for all.
  own.store.items.get(SERVING_ID)?.set('error_count', { type: 'int', value: 99 })
  await own.pipeline.close()
  const again = await openTestPipeline({}, own)
  await again.pipeline.flushAll()
  assert.equal(again.store.items.get(SERVING_ID)?.get('error_count')?.value, 7)
})

test('too much that waits is told of, also after a restart, until it is applied', async (context) => {
  const own = await openTestPipeline()
  const bringBack = takeAway(own, context)
  const padded = (index: number): Uint8Array => {
    const text = JSON.stringify(servingEvent(call(`r${index}`, [[1, 2]])))
    return Buffer.concat([Buffer.from(text), Buffer.alloc(8 * MIB - text.length, ' ')])
  }
  for (let index = 0; index < 8; index++) own.accept(padded(index))
  assert.equal(own.pipeline.holdReason, null)
  own.accept(servingEvent(call('r8', [[1, 2]])))
  assert.equal(own.pipeline.holdReason, 'the store cannot be read')
  await own.pipeline.close()
  const again = await openTestPipeline({}, own)
  context.after(() => again.pipeline.close())
  assert.equal(again.pipeline.holdReason, 'the store cannot be read')
  bringBack()
  await again.pipeline.flushAll()
  assert.equal(again.pipeline.holdReason, null)
  const ids = [...again.store.files.values()].flatMap((file) =>
    rowsOfFile(file).map((row) => row['request_id']),
  )
  assert.deepEqual(ids, ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8'])
})

test('a batch of many calls counts its bytes once', async (context) => {
  const own = await openTestPipeline()
  takeAway(own, context)
  const { request, resp, ...base } = servingEvent(call('r', [[1, 2]]))
  const values = Array.from({ length: 2000 }, () => [request, resp])
  own.accept({ ...base, headers: ['request', 'resp'], values }) // about 150 KB
  assert.equal(own.pipeline.holdReason, null)
  await own.pipeline.close()
})
