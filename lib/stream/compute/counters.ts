import type { Reason } from '../accept/rejection.ts'

/**
 * The books of one log. Events: received = accepted + error + ignored + rejected + duplicate +
 * waiting. An event with several calls counts once, by the best of them.
 */
export class Counters {
  received = 0
  accepted = 0
  error = 0
  ignored = 0
  rejected = 0
  /** Redelivered: counted before. */
  duplicate = 0
  /** Applied once the store has been read for their endpoint. */
  waiting = 0
  /** Rows of accepted events. */
  rowsAccepted = 0
  rowsRejected = 0
  /** Dead letters of what was rejected; those of sinks are not among them. */
  letters = 0
  /** Rejected events, calls and rows by reason. */
  readonly rejections = new Map<Reason, number>()
  /** Ignored notices by kind. */
  readonly notices = new Map<string, number>()

  countRejection(reason: Reason, count: number): void {
    this.rejections.set(reason, (this.rejections.get(reason) ?? 0) + count)
  }

  countNotice(notice: string): void {
    this.notices.set(notice, (this.notices.get(notice) ?? 0) + 1)
  }

  /** The same as plain values in a fixed order. */
  toState(): CountersState {
    return [
      [this.received, this.accepted, this.error, this.ignored, this.rejected, this.duplicate],
      [this.waiting, this.rowsAccepted, this.rowsRejected, this.letters],
      [...this.rejections].sort(),
      [...this.notices].sort(),
    ]
  }
}

/** Sets the books to those that `toState` gave. */
export function restoreCounters(counters: Counters, state: CountersState): void {
  const [events, [waiting, rowsAccepted, rowsRejected, letters], rejections, notices] = state
  const [received, accepted, error, ignored, rejected, duplicate] = events
  Object.assign(counters, { received, accepted, error, ignored, rejected, duplicate })
  Object.assign(counters, { waiting, rowsAccepted, rowsRejected })
  for (const [reason, count] of rejections) counters.rejections.set(reason, count)
  // Checkpoints of before there was a ledger do not have it: a letter each, but for surplus outputs.
  counters.letters = letters ?? rejections.reduce((sum, [, count]) => sum + count, 0)
  for (const [notice, count] of notices) counters.notices.set(notice, count)
}

/** The books as plain values. */
export type CountersState = readonly [
  events: readonly [number, number, number, number, number, number],
  rows: readonly [waiting: number, accepted: number, rejected: number, letters?: number],
  rejections: readonly (readonly [Reason, number])[],
  notices: readonly (readonly [string, number])[],
]

/** What came of a call; of several the highest is what came of their event. */
export const OUTCOMES = ['rejected', 'ignored', 'error', 'accepted'] as const
export type CallOutcome = (typeof OUTCOMES)[number]

/** What came of an event whose calls are not all through yet. */
export class EventTally {
  /** Whether a call of it waits for the store to be read. */
  isWaiting = false
  #best: CallOutcome = 'rejected'
  #openCount: number
  readonly #counters: Counters

  /** @param callCount  calls of the event, > 0 */
  constructor(counters: Counters, callCount: number) {
    this.#counters = counters
    this.#openCount = callCount
    counters.waiting++
  }

  /** Counts a call; the event is counted with its last one, and true is the answer to that one. */
  settle(outcome: CallOutcome): boolean {
    if (OUTCOMES.indexOf(outcome) > OUTCOMES.indexOf(this.#best)) this.#best = outcome
    this.#openCount--
    if (this.#openCount > 0) return false
    this.#counters.waiting--
    this.#counters[this.#best]++
    return true
  }
}
