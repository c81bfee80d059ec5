import assert from 'node:assert'
import type { NewRecord } from './accept/spool-format.ts'
import type { EventLog, LogReader } from './event-log.ts'

/**
 * A shard of a stream as a log: the stream itself keeps the records, under its own offsets, and delivers
 * them again as long as it is not told to forget them.
 */
export class ShardLog implements EventLog {
  readonly redelivers = true
  readonly newestArrivedUs = 0
  readonly bytes = 0
  readonly #window: number
  #nextOffset = 0
  /** Of the event that came last, which may be one that came before; -1 for none yet. */
  #lastOffset = -1
  /** Everything up to it is delivered and in a checkpoint that is stored. */
  #storedOffset: number

  /**
   * @param window        offsets by which the stream's commits lag behind what was answered, >= 1
   * @param storedOffset  of the checkpoint that the log begins with, -1 for none
   */
  constructor(window: number, storedOffset: number) {
    assert(window >= 1)
    this.#window = window
    this.#storedOffset = storedOffset
  }

  get nextOffset(): number {
    return this.#nextOffset
  }

  /** The stream's commits lag by two windows at most. */
  get redeliveredMax(): number {
    return 2 * this.#window
  }

  /** Changes twice in a window. */
  get segmentId(): number {
    return Math.floor((2 * this.#nextOffset) / this.#window)
  }

  get isHalfFull(): boolean {
    return 2 * (this.#nextOffset - 1 - this.#storedOffset) >= this.#window
  }

  /** The stream keeps what is undelivered, however much that is. */
  get isFull(): boolean {
    return false
  }

  /** Whether an offset is the one after that of the event before: else others may have been elsewhere. */
  continuesAt(offset: number): boolean {
    return offset === this.#lastOffset + 1
  }

  /** It was made sure that the shard is still ours: whatever offset comes next is right. */
  expect(offset: number): void {
    this.#lastOffset = offset - 1
  }

  /** A checkpoint is stored, with everything before it delivered. */
  stored(offset: number): void {
    this.#storedOffset = offset
  }

  /**
   * Whether an event may be acknowledged: that lets the stream forget what is a window before it, which
   * must be stored and delivered.
   */
  mayAcknowledge(offset: number): boolean {
    return offset - this.#window <= this.#storedOffset
  }

  /** There is nothing to read: the stream delivers again. */
  open(): LogReader {
    return { nextOffset: 0, next: () => null }
  }

  skipTo(offset: number): void {
    this.#nextOffset = Math.max(this.#nextOffset, offset)
  }

  /** An event has the offset that its stream gave it; what a store said stands where the last event does. */
  append(record: NewRecord): number {
    if (record.kind === 'read') return Math.max(this.#nextOffset - 1, 0)
    assert(record.position !== null)
    const { offset } = record.position
    this.#lastOffset = offset
    this.skipTo(offset + 1)
    return offset
  }

  removeBefore(): void {
    // The stream forgets by itself.
  }

  async syncLater(): Promise<void> {
    // Nothing of it is on a disk of ours.
  }

  close(): void {
    // Nothing is open.
  }
}
