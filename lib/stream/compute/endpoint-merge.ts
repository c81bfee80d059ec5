import type { Reason } from '../accept/rejection.ts'
import { type Endpoint, NO_TIME } from './endpoint.ts'
import type { EndpointTable, WindowTotals } from './endpoint-table.ts'

/** The endpoints of one log. */
export type LogEndpoints = Pick<EndpointTable<never>, 'log' | 'find' | 'totals'>

/** What was counted of an endpoint. */
export interface EndpointCounts {
  readonly rowCount: number
  readonly lateCount: number
  readonly errorCount: number
  readonly rejections: ReadonlyMap<Reason, number>
}

/** Times of calls as they were received. */
type Requests = Readonly<Record<'firstRequest' | 'lastRequest' | 'timestamp', string>>

/** An endpoint in one of the logs. */
interface Part {
  readonly table: LogEndpoints
  readonly endpoint: Endpoint
}

/**
 * An endpoint as all logs of this process together know it: each log counts its own events, and what is
 * published is the sum. Where there is one log, it is what that log says.
 */
export class EndpointMerge {
  readonly #own: LogEndpoints
  readonly #all: readonly LogEndpoints[]

  /**
   * @param own  of the log whose endpoints are asked about
   * @param all  of all logs, which may become more and fewer; `own` need not be among them
   */
  constructor(own: LogEndpoints, all: readonly LogEndpoints[]) {
    this.#own = own
    this.#all = all
  }

  /** The endpoint in the other logs. */
  #others({ endpointId }: Endpoint): readonly Part[] {
    const parts: Part[] = []
    for (const table of this.#all) {
      const endpoint = table === this.#own ? null : table.find(endpointId)
      if (endpoint !== null) parts.push({ table, endpoint })
    }
    return parts
  }

  /** The endpoint in every log of the process that has it, the own one first. */
  everywhere(endpoint: Endpoint): readonly Endpoint[] {
    if (this.#isAlone) return [endpoint]
    return [endpoint, ...this.#others(endpoint).map((part) => part.endpoint)]
  }

  get #isAlone(): boolean {
    const [first, second] = this.#all
    return second === undefined && (first === undefined || first === this.#own)
  }

  /** Time of the newest event. */
  newestUs(endpoint: Endpoint): number {
    if (this.#isAlone) return endpoint.newestUs
    return Math.max(
      endpoint.newestUs,
      ...this.#others(endpoint).map((part) => part.endpoint.newestUs),
    )
  }

  /** Stream time at a moment of the clock: that of the log which is furthest on. */
  streamTimeUs(endpoint: Endpoint, nowUs: number): number {
    const ownUs = endpoint.streamTimeUs(nowUs)
    if (this.#isAlone) return ownUs
    const times = this.#others(endpoint).map((part) => part.endpoint.streamTimeUs(nowUs))
    return Math.max(ownUs, ...times)
  }

  /** The windows as seen at a stream time, summed over the logs. */
  totals(endpoint: Endpoint, streamTimeUs: number): WindowTotals {
    let totals = this.#own.totals(endpoint, streamTimeUs)
    if (this.#isAlone) return totals
    for (const part of this.#others(endpoint)) {
      totals = sumOf(totals, part.table.totals(part.endpoint, streamTimeUs))
    }
    return totals
  }

  /** Errors of all logs, of this process and of others, and what the record knew before the first. */
  errorCount(endpoint: Endpoint): number {
    if (this.#isAlone) return endpoint.errorCount
    const parts = this.#others(endpoint)
    // Where records do not tell whose errors they hold, a log has those in it that others had counted by then.
    const before = Math.min(
      endpoint.errorsBefore,
      ...parts.map((part) => part.endpoint.errorsBefore),
    )
    let count = before
    for (const errors of this.errorsByLog(endpoint).values()) count += errors
    return count
  }

  /** Errors by the log that counted them, those of 0 left out. */
  errorsByLog(endpoint: Endpoint): ReadonlyMap<string, number> {
    const parts = [{ table: this.#own, endpoint }, ...this.#others(endpoint)]
    const errors = new Map<string, number>()
    for (const { endpoint: one } of parts) {
      for (const [log, count] of one.errorsElsewhere ?? []) {
        errors.set(log, Math.max(errors.get(log) ?? 0, count))
      }
    }
    for (const { table, endpoint: one } of parts) {
      if (one.errorsHere > 0) errors.set(table.log, one.errorsHere)
      else errors.delete(table.log)
    }
    return errors
  }

  /** What was counted, summed over the logs. */
  counts(endpoint: Endpoint): EndpointCounts {
    let { rowCount, lateCount } = endpoint
    const rejections = new Map(endpoint.rejections ?? [])
    for (const part of this.#others(endpoint)) {
      rowCount += part.endpoint.rowCount
      lateCount += part.endpoint.lateCount
      for (const [reason, count] of part.endpoint.rejections ?? []) {
        rejections.set(reason, (rejections.get(reason) ?? 0) + count)
      }
    }
    return { rowCount, lateCount, errorCount: this.errorCount(endpoint), rejections }
  }

  /** Whether no other log had a newer event of it; true for one log at a time. */
  isNewest(endpoint: Endpoint): boolean {
    return this.newest(endpoint) === endpoint
  }

  /**
   * The endpoint in the log whose event came last: its names and labels are those of the endpoint.
   *
   * @param has  only of logs where it has what is wanted; the given one if there is none
   */
  newest(endpoint: Endpoint, has: (endpoint: Endpoint) => boolean = () => true): Endpoint {
    if (this.#isAlone) return endpoint
    let newest: Endpoint | null = null
    for (const table of this.#all) {
      const other = table === this.#own ? endpoint : table.find(endpoint.endpointId)
      // Of equal ones the first log's.
      if (other !== null && has(other) && isNewer(other, newest)) newest = other
    }
    const isOwnNewer = has(endpoint) && isNewer(endpoint, newest)
    return isOwnNewer ? endpoint : (newest ?? endpoint)
  }

  /**
   * `when` of the first and the last call by event time over all logs, and of the latest of those that
   * came last in their log; '' where there is none.
   */
  requests(endpoint: Endpoint): Requests {
    let [first, last, newest] = [endpoint, endpoint, endpoint]
    for (const { endpoint: other } of this.#others(endpoint)) {
      if (isBefore(other.firstRequestUs, first.firstRequestUs)) first = other
      if (other.lastRequestUs > last.lastRequestUs) last = other
      if (other.timestampUs > newest.timestampUs) newest = other
    }
    return {
      firstRequest: first.firstRequest,
      lastRequest: last.lastRequest,
      timestamp: newest.timestamp,
    }
  }
}

function isNewer(endpoint: Endpoint, other: Endpoint | null): boolean {
  return other === null || endpoint.newestArrivedUs > other.newestArrivedUs
}

function isBefore(atUs: number, otherUs: number): boolean {
  return atUs !== NO_TIME && (otherUs === NO_TIME || atUs < otherUs)
}

function sumOf(a: WindowTotals, b: WindowTotals): WindowTotals {
  return {
    counts: a.counts.map((total, index) => ({
      ...total,
      count: total.count + (b.counts[index]?.count ?? 0),
    })),
    latencies: a.latencies.map((total, index) => ({
      ...total,
      count: total.count + (b.latencies[index]?.count ?? 0),
      sum: total.sum + (b.latencies[index]?.sum ?? 0),
    })),
  }
}
