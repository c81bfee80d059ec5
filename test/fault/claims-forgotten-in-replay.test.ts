// A log of rows from days ago is read again, and so much piles up meanwhile that some of it is written before
// the end is reached: the claims on files of old hours must still be known then, or their rows are written
// a second time.
import assert from 'node:assert'
import { test } from 'node:test'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { call, servingEvent, whenAt } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

const DAY_US = 86_400_000_000

test('rows of old hours are in one file, however long the log is that is read again', async () => {
  const env = { SAMPLE_WINDOW: '1' }
  const own = await openTestPipeline(env)
  const inputs = Array.from({ length: 10_000 }, (_, index) => [index, 0])
  // Two metric rows each: beyond 100,000 that wait, a replay stops to write them.
  for (let count = 0; count < 6; count++) own.accept(servingEvent(call(`many ${count}`, inputs)))
  await nextTurns()
  own.accept(servingEvent({ ...call('late', [[1, 2]]), when: whenAt('08:00:01') }))
  await own.pipeline.flushAll()
  const fileCount = own.store.files.size
  await own.pipeline.close()
  own.clock.timeUs += 3 * DAY_US
  const again = await openTestPipeline(env, own)
  again.accept(servingEvent({ ...call('new', [[1, 2]]), when: whenAt('08:00:02') }))
  await again.pipeline.flushAll()
  const ids = [...again.store.files.values()].flatMap((file) =>
    rowsOfFile(file).map((row) => row['request_id']),
  )
  assert.equal(again.store.files.size, fileCount + 1)
  assert.equal(ids.length, 60_002)
  assert.deepEqual(
    ids.filter((id) => id === 'late' || id === 'new'),
    ['late', 'new'],
  )
})
