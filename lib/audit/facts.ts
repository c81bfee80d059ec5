import type { OffsetRun } from '../store/parquet/parquet-metadata.ts'
import type { Claim, LedgerEntry } from '../stream/ports.ts'
import type { FoundRow } from './found-row.ts'

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

/** A dead letter of what the log itself has rejected. */
export interface RejectionFacts extends LetterFacts {
  /** The feature of an endpoint that had a text in the place of a number; null for other reasons. */
  readonly wrongType: { readonly endpointId: string; readonly feature: string } | null
}

/** A dead letter of a row that the Parquet sink has refused. */
export interface RefusedRowFacts extends LetterFacts {
  readonly endpointId: string
  readonly row: FoundRow
}

/** What an endpoint's record says, as far as the books know it too. */
export interface RecordFacts {
  readonly endpointId: string
  readonly errorCount: number
  /** Its `feature_stats`, undefined for none. */
  readonly featureStats: string | undefined
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
  readonly letters: readonly RejectionFacts[]
  readonly refusedRows: readonly RefusedRowFacts[]
  readonly records: readonly RecordFacts[]
  /** The rows of a file, in their order; rejects with what a reader says. Null: values are not to be read. */
  readonly readRows: ((file: FileFacts) => Promise<readonly FoundRow[]>) | null
}
