import type { Endpoint } from '../compute/endpoint.ts'
import type { MetricRow } from '../ports.ts'
import { LogPlace, NOTHING_WAITS } from './log-place.ts'

/** When an endpoint's metric rows are written. */
export interface MetricBatchLimits {
  /** Sampled rows that fill a batch, > 0. */
  readonly samplesMax: number
  /** Age of its first sample at which a batch is written although it is not full. */
  readonly ageMsMax: number
}

interface Batch {
  readonly slot: number
  readonly openedAtMs: number
  /** Of the record that its first sample comes from. */
  readonly offset: number
  /** How many samples the rows are of. */
  sampleCount: number
  readonly rows: MetricRow[]
}

/** Metric rows of one log on their way, one batch per endpoint; a full one does not reset the others. */
export class MetricBatches {
  readonly #limits: MetricBatchLimits
  /** By the endpoint's slot, and in the order in which they were opened. */
  readonly #open: (Batch | undefined)[] = []
  readonly #byAge = new Set<Batch>()
  #due: MetricRow[] = []
  /** One for each due row. */
  #dueOffsets: number[] = []
  #takenOffset = NOTHING_WAITS
  #rowCount = 0
  readonly #place: Readonly<LogPlace>

  constructor(limits: MetricBatchLimits, place: Readonly<LogPlace> = new LogPlace()) {
    this.#limits = limits
    this.#place = place
  }

  /** Offset of the oldest record whose rows wait, NOTHING_WAITS for none; costs a look at each. */
  get oldestOffset(): number {
    let oldest = leastOf(this.#dueOffsets)
    for (const { offset } of this.#byAge) oldest = Math.min(oldest, offset)
    return oldest
  }

  /** Rows that wait, in open batches and in due ones. */
  get rowCount(): number {
    return this.#rowCount
  }

  /** Offset of the oldest record among the rows that were taken last. */
  get takenOffset(): number {
    return this.#takenOffset
  }

  /** Adds what one sampled row, or one look at an idle endpoint, has to say. */
  add({ slot }: Endpoint, rows: readonly MetricRow[], nowMs: number): void {
    let batch = this.#open[slot]
    if (batch === undefined) {
      const { offset } = this.#place
      batch = { slot, openedAtMs: nowMs, offset, sampleCount: 0, rows: [] }
      this.#open[slot] = batch
      this.#byAge.add(batch)
    }
    for (const row of rows) batch.rows.push(row)
    batch.sampleCount++
    this.#rowCount += rows.length
    if (batch.sampleCount >= this.#limits.samplesMax) this.#close(batch)
  }

  #close(batch: Batch): void {
    for (const row of batch.rows) {
      this.#due.push(row)
      this.#dueOffsets.push(batch.offset)
    }
    this.#open[batch.slot] = undefined
    this.#byAge.delete(batch)
  }

  /** Makes batches due whose first sample comes from a record up to that one. */
  closeUpTo(offset: number): void {
    for (const batch of this.#byAge) {
      if (batch.offset <= offset) this.#close(batch)
    }
  }

  /** Takes rows of batches that are full or old enough; with an infinite time of all batches. */
  takeDue(nowMs: number, countMax: number): readonly MetricRow[] {
    for (const batch of this.#byAge) {
      if (nowMs - batch.openedAtMs < this.#limits.ageMsMax) break
      this.#close(batch)
    }
    const taken = this.#due.slice(0, countMax)
    this.#due = this.#due.length > countMax ? this.#due.slice(countMax) : []
    this.#takenOffset = leastOf(this.#dueOffsets.splice(0, taken.length))
    this.#rowCount -= taken.length
    return taken
  }
}

/** Not by a spread: there may be more offsets than a call takes arguments. */
function leastOf(offsets: readonly number[]): number {
  return offsets.reduce((least, offset) => Math.min(least, offset), NOTHING_WAITS)
}
