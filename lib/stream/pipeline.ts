import type { DeadLetters } from './accept/dead-letters.ts'
import type { SpoolRecord } from './accept/spool-format.ts'
import type { Applied } from './applied.ts'
import type { WaitingCall } from './call-place.ts'
import { CatchUp } from './catch-up.ts'
import {
  CHECKPOINT_FORMAT,
  type CheckpointHeader,
  type ReadCheckpoint,
} from './checkpoint-format.ts'
import { Checkpoints } from './checkpoints.ts'
import type { Endpoint } from './compute/endpoint.ts'
import { EndpointMerge } from './compute/endpoint-merge.ts'
import { EndpointTable } from './compute/endpoint-table.ts'
import { CrashMarks } from './crash-marks.ts'
import { ChangedEndpoints } from './deliver/changed-endpoints.ts'
import { CLAIM_KEYS_MAX, type ClaimedRanges } from './deliver/claimed-ranges.ts'
import { endpointUpdate } from './deliver/endpoint-update.ts'
import { Flusher } from './deliver/flusher.ts'
import { LedgerWriter } from './deliver/ledger-writer.ts'
import { LogPlace } from './deliver/log-place.ts'
import type { MetricWriter } from './deliver/metric-writer.ts'
import { PredictionBatches } from './deliver/prediction-batches.ts'
import type { DriftMonitor } from './drift/drift-monitor.ts'
import { EndpointReads } from './endpoint-reads.ts'
import { type Inheritance, readInheritance } from './inheritance.ts'
import { LogKeeper } from './log-keeper.ts'
import { openMetricParts } from './metric-parts.ts'
import type { PipelineParts } from './pipeline-parts.ts'
import type { StreamPosition } from './ports.ts'
import { Processor } from './processor.ts'
import { holdReasonOf, type RoomParts } from './room.ts'
import { type Status, statusOf } from './status.ts'
import { syncSpool } from './sync-spool.ts'

/** The answer to an event while the log is read again. */
const SPOOLED: Applied = { outcome: 'spooled', rejection: null }

/**
 * The whole way of an event: into the spool, into the state, into batches, and by a timer into the
 * stores. One pipeline per process and log.
 */
export class Pipeline {
  readonly #parts: PipelineParts
  readonly #table: EndpointTable<WaitingCall>
  readonly #merge: EndpointMerge
  readonly #changed: ChangedEndpoints
  readonly #predictions: PredictionBatches
  readonly #deadLetters: DeadLetters
  readonly #claimed: ClaimedRanges
  readonly #metricWriter: MetricWriter
  readonly #drift: DriftMonitor
  readonly #processor: Processor
  readonly #flusher: Flusher
  readonly #ledger: LedgerWriter
  readonly #reads: EndpointReads
  readonly #keeper: LogKeeper
  readonly #checkpoints: Checkpoints
  readonly #marks: CrashMarks
  readonly #catchUp: CatchUp
  readonly #room: RoomParts
  #scannedPeriod = 0
  /** Until the files are cut that an earlier owner promised: what comes up to that offset may be theirs. */
  #arePromisesOpen = false
  #promisedTo = -1
  /** Files that were there when the log was taken over. */
  readonly #filesBefore: number

