import type { EventBounds } from './accept/decode.ts'
import type { IdleLayout } from './compute/idle-rows.ts'
import type { WindowLayout } from './compute/sliding-windows.ts'
import type { MetricBatchLimits } from './deliver/metric-batches.ts'
import type { PredictionLimits } from './deliver/prediction-batches.ts'
import type { DriftSettings } from './drift/drift-monitor.ts'

/** The settings as the stream needs them. */
export interface StreamSettings {
  /** Whether the stream keeps events until they are spooled, or until they are delivered. */
  readonly ack: 'spooled' | 'delivered'
  readonly project: string
  readonly sampleWindow: number
  readonly defaultVersion: string
  readonly endpointsMax: number
  readonly bounds: EventBounds & { readonly featuresMax: number }
  readonly countWindows: WindowLayout
  readonly latencyWindows: WindowLayout
  readonly idleLayout: IdleLayout
  readonly recordAgeMsMax: number
  readonly metricLimits: MetricBatchLimits
  readonly predictionLimits: PredictionLimits
  readonly drift: DriftSettings
}
