import type { Endpoint } from '../compute/endpoint.ts'
import type { Standing } from '../drift/drift-monitor.ts'
import type { DriftReport, MinuteCounts } from '../drift/endpoint-drift.ts'
import { STATUS_NUMBERS, UNKNOWN_STATUS } from '../drift/measures.ts'
import { ODD, ODD_KINDS } from '../drift/odd-values.ts'
import type { MetricRow } from '../ports.ts'
import type { ChangedEndpoints } from './changed-endpoints.ts'
import type { MetricBatches } from './metric-batches.ts'
import { featureColumn } from './metric-rows.ts'

/** What a writer works on. */
export interface DriftWriterParts {
  readonly metrics: MetricBatches
  readonly changed: ChangedEndpoints
  /** The clock, microseconds since 1970 UTC. */
  readonly nowUs: () => number
}

const MINUTE_MS = 60_000
/** Record types of the time series table. */
export const DRIFT_MEASURES = 'drift_measures'
export const DRIFT_FEATURES = 'drift_features'
export const DRIFT_EVENTS = 'drift_events'
export const DATA_QUALITY = 'data_quality'

/** Kinds of values that are no good, as columns are called. */
const ODD_NAMES = Object.entries({
  missing: ODD.missing,
  wrong_type: ODD.wrongType,
  out_of_range: ODD.outOfRange,
  unseen: ODD.unseen,
})

/** Turns what is found out about drift into metric rows and changed records. */
export class DriftWriter {
  readonly #parts: DriftWriterParts

  constructor(parts: DriftWriterParts) {
    this.#parts = parts
  }

  /**
   * Writes what a window has shown, stamped with its end: `drift_measures` as MLRun's job does,
   * `drift_features` with each feature's total variation distance, and `drift_events` where the status
   * or the alarmed features are others than before.
   */
  writeReport(endpoint: Endpoint, report: DriftReport, before: Standing): void {
    const rows = [measuresRow(endpoint, report), featuresRow(endpoint, report)]
    if (isNews(report, before)) rows.push(eventRow(endpoint, report))
    const present = rows.filter((row) => row !== null)
    if (present.length > 0) this.#write(endpoint, present)
    this.#parts.changed.add(endpoint, this.#parts.nowUs() / 1000)
  }

  /**
   * Writes what the values of a minute were, stamped with its end: rows that were looked at, values that
   * were no good by kind, and the same by kind and feature where there were any.
   */
  writeMinute(endpoint: Endpoint, minute: number, { rows, odd }: MinuteCounts): void {
    const places = endpoint.drift?.panes?.layout.places ?? []
    const values = new Map<string, number>([['rows', rows]])
    for (const [name, kind] of ODD_NAMES) {
      values.set(name, 0)
      for (const [index, { feature }] of places.entries()) {
        const count = odd.get(index * ODD_KINDS + kind) ?? 0
        if (count === 0) continue
        values.set(name, (values.get(name) ?? 0) + count)
        values.set(`${name}_${feature.name}`, count)
      }
    }
    const atMs = (minute + 1) * MINUTE_MS
    this.#write(endpoint, [rowOf(endpoint, DATA_QUALITY, { atMs, values })])
  }

  #write(endpoint: Endpoint, rows: readonly MetricRow[]): void {
    this.#parts.metrics.add(endpoint, rows, this.#parts.nowUs() / 1000)
  }
}

function measuresRow(endpoint: Endpoint, { outcome, endMs }: DriftReport): MetricRow | null {
  if (outcome.kind === 'unknown' || outcome.summary === null) return null
  const { tvd_mean, kld_mean, hellinger_mean } = outcome.summary
  const values = new Map(Object.entries({ tvd_mean, kld_mean, hellinger_mean }))
  return rowOf(endpoint, DRIFT_MEASURES, { atMs: endMs, values })
}

function featuresRow(endpoint: Endpoint, { outcome, endMs }: DriftReport): MetricRow | null {
  if (outcome.kind === 'unknown') return null
  const values = new Map<string, number>()
  for (const { name, mlrun } of outcome.features) {
    if (mlrun !== null) values.set(featureColumn(name), mlrun.tvd)
  }
  return values.size === 0 ? null : rowOf(endpoint, DRIFT_FEATURES, { atMs: endMs, values })
}

function eventRow(endpoint: Endpoint, { outcome, status, alarms, endMs }: DriftReport): MetricRow {
  const values = new Map([
    ['drift_status', status === null ? UNKNOWN_STATUS : STATUS_NUMBERS[status]],
    ['alarmed_features', alarms.length],
  ])
  if (outcome.kind === 'measured' && outcome.measure !== null) {
    values.set('drift_measure', outcome.measure)
  }
  return rowOf(endpoint, DRIFT_EVENTS, { atMs: endMs, values })
}

function isNews({ status, alarms }: DriftReport, before: Standing): boolean {
  const names = (standing: Standing): string =>
    JSON.stringify(standing.alarms.map(({ name }) => name).sort())
  return status !== before.status || names({ status, alarms }) !== names(before)
}

function rowOf(
  { endpointId }: Endpoint,
  recordType: string,
  { atMs, values }: { readonly atMs: number; readonly values: ReadonlyMap<string, number> },
): MetricRow {
  return { endpointId, recordType, atMs, names: [...values.keys()], values: [...values.values()] }
}
