import { civilDay } from './civil-day.ts'

const MINUTE_US = 60_000_000
const HOUR_US = 3_600_000_000
const DAY_US = 86_400_000_000
const PLAIN =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))? ?(?:([Zz])|([+-])(\d\d):?(\d\d)?)?$/

/** The day that was parsed last: nearly every event is of the same day as the one before it. */
let cachedDay = ''
let cachedDayUs = 0

/**
 * Reads the `when` of an event: `YYYY-MM-DD`, "T" or space, `HH:MM:SS`, any fraction or none, any
 * offset, `Z` or none (then it is UTC).
 *
 * @returns  whole microseconds since 1970 UTC (digits beyond the sixth are dropped), NaN if it is no time
 * Source: SEMANTICS of MLRun events; the original demands a fraction and an offset (D8).
 */
export function parseWhen(text: string): number {
  const fast = parseServerForm(text)
  return Number.isNaN(fast) ? parseAnyForm(text) : fast
}

/** Whether a text that was read as a time is spelled as every MLRun server spells it. */
export function isServerForm(when: string): boolean {
  return (
    when.length === 32 &&
    when.charCodeAt(10) === 32 &&
    when.charCodeAt(19) === 46 &&
    when.endsWith('+00:00')
  )
}

/** The text of a time in that form: `2021-07-01 10:00:00.123456+00:00`. */
export function serverForm(atUs: number): string {
  const days = Math.floor(atUs / DAY_US)
  const rest = atUs - days * DAY_US
  const clock = [rest / HOUR_US, (rest / MINUTE_US) % 60, (rest / 1_000_000) % 60]
  const time = clock.map((value) => digits(value, 2)).join(':')
  return `${dayText(days)} ${time}.${digits(rest % 1_000_000, 6)}+00:00`
}

/** The same time in ISO 8601 with microseconds, in UTC: `2021-07-01T10:00:00.123456Z`. */
export function isoTime(atUs: number): string {
  const text = serverForm(atUs)
  return `${text.slice(0, 10)}T${text.slice(11, 26)}Z`
}

let cachedDays = Number.NaN
let cachedDayText = ''

function dayText(days: number): string {
  if (days !== cachedDays) {
    const { year, month, day } = civilDay(days)
    cachedDayText = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`
    cachedDays = days
  }
  return cachedDayText
}

function digits(value: number, count: number): string {
  return String(Math.floor(value)).padStart(count, '0')
}

/** The form that every MLRun server writes: `2021-07-01 10:00:00.123456+00:00`, by char arithmetic. */
function parseServerForm(text: string): number {
  if (text.length !== 32 || !text.endsWith('+00:00') || text.charCodeAt(19) !== 46)
    return Number.NaN
  const day = text.slice(0, 10)
  if (day !== cachedDay) {
    const dayUs = parseAnyForm(`${day} 00:00:00`)
    if (Number.isNaN(dayUs)) return Number.NaN
    cachedDay = day
    cachedDayUs = dayUs
  }
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  const fractionUs = twoDigits(text, 20) * 10_000 + twoDigits(text, 22) * 100 + twoDigits(text, 24)
  const separatorsFit =
    (text.charCodeAt(10) === 32 || text.charCodeAt(10) === 84) &&
    text.charCodeAt(13) === 58 &&
    text.charCodeAt(16) === 58
  if (!separatorsFit || !(hour < 24 && minute < 60 && second < 60)) return Number.NaN
  return cachedDayUs + hour * HOUR_US + minute * MINUTE_US + second * 1_000_000 + fractionUs
}

/** NaN unless both characters are digits. */
function twoDigits(text: string, index: number): number {
  const tens = text.charCodeAt(index) - 48
  const ones = text.charCodeAt(index + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function parseAnyForm(text: string): number {
  // 64 characters hold every form that is meant; the bound keeps a long fraction from costing.
  const match = text.length <= 64 ? PLAIN.exec(text) : null
  if (!match) return Number.NaN
  const [, year, month, day, hour, minute, second, fraction = '', , sign, ahead, aheadMinutes] =
    match
  const dayUs = startOfDayUs(Number(year), Number(month), Number(day))
  if (Number.isNaN(dayUs)) return Number.NaN
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return Number.NaN
  const offsetMinutes = Number(ahead ?? 0) * 60 + Number(aheadMinutes ?? 0)
  if (offsetMinutes > 24 * 60 || Number(aheadMinutes ?? 0) > 59) return Number.NaN
  const offsetUs = offsetMinutes * MINUTE_US * (sign === '-' ? -1 : 1)
  const timeUs = Number(hour) * HOUR_US + Number(minute) * MINUTE_US + Number(second) * 1_000_000
  return dayUs + timeUs + Number(fraction.slice(0, 6).padEnd(6, '0')) - offsetUs
}

/** NaN for a day that is not in the calendar, such as the 31st of February. */
function startOfDayUs(year: number, month: number, day: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const daysInMonth = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  if (year < 100 || month < 1 || month > 12 || day < 1 || day > daysInMonth) return Number.NaN
  return Date.UTC(year, month - 1, day) * 1000
}

/** Whole hours since 1970 UTC. */
export function hourOf(atUs: number): number {
  return Math.floor(atUs / HOUR_US)
}
