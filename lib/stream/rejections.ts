import type { DeadLetters } from './accept/dead-letters.ts'
import type { Rejection } from './accept/rejection.ts'
import { aboutOf, type RejectionPlace } from './call-place.ts'
import type { Counters } from './compute/counters.ts'
import type { Endpoint } from './compute/endpoint.ts'
import type { Telemetry } from './telemetry.ts'

/** What rejections are counted and kept in. */
export interface RejectionParts {
  /** Name of the log. */
  readonly log: string
  readonly deadLetters: DeadLetters
  readonly telemetry: Telemetry
}

/** Counts what is rejected, and keeps the original. */
export class Rejections {
  readonly #parts: RejectionParts
  readonly #counters: Counters
  /** The record whose bytes are in the newest dead letter. */
  #keptOffset = -1
  #first: Rejection | null = null

  constructor(parts: RejectionParts, counters: Counters) {
    this.#parts = parts
    this.#counters = counters
  }

  /** The first one since `begin`. */
  get first(): Rejection | null {
    return this.#first
  }

  /** Another record is applied. */
  begin(): void {
    this.#first = null
  }

  /** Keeps the event's bytes once, however much of it is rejected. */
  add(
    endpoint: Endpoint | null,
    rejection: Rejection,
    { call, record, count = 1, feature = null }: RejectionPlace,
  ): void {
    const { offset, position, arrivedAtUs } = record
    const { log, deadLetters, telemetry } = this.#parts
    this.#first ??= rejection
    this.#counters.countRejection(rejection.reason, count)
    this.#counters.letters++
    endpoint?.countRejection(rejection.reason, count)
    const body = offset === this.#keptOffset ? null : record.body
    this.#keptOffset = offset
    const about = aboutOf(endpoint, feature)
    deadLetters.write({ log, offset, position, arrivedAtUs, call, rejection, about, body })
    telemetry.rejected({ reason: rejection.reason, path: rejection.path, offset })
  }

  /** The same for rows of an endpoint's call. */
  addRows(endpoint: Endpoint, rejection: Rejection, place: RejectionPlace): void {
    const { count = 1 } = place
    this.#counters.rowsRejected += count
    endpoint.countRejectedRows(count)
    this.add(endpoint, rejection, place)
  }
}
