// Claim: at each minute's end, and at a flush, the ledger says what the log and its endpoints have counted
// until then; it says it once, as a sum that adds up, however the store behaves, and goes on after a restart.
import assert from 'node:assert'
import { test } from 'node:test'
import { audit } from '../../../../lib/audit/audit.ts'
import type { LedgerEntry } from '../../../../lib/stream/ports.ts'
import { auditFactsOf } from '../../../support/audit-facts.ts'
import { servingEvent } from '../../../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../../../support/test-pipeline.ts'

const MINUTE_US = 60_000_000

function entriesOf({ entries }: { readonly entries: ReadonlyMap<string, LedgerEntry> }) {
  return [...entries.values()]
}

test('a minute that ends is told of, endpoints first, and an endpoint only if it has counted more', async () => {
  const { pipeline, store, clock, accept } = await openTestPipeline({})
  const minute = Math.floor(clock.timeUs / MINUTE_US)
  pipeline.tick()
  accept(servingEvent({ model: 'a' }))
  accept(servingEvent({ model: 'b' }))
  accept('no event')
  await pipeline.flushAll()
  store.entries.clear()
  accept(servingEvent({ model: 'b' }))
  pipeline.tick()
  await nextTurns()
  assert.deepEqual(entriesOf(store), [], 'the minute goes on')
  clock.timeUs += MINUTE_US
  pipeline.tick()
  await nextTurns()
  const [endpoint, whole, ...others] = entriesOf(store)
  assert.deepEqual(others, [])
  assert(endpoint !== undefined && whole !== undefined)
  assert.deepEqual([endpoint.minute, whole.minute], [minute, minute])
  const rows = endpoint.counts.rowsAccepted
  assert.deepEqual(
    [endpoint.counts.received, endpoint.counts.accepted, rows],
    [2, 2, 2 * (whole.counts.rowsAccepted / 3)],
  )
  const { received, accepted, rejected } = whole.counts
  assert.deepEqual([whole.endpointId, received, accepted, rejected], ['', 4, 3, 1])
  assert.equal(whole.whole?.letters, 1)
  await pipeline.close()
})

test('what is not delivered yet is said so', async () => {
  const { pipeline, store, clock, accept } = await openTestPipeline({})
  pipeline.tick()
  accept(servingEvent({ model: 'a' }))
  await nextTurns()
  clock.timeUs += MINUTE_US
  pipeline.tick()
  await nextTurns()
  const before = entriesOf(store).at(-1)
  assert(before !== undefined && before.whole !== null)
  assert(before.whole.deliveredBefore <= before.offset, 'its rows wait in a batch')
  await pipeline.flushAll()
  const after = entriesOf(store).at(-1)
  assert.equal(after?.whole?.deliveredBefore, after?.offset === undefined ? -1 : after.offset + 1)
  await pipeline.close()
})

test('a store that takes a part is given the rest, and one that refuses costs dead letters', async () => {
  const { pipeline, store, accept, deadLetterLines } = await openTestPipeline({})
  for (const model of ['a', 'b', 'c']) accept(servingEvent({ model }))
  store.outcomes.ledger.push(
    { kind: 'retry', reason: 'gone' },
    { kind: 'partial', unwritten: [2], refused: [{ index: 1, reason: 'odd' }] },
  )
  await pipeline.flushAll()
  const ids = entriesOf(store).map(({ endpointId }) => endpointId)
  assert.equal(ids.length, 3, 'two endpoints and the log')
  assert.equal(ids.at(-1), '')
  const letters = deadLetterLines.map((text) => JSON.parse(text))
  assert.deepEqual(
    letters.map(({ sink, reason }) => [sink, reason]),
    [['ledger', 'odd']],
  )
  await pipeline.close()
})

test('after a restart the sums go on', async () => {
  const first = await openTestPipeline({})
  first.accept(servingEvent({ model: 'a' }))
  await first.pipeline.flushAll()
  await first.pipeline.close()
  const second = await openTestPipeline({}, first)
  second.accept(servingEvent({ model: 'a' }))
  await second.pipeline.flushAll()
  const [endpoint, whole] = entriesOf(first.store).slice(-2)
  assert.deepEqual([endpoint?.counts.accepted, whole?.counts.accepted], [2, 2])
  await second.pipeline.close()
})

test('while an event waits for its endpoint nothing is told of its offset', async () => {
  const { pipeline, store, clock, accept } = await openTestPipeline({})
  pipeline.tick()
  clock.timeUs += MINUTE_US
  assert.equal(accept(servingEvent({ model: 'a' })).outcome, 'waiting')
  pipeline.tick()
  await nextTurns()
  assert.deepEqual(entriesOf(store), [])
  pipeline.tick()
  await nextTurns()
  assert.equal(entriesOf(store).at(-1)?.counts.accepted, 1, 'told as soon as it is counted')
  await pipeline.close()
})

test('a dead letter that two owners of a shard have written counts once', async () => {
  const { pipeline, store, deadLetterLines, accept } = await openTestPipeline({})
  accept('no event')
  accept('no event either')
  await pipeline.flushAll()
  const letters = [...deadLetterLines, ...deadLetterLines].map((line) => JSON.parse(line))
  const { unaccounted, logs } = await audit(auditFactsOf(store, letters))
  assert.equal(unaccounted, 0)
  assert.deepEqual(logs[0]?.letters, { found: 2, expected: 2 })
  await pipeline.close()
})
