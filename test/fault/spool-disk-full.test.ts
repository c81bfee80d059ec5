// The spool's disk takes only a part of an event, or nothing: the event is not taken, nothing has changed, and
// the same event can be given again.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { call, servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

function idsIn({ store }: TestPipeline): readonly unknown[] {
  return [...store.files.values()].flatMap((file) =>
    rowsOfFile(file).map((row) => row['request_id']),
  )
}

const anyEvent = fc.constantFrom<Readonly<Record<string, unknown>>>(
  {},
  { error: 'boom' },
  { when: null },
  { model: 'other' },
  { function_uri: 'no-project' },
)

test('an event that the disk does not take changes nothing, and is taken later (property)', async () => {
  const tries = fc.array(fc.record({ fields: anyEvent, room: fc.option(fc.nat(400)) }), {
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(tries, async (given) => {
      const own = await openTestPipeline()
      const untroubled = await openTestPipeline()
      for (const [offset, { fields, room }] of given.entries()) {
        const event = servingEvent({ ...call(`r${offset}`, [[1, 2]]), ...fields })
        const position = { shard: 's/0', offset }
        const state = own.pipeline.encodeState()
        const status = own.pipeline.status()
        const letterCount = own.deadLetterLines.length
        if (room !== null) own.disk.failAfter(room)
        try {
          own.accept(event, position)
        } catch (error) {
          assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
          assert.equal(own.pipeline.encodeState(), state)
          assert.deepStrictEqual(own.pipeline.status(), status)
          assert.equal(own.deadLetterLines.length, letterCount)
          own.accept(event, position)
        }
        own.disk.failAfter(Number.POSITIVE_INFINITY)
        untroubled.accept(event, position)
        await nextTurns()
        assert.equal(own.pipeline.encodeState(), untroubled.pipeline.encodeState())
      }
      const again = await openTestPipeline({}, own)
      assert.equal(again.pipeline.encodeState(), untroubled.pipeline.encodeState())
    }),
    { numRuns: 100, includeErrorInReport: true },
  )
})

test('a read of the store that has no room in the log is made again', async () => {
  const own = await openTestPipeline()
  const length = JSON.stringify(servingEvent()).length
  own.disk.failAfter(length + 200)
  assert.equal(own.accept(servingEvent()).outcome, 'waiting')
  await nextTurns()
  const retries = own.logged.filter(({ message }) => /tried again/.test(message))
  assert.deepEqual(retries.at(-1)?.fields, {
    sink: 'records',
    reason: 'disk full',
    attemptCount: retries.length,
  })
  await own.pipeline.flushAll()
  assert.deepEqual(idsIn(own), ['r'])
  const again = await openTestPipeline({}, own)
  assert.equal(again.pipeline.encodeState(), own.pipeline.encodeState())
})

test('a refresh that has no room in the log is made again, and renames once', async () => {
  const own = await openTestPipeline()
  own.accept(servingEvent())
  await nextTurns()
  const [endpoint] = own.pipeline.status().endpoints
  own.store.items.set(
    endpoint?.endpoint_id ?? '',
    new Map([['feature_names', { type: 'string', value: '["a", "b"]' }]]),
  )
  own.disk.failAfter(10)
  own.pipeline.tick()
  await nextTurns()
  own.accept(servingEvent(call('later', [[3, 4]])))
  await own.pipeline.flushAll()
  assert.deepEqual(
    [...own.store.files.values()].map(({ featureNames }) => [...featureNames]),
    [
      ['f0', 'f1'],
      ['f0', 'f1', 'a', 'b'],
    ],
  )
  const again = await openTestPipeline({}, own)
  assert.equal(again.pipeline.encodeState(), own.pipeline.encodeState())
})
