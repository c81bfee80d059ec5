import type { Endpoint } from './compute/endpoint.ts'
import type { EndpointMerge } from './compute/endpoint-merge.ts'
import { IdleRows } from './compute/idle-rows.ts'
import type { ChangedEndpoints } from './deliver/changed-endpoints.ts'
import { DriftWriter } from './deliver/drift-writer.ts'
import type { LogPlace } from './deliver/log-place.ts'
import { MetricBatches } from './deliver/metric-batches.ts'
import { MetricWriter } from './deliver/metric-writer.ts'
import { DriftMonitor } from './drift/drift-monitor.ts'
import type { Clock } from './ports.ts'
import type { StreamSettings } from './stream-settings.ts'

/** What makes the metric rows of one log. */
export interface MetricParts {
  readonly metrics: MetricBatches
  readonly drift: DriftMonitor
  readonly metricWriter: MetricWriter
}

/** Puts together what makes the metric rows of one log. */
export function openMetricParts({
  settings,
  ...parts
}: {
  readonly settings: Pick<StreamSettings, 'metricLimits' | 'idleLayout' | 'drift'>
  readonly merge: EndpointMerge
  readonly changed: ChangedEndpoints
  readonly place: LogPlace
  readonly clock: Clock
  /** Told of an endpoint before it changes. */
  readonly onChange: (endpoint: Endpoint) => void
}): MetricParts {
  const { merge, place, clock } = parts
  const metrics = new MetricBatches(settings.metricLimits, place)
  const idleRows = new IdleRows(merge, settings.idleLayout)
  const writer = new DriftWriter({ ...parts, metrics, nowUs: () => clock.nowUs() })
  const drift = new DriftMonitor({
    ...parts,
    settings: settings.drift,
    onReport: (endpoint, report, before) => writer.writeReport(endpoint, report, before),
    onMinute: (endpoint, minute, counts) => writer.writeMinute(endpoint, minute, counts),
  })
  return {
    metrics,
    drift,
    metricWriter: new MetricWriter({ ...parts, idleRows, metrics, drift }),
  }
}
