// What went wrong: a training set that was registered while a log was being read again was applied at once, before
// records that stand before it: their values were held against it, and the next replay said otherwise.
import assert from 'node:assert'
import { test } from 'node:test'
import { eventOf, putRecord, START_MS, tickTo, training } from '../support/drift-stream.ts'
import { SERVING_ID } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

/** More than a start applies before it takes events. */
const EVENTS = 2_500

test('what is registered while the log is read again counts from its place in the log on', async () => {
  const first = await openTestPipeline()
  const { store, disk, deadLetterLines, clock } = first
  for (let count = 0; count < EVENTS; count++) {
    first.accept(eventOf({ atMs: START_MS, values: [1, 2] }))
    if (count === 0) await nextTurns()
  }
  await first.pipeline.close()

  const survivors = { store, disk, deadLetterLines, clock }
  const second = await openTestPipeline({}, { ...survivors, isLeftBehind: true })
  assert(!second.pipeline.isLive)
  putRecord(store, training)
  await second.pipeline.learn(SERVING_ID)
  await second.pipeline.catchUp()
  const state = second.pipeline.encodeState()
  await second.pipeline.close()

  const third = await openTestPipeline({}, survivors)
  assert.equal(third.pipeline.encodeState(), state)
  const isKnown = (): boolean => third.pipeline.encodeState().includes('"kind":"numeric"')
  assert(!isKnown())
  await tickTo(third, START_MS + 31_000)
  assert(isKnown(), 'the first refresh finds it')
  await third.pipeline.close()
})