  private constructor(parts: PipelineParts, { claimed, deadLetters, checkpoint }: Inheritance) {
    const firstOffset = (checkpoint?.header.offset ?? -1) + 1
    const { log, settings, store, clock, random, telemetry } = parts
    this.#parts = parts
    this.#filesBefore = claimed.writtenCount
    this.#table = new EndpointTable<WaitingCall>({ ...settings, log })
    this.#merge = new EndpointMerge(this.#table, parts.tables)
    const place = new LogPlace()
    this.#changed = new ChangedEndpoints(settings.recordAgeMsMax, place)
    this.#predictions = new PredictionBatches(settings.predictionLimits, claimed)
    this.#deadLetters = deadLetters
    this.#claimed = claimed
    this.#marks = new CrashMarks(parts.markDisk)
    this.#checkpoints = new Checkpoints(
      {
        disk: parts.checkpointDisk,
        table: this.#table,
        onFailure: (reason) => telemetry.spoolNotShortened({ reason }),
      },
      firstOffset - 1,
    )
    const onChange = (endpoint: Endpoint): void => this.#checkpoints.touch(endpoint)
    const { metrics, drift, metricWriter } = openMetricParts({
      ...parts,
      merge: this.#merge,
      changed: this.#changed,
      place,
      onChange,
    })
    this.#drift = drift
    this.#metricWriter = metricWriter
    const shared = {
      log,
      changed: this.#changed,
      metrics,
      predictions: this.#predictions,
      deadLetters: this.#deadLetters,
      telemetry,
      place,
      clock,
      random,
      drift,
    }
    this.#processor = new Processor({
      ...settings,
      ...shared,
      table: this.#table,
      metricWriter,
      onChange,
    })
    this.#flusher = new Flusher(
      {
        ...store,
        ...parts,
        ...shared,
        claimed,
        hasRivals: parts.spool.redelivers,
        updateOf: (endpoint) =>
          endpointUpdate(endpoint, {
            ...parts,
            merge: this.#merge,
            nowUs: clock.nowUs(),
            project: settings.project,
            tellsErrorsByLog: settings.ack === 'delivered',
            place,
          }),
      },
      settings.predictionLimits,
    )
    this.#ledger = new LedgerWriter({
      ...shared,
      sink: store.ledger,
      counters: this.#processor.counters,
      endpoints: this.#table.endpoints,
      oldestOffset: () => this.#flusher.oldestOffset,
    })
    this.#reads = new EndpointReads({
      ...parts,
      processor: this.#processor,
      table: this.#table,
      records: store.records,
      accept: (json) => this.#acceptRead(json),
      defaultVersion: settings.defaultVersion,
    })
    this.#keeper = new LogKeeper({
      spool: parts.spool,
      checkpoints: this.#checkpoints,
      processor: this.#processor,
      flusher: this.#flusher,
      predictions: this.#predictions,
      metrics,
      deadLetters,
      drift,
      clock,
      telemetry,
      header: (offset) => this.#headerAt(offset),
    })
    if (checkpoint !== null) this.#restore(checkpoint)
    this.#catchUp = this.#openLog(firstOffset)
    this.#room = {
      keeper: this.#keeper,
      catchUp: this.#catchUp,
      flusher: this.#flusher,
      processor: this.#processor,
      deadLetters,
    }
  }

  #headerAt(offset: number): CheckpointHeader {
    return {
      format: CHECKPOINT_FORMAT,
      log: this.#parts.log,
      offset,
      ...this.#processor.state.toCheckpoint(),
      refusedRows: this.#predictions.refusedBefore + this.#flusher.delivered.refused.parquetRows,
      periods: this.#table.periods,
    }
  }

  /**
   * Takes a log over: lists its claims, reads the checkpoint that it begins with, and begins to read what
   * the spool has after it, so that state and batches become what they were before the last process ended.
   * Events may come in when this has settled; whoever opens it calls `catchUp` for the rest.
   *
   * @throws StreamError `store-unavailable`, `path-unusable`
   */
  static async open(parts: PipelineParts): Promise<Pipeline> {
    const pipeline = new Pipeline(parts, await readInheritance(parts))
    const { recordsLeft } = pipeline.#catchUp
    pipeline.#catchUp.step()
    if (!pipeline.isLive) parts.telemetry.catchingUp({ log: parts.log, recordsLeft })
    return pipeline
  }

  /** Finds the log's end, from which on events are appended, and what is to be read before they are applied. */
  #openLog(firstOffset: number): CatchUp {
    const { spool, telemetry } = this.#parts
    const reader = spool.open((range) => telemetry.spoolDamaged(range), firstOffset)
    spool.skipTo(firstOffset)
    // A power cut may have taken the spool's end, and not the claims: their offsets are used up.
    if (!spool.redelivers) spool.skipTo(this.#claimed.lastOffset + 1)
    return new CatchUp({
      ...this.#parts,
      reader,
      marks: this.#marks,
      flusher: this.#flusher,
      apply: (record) => this.#apply(record),
      refuse: (record) => void this.#refuse(record),
      onEnd: (recordCount) => this.#goLive(recordCount),
    })
  }

  /** Whether events are applied as they come; before, they wait in the spool. */
  get isLive(): boolean {
    return this.#catchUp.isDone
  }

  /**
   * Applies what the log holds, while events come in; settles when that is done, or the pipeline is closed.
   * A rejection is a mistake of ours and must end the process: the next replay meets the same record.
   *
   * @param isUrgent  whether events come into this log, rather than into others of the process
   */
  catchUp({ isUrgent = true }: { readonly isUrgent?: boolean } = {}): Promise<void> {
    return this.#catchUp.run({ isUrgent })
  }

  #goLive(recordCount: number): void {
    const { spool, telemetry, tables } = this.#parts
    if (spool.redelivers) this.#promisedTo = this.#claimed.lastOffset
    else this.#deadLetters.forgetEarlier()
    tables.push(this.#table)
    this.#arePromisesOpen = true
    this.#cutPromised()
    // As in accept.
    if (this.#arePromisesOpen) void this.#reads.run().then(() => this.#cutPromised())
    const endpointCount = this.#table.endpoints.length
    if (recordCount > 0) telemetry.recovered({ recordCount, endpointCount })
  }

  /** A promised file is whole when its range was read and no row of it waits for the store any more. */
  #cutPromised(): void {
    if (!this.#arePromisesOpen || this.#processor.unread.size > 0) return
    if (this.#parts.spool.nextOffset <= this.#promisedTo) return
    this.#arePromisesOpen = false
    this.#predictions.cutPromised()
  }

  #restore(checkpoint: ReadCheckpoint): void {
    this.#processor.restore(checkpoint)
    // Of the rows up to a log's beginning all were delivered.
    const { refusedRows } = checkpoint.header
    this.#predictions.refusedBefore = refusedRows
    this.#predictions.writtenBefore = this.#processor.counters.rowsAccepted - refusedRows
  }

  /**
   * Takes an event: when this returns, it survives the death of this process.
   *
   * @param position  where a stream trigger read it, else null
   * @throws          the disk's error (ENOSPC, EIO, ...) when the spool cannot take it; it may then be
   *                  given again
   */
  accept(body: Uint8Array, position: StreamPosition | null, arrivedAtUs: number): Applied {
    // On disk when it returns.
    const offset = this.#parts.spool.append({ kind: 'event', arrivedAtUs, position, body })
    if (!this.#catchUp.isDone) return SPOOLED
    // Written out, because a spread costs as much as a tenth of all the rest.
    const record = { kind: 'event', offset, arrivedAtUs, position, body } as const
    const isPoison = this.#catchUp.redelivery.refuses(offset)
    const applied = isPoison ? this.#refuse(record) : this.#apply(record)
    this.#catchUp.redelivery.applied()
    // The reads settle trouble of store and disk themselves; a rejection is our bug and ends us.
    if (this.#processor.unread.size > 0) void this.#reads.run()
    return applied
  }

  #refuse(record: SpoolRecord): Applied {
    this.#parts.telemetry.recordCrashed({ offset: record.offset })
    this.#processor.refuse(record)
    return { outcome: 'rejected', rejection: null }
  }

  /** A bug of ours must not meet the same record for ever: it is marked before the process ends. */
  #apply(record: SpoolRecord): Applied {
    try {
      return this.#processor.apply(record)
    } catch (error) {
      this.#marks.crashed(this.#processor.applyingOffset)
      throw error
    }
  }

  /** What the store said enters through the log as well. */
  #acceptRead(json: string): void {
    const read = { kind: 'read', arrivedAtUs: this.#parts.clock.nowUs(), json } as const
    const offset = this.#parts.spool.append(read)
    this.#apply({ ...read, offset })
  }

  /** When the newest event of the log arrived, microseconds since 1970 UTC; 0 for none. */
  get newestArrivedUs(): number {
    return Math.max(this.#processor.state.newestArrivedUs, this.#parts.spool.newestArrivedUs)
  }

  /** Why no event may come in at this moment; null when it may. */
  get holdReason(): string | null {
    return holdReasonOf(this.#room)
  }

  /** What the timer does: idle rows at a period's edge, and everything that is due. */
  tick(): void {
    // Of a state that is not up to the present nothing is to be told, nor a checkpoint to be taken.
    if (!this.isLive) return
    const { clock, settings } = this.#parts
    const period = Math.floor(clock.nowUs() / 1000 / settings.idleLayout.periodMs)
    if (period !== this.#scannedPeriod) {
      this.#scannedPeriod = period
      this.#metricWriter.writeAllIdle(this.#table.endpoints, clock.nowUs())
    }
    this.#cutPromised()
    // What comes again may still be in a range that an earlier owner claimed.
    if (!this.#arePromisesOpen) this.#claimed.forgetBeyond(CLAIM_KEYS_MAX)
    // All rows of a promised file have the columns that they had when it was promised.
    if (!this.#arePromisesOpen) this.#reads.planRefreshes()
    void this.#reads.run() // as in accept
    void this.#drift.run()
    this.#keeper.tick()
    this.#flusher.flushDue()
    this.#ledger.tick()
  }

  /** Writes everything that there is to say by now; settles when it is written or refused. */
  async flushAll(): Promise<void> {
    await this.#catchUp.finished()
    await this.#reads.run()
    const nowUs = this.#parts.clock.nowUs()
    this.#metricWriter.writeAllIdle(this.#table.endpoints, nowUs)
    for (const endpoint of this.#table.endpoints) {
      const isBehind = endpoint.rowCount !== endpoint.recordedRowCount || endpoint.hasRecordCounts
      if (isBehind) this.#changed.add(endpoint, nowUs / 1000)
    }
    await this.#drift.flush(this.#table.endpoints)
    await this.#flusher.flushAll()
    await this.#ledger.flush()
  }

  /** Reads a record that was changed; in a replay its first refresh does, after what stands before in the log. */
  async learn(endpointId: string): Promise<void> {
    if (this.isLive && !this.#arePromisesOpen) await this.#reads.readSoon(endpointId)
  }

  /** Makes what was spooled survive a power cut; what fails is tried again by the next call. */
  sync(): Promise<void> {
    return syncSpool(this.#parts)
  }

  /** What there is to say of the stream; costs about a microsecond per endpoint. */
  status(): Status {
    return statusOf({
      log: this.#parts.log,
      nowUs: this.#parts.clock.nowUs(),
      counters: this.#processor.counters,
      flusher: this.#flusher,
      predictions: this.#predictions,
      endpoints: this.#table.endpoints,
      merge: this.#merge,
      filesBefore: this.#filesBefore,
      isLive: this.isLive,
      spooled: this.#catchUp.recordsLeft,
    })
  }

  /** State that later records build on, as one text: equal for equal logs, byte by byte. */
  encodeState(): string {
    return this.#processor.encodeState()
  }

  /** Begins nothing more; settles when what is under way has ended. The spool keeps the rest. */
  async close(): Promise<void> {
    const { tables } = this.#parts
    this.#catchUp.stop()
    this.#drift.close()
    await this.#reads.close()
    await this.#flusher.close()
    await this.#ledger.close()
    if (tables.includes(this.#table)) tables.splice(tables.indexOf(this.#table), 1)
    this.#checkpoints.close()
    this.#parts.spool.close()
    this.#parts.deadLetterFile.close()
  }
}
