// What went wrong: the owner of a log before, which does not know yet that it was taken over, still writes the
// records of its endpoints, or a write of its own arrives long after. Whatever of it comes after a write of the
// new owner changes nothing. Shown with the embedded store, and with strict doubles of V3IO.
import assert from 'node:assert'
import { after, describe, test } from 'node:test'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import type { EndpointUpdate, Store } from '../../lib/stream/ports.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { memoryStore } from '../support/memory-store.ts'
import { call, SERVING_ID, servingEvent } from '../support/serving-event.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { nextTurns, openTestPipeline, testClock } from '../support/test-pipeline.ts'
import { startV3ioDoubles } from '../support/v3io-doubles.ts'

const SECOND_US = 1_000_000

async function embedded(): Promise<{ store: Store; close: () => Promise<void> }> {
  const folder = temporaryFolder()
  const store = await openEmbedded({ folder: folder.path })
  const close = async (): Promise<void> => {
    await store.close()
    folder.remove()
  }
  return { store, close }
}

for (const { name, open } of [
  { name: 'embedded store', open: embedded },
  { name: 'V3IO', open: () => startV3ioDoubles() },
]) {
  describe(name, async () => {
    const { store: real, close } = await open()
    after(close)

    test('an earlier owner, and what was under way of it, changes nothing any more', async () => {
      const given: EndpointUpdate[] = []
      const kv = {
        write: async (updates: readonly EndpointUpdate[]) => {
          given.push(...updates)
          return real.kv.write(updates)
        },
      }
      const store = { ...memoryStore(), kv, records: real.records }
      const read = async () => (await real.records.read([SERVING_ID])).get(SERVING_ID)
      const [disk, clock] = [memoryDisk(), testClock()]
      const earlier = await openTestPipeline({ SAMPLE_WINDOW: '1' }, { store, disk, clock })
      earlier.accept(servingEvent(call('a', [[1, 2]])))
      await earlier.pipeline.flushAll()
      const late = given.at(-1)
      assert(late !== undefined)

      const later = await openTestPipeline({ SAMPLE_WINDOW: '1' }, { store, disk, clock })
      clock.timeUs += SECOND_US
      later.accept(servingEvent({ ...call('b', [[1, 2]]), microsec: 70 }))
      later.accept({ ...servingEvent(), error: 'no' })
      await later.pipeline.flushAll()
      const record = await read()
      assert.equal(record?.get('error_count'), 1)
      assert.equal(record?.get('predictions_count_5m'), 2)

      // It counts on as if nothing had been, and says so, after an hour of windows that have become empty as well.
      earlier.accept({ ...servingEvent(), error: 'no' })
      earlier.accept({ ...servingEvent(), error: 'no' })
      await earlier.pipeline.flushAll()
      assert.equal(Number(given.at(-1)?.attributes.get('error_count')?.value), 2)
      assert.deepEqual(await read(), record)
      clock.timeUs += 7_200 * SECOND_US
      await earlier.pipeline.flushAll()
      assert.equal(given.at(-1)?.attributes.get('latency_avg_5m')?.value, null)
      assert.deepEqual(await read(), record)
      assert.deepEqual(await real.kv.write([late]), { kind: 'written' })
      assert.deepEqual(await read(), record)
      assert.deepEqual(earlier.pipeline.status().pending.records, 0, 'it is settled all the same')

      // The owner's own words arrive, first those of a timer, then of what is left of its events.
      await later.pipeline.flushAll()
      assert.equal((await read())?.get('predictions_count_5m'), 0)
      await nextTurns()
      await later.pipeline.close()
      await earlier.pipeline.close()
    })

    test('an owner that has replayed less than the one before had applied is not kept from writing', async () => {
      const store = { ...memoryStore(), kv: real.kv, records: real.records }
      const event = (id: string) => servingEvent({ ...call(id, [[1, 2]]), model: 'short' })
      const count = async () => {
        const records = await real.reader.endpoints()
        return records.find((one) => one.get('model') === 'short:v1')?.get('predictions_count_5m')
      }
      const clock = testClock()
      const log = '00000000-0000-4000-8000-000000000002'
      const before = await openTestPipeline({}, { store, clock, log })
      for (const id of ['a', 'b', 'c', 'd']) before.accept(event(id))
      await before.pipeline.flushAll()
      assert.equal(await count(), 4)
      // A power cut has taken all of the spool.
      const again = await openTestPipeline({}, { store, disk: memoryDisk(), clock, log })
      again.accept(event('e'))
      await again.pipeline.flushAll()
      assert.equal(await count(), 1)
      await again.pipeline.close()
      await before.pipeline.close()
    })
  })
}
