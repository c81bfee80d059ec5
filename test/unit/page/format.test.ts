// Claim: numbers and times read as people write them, with a dash for what is not known, and rounding never makes
// something of nothing or nothing of something.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  agoText,
  countText,
  fixedText,
  latencyText,
  NONE,
  percentText,
  shortText,
  timeText,
  wholeText,
  windowMs,
  windowText,
} from '../../../page/format.ts'

test('numbers', () => {
  assert.deepEqual([null, 0, 999, 1000, 1234567, -1234].map(wholeText), [
    NONE,
    '0',
    '999',
    '1,000',
    '1,234,567',
    '-1,234',
  ])
  assert.deepEqual([null, 0, 0.000012, 0.03471, 0.5, 12.345, 123.4, 1234.5, 2e9].map(shortText), [
    NONE,
    '0',
    '1.2e-5',
    '0.0347',
    '0.5',
    '12.3',
    '123',
    '1,235',
    '2.0e+9',
  ])
  assert.equal(fixedText(1234.5, 3), '1,234.500')
  assert.equal(fixedText(null, 3), NONE)
  assert.equal(latencyText(6434.52), '6.435')
  assert.deepEqual([null, 0, 0.0004, 0.125, 1].map(percentText), [
    NONE,
    '0 %',
    '< 0.1 %',
    '12.5 %',
    '100 %',
  ])
  assert.deepEqual(
    [0, 1, 2000].map((count) => countText(count, 'row')),
    ['0 rows', '1 row', '2,000 rows'],
  )
})

test('a number that is shown short is the number, to three digits', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e12, max: 1e12 }), (value) => {
      const shown = Number(shortText(value).replaceAll(',', ''))
      assert(Math.abs(shown - value) <= Math.abs(value) * 0.06 + Number.MIN_VALUE)
      assert.equal(shown === 0, value === 0)
    }),
  )
})

test('times', () => {
  const at = Date.parse('2026-11-02T10:29:56.235Z')
  assert.equal(timeText(at), '2026-11-02 10:29:56 UTC')
  assert.equal(timeText(null), NONE)
  const ago = [-5000, 0, 1500, 61_000, 7_200_000, 47 * 3_600_000, 49 * 3_600_000]
  assert.deepEqual(
    ago.map((ms) => agoText(at, at + ms)),
    ['now', 'now', '1 s ago', '1 min ago', '2 h ago', '47 h ago', '2 days ago'],
  )
  assert.deepEqual(
    ['30s', '5m', '1h', '2d', 'x'].map(windowMs),
    [30_000, 300_000, 3_600_000, 172_800_000, 0],
  )
  assert.deepEqual(['5m', '1h', 'all'].map(windowText), ['5 min', '1 h', 'all'])
})
