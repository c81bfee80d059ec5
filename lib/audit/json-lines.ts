import type { Claim, LedgerCounts, LedgerEntry, QualityCounts } from '../stream/ports.ts'

/** A line of the ledger as people and the command line read it. */
export interface JsonLedgerLine extends Omit<LedgerCounts, 'rowsAccepted' | 'rowsRejected'> {
  readonly log: string
  /** '' for the log as a whole. */
  readonly endpoint_id: string
  readonly offset: number
  /** ISO 8601, UTC. */
  readonly minute: string
  readonly rows_accepted: number
  readonly rows_rejected: number
  /** Of a log as a whole. */
  readonly letters?: number
  readonly delivered_before?: number
  /** Of an endpoint whose values are held against a reference. */
  readonly quality?: QualityCounts
}

const MINUTE_MS = 60_000

/** A line for people. */
export function ledgerLine(entry: LedgerEntry) {
  const { log, endpointId, offset, minute, counts, whole, quality } = entry
  const { rowsAccepted, rowsRejected, ...events } = counts
  const line: JsonLedgerLine = {
    log,
    endpoint_id: endpointId,
    offset,
    minute: new Date(minute * MINUTE_MS).toISOString(),
    ...events,
    rows_accepted: rowsAccepted,
    rows_rejected: rowsRejected,
    ...(whole === null ? {} : { letters: whole.letters, delivered_before: whole.deliveredBefore }),
    ...(quality === null ? {} : { quality }),
  }
  return line
}

/** The line that was made so. */
export function ledgerEntryOf(line: JsonLedgerLine): LedgerEntry {
  const { log, endpoint_id: endpointId, offset, received, accepted, error, ignored } = line
  const { rejected, duplicate, waiting, rows_accepted: rowsAccepted } = line
  const { rows_rejected: rowsRejected, letters, delivered_before: deliveredBefore = 0 } = line
  const { quality = null } = line
  const outcomes = { accepted, error, ignored, rejected, duplicate, waiting }
  return {
    log,
    endpointId,
    offset,
    minute: Date.parse(line.minute) / MINUTE_MS,
    counts: { received, ...outcomes, rowsAccepted, rowsRejected },
    whole: letters === undefined ? null : { letters, deliveredBefore },
    quality,
  }
}

/** A claim as people and the command line read it. */
export interface JsonClaim {
  readonly log: string
  readonly endpoint_id: string
  /** Since 1970 UTC. */
  readonly hour: number
  readonly number: number
  readonly first_offset: number
  readonly last_offset: number
}

/** A claim for people. */
export function claimLine(claim: Claim): JsonClaim {
  const { log, endpointId, hour, number, firstOffset, lastOffset } = claim
  const range = { first_offset: firstOffset, last_offset: lastOffset }
  return { log, endpoint_id: endpointId, hour, number, ...range }
}

/** The claim that it was made of. */
export function claimOf(line: JsonClaim): Claim {
  const { log, endpoint_id: endpointId, hour, number } = line
  const { first_offset: firstOffset, last_offset: lastOffset } = line
  return { log, endpointId, hour, number, firstOffset, lastOffset }
}
