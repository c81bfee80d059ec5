import type { Outcome, RefusedRow } from '../stream/ports.ts'

/** What became of rows 0..count. */
export interface Fates {
  readonly count: number
  /** To be tried again, for the reason below. */
  readonly unwritten: readonly number[]
  readonly refused: readonly RefusedRow[]
  /** Why not all could be tried; null when they could. */
  readonly trouble: string | null
}

/** The outcome that says the same. */
export function outcomeOf({ count, unwritten, refused, trouble }: Fates): Outcome {
  if (unwritten.length === count && trouble !== null) return { kind: 'retry', reason: trouble }
  const [first] = refused
  if (first !== undefined && refused.length === count) {
    return { kind: 'rejected', reason: first.reason }
  }
  if (unwritten.length + refused.length === 0) return { kind: 'written' }
  return { kind: 'partial', unwritten, refused, ...(trouble === null ? {} : { reason: trouble }) }
}
