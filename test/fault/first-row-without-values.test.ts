// The first row of an endpoint has no values at all. Whatever comes of it, the rows after it are whole: it used
// to open a batch without columns, at which the next row ended the process, and each restart again.
import assert from 'node:assert'
import { test } from 'node:test'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { call, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

for (const empty of [[], {}]) {
  test(`a row that is ${JSON.stringify(empty)}`, async () => {
    const own = await openTestPipeline()
    own.accept(servingEvent(call('empty', [empty])))
    await nextTurns()
    own.accept(servingEvent(call('a', [[1, 2]])))
    own.accept(servingEvent(call('b', [empty, [3, 4]])))
    await own.pipeline.flushAll()
    const rows = [...own.store.files.values()].flatMap(rowsOfFile)
    const features = rows.map((row) => row['named_features'])
    assert.deepEqual(
      features.filter((row) => Object.keys(row as object).length > 0),
      [
        { f0: 1, f1: 2 },
        { f0: 3, f1: 4 },
      ],
    )
    const { written, rows: counts } = own.pipeline.status()
    assert.equal(written.parquetRows, counts.accepted)
    const again = await openTestPipeline({}, own)
    assert.equal(again.pipeline.encodeState(), own.pipeline.encodeState())
  })
}
