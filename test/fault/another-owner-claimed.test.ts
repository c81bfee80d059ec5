// Claim: a process that stood still while another took its log over claims no rows that the other has
// claimed meanwhile: it ends instead. Shown with a claim that comes into the store behind its back.
import assert from 'node:assert'
import { test } from 'node:test'
import { SERVING_ID, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, TEST_LOG } from '../support/test-pipeline.ts'

test('rows that another owner of the log has claimed are not claimed again', async () => {
  const { pipeline, store, accept, clock } = await openTestPipeline()
  accept(servingEvent())
  await nextTurns()
  const hour = Math.floor(clock.timeUs / 3_600_000_000)
  const others = { log: TEST_LOG, endpointId: SERVING_ID, hour, number: 1 }
  store.claimed.push({ ...others, firstOffset: 0, lastOffset: 5 })
  await assert.rejects(pipeline.flushAll(), /another owner/)
  assert.equal(store.claimed.length, 1)
  assert.equal(store.files.size, 0)
})
