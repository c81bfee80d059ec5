import assert from 'node:assert'
import { isoTime } from './accept/parse-when.ts'
import type { Counters } from './compute/counters.ts'
import type { Endpoint } from './compute/endpoint.ts'
import type { EndpointMerge } from './compute/endpoint-merge.ts'
import { meanOf, shortestRate } from './compute/sliding-windows.ts'
import type { Count, Flusher } from './deliver/flusher.ts'
import type { PredictionBatches } from './deliver/prediction-batches.ts'
import type { Cause } from './drift/cause.ts'
import type { EndpointDrift } from './drift/endpoint-drift.ts'
import type { DriftStatus } from './drift/measures.ts'

/** What the function says of itself, as the JSON that people and the command line read. */
export interface Status {
  readonly log: string
  /** Other logs of the process: spools that it has taken over, shards of streams. */
  readonly adopted: readonly string[]
  /** Whether a spool is being read again: then events wait in it, and numbers are not up to the present. */
  readonly catchingUp: boolean
  /**
   * received = accepted + error + ignored + rejected + duplicate + waiting + spooled. Spooled are what is in
   * a log and not applied yet; what a store said of an endpoint stands among them, until it is met.
   */
  readonly events: Readonly<Record<string, number>>
  readonly rows: RowCounts
  /** Rejected events, calls and rows by reason. */
  readonly rejections: Readonly<Record<string, number>>
  readonly ignored: Readonly<Record<string, number>>
  /** Since this process began; Parquet files and rows since the log began. */
  readonly written: Count
  readonly refused: Count
  readonly pending: Pick<Count, 'records' | 'metricRows' | 'parquetRows'>
  readonly endpoints: readonly EndpointStatus[]
}

/** The books of rows. */
export interface RowCounts {
  readonly accepted: number
  readonly rejected: number
  /** Of the accepted ones, those that were too old for the windows. */
  readonly late: number
  /** accepted - in Parquet - pending - refused by the Parquet sink: 0, or it is a bug of ours. */
  readonly unaccounted: number
}

/** One endpoint of it. */
export interface EndpointStatus {
  readonly endpoint_id: string
  readonly model: string
  readonly function_uri: string
  readonly predictions: number
  readonly errors: number
  readonly rejected: Readonly<Record<string, number>>
  readonly late: number
  readonly predictions_per_second: number
  /** Mean over the longest window; null for no rows. */
  readonly latency_avg_us: number | null
  /** Null for an endpoint without statistics of a training set. */
  readonly drift: DriftLine | null
}

/** What is said of an endpoint's drift. */
export interface DriftLine {
  /** As in its record; null where nothing can be said, or not yet. */
  readonly status: DriftStatus | null
  /** Features that have changed, as the newest complete window shows. */
  readonly alarms: readonly {
    readonly feature: string
    /** Beginning of the first window of the run, ISO 8601. */
    readonly since: string
    readonly direction: 'up' | 'down' | null
    /** Of the mean, in standard deviations of the training set; null for texts. */
    readonly shift_sigmas: number | null
    /** See Cause; null where none is seen. */
    readonly cause: Cause['kind'] | null
  }[]
}

/** What the status of a log is read from. */
export interface StatusSources {
  readonly log: string
  readonly nowUs: number
  readonly counters: Counters
  readonly flusher: Pick<Flusher, 'delivered' | 'pending'>
  readonly predictions: Pick<PredictionBatches, 'writtenBefore' | 'refusedBefore'>
  readonly endpoints: readonly Endpoint[]
  readonly merge: EndpointMerge
  /** Parquet files that were there when the log was taken over. */
  readonly filesBefore: number
  /** See Pipeline. */
  readonly isLive: boolean
  /** Records that are not applied yet. */
  readonly spooled: number
}

