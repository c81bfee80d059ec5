import type { OnDamage } from './accept/damage.ts'
import type { NewRecord, SpoolRecord } from './accept/spool-format.ts'

/** Where the records of a log are kept until they are delivered: a spool, or the stream itself. */
export interface EventLog {
  /** Whether what is undelivered comes in again after a start, by and by, rather than from a reader. */
  readonly redelivers: boolean
  /** How many offsets behind a stored one an owner may have come to; 0 for a log that is read. */
  readonly redeliveredMax: number
  /** The offset after that of the newest record. */
  readonly nextOffset: number
  /** When the newest record that open() met had arrived, microseconds since 1970 UTC; 0 for none. */
  readonly newestArrivedUs: number
  /** Bytes of the records that are kept. */
  readonly bytes: number
  /** Grows by so much that a checkpoint is due. */
  readonly segmentId: number
  /** Whether what is undelivered is to be written early, whatever its age. */
  readonly isHalfFull: boolean
  /** Whether there is no room for more records. */
  readonly isFull: boolean
  /**
   * Finds the end of the log; to be called once, before the first append.
   *
   * @param onDamage    told of each range that is no whole record, after it was kept aside
   * @param fromOffset  records before it are not to be read
   * @returns           reads what there is, and what is appended later
   */
  open(onDamage: OnDamage, fromOffset: number): LogReader
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

/** Reads a log from some offset on, beside whoever appends to it. */
export interface LogReader {
  /** The offset after that of the last record that was read; never below the first one that is wanted. */
  readonly nextOffset: number
  /**
   * The next record; null when there is none at this moment.
   *
   * @throws  the disk's error; then nothing was passed over, and it may be called again
   */
  next(): SpoolRecord | null
}
