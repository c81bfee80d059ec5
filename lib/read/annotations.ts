import { DRIFT_EVENTS } from '../stream/deliver/drift-writer.ts'
import { STATUS_NUMBERS, UNKNOWN_STATUS } from '../stream/drift/measures.ts'
import type { SeriesPoint } from '../stream/ports.ts'
import { type Found, found } from './found.ts'
import type { ProxyCall } from './proxy-functions.ts'
import { readSeries } from './read-series.ts'
import { idOf, textOf } from './record-values.ts'
import { chosenRecords, type ReadSources } from './sources.ts'
import { type Table, tableOf } from './table.ts'

/** Something that happened to an endpoint. */
export interface Annotation {
  /** Whole milliseconds since 1970 UTC; equal for what has no length. */
  readonly time: number
  readonly timeEnd: number
  readonly title: string
  readonly text: string
  readonly tags: readonly string[]
}

/** The newest of them are given. */
const ANNOTATIONS_MAX = 500
const HOUR_MS = 3_600_000

/**
 * Changes of the drift status, and times in which errors came, of the endpoints of `project` (all, if none is
 * named), `endpoint_id` or `model`; of the last hour where no range is named. Ordered by time.
 */
export async function readAnnotations(
  { parameters, range, pointsMax }: Omit<ProxyCall, 'filters'>,
  sources: ReadSources,
): Promise<Found<readonly Annotation[]>> {
  const [project, id, model] = ['project', 'endpoint_id', 'model'].map(
    (name) => parameters.get(name) || null,
  )
  const records = await chosenRecords(sources, { project: project ?? null })
  const models = new Map(
    records
      .filter((record) => id === null || idOf(record) === id)
      .filter((record) => model === null || record.get('model') === model)
      .map((record) => [idOf(record), textOf(record, 'model') ?? '']),
  )
  const toMs = range.toMs ?? sources.nowMs
  const fromMs = range.fromMs ?? toMs - HOUR_MS
  const [only] = models.keys()
  if (only === undefined) return found([])
  const ids = models.size === 1 ? { endpointId: only } : { endpointIds: [...models.keys()] }
  const which = { ...ids, fromMs, toMs, pointsMax }
  const errors = { recordType: 'base_metrics', metric: 'error_count' }
  const counts = await readSeries(sources, { ...which, ...errors })
  if (!counts.ok) return counts
  const changes = { recordType: DRIFT_EVENTS, metric: 'drift_status' }
  // Not as means over spans of time: they are words.
  const statuses = await sources.reader.series({
    ...ids,
    ...changes,
    fromMs,
    toMs,
    limit: ANNOTATIONS_MAX,
  })
  const all = [...statusChanges(statuses, models), ...errorBursts(counts.value, models)]
  return found(all.sort((one, other) => one.time - other.time).slice(-ANNOTATIONS_MAX))
}

/** As rows, for data sources that ask for annotations by a query. */
export function annotationTable(annotations: readonly Annotation[]): Table {
  const columns = {
    time: 'time',
    timeEnd: 'time',
    title: 'string',
    text: 'string',
    tags: 'string',
  } as const
  return tableOf(
    columns,
    annotations.map(({ time, timeEnd, title, text, tags }) => [
      time,
      timeEnd,
      title,
      text,
      tags.join(','),
    ]),
  )
}

type Models = ReadonlyMap<string, string>

/** By the numbers of `drift_events`. */
const STATUSES = new Map([
  [UNKNOWN_STATUS, 'UNKNOWN'],
  ...Object.entries(STATUS_NUMBERS).map(([status, number]) => [number, status] as const),
])

/** Such an event is written when the status changes, and when the features change that alarm. */
function* statusChanges(points: readonly SeriesPoint[], models: Models): Generator<Annotation> {
  const before = new Map<string, string>()
  for (const { atMs, endpointId, value } of points) {
    const model = models.get(endpointId)
    const status = STATUSES.get(Number(value))
    if (model === undefined || status === undefined) continue
    const last = before.get(endpointId)
    before.set(endpointId, status)
    const isSame = last === status
    yield {
      time: atMs,
      timeEnd: atMs,
      title: isSame ? 'Other features drift' : status,
      text: `${model} (${endpointId})${last === undefined || isSame ? '' : ` was ${last}`}`,
      tags: ['drift', model],
    }
  }
}

interface Burst {
  readonly fromMs: number
  toMs: number
  count: number
}

/** Times in which an endpoint's count of errors grew from each point to the next. */
function* errorBursts(points: readonly SeriesPoint[], models: Models): Generator<Annotation> {
  const last = new Map<string, SeriesPoint>()
  const open = new Map<string, Burst>()
  const ended: [string, Burst][] = []
  for (const point of points) {
    const { endpointId, value, atMs } = point
    const before = last.get(endpointId)
    last.set(endpointId, point)
    if (typeof value !== 'number' || typeof before?.value !== 'number') continue
    const grown = value - before.value
    const burst = open.get(endpointId)
    if (grown > 0 && burst !== undefined) {
      burst.toMs = atMs
      burst.count += grown
    } else if (grown > 0) open.set(endpointId, { fromMs: before.atMs, toMs: atMs, count: grown })
    else if (burst !== undefined) {
      ended.push([endpointId, burst])
      open.delete(endpointId)
    }
  }
  for (const [endpointId, { fromMs, toMs, count }] of [...ended, ...open]) {
    const model = models.get(endpointId)
    if (model === undefined) continue
    const errors = Math.max(Math.round(count), 1)
    yield {
      time: fromMs,
      timeEnd: toMs,
      title: 'Errors',
      text: `${errors} ${errors === 1 ? 'error' : 'errors'} of ${model} (${endpointId})`,
      tags: ['errors', model],
    }
  }
}
