// A second flush is asked for while the first one waits for a slow sink: each of them settles only when all
// that there was when it was asked for is written.
import assert from 'node:assert'
import { test } from 'node:test'
import type { Outcome } from '../../lib/stream/ports.ts'
import { servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

test('the second flush is not cut short by the end of the first', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  own.accept(servingEvent())
  await nextTurns()
  const waiting: (() => void)[] = []
  const { parquet, kv } = own.store
  const hold = <T>(write: (given: T) => Promise<Outcome>) => {
    return async (given: T): Promise<Outcome> => {
      await new Promise<void>((resolve) => waiting.push(resolve))
      return write(given)
    }
  }
  const writes = { kv: kv.write, parquet: parquet.write }
  Object.assign(parquet, { write: hold(writes.parquet) })
  const first = own.pipeline.flushAll()
  await nextTurns()
  // 250 records are two writes.
  for (let index = 0; index < 250; index++) own.accept(servingEvent({ model: `m${index}` }))
  await nextTurns()
  Object.assign(kv, { write: hold(writes.kv) })
  const second = own.pipeline.flushAll()
  await nextTurns()
  Object.assign(parquet, { write: writes.parquet })
  waiting.shift()?.() // the first flush's file
  await first
  Object.assign(kv, { write: writes.kv })
  for (const goOn of waiting.splice(0)) goOn()
  await second
  assert.deepEqual(own.pipeline.status().pending, { records: 0, metricRows: 0, parquetRows: 0 })
  assert.equal(own.store.items.size, 251)
})
