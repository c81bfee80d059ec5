// An event whose rows are all rejected names another class and other labels than those before it. Whether they
// count or not, the record says the same as after a restart: it used to hear of them only then.
import assert from 'node:assert'
import { test } from 'node:test'
import { withoutVersion } from '../support/record-versions.ts'
import { call, SERVING_ID, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

test('a restart changes nothing in the record', async () => {
  const own = await openTestPipeline()
  own.accept(servingEvent({ labels: { x: 1 } }))
  await nextTurns()
  own.clock.timeUs += 7_200_000_000 // no counts are left that would make a flush write the record
  await own.pipeline.flushAll()
  own.accept(servingEvent({ ...call('bad', [[1, [2]]]), class: 'Other', labels: { x: 2 } }))
  await own.pipeline.flushAll()
  const record = withoutVersion(own.store.items.get(SERVING_ID))
  const again = await openTestPipeline({}, own)
  await again.pipeline.flushAll()
  assert.deepStrictEqual(withoutVersion(again.store.items.get(SERVING_ID)), record)
})
