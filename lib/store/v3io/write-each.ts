import type { RefusedRow } from '../../stream/ports.ts'
import type { Fates } from '../outcome.ts'
import { verdict } from './failure.ts'
import { inParallel } from './in-parallel.ts'

/**
 * Writes rows 0..count, so many at a time, each by a request of its own.
 *
 * @param write  writes the row of an index; throws what the client throws
 */
export async function writeEach(
  count: number,
  { atOnce }: { readonly atOnce: number },
  write: (index: number) => Promise<void>,
): Promise<Fates> {
  const unwritten = new Set(Array.from({ length: count }, (_, index) => index))
  const refused: RefusedRow[] = []
  let trouble: string | null = null
  await inParallel(count, { atOnce }, async (index) => {
    try {
      await write(index)
      unwritten.delete(index)
    } catch (error) {
      const { isRefusal, reason } = verdict(error)
      if (isRefusal) {
        refused.push({ index, reason })
        unwritten.delete(index)
      } else trouble ??= reason
    }
    // After trouble nothing else is begun: each try could wait for its time limit.
    return trouble === null
  })
  return { count, unwritten: [...unwritten], refused, trouble }
}