/** The status of one log. */
export function statusOf(sources: StatusSources): Status {
  const { log, nowUs, counters, flusher, predictions, endpoints, merge, filesBefore } = sources
  const { accepted, error, ignored, rejected, duplicate, waiting } = counters
  const { spooled } = sources
  const received = counters.received + spooled
  const { written, refused } = flusher.delivered
  const { pending } = flusher
  const writtenRows = written.parquetRows + predictions.writtenBefore
  const refusedRows = refused.parquetRows + predictions.refusedBefore
  return {
    log,
    adopted: [],
    catchingUp: !sources.isLive,
    events: { received, accepted, error, ignored, rejected, duplicate, waiting, spooled },
    rows: {
      accepted: counters.rowsAccepted,
      rejected: counters.rowsRejected,
      late: endpoints.reduce((sum, { lateCount }) => sum + lateCount, 0),
      unaccounted: counters.rowsAccepted - writtenRows - pending.parquetRows - refusedRows,
    },
    rejections: Object.fromEntries(counters.rejections),
    ignored: Object.fromEntries(counters.notices),
    written: {
      ...written,
      parquetFiles: written.parquetFiles + filesBefore,
      parquetRows: writtenRows,
    },
    refused: { ...refused, parquetRows: refusedRows },
    pending,
    // Each one by the log that had its newest event.
    endpoints: endpoints
      .filter((endpoint) => merge.isNewest(endpoint))
      .map((endpoint) => endpointStatus(endpoint, merge, nowUs)),
  }
}

/** What there is to say of one endpoint. */
function endpointStatus(endpoint: Endpoint, merge: EndpointMerge, nowUs: number): EndpointStatus {
  const { identity, endpointId } = endpoint
  const { rowCount, lateCount, errorCount, rejections } = merge.counts(endpoint)
  const totals = merge.totals(endpoint, merge.streamTimeUs(endpoint, nowUs))
  const longest = [...totals.latencies].sort((a, b) => b.ms - a.ms)[0]
  return {
    endpoint_id: endpointId,
    model: identity.model,
    function_uri: identity.functionUri,
    predictions: rowCount,
    errors: errorCount,
    rejected: Object.fromEntries(rejections),
    late: lateCount,
    predictions_per_second: shortestRate(totals.counts),
    latency_avg_us: longest === undefined ? null : meanOf(longest),
    drift: endpoint.drift === null ? null : driftLine(endpoint.drift),
  }
}

function driftLine({ status, alarms }: EndpointDrift): DriftLine {
  return {
    status,
    alarms: alarms.map(({ name, sinceMs, direction, shiftSigmas, cause }) => ({
      feature: name,
      since: isoTime(sinceMs * 1000),
      direction,
      shift_sigmas: shiftSigmas,
      cause: cause?.kind ?? null,
    })),
  }
}

/** The status of several logs of one process as one; the first log gives it its name. */
export function sumOfStatus(parts: readonly Status[]): Status {
  const [own, ...others] = parts
  assert(own !== undefined)
  return others.reduce(
    (sum, part) => ({
      log: sum.log,
      adopted: [...sum.adopted, part.log],
      catchingUp: sum.catchingUp || part.catchingUp,
      events: sumOfCounts(sum.events, part.events),
      rows: sumOfCounts(sum.rows, part.rows),
      rejections: sumOfCounts(sum.rejections, part.rejections),
      ignored: sumOfCounts(sum.ignored, part.ignored),
      written: sumOfCounts(sum.written, part.written),
      refused: sumOfCounts(sum.refused, part.refused),
      pending: sumOfCounts(sum.pending, part.pending),
      endpoints: [...sum.endpoints, ...part.endpoints],
    }),
    own,
  )
}

function sumOfCounts<Counts extends Readonly<Record<keyof Counts, number>>>(
  a: Counts,
  b: Counts,
): Counts {
  const sum: Record<string, number> = { ...a }
  for (const [name, count] of Object.entries<number>(b)) sum[name] = (sum[name] ?? 0) + count
  return sum as Counts
}
