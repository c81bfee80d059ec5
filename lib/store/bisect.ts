import { errorCode } from '../stream/errors.ts'
import type { Outcome, RefusedRow } from '../stream/ports.ts'
import { type Fates, outcomeOf } from './outcome.ts'

/** What a store's error says of the rows that it was given. */
export interface Verdict {
  /** Whether the store will never take them; otherwise trying again later can help. */
  readonly isRefusal: boolean
  /** One line. */
  readonly reason: string
}

/**
 * Writes rows 0..count in as few calls as possible: all at once, and after a refusal of data by
 * halves down to the single row, so that a row which the engine refuses does not cost its
 * neighbours. Earlier rows are tried first, so that "the first wins" and "the last wins" stay true.
 *
 * @param write    writes rows from <= index < to; throws the engine's error, and may then have
 *                 written some of them where writing again changes nothing
 * @param verdict  what such an error means
 * @throws         only broken assertions of our own
 */
export async function bisect(
  count: number,
  write: (from: number, to: number) => Promise<void>,
  verdict: (error: unknown) => Verdict,
): Promise<Outcome> {
  return outcomeOf(await tryByHalves(count, write, verdict))
}

/** The same, for callers that have more to say of the rows. */
export async function tryByHalves(
  count: number,
  write: (from: number, to: number) => Promise<void>,
  verdict: (error: unknown) => Verdict,
): Promise<Fates> {
  const ranges = [{ from: 0, to: count }] // still to be tried, the next one last
  const unwritten: number[] = []
  const refused: RefusedRow[] = []
  let trouble: string | null = null
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const { from, to } = range
    // After trouble nothing else is tried: each try could wait for its timeout.
    const failure: Verdict | null =
      trouble === null ? await failureOf(write, range, verdict) : NOT_TRIED
    if (failure === null) continue
    if (!failure.isRefusal) {
      trouble ??= failure.reason
      for (let index = from; index < to; index++) unwritten.push(index)
    } else if (to - from === 1) {
      refused.push({ index: from, reason: failure.reason })
    } else {
      const middle = from + Math.floor((to - from) / 2)
      ranges.push({ from: middle, to }, { from, to: middle })
    }
  }
  return { count, unwritten, refused, trouble }
}

const NOT_TRIED: Verdict = { isRefusal: false, reason: 'not tried' }

async function failureOf(
  write: (from: number, to: number) => Promise<void>,
  { from, to }: { from: number; to: number },
  verdict: (error: unknown) => Verdict,
): Promise<Verdict | null> {
  if (from === to) return null
  try {
    await write(from, to)
    return null
  } catch (error) {
    if (errorCode(error) === 'ERR_ASSERTION') throw error
    return verdict(error)
  }
}
