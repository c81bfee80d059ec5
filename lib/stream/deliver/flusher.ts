import assert from 'node:assert'
import type { DeadLetters } from '../accept/dead-letters.ts'
import type { Endpoint } from '../compute/endpoint.ts'
import { errorCode, errorMessage } from '../errors.ts'
import type {
  Claim,
  ClaimStore,
  Clock,
  EndpointUpdate,
  KvSink,
  MetricRow,
  Outcome,
  ParquetSink,
  PredictionFile,
  TsdbSink,
} from '../ports.ts'
import type { SinkName, Telemetry } from '../telemetry.ts'
import type { ChangedEndpoints } from './changed-endpoints.ts'
import type { ClaimedRanges } from './claimed-ranges.ts'
import { Lane, type LaneTask } from './lane.ts'
import { NOTHING_WAITS } from './log-place.ts'
import type { MetricBatches } from './metric-batches.ts'
import type { OpenBatch, PredictionBatches } from './prediction-batches.ts'
import { describePrediction } from './refused-prediction.ts'
import { type Settled, settle } from './settle.ts'

/** What was delivered and what was not, since the process began. */
export interface Delivered {
  readonly written: Count
  readonly refused: Count
}

/** Records and rows of the three writes; `metricValues` are the single values of metric rows. */
export interface Count {
  records: number
  metricRows: number
  metricValues: number
  parquetFiles: number
  parquetRows: number
}

/** What a flusher works on. */
export interface FlusherParts {
  readonly log: string
  readonly changed: ChangedEndpoints
  readonly metrics: MetricBatches
  readonly predictions: PredictionBatches
  readonly claimed: ClaimedRanges
  readonly kv: KvSink
  readonly tsdb: TsdbSink
  readonly parquet: ParquetSink
  readonly claims: ClaimStore
  readonly deadLetters: DeadLetters
  /** Whether others may make claims in this log while we do, as they may where no lock can keep them from it. */
  readonly hasRivals: boolean
  /** Looks whether the log is still ours; where that cannot be looked up, it is taken to be. */
  readonly isStillOwner: () => Promise<boolean>
  readonly clock: Clock
  readonly random: () => number
  readonly telemetry: Telemetry
  /** The record of an endpoint as it is now. */
  readonly updateOf: (endpoint: Endpoint) => EndpointUpdate
}

const RECORDS_PER_WRITE = 200
const METRIC_ROWS_PER_WRITE = 500
/** Rows in memory beyond which no more may come in: about 100 MB. */
const METRIC_ROWS_MAX = 100_000
const CLAIM_ATTEMPTS = 3

/**
 * Hands what is due to the three sinks, each in its own lane: what a sink does not take now is tried
 * again, what it refuses for good goes to the dead letters, and no other sink waits for it.
 */
export class Flusher {
  readonly #parts: FlusherParts
  readonly #openBytesMax: number
  readonly #lanes: readonly Lane[]
  readonly delivered: Delivered = { written: noCount(), refused: noCount() }
  /** While one of them is under way everything is due, whatever its age. */
  #fullFlushCount = 0
  /** What lanes hold at this moment. */
  #recordsInHand = 0
  #metricRowsInHand = 0
  #recordsOffset = NOTHING_WAITS
  #metricRowsOffset = NOTHING_WAITS

