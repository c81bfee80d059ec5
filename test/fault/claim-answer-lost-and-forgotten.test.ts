// A claim on a file of an hour long gone is made, its answer is lost, and before it is tried again the claims of
// that hour are forgotten, as they are after two days: the claim must be known as our own all the same, and not
// be made a second time under another number.
import assert from 'node:assert'
import { test } from 'node:test'
import { StreamError } from '../../lib/stream/errors.ts'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { call, servingEvent, whenAt } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../support/test-pipeline.ts'

test('rows of an old hour are claimed once', async () => {
  const own = await openTestPipeline()
  const oldEvent = (id: string) =>
    servingEvent({ ...call(id, [[1, 2]]), when: whenAt('08:00:00', '2026-10-30') })
  own.accept(oldEvent('a'))
  await nextTurns()
  await own.pipeline.flushAll()
  const { create } = own.store.claims
  let isLost = false
  Object.assign(own.store.claims, {
    create: async (claim: Parameters<typeof create>[0]) => {
      const isCreated = await create(claim)
      own.pipeline.tick() // forgets old hours
      if (!isCreated || isLost) return isCreated
      isLost = true
      throw new StreamError('store-unavailable', 'The answer was lost.')
    },
  })
  own.accept(oldEvent('b'))
  await own.pipeline.flushAll()
  assert(isLost)
  assert.deepEqual(
    own.store.claimed.map(({ number, firstOffset }) => [number, firstOffset]),
    [
      [1, 0],
      [2, 2],
    ],
  )
  assert.deepEqual(
    [...own.store.files.values()].map((file) => [
      file.claim.number,
      rowsOfFile(file).map((row) => row['request_id']),
    ]),
    [
      [1, ['a']],
      [2, ['b']],
    ],
  )
})
