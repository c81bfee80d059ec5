// When traffic stops, rows at period edges let rates fall to zero, then nothing more is written. Which rows
// there are depends on the events alone: somebody who looks every second, now and then, or not before the
// next event, sees the same ones.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { IdleRows } from '../../../../lib/stream/compute/idle-rows.ts'
import { SERVING_ID, servingEvent, whenAt } from '../../../support/serving-event.ts'
import { testEndpoints } from '../../../support/test-endpoints.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../../../support/test-pipeline.ts'

const SECOND_US = 1_000_000
const HOUR_SECS = 3600

interface Look {
  readonly time: string
  readonly errors: number
  readonly counts: readonly unknown[]
}

/** Times and counts of an endpoint's base_metrics, in order of time. */
function looksAt({ store }: TestPipeline, endpointId = SERVING_ID): readonly Look[] {
  return [...store.rows.values()]
    .filter((row) => row.recordType === 'base_metrics' && row.endpointId === endpointId)
    .sort((a, b) => a.atMs - b.atMs)
    .map(({ atMs, names, values }) => ({
      time: new Date(atMs).toISOString().slice(11, -1),
      errors: Number(values[names.indexOf('error_count')]),
      counts: ['predictions_count_5m', 'predictions_count_1h'].map((n) => values[names.indexOf(n)]),
    }))
}

/** Lets time go by in steps, with a look of the timer after each. */
function pass({ clock, pipeline }: TestPipeline, steps: number, stepSecs: number): void {
  for (let step = 0; step < steps; step++) {
    clock.timeUs += stepSecs * SECOND_US
    pipeline.tick()
  }
}

test('one prediction: a row every five minutes until the longest window is empty, then silence', async () => {
  const opened = await openTestPipeline()
  opened.accept(servingEvent({ when: whenAt('08:00:00.250') }))
  await nextTurns()
  pass(opened, 3 * HOUR_SECS, 1)
  await opened.pipeline.flushAll()
  const own = { time: '08:00:00.250', errors: 0, counts: [1, 1] }
  // The first edge that lies five minutes after the row is that of 08:05:30.
  const edges = ['05', '10', '15', '20', '25', '30', '35', '40', '45', '50', '55'].map(
    (minutes) => ({
      time: `08:${minutes}:30.000`,
      errors: 0,
      counts: [0, 1],
    }),
  )
  const zeros = { time: '09:00:30.000', errors: 0, counts: [0, 0] }
  assert.deepEqual(looksAt(opened), [own, ...edges, zeros])
})

test('the record falls to zero as well', async () => {
  const opened = await openTestPipeline()
  opened.accept(servingEvent())
  await nextTurns()
  pass(opened, 2 * HOUR_SECS, 1)
  await nextTurns()
  const item = opened.store.items.get(SERVING_ID)
  assert.deepEqual(item?.get('predictions_count_1h'), { type: 'int', value: 0 })
  assert.deepEqual(item?.get('predictions_per_second'), { type: 'double', value: 0 })
})

test('rows are at edges of the period that the settings name, after the timeout that they name', async () => {
  const opened = await openTestPipeline({
    TSDB_BATCHING_TIMEOUT_SECS: '61',
    AGGREGATE_COUNT_PERIOD: '1m',
    AGGREGATE_COUNT_WINDOWS: '2m,5m',
  })
  opened.accept(servingEvent({ when: whenAt('08:00:10') }))
  await nextTurns()
  pass(opened, 600, 1)
  await opened.pipeline.flushAll()
  const times = looksAt(opened).map(({ time }) => time)
  assert.deepEqual(times, ['08:00:10.000', '08:02:00.000', '08:04:00.000', '08:06:00.000'])
})

test('an error without predictions is told of once', async () => {
  const opened = await openTestPipeline()
  for (let count = 0; count < 3; count++) opened.accept(servingEvent({ error: 'boom' }))
  await nextTurns()
  pass(opened, 2 * HOUR_SECS, 1)
  await opened.pipeline.flushAll()
  assert.deepEqual(looksAt(opened), [{ time: '08:05:00.000', errors: 3, counts: [0, 0] }])
})

test('errors alone, of times that cannot be read, make no rows', async () => {
  const opened = await openTestPipeline()
  opened.accept(servingEvent({ error: 'boom', when: 'never' }))
  await nextTurns()
  pass(opened, 20, 300)
  await opened.pipeline.flushAll()
  assert.deepEqual(looksAt(opened), [])
})

