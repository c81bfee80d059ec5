/**
 * The read API for people, programs and Grafana's Infinity: arrays of flat objects. Every time is whole
 * milliseconds since 1970 UTC.
 */
import { claimLine, ledgerLine } from '../audit/json-lines.ts'
import { driftRow, featureDetails, histogramRows } from './drift-details.ts'
import { comparison } from './filters.ts'
import { type Found, found, refuse } from './found.ts'
import { endpointOf, featureObjects } from './proxy-functions.ts'
import { type QueryFields, readFields } from './query-fields.ts'
import { readSeries } from './read-series.ts'
import { cellOf, columnTypeOf, idOf, JSON_ATTRIBUTES } from './record-values.ts'
import { POINTS_MAX } from './request-body.ts'
import { chosenRecords, projectNames, projectOf, type ReadSources } from './sources.ts'
import type { Cell } from './table.ts'

/** A row of an answer. */
export type FlatObject = Readonly<Record<string, Cell>>

/** Answers the query of a request. */
export type RestRoute = (
  fields: QueryFields,
  sources: ReadSources,
) => Promise<Found<readonly object[]>>

const LIMIT_DEFAULT = 1_000
const LIMIT_MAX = 1_000_000
const CHOICE = ['project', 'endpoint_id', 'model', 'function_uri']

/** By what follows `/api/`. */
export const REST_ROUTES: ReadonlyMap<string, RestRoute> = new Map<string, RestRoute>([
  ['projects', projects],
  ['endpoints', endpoints],
  ['features', features],
  ['histograms', histograms],
  ['drift', drift],
  ['series', series],
  ['records', records],
  ['ledger', ledger],
  ['claims', claims],
])

async function projects(fields: QueryFields, sources: ReadSources): Promise<Found<FlatObject[]>> {
  const read = readFields(fields, {})
  if (!read.ok) return read
  return found((await projectNames(sources)).map((project) => ({ project })))
}

/** Everything of a record that is a single value. */
async function endpoints(fields: QueryFields, sources: ReadSources): Promise<Found<FlatObject[]>> {
  const read = readFields(fields, { texts: CHOICE })
  if (!read.ok) return read
  const all = await chosenRecords(sources, choiceOf(read.value.texts))
  return found(
    all.map((record) => {
      const row = new Map<string, Cell>([['project', projectOf(record, sources)]])
      for (const name of record.keys()) {
        if (!JSON_ATTRIBUTES.includes(name))
          row.set(name, cellOf(record, name, typeOf(name, record)))
      }
      return Object.fromEntries(row)
    }),
  )
}

function typeOf(
  name: string,
  record: Parameters<typeof cellOf>[0],
): ReturnType<typeof columnTypeOf> {
  return columnTypeOf(name, [record])
}

function choiceOf(texts: ReadonlyMap<string, string>): {
  readonly project: string | null
  readonly filters: readonly ReturnType<typeof comparison>[]
} {
  const filters = [...texts]
    .filter(([name]) => name !== 'project')
    .map(([name, value]) => comparison(name, true, value))
  return { project: texts.get('project') ?? null, filters }
}

/** One row for each feature of an endpoint's training set. */
async function features(fields: QueryFields, sources: ReadSources): Promise<Found<FlatObject[]>> {
  const record = await endpointIn(fields, sources)
  if (!record.ok) return record
  const details = featureDetails(record.value)
  const rows = featureObjects(record.value)
  return found(rows.map((row) => ({ ...row, ...details(String(row['feature_name'])) })))
}

/** One row for each bin of each feature. */
async function histograms(fields: QueryFields, sources: ReadSources): Promise<Found<FlatObject[]>> {
  const record = await endpointIn(fields, sources)
  return record.ok ? found(histogramRows(record.value)) : record
}

async function endpointIn(
  fields: QueryFields,
  sources: ReadSources,
): ReturnType<typeof endpointOf> {
  const read = readFields(fields, { texts: ['project', 'endpoint_id'] })
  return read.ok ? await endpointOf({ parameters: read.value.texts }, sources) : read
}

