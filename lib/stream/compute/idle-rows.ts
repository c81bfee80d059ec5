import assert from 'node:assert'
import { type Endpoint, NO_TIME } from './endpoint.ts'
import type { EndpointMerge } from './endpoint-merge.ts'
import type { WindowTotals } from './endpoint-table.ts'

/** When rows are written for endpoints that write none themselves. */
export interface IdleLayout {
  /** Time without a row after which one is due. */
  readonly timeoutMs: number
  /** Idle rows are stamped at multiples of it since 1970. */
  readonly periodMs: number
}

/** What an idle row says. */
export type IdleEndpoints = Pick<EndpointMerge, 'totals' | 'errorCount'>

/** A row of an endpoint without traffic: its windows as they were at a period's edge. */
export interface IdleRow {
  readonly stampMs: number
  readonly totals: WindowTotals
}

/**
 * Metric rows of endpoints whose traffic has stopped or is too thin to be sampled, so that rates fall
 * to zero where they are read (D23).
 *
 * An endpoint that has written no row for the timeout gets one at the next edge of a period by its
 * stream time, and so on until it has written its zeros. Rows depend on the endpoint's events alone
 * and not on when somebody looks: an edge that lies behind is made up for before the next event is
 * applied, and a timer makes up for those that no event follows. So a replay writes the same rows.
 */
export class IdleRows {
  readonly #merge: IdleEndpoints
  readonly #timeoutMs: number
  readonly #periodMs: number
  readonly #stepMs: number

  constructor(merge: IdleEndpoints, { timeoutMs, periodMs }: IdleLayout) {
    assert(timeoutMs > 0 && periodMs > 0)
    this.#merge = merge
    this.#timeoutMs = timeoutMs
    this.#periodMs = periodMs
    this.#stepMs = Math.ceil(timeoutMs / periodMs) * periodMs
  }

  /**
   * The endpoint wrote a row itself, or had its first event: the wait begins anew. A late row's older
   * stamp does not set it back.
   */
  restart(endpoint: Endpoint, stampMs: number): void {
    if (stampMs <= endpoint.idleSinceMs) return
    endpoint.idleSinceMs = stampMs
    endpoint.idleDueUs = this.#edgeAfter(stampMs) * 1000
  }

  /** Remembers what a row of the endpoint said. */
  onRow(endpoint: Endpoint, { counts }: WindowTotals): void {
    endpoint.lastRowHadCounts = counts.some(({ count }) => count > 0)
    endpoint.lastRowErrorCount = this.#merge.errorCount(endpoint)
  }

  #edgeAfter(stampMs: number): number {
    return Math.ceil((stampMs + this.#timeoutMs) / this.#periodMs) * this.#periodMs
  }

  /**
   * The idle rows that are due at a stream time, oldest first; each is taken note of.
   *
   * @param streamTimeUs  the endpoint's, see `Endpoint.streamTimeUs`
   */
  *takeDue(endpoint: Endpoint, streamTimeUs: number): Generator<IdleRow, void, undefined> {
    while (endpoint.idleDueUs <= streamTimeUs) {
      const stampMs = endpoint.idleDueUs / 1000
      const totals = this.#merge.totals(endpoint, stampMs * 1000)
      const hasCounts = totals.counts.some(({ count }) => count > 0)
      const isNews =
        hasCounts ||
        endpoint.lastRowHadCounts ||
        this.#merge.errorCount(endpoint) !== endpoint.lastRowErrorCount
      if (isNews) {
        this.onRow(endpoint, totals)
        endpoint.idleStampMs = stampMs
        this.restart(endpoint, stampMs)
        yield { stampMs, totals }
      } else this.#skipTo(endpoint, streamTimeUs)
    }
  }

  /** Nothing changes any more before the next event: all edges up to the time pass in silence. */
  #skipTo(endpoint: Endpoint, streamTimeUs: number): void {
    const dueMs = endpoint.idleDueUs / 1000
    const steps = Math.floor((streamTimeUs / 1000 - dueMs) / this.#stepMs)
    this.restart(endpoint, dueMs + steps * this.#stepMs)
  }

  /** Starts the wait of an endpoint that has just had its first event. */
  begin(endpoint: Endpoint): void {
    if (endpoint.idleSinceMs !== NO_TIME || endpoint.newestUs === NO_TIME) return
    this.restart(endpoint, Math.floor(endpoint.newestUs / 1000))
  }
}
