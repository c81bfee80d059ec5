import { errorCode } from '../../stream/errors.ts'
import type { Outcome, RefusedRow } from '../../stream/ports.ts'
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

/**
 * Writes rows 0..count in as few calls as possible: all at once, and after a refusal of data by
 * halves down to the single row, so that a row which the engine refuses does not cost its
 * neighbours. Earlier rows are tried first, so that "the first wins" and "the last wins" stay true.
 *
 * @param write  writes rows from <= index < to, all or none; throws the engine's error
 * @throws       only broken assertions of our own
 */
export async function bisect(
  count: number,
  write: (from: number, to: number) => Promise<void>,
): Promise<Outcome> {
  const ranges = [{ from: 0, to: count }] // still to be tried, the next one last
  const unwritten: number[] = []
  const refused: RefusedRow[] = []
  let trouble: string | undefined
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const { from, to } = range
    // After trouble nothing else is tried: each try could wait for its timeout.
    const failure = trouble === undefined ? await failureOf(write, range) : { error: undefined }
    if (failure === undefined) continue
    if (trouble !== undefined || !isRefusal(failure.error)) {
      trouble ??= describe(failure.error)
      for (let index = from; index < to; index++) unwritten.push(index)
    } else if (to - from === 1) {
      refused.push({ index: from, reason: describe(failure.error) })
    } else {
      const middle = from + Math.floor((to - from) / 2)
      ranges.push({ from: middle, to }, { from, to: middle })
    }
  }
  if (unwritten.length === count && trouble !== undefined) return { kind: 'retry', reason: trouble }
  const [first] = refused
  if (first !== undefined && refused.length === count) {
    return { kind: 'rejected', reason: first.reason }
  }
  if (unwritten.length + refused.length === 0) return { kind: 'written' }
  return { kind: 'partial', unwritten, refused }
}

async function failureOf(
  write: (from: number, to: number) => Promise<void>,
  { from, to }: { from: number; to: number },
): Promise<{ error: unknown } | undefined> {
  if (from === to) return undefined
  try {
    await write(from, to)
    return undefined
  } catch (error) {
    if (errorCode(error) === 'ERR_ASSERTION') throw error
    return { error }
  }
}
