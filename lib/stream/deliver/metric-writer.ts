import type { PredictionCall } from '../accept/event.ts'
import { type Endpoint, NO_TIME } from '../compute/endpoint.ts'
import type { EndpointMerge } from '../compute/endpoint-merge.ts'
import type { IdleRows } from '../compute/idle-rows.ts'
import type { RowReader } from '../compute/row-reader.ts'
import type { DriftMonitor } from '../drift/drift-monitor.ts'
import type { MetricRow } from '../ports.ts'
import type { ChangedEndpoints } from './changed-endpoints.ts'
import type { MetricBatches } from './metric-batches.ts'
import { baseMetricsRow, customMetricsRow, featuresRow } from './metric-rows.ts'

/** What a writer works on. */
export interface MetricWriterParts {
  readonly merge: EndpointMerge
  readonly idleRows: IdleRows
  readonly metrics: MetricBatches
  readonly changed: ChangedEndpoints
  readonly drift: Pick<DriftMonitor, 'advance'>
  /** Told of an endpoint before it changes. */
  readonly onChange: (endpoint: Endpoint) => void
}

/** The row that was sampled: the reader holds it. */
export interface SampledRow {
  readonly reader: RowReader
  /** Index of the row in its call. */
  readonly row: number
  readonly arrivedAtMs: number
}

/** Turns samples and silences into metric rows and changed records. */
export class MetricWriter {
  readonly #parts: MetricWriterParts

  constructor(parts: MetricWriterParts) {
    this.#parts = parts
  }

  /** The endpoint has had an event: from its first one on, silence is noticed. */
  begin(endpoint: Endpoint): void {
    this.#parts.idleRows.begin(endpoint)
  }

  /** One of every so many rows brings the endpoint's metrics and its record up to date. */
  writeSample(
    endpoint: Endpoint,
    call: PredictionCall,
    { reader, row, arrivedAtMs }: SampledRow,
  ): void {
    const { merge, idleRows, metrics, changed } = this.#parts
    const totals = merge.totals(endpoint, merge.newestUs(endpoint))
    const aggregates = { totals, errorCount: merge.errorCount(endpoint) }
    const stampMs = endpoint.takeStamp(Math.floor(call.atUs / 1000) + row)
    const base = baseMetricsRow(endpoint.endpointId, aggregates, stampMs)
    const features = featuresRow(endpoint, reader, stampMs)
    const custom = customMetricsRow(endpoint, call.metrics, stampMs)
    metrics.add(endpoint, rowsOf(base, features, custom), arrivedAtMs)
    idleRows.onRow(endpoint, totals)
    idleRows.restart(endpoint, stampMs)
    changed.add(endpoint, arrivedAtMs)
  }

  /**
   * Writes the rows that an endpoint without samples owes by now, and puts its windows of drift in line
   * that have ended: before its next event, and by a timer while there is none.
   *
   * @param nextUs  time of that event, which may be far ahead of stream time; NO_TIME for none
   */
  writeIdle(endpoint: Endpoint, nowUs: number, nextUs = NO_TIME): void {
    const untilUs = Math.max(nextUs, endpoint.streamTimeUs(nowUs))
    if (endpoint.drift !== null) this.#parts.drift.advance(endpoint, untilUs)
    if (endpoint.idleDueUs > untilUs) return
    const { merge, idleRows, metrics, changed, onChange } = this.#parts
    onChange(endpoint)
    const { endpointId } = endpoint
    for (const { stampMs, totals } of idleRows.takeDue(endpoint, untilUs)) {
      const aggregates = { totals, errorCount: merge.errorCount(endpoint) }
      metrics.add(endpoint, [baseMetricsRow(endpointId, aggregates, stampMs)], nowUs / 1000)
      changed.add(endpoint, nowUs / 1000)
    }
  }

  /** The same for all endpoints of a log that are silent. */
  writeAllIdle(endpoints: readonly Endpoint[], nowUs: number): void {
    for (const endpoint of endpoints) {
      // Where another log has traffic, the silence of this one says nothing.
      if (this.#parts.merge.isNewest(endpoint)) this.writeIdle(endpoint, nowUs)
      else this.#parts.drift.advance(endpoint, endpoint.streamTimeUs(nowUs))
    }
  }
}

/** Those that there are, in a list without room for more. */
function rowsOf(
  base: MetricRow,
  features: MetricRow | null,
  custom: MetricRow | null,
): readonly MetricRow[] {
  if (features === null) return custom === null ? [base] : [base, custom]
  return custom === null ? [base, features] : [base, features, custom]
}
