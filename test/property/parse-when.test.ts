// For every time and offset, parseWhen agrees with Date.parse to the millisecond and keeps the
// microseconds that Date does not know; what Date refuses as a day is refused.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseWhen } from '../../lib/stream/accept/parse-when.ts'

function digits(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}

const times = fc.record({
  year: fc.integer({ min: 1900, max: 2200 }),
  month: fc.integer({ min: 0, max: 13 }),
  day: fc.integer({ min: 0, max: 32 }),
  hour: fc.integer({ min: 0, max: 23 }),
  minute: fc.integer({ min: 0, max: 59 }),
  second: fc.integer({ min: 0, max: 59 }),
})
const offsets = fc
  .tuple(
    fc.constantFrom('+', '-'),
    fc.integer({ min: 0, max: 23 }),
    fc.integer({ min: 0, max: 59 }),
  )
  .map(([sign, hours, minutes]) => `${sign}${digits(hours)}:${digits(minutes)}`)
const zones = fc.oneof(offsets, fc.constantFrom('Z', '+00:00'))

test('times with any offset are those of Date.parse, with microseconds (property)', () => {
  fc.assert(
    fc.property(
      times,
      fc.integer({ min: 0, max: 999_999 }),
      zones,
      fc.constantFrom(' ', 'T'),
      (time, us, zone, separator) => {
        const { year, month, day, hour, minute, second } = time
        const date = `${digits(year, 4)}-${digits(month)}-${digits(day)}`
        const clock = [hour, minute, second].map((part) => digits(part)).join(':')
        const text = `${date}${separator}${clock}.${digits(us, 6)}${zone}`
        const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month)
        const wholeMs = Date.parse(`${date}T${clock}${zone}`)
        assert.equal(parseWhen(text), isDay ? wholeMs * 1000 + us : Number.NaN, text)
      },
    ),
    { numRuns: 3000 },
  )
})

/** Day 0 of the next month is the last of this one. */
function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

test('any text gives whole microseconds or NaN (property)', () => {
  const pieces = fc.constantFrom(
    '2021',
    '-',
    '07',
    '01',
    ' ',
    'T',
    ':',
    '.',
    '123456',
    '+',
    'Z',
    '00',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 20 }).map((all) => all.join('')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const atUs = parseWhen(text)
      assert(Number.isNaN(atUs) || Number.isSafeInteger(atUs), text)
    }),
    { numRuns: 2000 },
  )
})
