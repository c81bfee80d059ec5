import {
  equals,
  type Frame,
  type FramesClient,
  type KvTable,
  msOf,
  type ReadFrames,
  V3ioError,
} from 'v3io-js-sdk'
import type {
  ClaimStore,
  RecordReader,
  SeriesPoint,
  SeriesQuery,
  StoredRecord,
  StoreReader,
} from '../../stream/ports.ts'
import { BucketMeans } from './bucket-means.ts'
import { compare } from './compare.ts'
import { unavailable } from './failure.ts'
import { inParallel } from './in-parallel.ts'
import { readLedger } from './ledger.ts'
import { storedRecord } from './record-attributes.ts'
import { metricOfTexts, numberMetricName, textMetricName } from './safe-name.ts'

/** Reads records, several at once; rejects with StreamError `store-unavailable`. */
export function createRecordReader(
  table: KvTable,
  { atOnce }: { readonly atOnce: number },
): RecordReader {
  return {
    async read(endpointIds, { without = [] } = {}) {
      const unwanted = new Set(without)
      const records = new Map<string, StoredRecord>()
      try {
        await inParallel(endpointIds.length, { atOnce }, async (index) => {
          const endpointId = endpointIds[index] ?? ''
          const found = await table.get(endpointId, 'user')
          if (found !== null) records.set(endpointId, storedRecord(found.item, unwanted))
          return true
        })
      } catch (error) {
        throw unavailable('The endpoint records could not be read', error)
      }
      return records
    },
  }
}

/** Where the metrics are. */
export interface MetricTable {
  readonly frames: FramesClient
  /** Path inside the client's container. */
  readonly table: string
}

/** Reads the tables for people; rejects with StreamError `store-unavailable`. */
export function createStoreReader({
  table,
  ledger,
  claims,
  metrics: { frames, table: metrics },
}: {
  /** Of the endpoint records. */
  readonly table: KvTable
  readonly ledger: KvTable
  readonly claims: ClaimStore
  readonly metrics: MetricTable
}): StoreReader {
  return {
    ledger: (query) => readLedger(ledger, query),
    claims: (log) => claims.list(log),
    async endpoints({ without = [] } = {}) {
      const unwanted = new Set(without)
      const records: StoredRecord[] = []
      try {
        for await (const item of table.scan({ names: 'user' })) {
          const record = storedRecord(item, unwanted)
          // The schema and other files lie among the items, and have no attributes.
          if (record.has('endpoint_id')) records.push(record)
        }
      } catch (error) {
        throw unavailable('The endpoint records could not be read', error)
      }
      return records.sort((a, b) => compare(idOf(a), idOf(b)))
    },
    async series(query) {
      const points: SeriesPoint[] = []
      // A condition for each of many would be longer than framesd takes.
      const chosen = query.endpointIds === undefined ? null : new Set(query.endpointIds)
      const means = query.bucketMs === undefined ? null : new BucketMeans(query.bucketMs)
      try {
        for await (const frame of frames.read({
          backend: 'tsdb',
          table: metrics,
          ...rangeOf(query),
        })) {
          for (const point of pointsOf(frame)) {
            if (chosen !== null && !chosen.has(point.endpointId)) continue
            if (means !== null) means.add(point)
            else points.push(point)
          }
          // The order of series is free, so the newest are known only at the end.
          if (points.length > 2 * query.limit + KEPT_POINTS) keepNewest(points, query.limit)
        }
      } catch (error) {
        // There is no table before the first row, and no row has a name that cannot be asked for.
        if (error instanceof V3ioError && NOTHING_THERE.has(error.code)) return []
        throw unavailable('The metrics could not be read', error)
      }
      if (means !== null) points.push(...means.points())
      keepNewest(points, query.limit)
      return points
    },
  }
}

const NOTHING_THERE: ReadonlySet<string> = new Set(['not-found', 'invalid-argument'])
/** Points in memory at most, besides twice those that are asked for. */
const KEPT_POINTS = 100_000
/** Events may come from clocks that are ahead. */
const AHEAD_MS = 86_400_000

function rangeOf(query: SeriesQuery): Omit<ReadFrames, 'backend' | 'table'> {
  const { endpointId, recordType, metric, fromMs, toMs } = query
  const conditions = [
    ...(endpointId === undefined ? [] : [equals('endpoint_id', endpointId)]),
    ...(recordType === undefined ? [] : [equals('record_type', recordType)]),
  ]
  return {
    columns: metric === undefined ? [] : [numberMetricName(metric), textMetricName(metric)],
    filter: conditions.join(' AND '),
    start: String(Math.max(fromMs ?? 0, 0)),
    end: String(Math.min(toMs ?? Number.POSITIVE_INFINITY, Date.now() + AHEAD_MS)),
    multiIndex: true,
  }
}

/** The single values of a frame: one for each row and metric that the row has. */
function* pointsOf(frame: Frame): Generator<SeriesPoint> {
  const times = frame.indices.find(({ data }) => data.type === 'timeNs')?.data
  if (times?.type !== 'timeNs') return
  const endpointOf = labelOf(frame, 'endpoint_id')
  const recordTypeOf = labelOf(frame, 'record_type')
  for (const [row, ns] of times.values.entries()) {
    const nulls = frame.nulls?.[row]
    for (const { name, data } of frame.columns) {
      const value = data.type === 'double' || data.type === 'string' ? data.values[row] : undefined
      if (value === undefined || Number.isNaN(value) || nulls?.has(name)) continue
      yield {
        atMs: msOf(ns),
        endpointId: endpointOf(row),
        recordType: recordTypeOf(row),
        metric: data.type === 'string' ? metricOfTexts(name) : name,
        value,
      }
    }
  }
}

/** A label's text by row: of an index, or of the whole frame. */
function labelOf(frame: Frame, label: string): (row: number) => string {
  const index = frame.indices.find(({ name }) => name === label)
  if (index?.data.type !== 'string') {
    const value = String(frame.labels?.get(label) ?? '')
    return () => value
  }
  const { values } = index.data
  return index.constantRows === undefined ? (row) => values[row] ?? '' : () => values[0] ?? ''
}

/** Orders points and leaves the newest of them. */
function keepNewest(points: SeriesPoint[], limit: number): void {
  points.sort(
    (a, b) =>
      a.atMs - b.atMs ||
      compare(a.endpointId, b.endpointId) ||
      compare(a.recordType, b.recordType) ||
      compare(a.metric, b.metric),
  )
  points.splice(0, Math.max(points.length - limit, 0))
}

function idOf(record: StoredRecord): string {
  return String(record.get('endpoint_id') ?? '')
}
