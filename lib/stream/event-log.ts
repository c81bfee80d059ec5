import type { DamagedRange } from './accept/spool.ts'
import type { NewRecord, SpoolRecord } from './accept/spool-format.ts'

/** Where the records of a log are kept until they are delivered: a spool, or the stream itself. */
export interface EventLog {
  /** Whether what is undelivered comes in again after a start, by and by, rather than from replay(). */
  readonly redelivers: boolean
  /** The offset after that of the newest record. */
  readonly nextOffset: number
  /** Grows by so much that a checkpoint is due. */
  readonly segmentId: number
  /** Whether what is undelivered is to be written early, whatever its age. */
  readonly isHalfFull: boolean
  /** Whether there is no room for more records. */
  readonly isFull: boolean
  /** What can be read again at a start, in order; to be read to its end before the first append. */
  replay(onDamage: (range: DamagedRange) => void, fromOffset: number): Iterable<SpoolRecord>
  /** Lets the next record have at least that offset. */
  skipTo(offset: number): void
  /** Takes a record in; it is as safe as this log makes it when this returns its offset. */
  append(record: NewRecord): number
  /** Records before this offset are needed no more. */
  removeBefore(offset: number): void
  /** Makes what was appended survive a power cut, where it does not yet. */
  syncLater(): Promise<void>
  close(): void
}
