/** A span of time with the name it was given by: `{ name: '5m', ms: 300000 }`. */
export interface Duration {
  readonly name: string
  /** Whole milliseconds, 1,000 to DURATION_MS_MAX. */
  readonly ms: number
}

/** The longest window or period: a leap year, so that microseconds stay far below 2^53. */
export const DURATION_MS_MAX = 366 * 86_400_000

/** A positive whole number without leading zero and one unit: it becomes part of column names. */
export const DURATION_PATTERN = /^([1-9]\d{0,8})([smhd])$/

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Reads `30s`, `5m`, `1h` or `1d`; null for everything else, also for a number without unit. */
export function parseDuration(text: string): Duration | null {
  const match = DURATION_PATTERN.exec(text)
  const unitMs = UNIT_MS[match?.[2] ?? '']
  if (match === null || unitMs === undefined) return null
  const ms = Number(match[1]) * unitMs
  return ms <= DURATION_MS_MAX ? { name: text, ms } : null
}
