// What comes of an event: each counts once, by the best of its calls, and the books balance at any moment.
import assert from 'node:assert'
import { test } from 'node:test'
import { StreamError } from '../../../lib/stream/errors.ts'
import { call, servingEvent, whenAt } from '../../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../../support/test-pipeline.ts'

/** A pipeline that has met the endpoint of `servingEvent`. */
async function opened(env: Readonly<Record<string, string>> = {}): Promise<TestPipeline> {
  const own = await openTestPipeline(env)
  own.accept(servingEvent())
  await nextTurns()
  return own
}

/** A batch event; what one call has and another has not is the same as beside them. */
function batchOf(fields: Readonly<Record<string, unknown>>, ...calls: readonly object[]): object {
  const { request: _request, resp: _resp, ...base } = servingEvent(fields)
  const names = [...new Set(calls.flatMap((one) => Object.keys(one)))]
  const values = calls.map((one) => {
    const all: Readonly<Record<string, unknown>> = { ...base, ...one }
    return names.map((name) => all[name] ?? null)
  })
  return { ...base, headers: names, values }
}

function eventsOf({ pipeline }: TestPipeline): Readonly<Record<string, number>> {
  const { events } = pipeline.status()
  const { received, ...ends } = events
  assert.equal(
    received,
    Object.values(ends).reduce((sum, count) => sum + count, 0),
  )
  return Object.fromEntries(Object.entries(events).filter(([, count]) => count > 0))
}

test('an event is accepted, an error, ignored or rejected, and says so', async () => {
  const own = await opened()
  const cases: readonly (readonly [unknown, string, string | null])[] = [
    [servingEvent(), 'accepted', null],
    [servingEvent(call('r', [])), 'accepted', null],
    [servingEvent({ error: 'boom' }), 'error', null],
    [{ kind: 'nop_event' }, 'ignored', null],
    [Buffer.from('{'), 'rejected', 'not-json'],
    [Buffer.from(''), 'rejected', 'empty-body'],
    [servingEvent({ when: null }), 'rejected', 'missing'],
    [servingEvent({ when: whenAt('08:10:00.000001') }), 'rejected', 'time-ahead'],
    [servingEvent({ function_uri: 'no-project' }), 'rejected', 'bad-function-uri'],
    [servingEvent({ function_uri: '/f' }), 'rejected', 'bad-function-uri'],
    [servingEvent({ function_uri: 'p/' }), 'rejected', 'bad-function-uri'],
  ]
  for (const [event, outcome, reason] of cases) {
    const applied = own.accept(event)
    assert.deepEqual([applied.outcome, applied.rejection?.reason ?? null], [outcome, reason])
  }
  assert.deepEqual(eventsOf(own), { received: 12, accepted: 3, error: 1, ignored: 1, rejected: 7 })
  assert.deepEqual(own.pipeline.status().ignored, { nop_event: 1 })
  assert.deepEqual(own.pipeline.status().rejections, {
    'not-json': 1,
    'empty-body': 1,
    missing: 1,
    'time-ahead': 1,
    'bad-function-uri': 3,
  })
  assert.equal(own.deadLetterLines.length, 7)
})

test('a rejected row does not cost its neighbours, and an accepted event tells of it', async () => {
  const own = await opened()
  const inputs = [[1, 2], [3], 'x', [4, [5]], [6, 7]]
  const { outcome, rejection } = own.accept(servingEvent(call('r', inputs, [1, 1, 1, 1, 1, 1])))
  assert.equal(outcome, 'accepted')
  assert.deepEqual(rejection, { reason: 'row-length', path: 'request.inputs[1]', row: 1 })
  const { rows, rejections, endpoints } = own.pipeline.status()
  assert.deepEqual([rows.accepted, rows.rejected], [3, 4])
  const byReason = { 'row-length': 1, 'row-not-a-list': 1, 'nested-value': 1, 'no-input': 1 }
  assert.deepEqual(rejections, byReason)
  assert.deepEqual(endpoints[0]?.rejected, byReason)
  assert.deepEqual(
    own.deadLetterLines.map((line) => [JSON.parse(line).row, JSON.parse(line).reason]),
    [
      [1, 'row-length'],
      [2, 'row-not-a-list'],
      [3, 'nested-value'],
      [5, 'no-input'],
    ],
  )
})

