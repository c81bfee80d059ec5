import type { Config } from '../lib/config/fields.ts'
import { levelOf } from '../lib/stream/drift/alarm.ts'
import type { StreamSettings } from '../lib/stream/stream-settings.ts'

/** The settings as the stream needs them, in its units. */
export function streamSettings(config: Config): StreamSettings {
  const countPeriodMs = config.aggregateCountPeriod.ms
  return {
    ack: config.ack,
    project: config.project,
    sampleWindow: config.sampleWindow,
    defaultVersion: config.defaultVersion,
    endpointsMax: config.endpointsMax,
    bounds: {
      rowsMax: config.eventRowsMax,
      featuresMax: config.eventFeaturesMax,
      textCharsMax: config.eventTextCharsMax,
      nameCharsMax: config.eventNameCharsMax,
      labelsMax: config.eventLabelsMax,
      whenSkewMaxUs: Math.round(config.whenSkewMax * 1_000_000),
    },
    countWindows: { windows: config.aggregateCountWindows, periodMs: countPeriodMs },
    latencyWindows: {
      windows: config.aggregateAvgWindows,
      periodMs: config.aggregateAvgPeriod.ms,
    },
    idleLayout: { timeoutMs: config.tsdbBatchingTimeoutSecs * 1000, periodMs: countPeriodMs },
    recordAgeMsMax: config.kvBatchingTimeoutSecs * 1000,
    metricLimits: {
      samplesMax: config.tsdbBatchingMaxEvents,
      ageMsMax: config.tsdbBatchingTimeoutSecs * 1000,
    },
    predictionLimits: {
      rowsMax: config.parquetBatchingMaxEvents,
      ageMsMax: config.parquetBatchingTimeoutSecs * 1000,
      bytesMax: config.parquetBatchingBytesMax,
      openBytesMax: config.parquetOpenBytesMax,
    },
    drift: {
      windowMs: config.driftWindow.ms,
      level: levelOf({
        falseAlarmsPerMonth: config.driftFalseAlarmsPerMonth,
        windowMs: config.driftWindow.ms,
      }),
    },
  }
}
