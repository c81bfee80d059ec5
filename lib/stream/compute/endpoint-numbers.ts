import { SHORT_TEXT_NUMBERS } from './short-text.ts'

/**
 * Places of an endpoint's numbers (endpoint.ts says what they mean). They lie beside each other, because an
 * event touches nearly all of them, and an object with as many number fields has each somewhere else in
 * memory; and before the endpoint's ring, which it touches as well.
 */
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
/** How its first event named it (source-index.ts): of this process alone, so no part of a checkpoint. */
export const SOURCE_SCOPE = 17
export const SOURCE_NAME = 18
export const OWN_NUMBERS = SOURCE_NAME + SHORT_TEXT_NUMBERS

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
