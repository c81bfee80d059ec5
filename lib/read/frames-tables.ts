/**
 * The two tables as framesd's simple-json side gives them, so that dashboards that asked framesd can ask here:
 * only these two, whatever container and path are named.
 */
import type { SeriesPoint, StoredRecord } from '../stream/ports.ts'
import { attributeOf, idAmong, type LabelFilter, matches } from './filters.ts'
import { type Found, found, refuse } from './found.ts'
import { pythonRepr } from './python-repr.ts'
import { readSeries } from './read-series.ts'
import { cellOf, columnTypeOf, idOf, JSON_ATTRIBUTES } from './record-values.ts'
import type { TimeRange } from './request-body.ts'
import { chosenRecords, type EndpointChoice, type ReadSources, recordOf } from './sources.ts'
import { type Cell, type ColumnType, type Series, type Table, tableOf } from './table.ts'
import type { FramesTarget } from './target.ts'

/** How a read of a table is to be answered. */
export interface FramesCall {
  readonly target: FramesTarget
  readonly isTable: boolean
  readonly range: TimeRange
  readonly pointsMax: number
  readonly filters: readonly LabelFilter[]
}

/** A table or series, as the target and the panel want it. */
export async function readFrames(
  call: FramesCall,
  sources: ReadSources,
): Promise<Found<readonly (Table | Series)[]>> {
  const { target } = call
  const project = projectOfTable(target, sources)
  if (!project.ok) return project
  if (target.backend === 'kv') {
    const table = await kvTable(call, project.value, sources)
    return found([table])
  }
  const points = await tsdbPoints(call, project.value, sources)
  if (!points.ok) return points
  return found(call.isTable ? [tsdbTable(points.value, target)] : tsdbSeries(points.value, target))
}

/** The values of a target's fields as one list, as a variable of a dashboard wants them. */
export async function searchFrames(
  target: FramesTarget,
  sources: ReadSources,
): Promise<Found<readonly (string | number | boolean)[]>> {
  if (target.backend !== 'kv') return refuse('Only the kv backend can be searched.')
  const project = projectOfTable(target, sources)
  if (!project.ok) return project
  const { rows } = await kvTable({ target, filters: [] }, project.value, sources)
  return found(rows.flat().filter((cell) => cell !== null))
}

const TABLE = /^(?:pipelines\/)?([^/]+)\/model-endpoints\/(endpoints|events)$/
const CONTAINERS = ['projects', 'users']

/** The project whose table is meant; null where the settings have one table for all. */
function projectOfTable(
  { backend, container, table }: FramesTarget,
  { tables }: ReadSources,
): Found<string | null> {
  const [, project, name] = TABLE.exec(table) ?? []
  const wanted = backend === 'kv' ? 'endpoints' : 'events'
  const own = backend === 'kv' ? tables.endpoints : tables.metrics
  const isContainer = [...CONTAINERS, own.container].includes(container)
  if (isContainer && project !== undefined && name === wanted) return found(project)
  if (container === own.container && table === own.path) return found(null)
  return refuse(
    `The table ${pythonRepr(`${container}/${table}`)} cannot be read here: there are ` +
      '<project>/model-endpoints/endpoints with backend=kv and <project>/model-endpoints/events with backend=tsdb.',
  )
}

async function kvTable(
  { target, filters }: Pick<FramesCall, 'target' | 'filters'>,
  project: string | null,
  sources: ReadSources,
): Promise<Table> {
  const fields = target.fields.map(attributeOf)
  const all = [...target.filters, ...filters]
  const named = [...fields, ...all.map(({ name }) => name)]
  const isWhole = fields.length === 0 || named.some((name) => JSON_ATTRIBUTES.includes(name))
  const records = await recordsOf(sources, { project, filters: all, isWhole })
  const names =
    fields.length > 0
      ? fields
      : [...new Set(records.flatMap((record) => [...record.keys()]))].sort()
  const columns = names.map((name) => [name, columnTypeOf(name, records)] as const)
  const rows = records.map((record) => columns.map(([name, type]) => cellOf(record, name, type)))
  // A field that is named twice is given once.
  const byName = new Map<string, ColumnType>(columns)
  if (byName.size === columns.length) return tableOf(byName, rows)
  const kept = [...byName.keys()].map((name) => names.indexOf(name))
  return tableOf(
    byName,
    rows.map((row) => kept.map((index) => row[index] ?? null)),
  )
}

/** Records of a choice; one that is named by its id is read alone. */
async function recordsOf(
  sources: ReadSources,
  choice: Required<Omit<EndpointChoice, 'withJson'>>,
): Promise<readonly StoredRecord[]> {
  const endpointId = idAmong(choice.filters)
  if (endpointId === null) return await chosenRecords(sources, choice)
  const { project, isWhole } = choice
  const record = await recordOf(sources, { project, endpointId, isWhole })
  if (record === null) return []
  const isChosen = choice.filters.every((filter) => matches(filter, (name) => record.get(name)))
  return isChosen ? [record] : []
}

