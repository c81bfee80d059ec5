import type { DeadLetters } from './accept/dead-letters.ts'
import type { CheckpointHeader } from './checkpoint-format.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Flusher } from './deliver/flusher.ts'
import type { MetricBatches } from './deliver/metric-batches.ts'
import type { PredictionBatches } from './deliver/prediction-batches.ts'
import type { DriftMonitor } from './drift/drift-monitor.ts'
import { errorMessage } from './errors.ts'
import type { EventLog } from './event-log.ts'
import type { Clock } from './ports.ts'
import type { Processor } from './processor.ts'
import type { Telemetry } from './telemetry.ts'

/** Between two steps of a checkpoint: enough for some events. */
const PAUSE_MS = 1

/** What a keeper works on. */
export interface LogKeeperParts {
  readonly spool: EventLog
  readonly checkpoints: Checkpoints
  readonly processor: Processor
  readonly flusher: Flusher
  readonly predictions: PredictionBatches
  readonly metrics: MetricBatches
  readonly deadLetters: DeadLetters
  readonly drift: Pick<DriftMonitor, 'isBusy'>
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly header: (offset: number) => CheckpointHeader
}

/**
 * Keeps the log short: takes a checkpoint when the spool has begun another segment, and when everything
 * that came before one is delivered, removes what is not needed any more.
 */
export class LogKeeper {
  readonly #parts: LogKeeperParts
  #segmentId = 0

  constructor(parts: LogKeeperParts) {
    this.#parts = parts
  }

  /**
   * Whether the log has no room for more. Never while all that it holds is delivered: the newest segment
   * stays until there is another one, however large it is.
   */
  get isFull(): boolean {
    const { spool, checkpoints } = this.#parts
    return spool.isFull && checkpoints.beginning < spool.nextOffset - 1
  }

  /** To be called now and then, between records of the log. */
  tick(): void {
    this.#shorten()
    const { spool, checkpoints } = this.#parts
    const { isHalfFull } = spool
    const isDue = spool.segmentId !== this.#segmentId || (isHalfFull && this.#isWithout())
    if (isDue) this.#begin()
    const { oldestPending } = checkpoints
    if (!isHalfFull || oldestPending === null) return
    this.#parts.predictions.cutUpTo(oldestPending)
    this.#parts.metrics.closeUpTo(oldestPending)
  }

  #isWithout(): boolean {
    const { checkpoints } = this.#parts
    return checkpoints.oldestPending === null && !checkpoints.isUnderWay
  }

  #begin(): void {
    const { spool, processor, checkpoints, drift } = this.#parts
    const offset = spool.nextOffset - 1
    // Another one of the same offset would take the place of a whole one, and be removed with it.
    if (offset <= checkpoints.newest) return
    // An event that waits for its endpoint is not applied yet, and is nowhere but in the log.
    if (processor.unread.size > 0 || checkpoints.isUnderWay) return
    // What a window that is due will say is in no state yet.
    if (drift.isBusy) return
    this.#segmentId = spool.segmentId
    checkpoints.begin(() => this.#parts.header(offset))
    // It settles the disk's trouble itself; a rejection is our bug and ends us.
    void this.#complete()
  }

  async #complete(): Promise<void> {
    const { checkpoints, clock } = this.#parts
    while (checkpoints.step()) {
      await new Promise<void>((resolve) => {
        clock.after(PAUSE_MS, resolve)
      })
    }
    await checkpoints.finish()
  }

  #shorten(): void {
    const { checkpoints, flusher, spool, telemetry, deadLetters } = this.#parts
    const { oldestOffset } = flusher
    if ((checkpoints.oldestPending ?? oldestOffset) >= oldestOffset) return
    // What is nowhere but there must be as safe from a power cut as the log was.
    const unsafe = deadLetters.sync()
    if (unsafe !== null) {
      telemetry.spoolNotShortened({ reason: unsafe })
      return
    }
    const beginning = checkpoints.promote(oldestOffset)
    if (beginning === null) return
    try {
      spool.removeBefore(beginning + 1)
    } catch (error) {
      telemetry.spoolNotShortened({ reason: errorMessage(error) })
    }
  }
}
