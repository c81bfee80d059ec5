import { Refusal } from '../refusal.ts'

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** Milliseconds of `90s`, `5m`, `1h`, `2d`; a number without a unit is hours. Throws Refusal. */
export function parseDuration(text: string): number {
  const [, count, unit] = /^(\d+)([smhd]?)$/.exec(text) ?? []
  if (count === undefined) throw new Refusal(`not a valid duration: '${text}'`)
  return Number(count) * UNIT_MS[isUnit(unit) ? unit : 'h']
}

function isUnit(text: string | undefined): text is keyof typeof UNIT_MS {
  return text !== undefined && Object.hasOwn(UNIT_MS, text)
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Milliseconds since 1970 of `now`, `now-1h`, digits (ms) or RFC 3339. Throws Refusal. */
export function parseTime(text: string, nowMs: number): number {
  if (text === 'now') return nowMs
  const [, sign, duration] = /^now([+-])(.+)$/.exec(text) ?? []
  if (duration !== undefined) return nowMs + parseDuration(duration) * (sign === '-' ? -1 : 1)
  if (/^-?\d+$/.test(text)) return Number(text)
  const atMs = RFC3339.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(atMs)) throw new Refusal(`Not an RFC 3339 time format: '${text}'`)
  return atMs
}

/** From and to, both inclusive, in milliseconds. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

/** The range of a request: the end defaults to now, the start to an hour before the end. */
export function rangeOf(request: { start: string; end: string }, nowMs: number): TimeRange {
  const toMs = request.end === '' ? nowMs : parseTime(request.end, nowMs)
  const fromMs = request.start === '' ? toMs - UNIT_MS.h : parseTime(request.start, nowMs)
  if (fromMs > toMs) throw new Refusal(`start (${fromMs}) is after end (${toMs})`)
  return { fromMs, toMs }
}
