/** Why an event, a call of a batch or a row is not taken. Fixed words: they are counted and shown. */
export const REASONS = [
  'empty-body',
  'not-json',
  'not-an-object',
  'too-deep',
  'missing',
  'wrong-type',
  'out-of-range',
  'too-long',
  'too-many',
  'bad-time',
  'time-ahead',
  'time-before-2000',
  'bad-function-uri',
  'bad-endpoint-id',
  'no-output',
  'no-input',
  'row-not-a-list',
  'row-length',
  'row-names',
  'nested-value',
  'text-for-number',
  'endpoint-limit',
  'crashed',
] as const
export type Reason = (typeof REASONS)[number]

/** Something that was not taken, and where in the event it stands. */
export interface Rejection {
  readonly reason: Reason
  /** Path of the field, such as `request.inputs[3][0]`; '' for the whole event. */
  readonly path: string
  /** Index of the row inside the event (inside its call, for a batch), or null for more than a row. */
  readonly row: number | null
}

/** The outcome of reading one field. */
export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection }

/** A field that was read. */
export function taken<T>(value: T): Decoded<T> {
  return { ok: true, value }
}

/** A field that cannot be taken. */
export function refused(reason: Reason, path: string): { ok: false; rejection: Rejection } {
  return { ok: false, rejection: { reason, path, row: null } }
}
