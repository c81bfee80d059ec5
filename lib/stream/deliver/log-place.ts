/** Where the log is being applied: what is made meanwhile comes from this record, or from none after it. */
export class LogPlace {
  /** Offset of the record that is being applied or was applied last; -1 before the first one. */
  offset = -1
}

/** Offset of nothing: everything that was made is delivered. */
export const NOTHING_WAITS = Number.POSITIVE_INFINITY
