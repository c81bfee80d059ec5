import type { DeadLetters } from './accept/dead-letters.ts'
import type { CatchUp } from './catch-up.ts'
import type { Flusher } from './deliver/flusher.ts'
import type { LogKeeper } from './log-keeper.ts'
import type { Processor } from './processor.ts'

/** What may be full. */
export interface RoomParts {
  readonly keeper: Pick<LogKeeper, 'isFull'>
  readonly catchUp: Pick<CatchUp, 'isFull' | 'isDone'>
  readonly flusher: Pick<Flusher, 'isFull'>
  readonly processor: Pick<Processor, 'waitingBytes'>
  readonly deadLetters: Pick<DeadLetters, 'waitingCount'>
}

/** Events that wait for the store to be read for their endpoint, in memory. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024
const DEAD_LETTERS_WAITING_MAX = 10_000

/** Why no event of a log may come in at this moment; null when it may. */
export function holdReasonOf(parts: RoomParts): string | null {
  const { keeper, catchUp, flusher, processor, deadLetters } = parts
  if (keeper.isFull) return 'the spool has reached SPOOL_BYTES_MAX'
  // Until then an event takes no memory.
  if (!catchUp.isDone) return catchUp.isFull ? 'the spool is being read again' : null
  if (flusher.isFull) return 'too much waits to be written'
  if (processor.waitingBytes > WAITING_BYTES_MAX) return 'the store cannot be read'
  if (deadLetters.waitingCount > DEAD_LETTERS_WAITING_MAX) return 'dead letters cannot be written'
  return null
}
