// A row brings more predictions than the record has names for, and before the new names are written, the
// record is read again with the old ones: the new name must still reach the record.
import assert from 'node:assert'
import { test } from 'node:test'
import { call, SERVING_ID, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

test('names that our own older record lacks are written all the same', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  own.accept(servingEvent(call('a', [[1, 2]], [[1]])))
  await own.pipeline.flushAll()
  own.accept(servingEvent(call('b', [[1, 2]], [[1, 2]])))
  own.pipeline.tick() // reads the record again
  await nextTurns()
  await own.pipeline.flushAll()
  const item = own.store.items.get(SERVING_ID)
  assert.equal(item?.get('label_names')?.value, '["p0", "p1"]')
  assert.equal(item?.get('label_columns')?.value, '["p0", "p1"]')
})
