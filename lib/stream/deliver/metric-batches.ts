import type { Endpoint } from '../compute/endpoint.ts'
import type { MetricRow } from '../ports.ts'

/** When an endpoint's metric rows are written. */
export interface MetricBatchLimits {
  /** Sampled rows that fill a batch, > 0. */
  readonly samplesMax: number
  /** Age of its first sample at which a batch is written although it is not full. */
  readonly ageMsMax: number
}

interface Batch {
  readonly openedAtMs: number
  /** The rows of each sample. */
  readonly samples: (readonly MetricRow[])[]
}

/** Metric rows on their way, one batch per endpoint; a full one does not reset the others. */
export class MetricBatches {
  readonly #limits: MetricBatchLimits
  /** In the order in which they were opened. */
  readonly #open = new Map<Endpoint, Batch>()
  #due: MetricRow[] = []
  #rowCount = 0

  constructor(limits: MetricBatchLimits) {
    this.#limits = limits
  }

  /** Rows that wait, in open batches and in due ones. */
  get rowCount(): number {
    return this.#rowCount
  }

  /** Adds what one sampled row, or one look at an idle endpoint, has to say. */
  add(endpoint: Endpoint, rows: readonly MetricRow[], nowMs: number): void {
    let batch = this.#open.get(endpoint)
    if (batch === undefined) {
      batch = { openedAtMs: nowMs, samples: [rows] }
      this.#open.set(endpoint, batch)
    } else batch.samples.push(rows)
    this.#rowCount += rows.length
    if (batch.samples.length >= this.#limits.samplesMax) this.#close(endpoint, batch)
  }

  #close(endpoint: Endpoint, batch: Batch): void {
    for (const rows of batch.samples) for (const row of rows) this.#due.push(row)
    this.#open.delete(endpoint)
  }

  /** Takes rows of batches that are full or old enough; with an infinite time of all batches. */
  takeDue(nowMs: number, countMax: number): readonly MetricRow[] {
    for (const [endpoint, batch] of this.#open) {
      if (nowMs - batch.openedAtMs < this.#limits.ageMsMax) break
      this.#close(endpoint, batch)
    }
    const taken = this.#due.slice(0, countMax)
    this.#due = this.#due.length > countMax ? this.#due.slice(countMax) : []
    this.#rowCount -= taken.length
    return taken
  }
}
