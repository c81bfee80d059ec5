// A power cut takes the end of the spool, and not the claims on files of its rows, which lie in the store. What
// is left of a promised range is in its file, and no later event gets an offset of that range.
import assert from 'node:assert'
import { test } from 'node:test'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { call, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

function idsByNumber({ store }: TestPipeline): readonly unknown[] {
  return [...store.files.values()].map((file) => [
    file.claim.number,
    rowsOfFile(file).map((row) => row['request_id']),
  ])
}

/**
 * A process that has claimed a file of the given events, not written it, and lost power.
 *
 * @param syncedCount  so many of them are left in the spool
 * @param hasRead      whether the read of the endpoint's record is left as well
 */
async function lostPower(syncedCount: number, hasRead: boolean): Promise<TestPipeline> {
  const own = await openTestPipeline()
  let left = new Map<string, Uint8Array>()
  for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) {
    own.accept(servingEvent(call(id, [[1, 2]])))
    if (index + 1 === syncedCount && !hasRead) left = new Map(own.disk.files)
    if (hasRead || index === 3) await nextTurns()
    if (index + 1 === syncedCount && hasRead) left = new Map(own.disk.files)
  }
  const { write } = own.store.parquet
  Object.assign(own.store.parquet, { write: () => new Promise(() => undefined) })
  void own.pipeline.flushAll()
  await nextTurns()
  assert.equal(own.store.claimed.length, 1)
  Object.assign(own.store.parquet, { write })
  for (const [name, bytes] of left) own.disk.files.set(name, bytes)
  return own
}

test('the promised file holds what is left, and later events have later offsets', async () => {
  const own = await openTestPipeline({}, await lostPower(2, true))
  own.accept(servingEvent(call('e', [[1, 2]])))
  await own.pipeline.flushAll()
  assert.deepEqual(idsByNumber(own), [
    [1, ['a', 'b']],
    [2, ['e']],
  ])
  const [first, second] = own.store.claimed
  assert(first !== undefined && second !== undefined)
  assert(second.firstOffset > first.lastOffset)
  const again = await openTestPipeline({}, own)
  await again.pipeline.flushAll()
  assert.equal(again.store.files.size, 2)
})

test('events whose record was not read yet, as far as is left, are in the promised file too', async () => {
  const own = await openTestPipeline({}, await lostPower(2, false))
  await own.pipeline.flushAll()
  assert.deepEqual(own.pipeline.status().pending, { records: 0, metricRows: 0, parquetRows: 0 })
  assert.deepEqual(idsByNumber(own), [[1, ['a', 'b']]])
})
