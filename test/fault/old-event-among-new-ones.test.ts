// Events whose times lie far apart arrive one after the other: one old event among new ones, or a stream that is
// caught up with. No late row makes its endpoint idle since then, and rows at the edges of a silence say what
// the windows were then: it gave a metric row for every five minutes in between, with the numbers of today.
import assert from 'node:assert'
import { test } from 'node:test'
import { servingEvent, whenAt } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

/** Times of base_metrics. */
function stampsIn({ store }: TestPipeline): readonly string[] {
  return [...store.rows.values()]
    .filter((row) => row.recordType === 'base_metrics')
    .map(({ atMs }) => new Date(atMs).toISOString().slice(0, 19))
    .sort()
}

test('a sampled late row makes no rows but its own', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  own.accept(servingEvent())
  await nextTurns()
  own.accept(servingEvent({ when: whenAt('08:00:00', '2026-10-30') }))
  own.accept(servingEvent({ when: whenAt('08:00:01') }))
  await own.pipeline.flushAll()
  assert.deepEqual(stampsIn(own), [
    '2026-10-30T08:00:00',
    '2026-11-02T08:00:00',
    '2026-11-02T08:00:01',
  ])
})

test('time that goes on by days between two events leaves the rows of one silence', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '10' })
  own.accept(servingEvent({ when: whenAt('08:00:00', '2026-10-30') }))
  await nextTurns()
  for (const time of ['08:02:00', '08:02:01']) own.accept(servingEvent({ when: whenAt(time) }))
  own.clock.timeUs += 10_000_000
  own.pipeline.tick()
  await own.pipeline.flushAll()
  const looks = [...own.store.rows.values()]
    .filter((row) => row.recordType === 'base_metrics')
    .map(({ atMs, names, values }) => {
      const countOf = (name: string) => values[names.indexOf(`predictions_count_${name}`)]
      return [new Date(atMs).toISOString().slice(0, 16), countOf('5m'), countOf('1h')]
    })
  const minutes = ['05', '10', '15', '20', '25', '30', '35', '40', '45', '50', '55']
  assert.deepEqual(looks, [
    ['2026-10-30T08:00', 1, 1],
    ...minutes.map((minute) => [`2026-10-30T08:${minute}`, 0, 1]),
    ['2026-10-30T09:00', 0, 0],
  ])
})

test('an event after a year does not hold up the process', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '10' })
  own.accept(servingEvent({ when: whenAt('08:00:00', '2000-01-01') }))
  await nextTurns()
  for (const time of ['08:00:00', '08:00:01']) {
    own.accept(servingEvent({ when: whenAt(time, '2001-01-01') }))
  }
  assert(own.pipeline.status().pending.metricRows < 100)
})

test('a row of each edge says what the windows were then, late rows or not', async () => {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1' })
  own.accept(servingEvent())
  await nextTurns()
  own.clock.timeUs += 240_000_000
  own.accept(servingEvent({ when: whenAt('07:30:00') }))
  own.clock.timeUs += 360_000_000
  own.pipeline.tick()
  await own.pipeline.flushAll()
  assert.deepEqual(stampsIn(own), [
    '2026-11-02T07:30:00',
    '2026-11-02T08:00:00',
    '2026-11-02T08:05:00',
    '2026-11-02T08:10:00',
  ])
})
