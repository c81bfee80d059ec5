/** Where the log is being applied: what is made meanwhile comes from this record, or from none after it. */
export class LogPlace {
  /** Offset of the record that is being applied or was applied last; -1 before the first one. */
  offset = -1

  /** A record is applied; never back: one that a stream delivers again is in the state already. */
  moveTo(offset: number): void {
    if (offset > this.offset) this.offset = offset
  }
}

/** Offset of nothing: everything that was made is delivered. */
export const NOTHING_WAITS = Number.POSITIVE_INFINITY
