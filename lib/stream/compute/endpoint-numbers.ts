import assert from 'node:assert'

/** Places of an endpoint's numbers in its slab (endpoint.ts says what they mean). */
export const NEWEST_US = 0
export const NEWEST_ARRIVED_US = 1
export const ROW_COUNT = 2
export const IDLE_DUE_US = 3
export const TIMESTAMP_US = 4
export const LAST_REQUEST_US = 5
export const FIRST_REQUEST_US = 6
export const ERRORS_HERE = 7
export const ERRORS_BEFORE = 8
export const LATE_COUNT = 9
export const STAMP_RUN_FIRST_MS = 10
export const STAMP_RUN_LAST_MS = 11
export const IDLE_SINCE_MS = 12
export const IDLE_STAMP_MS = 13
export const CALLS_ACCEPTED = 14
export const CALLS_REJECTED = 15
export const ROWS_REJECTED = 16
export const NUMBERS = 17
/** Slabs of so many endpoints, so that growing copies nothing. */
const SLAB_ENDPOINTS = 256

/**
 * The numbers of many endpoints, those of one beside each other: an event touches nearly all of them, and
 * an object with as many number fields has each of them somewhere else in memory.
 */
export class EndpointNumbers {
  readonly #slabs: Float64Array[] = []

  /** Where the numbers of a slot lie. */
  place(slot: number): { readonly numbers: Float64Array; readonly at: number } {
    while (this.#slabs.length * SLAB_ENDPOINTS <= slot) {
      this.#slabs.push(new Float64Array(SLAB_ENDPOINTS * NUMBERS))
    }
    const numbers = this.#slabs[Math.floor(slot / SLAB_ENDPOINTS)]
    assert(numbers !== undefined)
    return { numbers, at: (slot % SLAB_ENDPOINTS) * NUMBERS }
  }
}

/** Numbers that are times, NO_TIME at first. */
export const TIMES = [
  NEWEST_US,
  NEWEST_ARRIVED_US,
  TIMESTAMP_US,
  LAST_REQUEST_US,
  FIRST_REQUEST_US,
  STAMP_RUN_FIRST_MS,
  STAMP_RUN_LAST_MS,
  IDLE_SINCE_MS,
  IDLE_STAMP_MS,
]

/** All but those of idle rows: a timer moves them, and a replay comes to the same rows without it. */
export const STATE = [
  NEWEST_US,
  NEWEST_ARRIVED_US,
  ROW_COUNT,
  TIMESTAMP_US,
  LAST_REQUEST_US,
  FIRST_REQUEST_US,
  ERRORS_HERE,
  ERRORS_BEFORE,
  LATE_COUNT,
  STAMP_RUN_FIRST_MS,
  STAMP_RUN_LAST_MS,
  CALLS_ACCEPTED,
  CALLS_REJECTED,
  ROWS_REJECTED,
]
