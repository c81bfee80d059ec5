import { unreachable } from '../errors.ts'
import type { Outcome, RefusedRow } from '../ports.ts'
import type { SinkName, Telemetry } from '../telemetry.ts'

/** What an outcome means for the rows that were handed over. */
export interface Settled {
  readonly writtenCount: number
  /** Indexes of rows to be tried again, for the reason below. */
  readonly unwritten: readonly number[]
  readonly refused: readonly RefusedRow[]
  /** Null when nothing is to be tried again. */
  readonly retryReason: string | null
}

/** What an outcome means for `count` rows; refusals are told of. */
export function settle(
  sink: SinkName,
  outcome: Outcome,
  { count, telemetry }: { readonly count: number; readonly telemetry: Telemetry },
): Settled {
  const settled = settledBy(outcome, count)
  const { refused } = settled
  const [first] = refused
  if (first !== undefined) {
    telemetry.refused({ sink, reason: first.reason, count: refused.length })
  }
  return settled
}

function settledBy(outcome: Outcome, count: number): Settled {
  const all = (): number[] => Array.from({ length: count }, (_, index) => index)
  switch (outcome.kind) {
    case 'written':
      return { writtenCount: count, unwritten: [], refused: [], retryReason: null }
    case 'retry':
      return { writtenCount: 0, unwritten: all(), refused: [], retryReason: outcome.reason }
    case 'rejected': {
      const refused = all().map((index) => ({ index, reason: outcome.reason }))
      return { writtenCount: 0, unwritten: [], refused, retryReason: null }
    }
    case 'partial': {
      const { unwritten, refused, reason = 'It took a part.' } = outcome
      const writtenCount = count - unwritten.length - refused.length
      const retryReason = unwritten.length === 0 ? null : reason
      return { writtenCount, unwritten, refused, retryReason }
    }
    default:
      return unreachable(outcome)
  }
}
