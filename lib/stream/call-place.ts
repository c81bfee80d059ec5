import type { ErrorCall, InvalidCall, PredictionCall } from './accept/event.ts'
import type { SpoolRecord } from './accept/spool-format.ts'
import { type CallOutcome, type EventTally, OUTCOMES } from './compute/counters.ts'
import { type Endpoint, NO_TIME } from './compute/endpoint.ts'

/** An event of the log. */
export type EventRecord = Extract<SpoolRecord, { kind: 'event' }>

/** A call that is about an endpoint. */
export type EndpointCall = PredictionCall | ErrorCall | InvalidCall

/** Where a call stands, and who counts it if it has to wait. */
export interface CallPlace {
  readonly record: EventRecord
  readonly index: number
  readonly tally: EventTally | null
}

/**
 * A call that waits until the store has been read for its endpoint. It is decoded anew then: decoded
 * calls that live long would make V8 allocate all calls where long-lived objects are, and keep alive
 * what they refer to.
 */
export interface WaitingCall {
  /** Its index among the event's calls. */
  readonly index: number
  readonly record: EventRecord
  readonly tally: EventTally
}

/** Where something that was rejected stands. */
export interface RejectionPlace {
  /** Index of the call in a batch event, else null. */
  readonly call: number | null
  readonly record: EventRecord
  /** Rows that are rejected together; 1 by default. */
  readonly count?: number
  /** The feature that has a text in the place of a number; null by default. */
  readonly feature?: string | null
}

/** What a dead letter says of a feature that has a text in the place of a number. */
export function aboutOf(endpoint: Endpoint | null, feature: string | null) {
  if (endpoint === null || feature === null) return null
  return { endpointId: endpoint.endpointId, feature }
}

/** Of the outcomes of an event's calls the highest one is the event's. */
export function rank(outcome: CallOutcome): number {
  return OUTCOMES.indexOf(outcome)
}

/** NO_TIME where a call has none that can be read. */
export function timeOf(call: EndpointCall): number {
  return call.kind === 'invalid' || Number.isNaN(call.atUs) ? NO_TIME : call.atUs
}

/** Index of a call in a batch event, else null. */
export function callIndex(call: EndpointCall): number | null {
  return call.kind === 'error' ? null : call.call
}
