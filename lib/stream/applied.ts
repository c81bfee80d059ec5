import type { Rejection } from './accept/rejection.ts'
import type { CallOutcome } from './compute/counters.ts'

/**
 * What came of an event: `waiting` until the store has been read for its endpoint, `spooled` until it is
 * applied, after what was in the log before it.
 */
export type EventOutcome = CallOutcome | 'duplicate' | 'waiting' | 'spooled'

/** What an event's answer tells: the outcome, and the first reason if something was rejected. */
export interface Applied {
  readonly outcome: EventOutcome
  readonly rejection: Rejection | null
}
