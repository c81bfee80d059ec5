/**
 * What the deterministic core needs of the world, and what it hands over. `accept`, `compute` and
 * `deliver` reach clocks, disks and stores only through these types; `handler/wiring.ts` builds the
 * real ones, tests build their own.
 */

/** Where an event was read: a shard of a stream and its offset there. */
export interface StreamPosition {
  /** Topic or stream path and shard, such as `events/3`. */
  readonly shard: string
  /** The trigger's own offset of the event in that shard, >= 0. */
  readonly offset: number
}

/** The time of day and timers; the only source of "now" behind the handler. */
export interface Clock {
  /** Whole microseconds since 1970 UTC. */
  nowUs(): number
  /**
   * Calls back once after that many real milliseconds, after 0 as soon as what has come from outside meanwhile is
   * seen to; the answer cancels it.
   */
  after(ms: number, call: () => void): () => void
}

/** One attribute of an endpoint's record with the type it has on the wire. */
export type Attribute =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  /** There is no such value any more: the record must not go on to show an old one. */
  | { readonly type: 'none'; readonly value: null }

/** Attributes to merge into an endpoint's record; others of the record stay as they are. */
export interface EndpointUpdate {
  readonly endpointId: string
  /** By attribute name. A Map, because labels may be called `__proto__`. */
  readonly attributes: ReadonlyMap<string, Attribute>
}

/** An endpoint's record as stored: attribute name -> value. */
export type StoredRecord = ReadonlyMap<string, string | number | boolean>

/** A row of the time series table: some metrics of one endpoint at one time. */
export interface MetricRow {
  readonly endpointId: string
  /** base_metrics, endpoint_features or custom_metrics (SEMANTICS.md section 9). */
  readonly recordType: string
  /** Whole milliseconds since 1970 UTC. */
  readonly atMs: number
  /** Column names, each once. */
  readonly names: readonly string[]
  /** As many as names; numbers are finite. */
  readonly values: readonly (number | string)[]
}

/** Names the rows that one Parquet file holds, before that file is written. */
export interface Claim {
  readonly log: string
  readonly endpointId: string
  /** Whole hours since 1970 UTC of the rows' event time. */
  readonly hour: number
  /** 1, 2, ... for each (log, endpoint, hour). */
  readonly number: number
  /** The range of the log's offsets, both included: all rows of this key in it are in the file. */
  readonly firstOffset: number
  readonly lastOffset: number
}

/** Function and model of a row, as texts. */
export interface Identity {
  readonly functionUri: string
  /** With its version: `iris:v1`. */
  readonly model: string
  readonly modelClass: string | null
}

/** What only some rows have. */
export interface RowExtras {
  readonly metrics: ReadonlyMap<string, number> | null
  readonly entities: ReadonlyMap<string, string> | null
}

/** A feature's type inside one endpoint's files. */
export type ValueKind = 'double' | 'text'

/** Positions of the fixed columns in a row of `PredictionFile.numbers`; the features follow. */
export const ROW = {
  atUs: 0,
  latencyUs: 1,
  errorCount: 2,
  offset: 3,
  identity: 4,
  labels: 5,
  firstRequest: 6,
  lastRequest: 7,
  predictionCount: 8,
  prediction: 9,
  /** How many characters the request id has, and seven numbers that hold them (short-text.ts). */
  requestId: 10,
  features: 18,
} as const

/**
 * The rows of one Parquet file, held the way they were appended.
 *
 * numbers      rowCount x stride, row by row; stride = ROW.features + featureNames.length. NaN means
 *              missing. `latencyUs` and `errorCount` are whole numbers; `identity`, `labels` and
 *              `firstRequest` are indexes into the lists below (labels -1: none).
 *              `predictionCount` is how many of `predictions` belong to the row, one row's after the
 *              other's; -1 means that the row has no prediction (null) and takes none of them.
 *              `lastRequest`, `prediction` and `requestId` are the batch's own.
 * predictions  numbers (NaN = null inside a list) or texts and nulls, by predictionKind.
 * featureTexts one list per feature, present where its kind is 'text': a text or null per row.
 * extras       row -> metrics and entities, for rows that have any.
 */
export interface PredictionFile {
  readonly claim: Claim
  readonly rowCount: number
  readonly featureNames: readonly string[]
  readonly featureKinds: readonly ValueKind[]
  readonly predictionKind: ValueKind
  readonly identities: readonly Identity[]
  readonly labelSets: readonly ReadonlyMap<string, string>[]
  readonly firstRequests: readonly string[]
  readonly numbers: Float64Array
  readonly predictions: Float64Array | readonly (string | null)[]
  readonly requestIds: readonly string[]
  readonly lastRequests: readonly string[]
  readonly featureTexts: ReadonlyMap<number, readonly (string | null)[]>
  readonly extras: ReadonlyMap<number, RowExtras>
}

