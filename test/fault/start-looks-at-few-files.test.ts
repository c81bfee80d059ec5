// A log that is old has many claims; a start asks for the files of those alone that may not be written yet,
// and not for each file that there ever was.
import assert from 'node:assert'
import { test } from 'node:test'
import { call, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

test('files before the beginning of the log are not looked for', async () => {
  const env = { SPOOL_SEGMENT_BYTES: '4096', PARQUET_BATCHING_MAX_EVENTS: '2' }
  const first = await openTestPipeline(env)
  for (let index = 0; index < 60; index++) {
    first.accept(servingEvent(call(`r${index}`, [[index, 1]])))
    await nextTurns()
    if (index % 5 === 4) await first.pipeline.flushAll()
    first.pipeline.tick()
    await nextTurns()
  }
  const asked: number[] = []
  const { has } = first.store.parquet
  Object.assign(first.store.parquet, {
    has: (claim: Parameters<typeof has>[0]) => {
      asked.push(claim.lastOffset)
      return has(claim)
    },
  })
  const { store, disk } = first
  const second = await openTestPipeline(env, { store, disk })
  assert(store.claimed.length > 20, `${store.claimed.length} claims`)
  assert(asked.length < store.claimed.length / 2, `${asked.length} of ${store.claimed.length}`)
  assert.equal(second.pipeline.status().written.parquetFiles, store.files.size)
  assert.equal(second.pipeline.status().rows.unaccounted, 0)
})
