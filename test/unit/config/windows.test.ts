// Windows and periods are times with a unit; each window is a whole number of buckets, no window
// stands twice, and a ring of buckets has a bound. Shown by building lists by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BUCKETS_MAX } from '../../../lib/config/cross-checks.ts'
import { DURATION_MS_MAX, parseDuration } from '../../../lib/config/duration.ts'
import { parseConfig } from '../../../lib/config/parse.ts'
import { complaintsOf } from './complaints.ts'

const UNITS = [
  { unit: 's', unitMs: 1000 },
  { unit: 'm', unitMs: 60_000 },
  { unit: 'h', unitMs: 3_600_000 },
  { unit: 'd', unitMs: 86_400_000 },
]

test('a time is its number times its unit', () => {
  const numbers = fc.integer({ min: 1, max: 40_000_000 })
  fc.assert(
    fc.property(numbers, fc.constantFrom(...UNITS), (number, { unit, unitMs }) => {
      const name = `${number}${unit}`
      const ms = number * unitMs
      assert.deepEqual(parseDuration(name), ms <= DURATION_MS_MAX ? { name, ms } : null)
    }),
  )
  assert.deepEqual(parseDuration('366d'), { name: '366d', ms: 31_622_400_000 })
})

test('anything else is no time', () => {
  const wrong = [
    '',
    '30',
    's',
    '0s',
    '05m',
    '1.5h',
    '-1s',
    '+1s',
    '1M',
    '1ms',
    '1w',
    '1h30m',
    '5m ',
  ]
  for (const text of [...wrong, '367d', '9999999999s', '٣s']) {
    assert.equal(parseDuration(text), null, text)
  }
})

test('lists of multiples are accepted in every spelling, in their order', () => {
  // Multiples of 30 s that differ, at most 3,000 buckets.
  const multiples = fc.uniqueArray(fc.integer({ min: 1, max: 3000 }), {
    minLength: 1,
    maxLength: 32,
  })
  fc.assert(
    fc.property(multiples, (counts) => {
      const names = counts.map((count) => `${count * 30}s`)
      const windows = counts.map((count) => ({ name: `${count * 30}s`, ms: count * 30_000 }))
      const json = JSON.stringify(names)
      for (const given of [json, `$${json}`, names.join(','), names.join(' , ')]) {
        const config = parseConfig({ AGGREGATE_COUNT_WINDOWS: given })
        assert.deepEqual(config.aggregateCountWindows, windows)
        assert.deepEqual(config.aggregateCountPeriod, { name: '30s', ms: 30_000 })
      }
    }),
  )
})

test('exactly the lists of which every window is a multiple of the period are accepted', () => {
  const seconds = fc.integer({ min: 1, max: 400 })
  fc.assert(
    fc.property(
      fc.uniqueArray(seconds, { minLength: 1, maxLength: 5 }),
      seconds,
      (list, period) => {
        const complaints = complaintsOf({
          AGGREGATE_AVG_WINDOWS: list.map((window) => `${window}s`).join(','),
          AGGREGATE_AVG_PERIOD: `${period}s`,
        })
        assert.equal(complaints.length, list.every((window) => window % period === 0) ? 0 : 1)
      },
    ),
  )
})

test('no list is empty, has a window twice or is one text', () => {
  const wrong = ['[]', '$[]', ',', '5m,', '5m,5m', '60s,1m', '5m 1h', '[5]', '["5m"', '$"5m"', '$5']
  for (const given of [...wrong, Array.from({ length: 33 }, (_, i) => `${i + 1}m`).join(',')]) {
    assert.equal(complaintsOf({ AGGREGATE_COUNT_WINDOWS: given }).length, 1, given)
  }
})

test('a window of more than 10,000 buckets is refused', () => {
  const env = { AGGREGATE_COUNT_PERIOD: '1s' }
  assert.equal(BUCKETS_MAX, 10_000)
  assert.deepEqual(complaintsOf({ ...env, AGGREGATE_COUNT_WINDOWS: '10000s' }), [])
  assert.deepEqual(complaintsOf({ ...env, AGGREGATE_COUNT_WINDOWS: '5m,10001s' }), [
    'AGGREGATE_COUNT_PERIOD: given 1s, ' +
      'wanted a longer period, as 10001s would take more than 10000 buckets of it; 1h in ' +
      'buckets of 30s takes 120.',
  ])
})

test('a period longer than its windows is refused', () => {
  assert.equal(complaintsOf({ AGGREGATE_COUNT_PERIOD: '10m' }).length, 1)
  assert.deepEqual(complaintsOf({ AGGREGATE_COUNT_PERIOD: '5m' }), [])
})