/** A row that a sink will never take, by its index in what was handed over. */
export interface RefusedRow {
  readonly index: number
  readonly reason: string
}

/** What became of rows that were handed to a sink. */
export type Outcome =
  | { readonly kind: 'written' }
  /** All others are written; `unwritten` (indexes) are to be tried again, `refused` never. */
  | {
      readonly kind: 'partial'
      readonly unwritten: readonly number[]
      readonly refused: readonly RefusedRow[]
      /** Why some are unwritten. */
      readonly reason?: string
    }
  /** Nothing is known to be written; trying again later can help. */
  | { readonly kind: 'retry'; readonly reason: string }
  /** Nothing is written and never will be. */
  | { readonly kind: 'rejected'; readonly reason: string }

/**
 * Takes endpoint records; each update is one endpoint's, and an endpoint stands in a call once. One that has
 * come too late is settled as written (record-version.ts).
 */
export interface KvSink {
  write(updates: readonly EndpointUpdate[]): Promise<Outcome>
}

/** Takes metrics; writing the same rows again changes nothing. */
export interface TsdbSink {
  write(rows: readonly MetricRow[]): Promise<Outcome>
}

/** Takes one whole Parquet file; writing the same file again changes nothing. */
export interface ParquetSink {
  write(file: PredictionFile): Promise<Outcome>
  /** Whether the whole file of a claim is there. Rejects with StreamError `path-unusable`. */
  has(claim: Claim): Promise<boolean>
}

/** Claims on Parquet files: created once, never changed. */
export interface ClaimStore {
  /** Every claim of a log, in no order. */
  list(log: string): Promise<readonly Claim[]>
  /** True when this call created it; false when that (log, endpoint, hour, number) existed. */
  create(claim: Claim): Promise<boolean>
}

/** A log of a stream's shard as the store keeps it. */
export interface StoredLog {
  /** Of its owner; each one that takes it over has a higher one, also where the log was deleted meanwhile. > 0. */
  readonly epoch: number
  /** Of the newest checkpoint, and its bytes; null before the first one. */
  readonly checkpoint: { readonly offset: number; readonly bytes: Uint8Array } | null
}

/**
 * Owners and checkpoints of logs that have no disk. All calls reject with StreamError `store-unavailable`;
 * what was asked for may then have happened or not, and may be asked for again.
 */
export interface LogStore {
  /** Makes the caller the owner: checkpoints of earlier owners are refused from now on. */
  takeOver(log: string): Promise<StoredLog>
  /** The epoch of the owner, 0 for none, and the offset of its newest checkpoint. */
  look(log: string): Promise<{ readonly epoch: number; readonly offset: number | null }>
  /** Replaces the checkpoint; false, and nothing changes, when the log has another owner by now. */
  writeCheckpoint(
    log: string,
    checkpoint: { readonly epoch: number; readonly offset: number; readonly bytes: Uint8Array },
  ): Promise<boolean>
}

/** What a log has taken up to one of its offsets; all numbers only grow, but for `waiting`. */
export interface LedgerCounts {
  /** received = accepted + error + ignored + rejected + duplicate + waiting. */
  readonly received: number
  readonly accepted: number
  readonly error: number
  readonly ignored: number
  readonly rejected: number
  readonly duplicate: number
  readonly waiting: number
  /** Rows of accepted events: each is in a Parquet file, pending, or a dead letter of that sink. */
  readonly rowsAccepted: number
  readonly rowsRejected: number
}

/**
 * One line of the conservation ledger: what a log had counted, for one endpoint or in all, when it was
 * at an offset. What a log counts depends on its records alone, so whoever says it says the same.
 */
export interface LedgerEntry {
  readonly log: string
  /** '' for the log as a whole: then events are counted, else the calls in them. */
  readonly endpointId: string
  /** Of the newest record that is counted. */
  readonly offset: number
  /** Whole minutes since 1970 UTC, of the clock: it was so at the end of that minute, or later in it. */
  readonly minute: number
  readonly counts: LedgerCounts
  /** Of a log as a whole, else null. */
  readonly whole: WholeLog | null
  /** Of an endpoint's values; null of a log as a whole, and where there is nothing to compare them with. */
  readonly quality: QualityCounts | null
}

/**
 * What a log had counted of an endpoint's values, held against the reference that its record had: plain JSON. Late
 * rows count too.
 */
export interface QualityCounts {
  /** Which reference it was (PaneLayout.signature). */
  readonly reference: string
  /** Rows of records up to that offset are not counted: the reference was not known yet; -1 if all are. */
  readonly since: number
  /** Rows that were looked at, those that were refused for a text in the place of a number included. */
  readonly rows: number
  /** Features of the reference that are predicted, and which value of the prediction each of them is. */
  readonly predicted: readonly (readonly [name: string, index: number])[]
  /** By name: values that were missing, of a wrong type, out of range, unseen; those without any are left out. */
  readonly values: readonly (readonly [name: string, counts: readonly number[]])[]
}

