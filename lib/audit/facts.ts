import type { OffsetRun } from '../store/parquet/parquet-metadata.ts'
import type { Claim, LedgerEntry } from '../stream/ports.ts'

/** What a Parquet file says of itself. */
export interface FileFacts {
  /** Where it lies, for people. */
  readonly path: string
  /** The claim that it was written for. */
  readonly claim: Claim
  /** Rows that it has. */
  readonly rowCount: number
  /** Offsets of its rows, in their order. */
  readonly runs: readonly OffsetRun[]
}

/** A file that ought to be one of ours and cannot be read. */
export interface DamagedFile {
  readonly path: string
  readonly reason: string
}

/** A dead letter of what was rejected before it came to rows in files. */
export interface LetterFacts {
  /** Two owners of a shard may both have written a letter: those of the same key are one. */
  readonly key: string
  readonly log: string
  readonly offset: number
}

/** A dead letter of a row that the Parquet sink has refused. */
export interface RefusedRowFacts extends LetterFacts {
  readonly endpointId: string
}

/** What an endpoint's record says, as far as the books know it too. */
export interface RecordFacts {
  readonly endpointId: string
  readonly errorCount: number
}

/** Everything that an audit compares. Read in this order: what is written meanwhile is then not amiss. */
export interface AuditFacts {
  /** The newest line of each log and endpoint. */
  readonly newest: readonly LedgerEntry[]
  /** Where the audit begins: the newest line of each before that; none to begin with the first event. */
  readonly before: readonly LedgerEntry[]
  /** All lines of an endpoint, in order. */
  readonly history: (log: string, endpointId: string) => Promise<readonly LedgerEntry[]>
  readonly claims: readonly Claim[]
  readonly files: readonly FileFacts[]
  readonly damaged: readonly DamagedFile[]
  readonly letters: readonly LetterFacts[]
  readonly refusedRows: readonly RefusedRowFacts[]
  readonly records: readonly RecordFacts[]
}
