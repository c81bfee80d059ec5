// Every spelling of a time that servers and people write gives the same microsecond; what is no time in
// the calendar gives NaN. Compared with a table here, with Date.parse in test/property/.
import assert from 'node:assert'
import { test } from 'node:test'
import { hourOf, parseWhen } from '../../../../lib/stream/accept/parse-when.ts'

const NOON_US = Date.parse('2021-07-01T12:00:00Z') * 1000

const TIMES: readonly (readonly [string, number])[] = [
  ['2021-07-01 12:00:00.000000+00:00', NOON_US],
  ['2021-07-01T12:00:00.000001+00:00', NOON_US + 1],
  ['2021-07-01 12:00:00+00:00', NOON_US],
  ['2021-07-01 12:00:00', NOON_US],
  ['2021-07-01T12:00:00', NOON_US],
  ['2021-07-01t12:00:00z', NOON_US],
  ['2021-07-01T12:00:00Z', NOON_US],
  ['2021-07-01 12:00:00 Z', NOON_US],
  ['2021-07-01 12:00:00.5', NOON_US + 500_000],
  ['2021-07-01 12:00:00,5Z', NOON_US + 500_000],
  ['2021-07-01 12:00:00.000007', NOON_US + 7],
  ['2021-07-01 12:00:00.0000079999', NOON_US + 7],
  ['2021-07-01 14:00:00+02', NOON_US],
  ['2021-07-01 14:00:00 +0200', NOON_US],
  ['2021-07-01 17:45:00+05:45', NOON_US],
  ['2021-07-02 00:00:00.000000+12:00', NOON_US],
  ['2021-07-01 08:30:00.000000-03:30', NOON_US],
  ['2021-07-01 12:00:00-00:00', NOON_US],
  ['2020-02-29 00:00:00', Date.UTC(2020, 1, 29) * 1000],
  ['2000-02-29 00:00:00.000000+00:00', Date.UTC(2000, 1, 29) * 1000],
  ['1969-12-31 23:59:59.999999+00:00', -1],
  ['9999-12-31 23:59:59', Date.UTC(9999, 11, 31, 23, 59, 59) * 1000],
]

const NO_TIMES: readonly string[] = [
  '',
  'now',
  '1625140800',
  '2021-07-01',
  '2021-07-01 12:00',
  '21-07-01 12:00:00',
  '2021-7-1 12:00:00',
  '2021-07-01  12:00:00',
  '2021-07-01_12:00:00.000000+00:00',
  '2021-07-01 12.00.00.000000+00:00',
  '2021-07-01 12:00:00.',
  '2021-07-01 12:00:00.00000x+00:00',
  '2021-07-01 12:00:00.-12345+00:00',
  '2021-07-01 12:00:60',
  '2021-07-01 12:60:00',
  '2021-07-01 24:00:00',
  '2021-07-01 24:00:00.000000+00:00',
  '2021-00-01 12:00:00',
  '2021-13-01 12:00:00',
  '2021-07-00 12:00:00',
  '2021-07-32 12:00:00',
  '2021-04-31 12:00:00',
  '2021-02-29 12:00:00.000000+00:00',
  '2100-02-29 12:00:00',
  '0000-01-01 00:00:00',
  '2021-07-01 12:00:00+25:00',
  '2021-07-01 12:00:00+02:60',
  '2021-07-01 12:00:00+2',
  '2021-07-01 12:00:00 UTC',
  '2021-07-01 12:00:00Z+00:00',
  ' 2021-07-01 12:00:00',
  '2021-07-01 12:00:00\n',
  '٢٠٢١-07-01 12:00:00',
]

test('each spelling of a time is read to the microsecond', () => {
  for (const [text, expected] of TIMES) assert.equal(parseWhen(text), expected, text)
})

test('what is no time is not read, whatever was read before', () => {
  for (const text of NO_TIMES) {
    assert(Number.isNaN(parseWhen(text)), JSON.stringify(text))
    assert.equal(parseWhen('2021-07-01 12:00:00.000000+00:00'), NOON_US)
  }
})

test('a text of megabytes is refused at once', () => {
  assert(Number.isNaN(parseWhen(`2021-07-01 12:00:00.${'1'.repeat(4 << 20)}`)))
  assert(Number.isNaN(parseWhen('2021-07-01 '.repeat(400_000))))
})

test('hours are counted from the epoch, also before it', () => {
  const cases = [0, 3_600_000_000 - 1, 3_600_000_000, -1]
  assert.deepEqual(cases.map(hourOf), [0, 0, 1, -1])
})