/** What only a log as a whole has. */
export interface WholeLog {
  /** Dead letters of what was rejected. */
  readonly letters: number
  /** What records before that offset have brought was delivered by then. */
  readonly deliveredBefore: number
}

/** Takes lines of the ledger; of two of the same log, endpoint and offset the one that says more stays. */
export interface LedgerSink {
  write(entries: readonly LedgerEntry[]): Promise<Outcome>
}

/** Which lines of the ledger to read. */
export interface LedgerQuery {
  readonly log?: string
  readonly endpointId?: string
  /** Only up to that minute. */
  readonly toMinute?: number
  /** Only the newest line of each log and endpoint. */
  readonly isNewest: boolean
}

/** What to read of the endpoint records. */
export interface RecordsQuery {
  /** Attributes that are not wanted: statistics are most of a record's bytes. */
  readonly without?: readonly string[]
}

/** Reads endpoint records; ids without a record are left out. */
export interface RecordReader {
  read(
    endpointIds: readonly string[],
    query?: RecordsQuery,
  ): Promise<ReadonlyMap<string, StoredRecord>>
}

/** What to read of the time series table. */
export interface SeriesQuery {
  readonly endpointId?: string
  /** Of these alone; none for an empty list. */
  readonly endpointIds?: readonly string[]
  readonly recordType?: string
  readonly metric?: string
  /** Both included, whole milliseconds since 1970 UTC. */
  readonly fromMs?: number
  readonly toMs?: number
  /**
   * Means of numbers instead of single values, one for each span of so many whole ms since 1970 UTC, > 0: such
   * a mean has the time of its earliest value, so a value that is alone in its span stays as it is. Texts are
   * left out.
   */
  readonly bucketMs?: number
  /** Rows at most, > 0. */
  readonly limit: number
}

/** One value of the time series table. */
export interface SeriesPoint {
  readonly atMs: number
  readonly endpointId: string
  readonly recordType: string
  readonly metric: string
  readonly value: number | string
}

/** Reads back what was written, for people and dashboards. */
export interface StoreReader {
  /** Every endpoint's record, ordered by endpoint id. */
  endpoints(query?: RecordsQuery): Promise<readonly StoredRecord[]>
  /** Ordered by time, endpoint, record type, metric; the newest `limit` of them. */
  series(query: SeriesQuery): Promise<readonly SeriesPoint[]>
  /** Ordered by log, endpoint, offset. */
  ledger(query: LedgerQuery): Promise<readonly LedgerEntry[]>
  /** See ClaimStore.list. */
  claims(log: string): Promise<readonly Claim[]>
}

/** One store family behind its ports. */
export interface Store {
  readonly kv: KvSink
  readonly tsdb: TsdbSink
  readonly claims: ClaimStore
  readonly logs: LogStore
  readonly ledger: LedgerSink
  readonly records: RecordReader
  readonly reader: StoreReader
  close(): Promise<void>
}

/** The folder of a log's segments, as the spool needs it. Every call is synchronous. */
export interface SegmentDisk {
  /** Names of all files in the folder, in no order. */
  list(): readonly string[]
  /** The bytes of a file from one place up to another one; where none are named, the whole file. */
  read(name: string, from?: number, to?: number): Uint8Array
  /** Bytes in a file. */
  size(name: string): number
  /** Opens for writing, makes the file if there is none. */
  open(name: string): SegmentFile
  /**
   * Keeps bytes aside under a name that says what they are, all of them or none; when it returns, they
   * survive a power cut. False if they were there before.
   */
  keepAside(name: string, bytes: Uint8Array): boolean
  /** 8 random bytes, others at each call. */
  salt(): Uint8Array
  remove(name: string): void
  /** Gives a file another name, over any file of that name; survives a power cut when it returns. */
  rename(from: string, to: string): void
}

/** One open segment. */
export interface SegmentFile {
  /** Bytes in the file. */
  size(): number
  /** Writes bytes[0..count) behind all others; throws the disk's error (ENOSPC, EIO, ...), maybe after a part. */
  append(bytes: Uint8Array, count: number): void
  /** The same at a place, over what is there and beyond it. */
  write(bytes: Uint8Array, count: number, at: number): void
  truncate(size: number): void
  /** Makes what was written survive a power cut. */
  sync(): void
  /** The same in the background; resolves when done. */
  syncLater(): Promise<void>
  close(): void
}

/** An append-only text file of lines, such as the dead letters. */
export interface LineFile {
  append(line: string): void
  /** Makes what was appended survive a power cut. */
  sync(): void
  close(): void
}
