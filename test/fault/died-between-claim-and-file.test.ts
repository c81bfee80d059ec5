// The process dies when it has made the claim on a file and not written the file: the next one writes exactly
// the rows that the claim promised into it, and later ones into another file.
import assert from 'node:assert'
import { test } from 'node:test'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { call, servingEvent, whenAt } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

/** A process that has claimed a file of three events, met two more, and died. */
async function died(): Promise<TestPipeline> {
  const own = await openTestPipeline()
  for (const id of ['a', 'b', 'c']) own.accept(servingEvent(call(id, [[1, 2]])))
  own.accept(servingEvent({ ...call('early', [[1, 2]]), when: whenAt('07:30:00') }))
  await nextTurns()
  const { write } = own.store.parquet
  Object.assign(own.store.parquet, { write: () => new Promise(() => undefined) })
  void own.pipeline.flushAll()
  await nextTurns()
  for (const id of ['d', 'e']) own.accept(servingEvent(call(id, [[1, 2]])))
  Object.assign(own.store.parquet, { write })
  return own
}

function idsByFile({ store }: TestPipeline): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(
    [...store.files.values()].map((file) => [
      `${file.claim.hour}-${file.claim.number}`,
      rowsOfFile(file).map((row) => row['request_id']),
    ]),
  )
}

test('what was promised is in the promised file, what came after it in the next one', async () => {
  const before = await died()
  assert.equal(before.store.claimed.length, 1)
  assert.equal(before.store.files.size, 0)
  const after = await openTestPipeline({}, before)
  assert.equal(after.pipeline.status().pending.parquetRows, 6)
  after.accept(servingEvent(call('f', [[1, 2]])))
  await after.pipeline.flushAll()
  assert.deepEqual(idsByFile(after), {
    '498224-1': ['a', 'b', 'c'],
    '498223-1': ['early'],
    '498224-2': ['d', 'e', 'f'],
  })
})

test('a promised file is due at once, whatever the age of its rows', async () => {
  const after = await openTestPipeline({}, await died())
  after.pipeline.tick()
  await nextTurns()
  assert.deepEqual(idsByFile(after), { '498224-1': ['a', 'b', 'c'] })
})

test('a file that is there is not written again, though nobody was told of it', async () => {
  const before = await died()
  const second = await openTestPipeline({}, before)
  const { write } = second.store.parquet
  Object.assign(second.store.parquet, {
    write: async (file: Parameters<typeof write>[0]) => {
      await write(file)
      return new Promise(() => undefined)
    },
  })
  void second.pipeline.flushAll()
  await nextTurns()
  assert.deepEqual(Object.keys(idsByFile(second)), ['498224-1'])
  const given: string[] = []
  Object.assign(second.store.parquet, {
    write: (file: Parameters<typeof write>[0]) => {
      given.push(`${file.claim.hour}-${file.claim.number}`)
      return write(file)
    },
  })
  const third = await openTestPipeline({}, second)
  await third.pipeline.flushAll()
  assert.deepEqual(given, ['498223-1', '498224-2'])
  assert.equal(third.pipeline.status().written.parquetRows, 6)
})
