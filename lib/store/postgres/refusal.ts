import { errorCode } from '../../stream/errors.ts'
import type { Verdict } from '../bisect.ts'
import { describe } from './database.ts'

/**
 * Is it the data that the engine will never take? SQLSTATE classes: 22 data exception, 23 integrity
 * constraint, 54 program limit (such as an index entry that is too long). Everything else can pass,
 * an unknown code too: rows are given up only for a known reason.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function isRefusal(error: unknown): boolean {
  const code = errorCode(error)
  // Every unique key of ours stands in an ON CONFLICT: what is left of 23505 is a passing race.
  return /^(22|23|54)...$/.test(code) && code !== '23505'
}

/** The same with the engine's own words. */
export function verdict(error: unknown): Verdict {
  return { isRefusal: isRefusal(error), reason: describe(error) }
}
