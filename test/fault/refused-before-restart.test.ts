// A sink refuses rows for good, they go to the dead letters, and the process ends. The next one meets the same
// rows in the log: it must neither write their dead letters again nor put them into a file after all.
import assert from 'node:assert'
import { test } from 'node:test'
import { call, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

const REJECTED = { kind: 'rejected', reason: 'never' } as const

/** A process of which one sink has refused all that there was. */
async function refusedBy(sink: 'tsdb' | 'parquet'): Promise<TestPipeline> {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  own.accept(
    servingEvent(
      call('a', [
        [1, 2],
        [3, 4],
      ]),
    ),
  )
  await nextTurns()
  own.store.outcomes[sink].push(REJECTED)
  await own.pipeline.flushAll()
  assert(own.deadLetterLines.length > 0)
  await own.pipeline.close()
  return own
}

function keysIn({ deadLetterLines }: TestPipeline): readonly unknown[] {
  return deadLetterLines.map((line) => JSON.parse(line).key)
}

for (const sink of ['tsdb', 'parquet'] as const) {
  test(`${sink}: what is refused again after a restart is one dead letter`, async () => {
    const before = await refusedBy(sink)
    const keys = [...keysIn(before)]
    const after = await openTestPipeline({ SAMPLE_WINDOW: '1' }, before)
    after.store.outcomes[sink].push(REJECTED)
    await after.pipeline.flushAll()
    assert.deepEqual(keysIn(after), keys)
  })
}

test('rows that are dead letters are in no file after a restart, and the books say so', async () => {
  const before = await refusedBy('parquet')
  const after = await openTestPipeline({ SAMPLE_WINDOW: '1' }, before)
  after.accept(servingEvent(call('b', [[5, 6]])))
  await after.pipeline.flushAll()
  assert.equal(after.deadLetterLines.length, 2)
  assert.deepEqual(
    [...after.store.files.values()].map(({ rowCount }) => rowCount),
    [1],
  )
  const { rows, written, refused, pending } = after.pipeline.status()
  assert.deepEqual(pending, { records: 0, metricRows: 0, parquetRows: 0 })
  assert.deepEqual([rows.accepted, written.parquetRows, refused.parquetRows], [3, 1, 2])
})
