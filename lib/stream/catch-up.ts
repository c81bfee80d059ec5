import type { SpoolRecord } from './accept/spool-format.ts'
import type { CrashMarks } from './crash-marks.ts'
import type { Flusher } from './deliver/flusher.ts'
import { errorMessage, isOurMistake } from './errors.ts'
import type { EventLog, LogReader } from './event-log.ts'
import type { Clock } from './ports.ts'
import { Redelivery } from './redelivery.ts'
import type { Telemetry } from './telemetry.ts'

/** What is read again in one go: so long, and so many records where the clock stands still. */
const SLICE_US = 10_000
const STEP = 2_000
/** What may come in meanwhile; more is held, so that it comes to an end, and memory has a bound. */
const NEW_BYTES_MAX = 256 * 1024 * 1024
/** Between two slices while events come in: enough for some of them. Where none comes, there is no pause. */
const PAUSE_MS = 1
/** Where events come into another log: they get half of the time. */
const LONG_PAUSE_MS = 10
/** Where the disk cannot be read. */
const RETRY_MS = 1_000

/** What a catch-up works on. */
export interface CatchUpParts {
  readonly spool: EventLog
  readonly reader: LogReader
  readonly marks: CrashMarks
  readonly flusher: Flusher
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly apply: (record: SpoolRecord) => void
  /** Instead, for a record that has ended the process too often. */
  readonly refuse: (record: SpoolRecord) => void
  /** Called once, in the step in which everything is applied: from then on records are applied as they come. */
  readonly onEnd: (recordCount: number) => void
}

/**
 * Reads a log again and applies its records, a slice at a time, while events come in between the slices.
 * They are appended only, and read back in their turn: so records are applied in the order of the log,
 * now and in any later replay.
 */
export class CatchUp {
  readonly #parts: CatchUpParts
  readonly #firstOffset: number
  readonly #bytesBefore: number
  #recordCount = 0
  #isDone = false
  #isStopped = false
  #cancelPause: () => void = () => undefined
  /** For a log that has nothing to read, because its stream delivers again. */
  readonly redelivery: Redelivery
  /** Settles when everything is applied, or it was stopped. */
  readonly ended: Promise<void>
  #settle: () => void = () => undefined

  /** Only begins with `step`. */
  constructor(parts: CatchUpParts) {
    this.#parts = parts
    this.#firstOffset = parts.reader.nextOffset
    this.#bytesBefore = parts.spool.bytes
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.redelivery = new Redelivery(
      parts.marks,
      parts.spool.nextOffset,
      parts.spool.redeliveredMax,
    )
    parts.marks.beginReplay()
  }

  /** Whether everything is applied that is in the log. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Records that are in the log and not applied yet; offsets that the log has skipped count as well. */
  get recordsLeft(): number {
    const { spool, reader } = this.#parts
    return this.#isDone ? 0 : Math.max(spool.nextOffset - reader.nextOffset, 0)
  }

  /** Whether so much has come in meanwhile that the rest is held. */
  get isFull(): boolean {
    return this.#parts.spool.bytes - this.#bytesBefore > NEW_BYTES_MAX
  }

  /** Reads to the end, or until it is stopped; a rejection is a mistake of ours, and must end the process. */
  async run({ isUrgent }: { readonly isUrgent: boolean }): Promise<void> {
    const { flusher, spool } = this.#parts
    let delayMs = PAUSE_MS
    while (!this.#isDone && !this.#isStopped) {
      if (flusher.isFull) await flusher.settle()
      const { nextOffset } = spool
      await this.#pause(delayMs)
      if (this.#isStopped) return
      const ownPauseMs = spool.nextOffset > nextOffset ? PAUSE_MS : 0
      const pauseMs = isUrgent ? ownPauseMs : LONG_PAUSE_MS
      delayMs = this.step() ? pauseMs : RETRY_MS
    }
  }

  /** Events come in, timers run: the beat, too, by which other hosts see that this log has an owner. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, resolve)
      this.#cancelPause = () => {
        cancel()
        resolve()
      }
    })
  }

  /**
   * Applies the next slice.
   *
   * @returns  false where the disk has trouble, and it is to be tried again later
   */
  step(): boolean {
    const { flusher, clock, telemetry, marks } = this.#parts
    const beginUs = clock.nowUs()
    for (let count = 0; count < STEP && !flusher.isFull && !this.#isDone; count++) {
      let record: SpoolRecord | null
      try {
        record = this.#next()
      } catch (error) {
        if (isOurMistake(error)) throw error
        telemetry.spoolNotRead({ reason: errorMessage(error) })
        return false
      }
      if (record !== null) this.#apply(record)
      if (clock.nowUs() - beginUs >= SLICE_US) break
    }
    if (!this.#isDone) marks.aboutToPause()
    return true
  }

  /** Ends with the last record: no event can come in between this and the first one that is applied at once. */
  #next(): SpoolRecord | null {
    const { reader, marks, spool, onEnd } = this.#parts
    const record = reader.next()
    if (record !== null) return record
    if (!spool.redelivers) marks.endReplay(this.#firstOffset)
    this.#isDone = true
    onEnd(this.#recordCount)
    this.#settle()
    return null
  }

  #apply(record: SpoolRecord): void {
    const { marks, apply, refuse } = this.#parts
    this.#recordCount++
    if (marks.isPoison(record.offset)) {
      refuse(record)
      return
    }
    marks.aboutTo(record.offset)
    apply(record)
  }

  /** Settles when everything is applied, or it was stopped; no event up to now was the death of this process. */
  finished(): Promise<void> {
    this.redelivery.end()
    return this.ended
  }

  /** Reads no more; the log keeps the rest. */
  stop(): void {
    this.#isStopped = true
    this.redelivery.end()
    this.#cancelPause()
    this.#settle()
  }
}
