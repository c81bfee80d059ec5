import type { LedgerCounts } from '../stream/ports.ts'

/** What a log has counted before its first record. */
export const NOTHING: LedgerCounts = {
  received: 0,
  accepted: 0,
  error: 0,
  ignored: 0,
  rejected: 0,
  duplicate: 0,
  waiting: 0,
  rowsAccepted: 0,
  rowsRejected: 0,
}

/** What was counted from one line of the ledger to another. */
export function minus(one: LedgerCounts, other: LedgerCounts): LedgerCounts {
  return {
    received: one.received - other.received,
    accepted: one.accepted - other.accepted,
    error: one.error - other.error,
    ignored: one.ignored - other.ignored,
    rejected: one.rejected - other.rejected,
    duplicate: one.duplicate - other.duplicate,
    waiting: one.waiting - other.waiting,
    rowsAccepted: one.rowsAccepted - other.rowsAccepted,
    rowsRejected: one.rowsRejected - other.rowsRejected,
  }
}
