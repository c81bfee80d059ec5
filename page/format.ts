/** Numbers and times as the page shows them. What is not known is a dash. */

/** Shown where there is no value. */
export const NONE = '–'

/** `1,234`: whole, with commas between thousands. */
export function wholeText(value: number | null): string {
  return value === null ? NONE : grouped(Math.round(value).toString())
}

/** With so many digits that three of them count; 0 is `0`, tiny and huge ones have a power of ten. */
export function shortText(value: number | null): string {
  if (value === null) return NONE
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size < 1e-4 || size >= 1e9) return value.toExponential(1)
  if (size >= 1000) return wholeText(value)
  const digits = Math.max(0, 2 - Math.floor(Math.log10(size)))
  return Number(value.toFixed(Math.min(digits, 6))).toString()
}

/** `0.350`: a fixed number of digits after the point, so that a column of them is aligned. */
export function fixedText(value: number | null, digits: number): string {
  if (value === null) return NONE
  const [whole = '', part] = value.toFixed(digits).split('.')
  return part === undefined ? grouped(whole) : `${grouped(whole)}.${part}`
}

/** A latency, which is kept in microseconds, in milliseconds. */
export function latencyText(valueUs: number | null): string {
  return fixedText(valueUs === null ? null : valueUs / 1000, 3)
}

/** `12.5 %` of a share, 0 to 1; `< 0.1 %` for what is more than nothing. */
export function percentText(share: number | null): string {
  if (share === null) return NONE
  if (share > 0 && share < 0.001) return '< 0.1 %'
  return `${Number((share * 100).toFixed(1))} %`
}

/** `3 features`, `1 feature`; most nouns of English. */
export function countText(count: number, noun: string): string {
  return `${wholeText(count)} ${noun}${count === 1 ? '' : 's'}`
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long ago something was: `4 s ago`, `12 min ago`; `now` for what seems to be to come. */
export function agoText(atMs: number | null, nowMs: number): string {
  if (atMs === null) return NONE
  const ms = nowMs - atMs
  if (ms < SECOND_MS) return 'now'
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s ago`
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ago`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ago`
  return `${Math.floor(ms / DAY_MS)} days ago`
}

/** `2026-11-02 09:00:12 UTC`. */
export function timeText(atMs: number | null): string {
  return atMs === null ? NONE : `${isoText(atMs).slice(0, 19).replace('T', ' ')} UTC`
}

/** `2026-11-02 09:00 UTC`. */
export function minuteText(atMs: number | null): string {
  return atMs === null ? NONE : `${isoText(atMs).slice(0, 16).replace('T', ' ')} UTC`
}

/** `09:00`, UTC. */
export function clockText(atMs: number): string {
  return isoText(atMs).slice(11, 16)
}

/** ISO 8601, UTC; '' for what is no time. */
export function isoText(atMs: number): string {
  const date = new Date(atMs)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString()
}

const WINDOW_UNITS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
}

/** The length of a window by its name, such as `5m`; 0 for a name that is none. */
export function windowMs(name: string): number {
  const [, count = '0', unit = ''] = /^(\d+)([smhd])$/.exec(name) ?? []
  return Number(count) * (WINDOW_UNITS[unit] ?? 0)
}

/** `5 min` of `5m`, as words; the name itself where it is another. */
export function windowText(name: string): string {
  const words: Readonly<Record<string, string>> = { s: 's', m: 'min', h: 'h', d: 'd' }
  const [, count, unit = ''] = /^(\d+)([smhd])$/.exec(name) ?? []
  return count === undefined ? name : `${count} ${words[unit]}`
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}
