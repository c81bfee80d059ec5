// Claim: features that have changed come first, the furthest moved before the others, and are told of in words;
// shares of bad values are of all values that came; books are sums over all logs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeText, featuresOf, oddText, ordered } from '../../../page/features.ts'
import { ledgerOf, processOf } from '../../../page/pipeline.ts'
import { seriesOf, spanOf, summed } from '../../../page/series.ts'

const FEATURES = featuresOf(
  [
    {
      feature_name: 'calm',
      tvd: 0.3,
      p: 1,
      actual_count: 90,
      missing: 8,
      wrong_type: 2,
      unseen: 0,
    },
    { feature_name: 'far', tvd: 0.5, alarm_since: 5, direction: 'down', shift_sigmas: -2.46 },
    { feature_name: 'text', tvd: null, alarm_since: 5, cause_text: 'new texts: x (3)' },
    {
      feature_name: 'far2',
      alarm_since: 5,
      direction: 'up',
      shift_sigmas: 3,
      cause_text: 'scaled by 3',
    },
    { feature_name: 'bare' },
  ],
  [
    { feature_name: 'calm', bin: 0, from: null, to: 1, expected: 0, actual: 0.1 },
    { feature_name: 'calm', bin: 1, from: 1, to: 2, expected: 1, actual: 0.9 },
  ],
)
const named = (name: string) => {
  const feature = FEATURES.find((one) => one.name === name)
  assert(feature !== undefined)
  return feature
}

test('order and words', () => {
  const names = (order: 'drift' | 'name') => ordered(FEATURES, order).map(({ name }) => name)
  assert.deepEqual(names('drift'), ['far2', 'far', 'text', 'calm', 'bare'])
  assert.deepEqual(names('name'), ['bare', 'calm', 'far', 'far2', 'text'])
  assert.equal(changeText(named('far')), 'down by 2.5 σ')
  assert.equal(changeText(named('far2')), 'up by 3.0 σ, scaled by 3')
  assert.equal(changeText(named('text')), 'changed, new texts: x (3)')
  assert.equal(changeText(named('calm')), '')
  assert.deepEqual(named('calm').bins[1], { from: 1, to: 2, expected: 1, actual: 0.9 })
})

test('bad values', () => {
  assert.equal(oddText(named('calm')), '8 missing (8 %), 2 of the wrong type (2 %)')
  assert.equal(oddText(named('bare')), null)
  assert.equal(oddText({ odd: new Map([['missing', 0]]), count: 5 }), '')
})

test('the ledger is the sum of its logs', () => {
  const line = { received: 10, accepted: 8, error: 1, rejected: 1, letters: 1, rows_accepted: 20 }
  const sum = ledgerOf([
    { ...line, minute: '2026-11-02T10:28:00.000Z' },
    { ...line, minute: '2026-11-02T10:29:00.000Z' },
  ])
  assert.deepEqual(
    [sum.received, sum.outcomes.get('accepted'), sum.letters, sum.rowsAccepted, sum.logCount],
    [20, 16, 2, 40, 2],
  )
  assert.equal(sum.toMs, Date.parse('2026-11-02T10:29:00.000Z'))
  assert.equal(ledgerOf([]).toMs, null)
})

test('a status is read, and one that is none says nothing', () => {
  const status = processOf({
    log: 'l',
    adopted: ['m'],
    events: { received: 5, accepted: 5 },
    rows: { accepted: 9, unaccounted: 2 },
    written: { records: 1, metricRows: 2, parquetRows: 3 },
    pending: { records: 4, metricRows: 5, parquetRows: 6 },
    refused: { parquetRows: 7 },
    rejections: { missing: 1, 'bad-time': 4 },
  })
  assert.deepEqual(
    status.lanes.map(({ written, pending, refused }) => [written, pending, refused]),
    [
      [1, 4, 0],
      [2, 5, 0],
      [3, 6, 7],
    ],
  )
  assert.deepEqual(
    [status.unaccounted, status.adopted, status.rejections[0]],
    [2, 1, ['bad-time', 4]],
  )
  assert.equal(processOf({}).received, 0)
})

test('series by endpoint and metric; recorded data end the span, new data let it end now', () => {
  const row = (time: number, value: unknown) => ({ endpoint_id: 'e', metric: 'm', time, value })
  const points = seriesOf([row(1, 5), row(2, 'word'), row(3, 6), { time: 4, value: 7 }])
  assert.deepEqual(points.get('e')?.get('m'), [
    { atMs: 1, value: 5 },
    { atMs: 3, value: 6 },
  ])
  const one = [{ atMs: 1, value: 2 }]
  assert.deepEqual(summed([one, [{ atMs: 0, value: 1 }, ...one]]), [
    { atMs: 0, value: 1 },
    { atMs: 1, value: 4 },
  ])
  const hour = { nowMs: 100 * 60_000 + 5, lengthMs: 3_600_000 }
  assert.deepEqual(spanOf(99 * 60_000, hour), {
    fromMs: 41 * 60_000,
    toMs: 101 * 60_000,
    isPast: false,
  })
  assert.deepEqual(spanOf(60_001, hour), { fromMs: -58 * 60_000, toMs: 120_000, isPast: true })
  assert.equal(spanOf(null, hour).isPast, false)
})