/** Points of the project's endpoints: by field, then by label, then by time. */
async function tsdbPoints(
  { target, range, pointsMax, filters }: FramesCall,
  project: string | null,
  sources: ReadSources,
): Promise<Found<readonly SeriesPoint[]>> {
  const labels = target.filters.map((filter) => ({ ...filter, name: attributeOf(filter.name) }))
  const unknown = labels.find(({ name }) => name !== 'endpoint_id' && name !== 'record_type')
  if (unknown !== undefined) {
    return refuse(
      `A filter of the metrics may ask for endpoint_id and record_type, not ${pythonRepr(unknown.name)}.`,
    )
  }
  const ofRecords = [...target.filters, ...filters].filter(({ name }) => name !== 'record_type')
  const records = await recordsOf(sources, { project, filters: ofRecords, isWhole: false })
  const ids = new Set(records.map(idOf))
  const [onlyId] = ids
  if (onlyId === undefined) return found([])
  const onTypes = [...labels, ...filters].filter(({ name }) => name === 'record_type')
  const named = onTypes.find(({ kind }) => kind === 'equal')
  const which = {
    ...(ids.size === 1 ? { endpointId: onlyId } : { endpointIds: [...ids] }),
    ...(named?.kind === 'equal' ? { recordType: named.value } : {}),
    ...range,
    pointsMax,
  }
  const fields = target.fields.length === 0 ? [undefined] : [...new Set(target.fields)]
  const all: SeriesPoint[] = []
  for (const metric of fields) {
    const points = await readSeries(sources, metric === undefined ? which : { ...which, metric })
    if (!points.ok) return points
    for (const point of points.value) {
      const isType = onTypes.every((filter) => matches(filter, () => point.recordType))
      if (isType) all.push(point)
    }
  }
  return found(all)
}

/** One series for each metric and label, named as framesd names it. */
function tsdbSeries(points: readonly SeriesPoint[], { fields }: FramesTarget): readonly Series[] {
  const byTarget = new Map<
    string,
    { readonly order: string; readonly points: [number, number][] }
  >()
  let last: SeriesPoint | null = null
  let datapoints: [number, number][] = []
  for (const point of points) {
    const { metric, endpointId, recordType, value, atMs } = point
    if (typeof value !== 'number') continue
    const isSame =
      last?.metric === metric && last.endpointId === endpointId && last.recordType === recordType
    if (!isSame) {
      const label = `endpoint_id=${endpointId},record_type=${recordType}`
      const target = `${metric}[${label}]`
      const place = String(Math.max(fields.indexOf(metric), 0)).padStart(3, '0')
      const order = fields.length === 0 ? target : `${place} ${label}`
      datapoints = byTarget.get(target)?.points ?? []
      byTarget.set(target, { order, points: datapoints })
    }
    last = point
    datapoints.push([value, atMs])
  }
  return [...byTarget]
    .sort(([, one], [, other]) => (one.order < other.order ? -1 : 1))
    .map(([target, series]) => ({ target, datapoints: series.points }))
}

/** One row for each time, endpoint and record type. */
function tsdbTable(points: readonly SeriesPoint[], { fields }: FramesTarget): Table {
  const named = fields.length > 0 ? fields : points.map(({ metric }) => metric).sort()
  const metrics = [...new Set(named)].filter((name) => !LABELS.has(name))
  const types = new Map<string, ColumnType>(metrics.map((metric) => [metric, 'number']))
  const byKey = new Map<string, { readonly head: readonly Cell[]; readonly cells: Cell[] }>()
  for (const { atMs, endpointId, recordType, metric, value } of points) {
    if (LABELS.has(metric)) continue
    const key = JSON.stringify([atMs, endpointId, recordType])
    let row = byKey.get(key)
    if (row === undefined) {
      row = { head: [atMs, endpointId, recordType], cells: metrics.map(() => null) }
      byKey.set(key, row)
    }
    row.cells[metrics.indexOf(metric)] = value
    if (typeof value === 'string') types.set(metric, 'string')
  }
  const rows = [...byKey.values()].sort((one, other) => Number(one.head[0]) - Number(other.head[0]))
  const columns = new Map<string, ColumnType>([
    ['time', 'time'],
    ['endpoint_id', 'string'],
    ['record_type', 'string'],
    ...types,
  ])
  const isText = (index: number): boolean => types.get(metrics[index] ?? '') === 'string'
  return tableOf(
    columns,
    rows.map(({ head, cells }) => [
      ...head,
      ...cells.map((cell, index) => (cell !== null && isText(index) ? String(cell) : cell)),
    ]),
  )
}

/** Columns of a table of metrics; the writers let no metric have such a name. */
const LABELS: ReadonlySet<string> = new Set(['time', 'endpoint_id', 'record_type'])
