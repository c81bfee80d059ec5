// The disk of the dead letters is full: good events go on, the letters wait and are written, each once, when
// there is room; what waits at the death of the process is written by the next one.
import assert from 'node:assert'
import { test } from 'node:test'
import { call, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

function reasonsIn({ deadLetterLines }: TestPipeline): readonly string[] {
  return deadLetterLines.map((line) => JSON.parse(line).reason)
}

/** A pipeline with a letter of each kind that the disk has not taken. */
async function troubled(): Promise<TestPipeline> {
  const own = await openTestPipeline()
  own.accept(servingEvent({ when: null }))
  await nextTurns()
  own.deadLetterDisk.isFull = true
  assert.equal(own.accept(Buffer.from('{')).outcome, 'rejected')
  assert.equal(own.accept(servingEvent(call('r', [[1], [1, 2]]))).outcome, 'accepted')
  own.accept(servingEvent(call('r', [[[2]]])))
  await nextTurns()
  return own
}

test('good events go on, and the letters are written in order when there is room', async () => {
  const own = await troubled()
  assert.deepEqual(reasonsIn(own), ['missing'])
  own.store.outcomes.parquet.push({ kind: 'rejected', reason: 'never' })
  await own.pipeline.flushAll()
  assert.deepEqual(reasonsIn(own), ['missing'])
  assert.equal(own.pipeline.status().refused.parquetRows, 1)
  const told = own.logged.filter(({ message }) => /Dead letters cannot be written/.test(message))
  assert.deepEqual(told.at(-1)?.fields, { reason: 'disk full', count: 3 })
  own.deadLetterDisk.isFull = false
  own.pipeline.tick()
  // The endpoint's first row had one value, so that it is the row of two that does not fit.
  const all = ['missing', 'not-json', 'row-length', 'nested-value', 'never']
  assert.deepEqual(reasonsIn(own), all)
  own.pipeline.tick()
  await own.pipeline.flushAll()
  assert.deepEqual(reasonsIn(own), all)
})

test('letters that wait when the process dies are written by the next one, each once', async () => {
  const own = await troubled()
  own.deadLetterDisk.isFull = false
  const again = await openTestPipeline({}, own)
  assert.deepEqual(reasonsIn(again), ['missing', 'not-json', 'row-length', 'nested-value'])
  const third = await openTestPipeline({}, again)
  assert.equal(third.deadLetterLines.length, 4)
})

test('a start on a disk that is still full does not fail, and its letters wait', async () => {
  const own = await troubled()
  const again = await openTestPipeline({}, own)
  assert.equal(again.pipeline.encodeState(), own.pipeline.encodeState())
  assert.deepEqual(reasonsIn(again), ['missing'])
  again.deadLetterDisk.isFull = false
  again.pipeline.tick()
  assert.deepEqual(reasonsIn(again), ['missing', 'not-json', 'row-length', 'nested-value'])
})

test('so many that wait are told of, until they are written', async () => {
  const own = await openTestPipeline()
  own.deadLetterDisk.isFull = true
  for (let count = 0; count < 10_000; count++) own.accept(Buffer.from('{'))
  assert.equal(own.pipeline.holdReason, null)
  own.accept(Buffer.from('{'))
  assert.equal(own.pipeline.holdReason, 'dead letters cannot be written')
  own.deadLetterDisk.isFull = false
  own.pipeline.tick()
  assert.equal(own.pipeline.holdReason, null)
  assert.equal(own.deadLetterLines.length, 10_001)
})
