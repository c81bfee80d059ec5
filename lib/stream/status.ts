import type { Counters } from './compute/counters.ts'
import type { Endpoint } from './compute/endpoint.ts'
import type { WindowTotals } from './compute/endpoint-table.ts'
import { meanOf, shortestRate } from './compute/sliding-windows.ts'
import type { Count } from './deliver/flusher.ts'

/** What the function says of itself, as the JSON that people and the command line read. */
export interface Status {
  readonly log: string
  /** received = accepted + error + ignored + rejected + duplicate + waiting. */
  readonly events: Readonly<Record<string, number>>
  readonly rows: { readonly accepted: number; readonly rejected: number; readonly late: number }
  /** Rejected events, calls and rows by reason. */
  readonly rejections: Readonly<Record<string, number>>
  readonly ignored: Readonly<Record<string, number>>
  /** Since this process began; Parquet files and rows since the log began. */
  readonly written: Count
  readonly refused: Count
  readonly pending: Pick<Count, 'records' | 'metricRows' | 'parquetRows'>
  readonly endpoints: readonly EndpointStatus[]
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
}

/** The events of the books by what came of them. */
export function eventCounts(counters: Counters): Readonly<Record<string, number>> {
  const { received, accepted, error, ignored, rejected, duplicate, waiting } = counters
  return { received, accepted, error, ignored, rejected, duplicate, waiting }
}

/** What there is to say of one endpoint. */
export function endpointStatus(endpoint: Endpoint, totals: WindowTotals): EndpointStatus {
  const { identity, endpointId, rowCount, lateCount, errorCount, rejections } = endpoint
  const longest = [...totals.latencies].sort((a, b) => b.ms - a.ms)[0]
  return {
    endpoint_id: endpointId,
    model: identity.model,
    function_uri: identity.functionUri,
    predictions: rowCount,
    errors: errorCount,
    rejected: Object.fromEntries(rejections ?? []),
    late: lateCount,
    predictions_per_second: shortestRate(totals.counts),
    latency_avg_us: longest === undefined ? null : meanOf(longest),
  }
}