/** One row for each endpoint whose record says something of drift. */
async function drift(fields: QueryFields, sources: ReadSources): Promise<Found<FlatObject[]>> {
  const read = readFields(fields, { texts: CHOICE })
  if (!read.ok) return read
  const withJson = ['drift_measures', 'stream_drift', 'data_quality']
  const all = await chosenRecords(sources, { ...choiceOf(read.value.texts), withJson })
  return found(
    all.flatMap((record) => {
      const row = driftRow(record)
      return row === null ? [] : [{ project: projectOf(record, sources), ...row }]
    }),
  )
}

/** Metrics over time: single values, or with `max_points` means for as many points of each series. */
async function series(fields: QueryFields, sources: ReadSources): Promise<Found<FlatObject[]>> {
  const read = readFields(fields, {
    texts: ['project', 'endpoint_id', 'endpoint_ids', 'record_type', 'metric'],
    numbers: ['from_ms', 'to_ms', 'limit', 'max_points'],
  })
  if (!read.ok) return read
  const { texts, numbers } = read.value
  const project = texts.get('project')
  const pointsMax = numbers.get('max_points')
  const [fromMs, toMs] = [numbers.get('from_ms'), numbers.get('to_ms')]
  if (pointsMax !== undefined && fromMs === undefined) {
    return refuse('max_points needs from_ms: means are made over parts of a range.')
  }
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    return refuse('from_ms is later than to_ms: nothing can lie between them.')
  }
  const limit = Math.min(Math.max(numbers.get('limit') ?? LIMIT_DEFAULT, 1), LIMIT_MAX)
  const listed = texts.get('endpoint_ids')?.split(',')
  const inProject =
    project === undefined ? undefined : (await chosenRecords(sources, { project })).map(idOf)
  const ids = inProject?.filter((id) => listed?.includes(id) ?? true) ?? listed
  const which = {
    ...named('endpointId', texts.get('endpoint_id')),
    ...named('endpointIds', ids),
    ...named('recordType', texts.get('record_type')),
    ...named('metric', texts.get('metric')),
  }
  const points =
    pointsMax === undefined
      ? found(
          await sources.reader.series({
            ...which,
            ...named('fromMs', fromMs),
            ...named('toMs', toMs),
            limit,
          }),
        )
      : await readSeries(sources, {
          ...which,
          fromMs: fromMs ?? null,
          toMs: toMs ?? null,
          pointsMax: Math.min(Math.max(pointsMax, 2), POINTS_MAX),
        })
  if (!points.ok) return points
  return found(
    points.value.map(({ atMs, endpointId, recordType, metric, value }) => ({
      time: atMs,
      endpoint_id: endpointId,
      record_type: recordType,
      metric,
      value,
    })),
  )
}

/** A member that is there only if it has a value. */
function named<Name extends string, T>(
  name: Name,
  value: T | undefined,
): { readonly [N in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in Name]: T })
}

/** The records as they are stored, for the command line. */
async function records(fields: QueryFields, { reader }: ReadSources): Promise<Found<FlatObject[]>> {
  const read = readFields(fields, {})
  if (!read.ok) return read
  return found((await reader.endpoints()).map((record) => Object.fromEntries(record)))
}

async function ledger(fields: QueryFields, { reader }: ReadSources): Promise<Found<object[]>> {
  const read = readFields(fields, {
    texts: ['log', 'endpoint_id'],
    numbers: ['to_minute', 'newest', 'whole'],
  })
  if (!read.ok) return read
  const { texts, numbers } = read.value
  const entries = await reader.ledger({
    ...named('log', texts.get('log')),
    ...named('endpointId', (numbers.get('whole') ?? 0) > 0 ? '' : texts.get('endpoint_id')),
    ...named('toMinute', numbers.get('to_minute')),
    isNewest: (numbers.get('newest') ?? 0) > 0,
  })
  return found(entries.map(ledgerLine))
}

async function claims(fields: QueryFields, { reader }: ReadSources): Promise<Found<object[]>> {
  const read = readFields(fields, { texts: ['log'] })
  if (!read.ok) return read
  const log = read.value.texts.get('log')
  if (log === undefined) return refuse('Name a log: /api/ledger has those that there are.')
  return found((await reader.claims(log)).map(claimLine))
}