test('a batch counts once, by the best of its calls, and each bad call is a dead letter', async () => {
  const own = await opened()
  const good = call('r', [[1, 2]])
  const failed = { ...good, error: 'boom' }
  const bad = { ...good, when: 'never' }
  assert.equal(own.accept(batchOf({}, bad, failed, good)).outcome, 'accepted')
  assert.equal(own.accept(batchOf({}, bad, failed)).outcome, 'error')
  assert.equal(own.accept(batchOf({}, bad, bad)).outcome, 'rejected')
  assert.equal(own.accept(batchOf({}, { ...good, when: whenAt('08:00:01') })).outcome, 'accepted')
  assert.equal(own.accept(batchOf({ headers: [], values: [] })).outcome, 'accepted')
  assert.deepEqual(eventsOf(own), { received: 6, accepted: 4, error: 1, rejected: 1 })
  const letters = own.deadLetterLines.map((line) => JSON.parse(line))
  assert.deepEqual(
    letters.map(({ offset, call: index, reason }) => [offset, index, reason]),
    // Offset 1 is the read of the record.
    [
      [2, 0, 'bad-time'],
      [3, 0, 'bad-time'],
      [4, 0, 'bad-time'],
      [4, 1, 'bad-time'],
    ],
  )
  // Errors and rejected calls count among the endpoint's errors.
  assert.equal(own.pipeline.status().endpoints[0]?.errors, 6)
})

test('a batch whose calls wait counts once, when the last of them is through', async () => {
  const own = await opened()
  const away = new StreamError('store-unavailable', 'away')
  own.store.failures.push(away, away)
  const good = call('r', [[1, 2]])
  const others = [{ ...good, model: 'a' }, { ...good, model: 'b', when: 'never' }, good]
  assert.equal(own.accept(batchOf({}, ...others)).outcome, 'waiting')
  assert.equal(own.accept(batchOf({}, { ...good, model: 'b', error: 'x' })).outcome, 'waiting')
  assert.deepEqual(eventsOf(own), { received: 3, accepted: 1, waiting: 2 })
  await own.pipeline.flushAll()
  assert.deepEqual(eventsOf(own), { received: 3, accepted: 2, error: 1 })
  assert.equal(own.pipeline.status().rows.accepted, 3)
})

test('a redelivered position is a duplicate; other shards and events without a position are not', async () => {
  const own = await opened()
  const outcomeOf = (shard: string, offset: number): string =>
    own.accept(servingEvent(), { shard, offset }).outcome
  const outcomes = [
    outcomeOf('s/0', 4),
    outcomeOf('s/0', 4),
    outcomeOf('s/0', 3),
    outcomeOf('s/1', 3),
    outcomeOf('s/0', 9),
    outcomeOf('s/0', 8),
    outcomeOf('s/1', 0),
  ]
  const twice = 'duplicate'
  assert.deepEqual(outcomes, ['accepted', twice, twice, 'accepted', 'accepted', twice, twice])
  assert.equal(own.accept(servingEvent()).outcome, 'accepted')
  assert.deepEqual(eventsOf(own), { received: 9, accepted: 5, duplicate: 4 })
  assert.equal(own.pipeline.status().rows.accepted, 5)
})

test('beyond the limit of endpoints, events of new ones are rejected and the others are unharmed', async () => {
  const own = await opened({ ENDPOINTS_MAX: '2' })
  own.accept(servingEvent({ model: 'second' }))
  await nextTurns()
  const third = own.accept(servingEvent({ model: 'third' }))
  assert.deepEqual([third.outcome, third.rejection?.reason], ['rejected', 'endpoint-limit'])
  const failed = own.accept(servingEvent({ model: 'third', error: 'x' }))
  assert.deepEqual([failed.outcome, failed.rejection?.reason], ['rejected', 'endpoint-limit'])
  const good = call('r', [[1, 2]])
  const mixed = own.accept(batchOf({}, { ...good, model: 'fourth' }, good))
  assert.deepEqual([mixed.outcome, mixed.rejection?.reason], ['accepted', 'endpoint-limit'])
  assert.equal(own.accept(servingEvent()).outcome, 'accepted')
  assert.equal(own.accept(servingEvent({ model: 'second' })).outcome, 'accepted')
  await own.pipeline.flushAll()
  const { endpoints, rejections, rows, written } = own.pipeline.status()
  assert.deepEqual(
    endpoints.map(({ model, predictions }) => [model, predictions]),
    [
      ['m:v1', 3],
      ['second:v1', 2],
    ],
  )
  assert.deepEqual(rejections, { 'endpoint-limit': 3 })
  assert.deepEqual([rows.accepted, written.parquetRows], [5, 5])
  assert.equal(own.deadLetterLines.length, 3)
})

test('first and last request are by event time, timestamp by arrival, each as it was received', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  const times = ['2026-11-02T07:59:00Z', whenAt('08:00:03.5'), '2026-11-02 06:58:59,25 -01:00']
  for (const when of [...times, '2026-11-02T08:00:01+00:00']) own.accept(servingEvent({ when }))
  await nextTurns()
  await own.pipeline.flushAll()
  const [item] = own.store.items.values()
  const textOf = (name: string): unknown => item?.get(name)?.value
  assert.equal(textOf('first_request'), '2026-11-02 06:58:59,25 -01:00')
  assert.equal(textOf('last_request'), whenAt('08:00:03.5'))
  assert.equal(textOf('timestamp'), '2026-11-02T08:00:01+00:00')
})
