import type { Duration } from './duration.ts'
import type { Config, FieldName } from './fields.ts'
import { kvPath, parquetPlace, partsOf, renderPath } from './paths.ts'

/** Most buckets of a window, as each endpoint keeps a ring of them; 3.5 days of 30 s are 10,000. */
export const BUCKETS_MAX = 10_000

/** A rule between settings that are each right on their own. */
export interface CrossCheck {
  readonly names: readonly FieldName[]
  /** One sentence, or null when the settings fit. */
  readonly complaintOf: (config: Config) => string | null
}

/** Every rule between settings. */
export const crossChecks: readonly CrossCheck[] = [
  {
    names: ['aggregateCountWindows', 'aggregateCountPeriod'],
    complaintOf: (config) =>
      windowComplaint('COUNT', config.aggregateCountWindows, config.aggregateCountPeriod),
  },
  {
    names: ['aggregateAvgWindows', 'aggregateAvgPeriod'],
    complaintOf: (config) =>
      windowComplaint('AVG', config.aggregateAvgWindows, config.aggregateAvgPeriod),
  },
  {
    names: ['project', 'container', 'kvPathTemplate'],
    complaintOf: (config) =>
      areCleanParts(kvPath(config).split('/'))
        ? null
        : 'KV_PATH_TEMPLATE: wanted a path without empty parts, "." and "..", ' +
          'for example {project}/model-endpoints/endpoints.',
  },
  {
    names: ['project', 'container', 'tsdbPathTemplate'],
    complaintOf: (config) => {
      const parts = partsOf(renderPath(config.tsdbPathTemplate, config))
      return parts.length >= 2 && areCleanParts(parts)
        ? null
        : 'TSDB_PATH_TEMPLATE: wanted a container and a table without empty parts, "." and "..", ' +
            'for example {container}/{project}/model-endpoints/events.'
    },
  },
  {
    names: ['project', 'container', 'parquetPathTemplate', 'v3ioApi'],
    complaintOf: (config) => {
      const place = parquetPlace(config)
      if (place.kind === 'directory') return null
      if (!areCleanParts([place.container, ...place.path.split('/')])) {
        return (
          'PARQUET_PATH_TEMPLATE: wanted v3io://CONTAINER/PATH without empty parts, "." and "..", ' +
          'for example v3io://projects/{project}/model-endpoints/parquet.'
        )
      }
      return config.v3ioApi !== ''
        ? null
        : 'V3IO_API: missing, and PARQUET_PATH_TEMPLATE begins with v3io://; for example ' +
            'http://v3io-webapi:8081.'
    },
  },
  {
    names: ['ack', 'ackWindowSize'],
    complaintOf: ({ ack, ackWindowSize }) =>
      ack === 'spooled' || ackWindowSize >= 1
        ? null
        : "ACK_WINDOW_SIZE: given 0 with ACK=delivered, wanted the trigger's ackWindowSize, " +
          '1 or more, for example 10000.',
  },
  {
    names: ['readAuth', 'readToken', 'v3ioAccessKey'],
    complaintOf: ({ readAuth, readToken, v3ioAccessKey }) =>
      readAuth !== 'token' || readToken !== '' || v3ioAccessKey !== ''
        ? null
        : 'READ_TOKEN: missing, and READ_AUTH is token; set it, or V3IO_ACCESS_KEY.',
  },
  {
    names: ['spoolBytesMax', 'spoolSegmentBytes'],
    complaintOf: ({ spoolBytesMax, spoolSegmentBytes }) =>
      spoolBytesMax >= 2 * spoolSegmentBytes
        ? null
        : `SPOOL_BYTES_MAX: given ${spoolBytesMax}, wanted at least two segments of ` +
          `SPOOL_SEGMENT_BYTES, for example ${4 * spoolSegmentBytes}.`,
  },
  {
    names: ['parquetOpenBytesMax', 'parquetBatchingBytesMax'],
    complaintOf: ({ parquetOpenBytesMax, parquetBatchingBytesMax }) =>
      parquetOpenBytesMax >= parquetBatchingBytesMax
        ? null
        : `PARQUET_OPEN_BYTES_MAX: given ${parquetOpenBytesMax}, wanted at least ` +
          `PARQUET_BATCHING_BYTES_MAX, for example ${4 * parquetBatchingBytesMax}.`,
  },
]

function windowComplaint(
  aggregate: 'COUNT' | 'AVG',
  windows: readonly Duration[],
  period: Duration,
): string | null {
  const name = `AGGREGATE_${aggregate}_WINDOWS`
  const uneven = windows.filter(({ ms }) => ms % period.ms !== 0).map((window) => window.name)
  if (uneven.length > 0) {
    return (
      `${name}: given ${uneven.join(', ')}, wanted multiples of ` +
      `AGGREGATE_${aggregate}_PERIOD (${period.name}), for example 10 buckets of 30s for 5m.`
    )
  }
  const longest = windows.reduce((longer, window) => (window.ms > longer.ms ? window : longer))
  if (longest.ms / period.ms <= BUCKETS_MAX) return null
  return (
    `AGGREGATE_${aggregate}_PERIOD: given ${period.name}, wanted a longer period, as ` +
    `${longest.name} would take more than ${BUCKETS_MAX} buckets of it; ` +
    '1h in buckets of 30s takes 120.'
  )
}

function areCleanParts(parts: readonly string[]): boolean {
  return parts.every((part) => part !== '' && part !== '.' && part !== '..')
}
