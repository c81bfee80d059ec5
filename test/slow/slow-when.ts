// Reads the `when` of an event (SEMANTICS.md section 1), without Date.

const WHEN =
  /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?$/
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (MONTH_DAYS[month - 1] ?? 0)
}

/** Days from 1970-01-01 to a day from then on, counted year by year and month by month. */
function daysSince1970(year: number, month: number, day: number): number {
  let days = 0
  for (let y = 1970; y < year; y += 1) days += isLeapYear(y) ? 366 : 365
  for (let y = year; y < 1970; y += 1) days -= isLeapYear(y) ? 366 : 365
  for (let m = 1; m < month; m += 1) days += daysInMonth(year, m)
  return days + day - 1
}

/**
 * Whole microseconds since 1970 UTC of a time as it is received, or null if it is no time.
 * "T" or space; any fraction or none, cut after 6 digits; any offset or `Z`; UTC without offset.
 */
export function parseWhenUs(text: string): number | null {
  const parts = WHEN.exec(text)
  if (parts === null) return null
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number)
  if (year === undefined || month === undefined || day === undefined) return null
  if (hour === undefined || minute === undefined || second === undefined) return null
  const offsetHours = Number(parts[9] ?? 0)
  const offsetMinutes = Number(parts[10] ?? 0)
  if (day < 1 || day > daysInMonth(year, month)) return null
  if (hour > 23 || minute > 59 || second > 59) return null
  if (offsetHours > 23 || offsetMinutes > 59) return null

  const fractionUs = Number((parts[7] ?? '').padEnd(6, '0').slice(0, 6))
  const offsetSeconds = (offsetHours * 60 + offsetMinutes) * 60 * (parts[8] === '-' ? -1 : 1)
  const localSeconds = ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
  return (localSeconds - offsetSeconds) * 1_000_000 + fractionUs
}