test('unsampled rows show in an idle row, and an endpoint that is sampled has none', async () => {
  const opened = await openTestPipeline({ SAMPLE_WINDOW: '3' })
  for (const time of ['08:00:00', '08:00:01', '08:00:02']) {
    opened.accept(servingEvent({ when: whenAt(time) }))
    await nextTurns()
  }
  opened.clock.timeUs += 100 * SECOND_US
  opened.accept(servingEvent({ when: whenAt('08:01:40') })) // the fourth is a sample
  opened.clock.timeUs += 250 * SECOND_US
  opened.accept(servingEvent({ when: whenAt('08:05:50') }))
  opened.clock.timeUs += 70 * SECOND_US
  opened.pipeline.tick()
  await opened.pipeline.flushAll()
  assert.deepEqual(looksAt(opened), [
    { time: '08:00:00.000', errors: 0, counts: [1, 1] },
    { time: '08:01:40.000', errors: 0, counts: [4, 4] },
    // The first edge that lies five minutes after the sample.
    { time: '08:07:00.000', errors: 0, counts: [1, 5] },
  ])
})

interface Pause {
  readonly secs: number
  readonly isError: boolean
  readonly lateSecs: number
}
const anyPauses = fc.array(
  fc.record({
    secs: fc.oneof(fc.nat(400), fc.nat(3 * HOUR_SECS)),
    isError: fc.boolean(),
    lateSecs: fc.oneof(fc.constant(0), fc.nat(200)),
  }),
  { maxLength: 12, size: 'max' },
)

/** Plays events after pauses; the timer looks each so many seconds, or never. */
async function play(pauses: readonly Pause[], lookSecs: number): Promise<TestPipeline> {
  const opened = await openTestPipeline({ SAMPLE_WINDOW: '2' })
  opened.accept(servingEvent())
  await nextTurns()
  for (const { secs, isError, lateSecs } of [
    ...pauses,
    { secs: 9000, isError: true, lateSecs: 0 },
  ]) {
    let leftSecs = secs
    for (; leftSecs >= lookSecs; leftSecs -= lookSecs) pass(opened, 1, lookSecs)
    opened.clock.timeUs += leftSecs * SECOND_US
    const when = new Date(opened.clock.timeUs / 1000 - lateSecs * 1000).toISOString()
    opened.accept(servingEvent(isError ? { when, error: 'boom' } : { when }))
  }
  await opened.pipeline.flushAll()
  return opened
}

test('the rows are the same whether the timer looks often, seldom or never (property)', async () => {
  await fc.assert(
    fc.asyncProperty(anyPauses, fc.integer({ min: 1, max: 4000 }), async (pauses, lookSecs) => {
      const never = await play(pauses, Number.POSITIVE_INFINITY)
      const now = await play(pauses, lookSecs)
      const often = await play(pauses, 30)
      assert.deepStrictEqual(looksAt(now), looksAt(never))
      assert.deepStrictEqual(looksAt(often), looksAt(never))
      assert.equal(often.pipeline.encodeState(), never.pipeline.encodeState())
    }),
    { numRuns: 150, includeErrorInReport: true },
  )
})

test('a year of silence costs a few looks at the windows, and so does the next one', () => {
  const { table, endpoints } = testEndpoints(1)
  const [endpoint] = endpoints
  assert(endpoint !== undefined)
  let lookCount = 0
  const counting = {
    totals: (...given: Parameters<typeof table.totals>) => {
      lookCount++
      return table.totals(...given)
    },
    errorCount: () => 0,
  }
  const idleRows = new IdleRows(counting, { timeoutMs: 300_000, periodMs: 30_000 })
  const startUs = Date.parse('2026-11-02T08:00:00Z') * 1000
  endpoint.observe(startUs, startUs)
  table.addRow(endpoint, startUs, { weight: 1, latencyUs: 5 })
  idleRows.begin(endpoint)
  const yearUs = 365 * 86_400 * SECOND_US
  const rows = [...idleRows.takeDue(endpoint, startUs + yearUs)]
  assert.equal(rows.length, 12)
  assert(lookCount <= 20, `${lookCount} looks`)
  lookCount = 0
  assert.deepEqual([...idleRows.takeDue(endpoint, startUs + 2 * yearUs)], [])
  assert(lookCount <= 2, `${lookCount} looks`)
  // The edges are where they would be, had somebody looked all the time.
  assert(endpoint.idleDueUs > startUs + 2 * yearUs)
  assert(endpoint.idleDueUs <= startUs + 2 * yearUs + 300 * SECOND_US)
  assert.equal((endpoint.idleDueUs - startUs) % (300 * SECOND_US), 0)
})