  constructor(parts: FlusherParts, { openBytesMax }: { readonly openBytesMax: number }) {
    this.#parts = parts
    this.#openBytesMax = openBytesMax
    const { clock, random, telemetry } = parts
    const lane = (sink: SinkName, next: () => LaneTask | null): Lane =>
      new Lane({ next, clock, random, onRetry: (retry) => telemetry.sinkRetry({ sink, ...retry }) })
    this.#lanes = [
      lane('kv', () => this.#nextRecords()),
      lane('tsdb', () => this.#nextMetricRows()),
      lane('parquet', () => this.#nextFile()),
    ]
  }

  /** What waits in memory to be written, what the lanes have in hand included. */
  get pending(): Pick<Count, 'records' | 'metricRows' | 'parquetRows'> {
    const { changed, metrics, predictions } = this.#parts
    return {
      records: changed.count + this.#recordsInHand,
      metricRows: metrics.rowCount + this.#metricRowsInHand,
      parquetRows: predictions.rowCount,
    }
  }

  /** Whether so much waits for a sink that no more events may come in. */
  get isFull(): boolean {
    const { metrics, predictions } = this.#parts
    return predictions.cutBytes > this.#openBytesMax || metrics.rowCount > METRIC_ROWS_MAX
  }

  /**
   * Everything that records before this offset brought is delivered; NOTHING_WAITS for all there was.
   * Costs a look at each batch.
   */
  get oldestOffset(): number {
    const { changed, metrics, predictions, deadLetters } = this.#parts
    if (deadLetters.waitingCount > 0) return -1
    return Math.min(
      changed.oldestOffset,
      metrics.oldestOffset,
      predictions.oldestOffset,
      this.#recordsOffset,
      this.#metricRowsOffset,
    )
  }

  /** Begins to write what is due. To be called between records of the log. */
  flushDue(): void {
    const { predictions, deadLetters, telemetry } = this.#parts
    predictions.cutFull()
    predictions.cutDue(this.#dueMs())
    const reason = deadLetters.retry()
    if (reason !== null) telemetry.deadLettersWait({ reason, count: deadLetters.waitingCount })
    for (const lane of this.#lanes) {
      // A lane settles all sink trouble itself; should it reject, that is our bug and ends us.
      void lane.run()
    }
  }

  /** Writes everything that waits, whatever its age; settles when it is written or refused. */
  async flushAll(): Promise<void> {
    this.#fullFlushCount++
    try {
      await this.settle()
    } finally {
      this.#fullFlushCount--
    }
  }

  /** Begins what is due and waits until nothing due is left. */
  async settle(): Promise<void> {
    this.flushDue()
    await Promise.all(this.#lanes.map((lane) => lane.run()))
  }

  /** Ends the lanes after what they have in hand. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()))
  }

  #dueMs(): number {
    return this.#fullFlushCount > 0 ? Number.POSITIVE_INFINITY : this.#parts.clock.nowUs() / 1000
  }

  #nextRecords(): LaneTask | null {
    const { changed } = this.#parts
    const { oldestOffset } = changed
    let endpoints = changed.takeDue(this.#dueMs(), RECORDS_PER_WRITE)
    if (endpoints.length === 0) return null
    this.#recordsInHand = endpoints.length
    this.#recordsOffset = oldestOffset
    return {
      attempt: async () => {
        // Made anew for each attempt: meanwhile the endpoint may have gone on.
        const updates = endpoints.map((endpoint) => this.#parts.updateOf(endpoint))
        const outcome = await this.#parts.kv.write(updates)
        const rest = this.#settle('kv', outcome, updates.length)
        for (const { index, reason } of rest.refused) {
          const { endpointId, attributes } = updates[index] ?? NO_UPDATE
          this.#bury({
            sink: 'kv',
            key: endpointId,
            reason,
            content: Object.fromEntries(attributes),
          })
        }
        const unwritten = new Set(rest.unwritten)
        const refused = new Set(rest.refused.map(({ index }) => index))
        for (const [index, endpoint] of endpoints.entries()) {
          if (unwritten.has(index)) continue
          endpoint.drift?.recorded()
          if (!refused.has(index)) endpoint.recordedNames = endpoint.offeredNames
        }
        this.delivered.written.records += rest.writtenCount
        this.delivered.refused.records += rest.refused.length
        endpoints = rest.unwritten.flatMap((index) => endpoints[index] ?? [])
        this.#recordsInHand = endpoints.length
        if (endpoints.length === 0) this.#recordsOffset = NOTHING_WAITS
        return rest.retryReason
      },
    }
  }

  #nextMetricRows(): LaneTask | null {
    const { metrics } = this.#parts
    let rows = metrics.takeDue(this.#dueMs(), METRIC_ROWS_PER_WRITE)
    if (rows.length === 0) return null
    this.#metricRowsInHand = rows.length
    this.#metricRowsOffset = metrics.takenOffset
    return {
      attempt: async () => {
        const outcome = await this.#parts.tsdb.write(rows)
        const rest = this.#settle('tsdb', outcome, rows.length)
        for (const { index, reason } of rest.refused) {
          const row = rows[index] ?? NO_ROW
          const key = `${row.endpointId} ${row.recordType} ${row.atMs}`
          this.#bury({ sink: 'tsdb', key, reason, content: row })
        }
        const unwritten = rest.unwritten.flatMap((index) => rows[index] ?? [])
        const { written, refused } = this.delivered
        written.metricRows += rest.writtenCount
        written.metricValues += valueCount(rows) - valueCount(unwritten)
        refused.metricRows += rest.refused.length
        rows = unwritten
        this.#metricRowsInHand = rows.length
        if (rows.length === 0) this.#metricRowsOffset = NOTHING_WAITS
        return rest.retryReason
      },
    }
  }

  #nextFile(): LaneTask | null {
    const open = this.#parts.predictions.takeCut()
    if (open === null) return null
    let file = open.promised === null ? null : open.toFile(open.promised)
    return {
      attempt: async () => {
        if (file === null) {
          const claim = await this.#claim(open)
          if (typeof claim === 'string') return claim
          file = open.toFile(claim)
        }
        return this.#writeFile(open, file)
      },
    }
  }

  async #writeFile(open: OpenBatch, file: PredictionFile): Promise<string | null> {
    const outcome = await this.#parts.parquet.write(file)
    const rest = this.#settle('parquet', outcome, file.rowCount)
    // A file is written whole or not at all.
    if (rest.retryReason !== null) return rest.retryReason
    // The first row comes last: its letter says that those of all others are written (wasRefused).
    for (const { index, reason } of [...rest.refused].reverse()) {
      const { key, content } = describePrediction(file, index)
      this.#bury({ sink: 'parquet', key, reason, content })
    }
    if (rest.writtenCount > 0) {
      this.delivered.written.parquetFiles++
      this.delivered.written.parquetRows += rest.writtenCount
      const { endpointId } = file.claim
      this.#parts.telemetry.fileWritten({ endpointId, rowCount: rest.writtenCount })
    }
    this.delivered.refused.parquetRows += rest.refused.length
    this.#parts.predictions.settle(open)
    return null
  }

  /**
   * Makes the claim on a batch's file, before there is such a file.
   *
   * @returns  the claim, or why it is to be tried again
   */
  async #claim({ endpoint, hour, offsets }: OpenBatch): Promise<Claim | string> {
    const { claimed, claims, log, isStillOwner, hasRivals } = this.#parts
    const { endpointId } = endpoint
    const { first: firstOffset, last: lastOffset } = offsets
    const keep = (claim: Claim): Claim => {
      claimed.add(claim)
      return claim
    }
    let number = claimed.nextNumber({ endpointId, hour })
    try {
      for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
        const claim = { log, endpointId, hour, number, firstOffset, lastOffset }
        if (await claims.create(claim)) return keep(claim)
        const all = await claims.list(log)
        const there = all.filter((other) => other.endpointId === endpointId && other.hour === hour)
        // An answer was lost, maybe that to another number.
        const ours = there.find((other) => isSameRange(other, claim))
        if (ours !== undefined) return keep(ours)
        // Only another owner of the log can have claimed rows that are in this batch, or to come.
        if (there.some((other) => overlap(other, claim) || (hasRivals && isAfter(other, claim)))) {
          const isOwner = await isStillOwner()
          // An owner must look anew, and that is to begin anew: its rows are placed already.
          assert(!isOwner, 'another owner of the log has claimed rows of ours')
          return 'The log has another owner.'
        }
        // Claims of an hour that was forgotten, because nothing came for it any more.
        number = Math.max(number, ...there.map((other) => other.number)) + 1
      }
      return 'The number of a claim was taken.'
    } catch (error) {
      if (errorCode(error) === 'ERR_ASSERTION') throw error
      return errorMessage(error)
    }
  }

  #settle(sink: SinkName, outcome: Outcome, count: number): Settled {
    return settle(sink, outcome, { count, telemetry: this.#parts.telemetry })
  }

  #bury(letter: { sink: SinkName; key: string; reason: string; content: unknown }): void {
    const { log, clock, deadLetters } = this.#parts
    deadLetters.writeRefused({ log, refusedAtUs: clock.nowUs(), ...letter })
  }
}

const NO_UPDATE: EndpointUpdate = { endpointId: '', attributes: new Map() }
const NO_ROW: MetricRow = { endpointId: '', recordType: '', atMs: 0, names: [], values: [] }

function noCount(): Count {
  return { records: 0, metricRows: 0, metricValues: 0, parquetFiles: 0, parquetRows: 0 }
}

function valueCount(rows: readonly MetricRow[]): number {
  return rows.reduce((sum, row) => sum + row.names.length, 0)
}

function overlap(a: Claim, b: Claim): boolean {
  return a.firstOffset <= b.lastOffset && b.firstOffset <= a.lastOffset
}

function isAfter(a: Claim, b: Claim): boolean {
  return a.firstOffset > b.lastOffset
}

function isSameRange(a: Claim, b: Claim): boolean {
  return a.firstOffset === b.firstOffset && a.lastOffset === b.lastOffset
}
