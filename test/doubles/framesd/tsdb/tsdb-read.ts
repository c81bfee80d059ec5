// Answers of /read: one frame, or several of limited length, for every label set.
import type { FrameParts, NullValues, WireColumn } from '../frames-messages.ts'
import { Refusal } from '../refusal.ts'
import { type Aggregator, parseAggregators } from './aggregators.ts'
import { parseFilter } from './label-filter.ts'
import {
  type Labels,
  type Series,
  type StoredSample,
  sortedLabels,
  type TsdbTable,
} from './tsdb-table.ts'
import { parseDuration, type TimeRange } from './tsdb-times.ts'

/** What /read asks; empty texts are defaults. */
export interface TsdbQuery {
  /** Metric names; none for all. */
  readonly columns: readonly string[]
  readonly filter: string
  readonly groupBy: string
  readonly aggregators: string
  readonly step: string
  readonly multiIndex: boolean
  /** Rows of a frame at most; 0 for 256. */
  readonly messageLimit: number
  readonly range: TimeRange
}

type ColumnParts = Partial<WireColumn> & { readonly name: string }
type Cells = ReadonlyMap<number, number | string>

/** The columns of one label set before they are laid out in rows. */
interface Group {
  readonly labels: Labels
  readonly columns: readonly { readonly name: string; readonly isText: boolean; cells: Cells }[]
}

const ROWS_MAX = 256

/** The frames that answer a query; none when nothing was found. Throws Refusal. */
export function readTable(table: TsdbTable, query: TsdbQuery): readonly FrameParts[] {
  const aggregators = parseAggregators(query.aggregators)
  const grouped = groupSeries(matching(table, query), query.groupBy)
  const rowsMax = query.messageLimit === 0 ? ROWS_MAX : query.messageLimit
  return grouped
    .map(({ labels, series }) =>
      aggregators.length === 0
        ? { labels, columns: rawColumns(series, query) }
        : { labels, columns: aggregatedColumns(series, query, aggregators) },
    )
    .flatMap((group) => toFrames(group, { ...query, rowsMax, isRaw: aggregators.length === 0 }))
}

function matching(table: TsdbTable, query: TsdbQuery): readonly Series[] {
  const isWanted = parseFilter(query.filter)
  const { fromMs, toMs } = query.range
  return table
    .all()
    .filter(({ metric }) => query.columns.length === 0 || query.columns.includes(metric))
    .filter(({ metric, labels }) => isWanted(new Map([...labels, ['_name', metric]])))
    .map(({ metric, labels, samples }) => ({
      metric,
      labels,
      samples: samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs),
    }))
    .filter(({ samples }) => samples.length > 0)
}

/**
 * The labels of an answer come from a text `k=v,k2=v2`, cut at its commas: a value with a comma or
 * an equals sign comes back as other labels.
 */
function readBack(labels: Labels): Labels {
  const text = labels.map(([name, value]) => `${name}=${value}`).join(',')
  const parts = text.split(',').filter((part) => part.includes('='))
  return sortedLabels(
    new Map(
      parts.map((part) => {
        const [name = '', value = ''] = part.split('=')
        return [name, value] as const
      }),
    ),
  )
}

function groupSeries(
  found: readonly Series[],
  groupBy: string,
): readonly { labels: Labels; series: readonly Series[] }[] {
  const names = groupBy.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()]))
  const groups = new Map<string, { labels: Labels; series: Series[] }>()
  for (const series of found) {
    const labels = names.length === 0 ? readBack(series.labels) : chosen(series.labels, names)
    // Label sets that read back alike stay frames of their own.
    const key = JSON.stringify(names.length === 0 ? series.labels : labels)
    const group = groups.get(key) ?? { labels, series: [] }
    group.series.push(series)
    groups.set(key, group)
  }
  return [...groups.values()]
}

function chosen(labels: Labels, names: readonly string[]): Labels {
  const kept = labels.filter(([name]) => names.includes(name))
  if (kept.length === names.length) return kept
  const missing = names.find((name) => !labels.some(([label]) => label === name))
  throw new Refusal(`No label named '${missing}' found to group by`)
}

/** Names in the order asked for; without that sorted, where the real one has no order. */
function metricsOf(series: readonly Series[], query: TsdbQuery): readonly string[] {
  if (query.columns.length > 0) return [...new Set(query.columns)]
  return [...new Set(series.map(({ metric }) => metric))].sort()
}

function rawColumns(series: readonly Series[], query: TsdbQuery): Group['columns'] {
  return metricsOf(series, query).map((name) => {
    const own = series.filter(({ metric }) => metric === name)
    if (own.length > 1) throw new Refusal(`group_by needs aggregators: several series of ${name}`)
    const samples = own.flatMap(({ samples: all }) => all)
    return {
      name,
      isText: samples.some(({ value }) => typeof value === 'string'),
      cells: new Map(samples.map(({ atMs, value }) => [atMs, value])),
    }
  })
}

function aggregatedColumns(
  series: readonly Series[],
  query: TsdbQuery,
  aggregators: readonly (readonly [string, Aggregator])[],
): Group['columns'] {
  return metricsOf(series, query).flatMap((metric) => {
    const samples = series
      .filter((one) => one.metric === metric)
      .flatMap((one) => one.samples)
      .sort((a, b) => a.atMs - b.atMs)
    const buckets = bucketsOf(samples, query)
    return aggregators.map(([name, aggregate]) => ({
      name: `${name}(${metric})`,
      isText: false,
      cells: new Map([...buckets].map(([atMs, values]) => [atMs, aggregate(values)])),
    }))
  })
}

/** Values by the start of their bucket; buckets begin at the start of the range. */
function bucketsOf(samples: readonly StoredSample[], query: TsdbQuery): Map<number, number[]> {
  const { fromMs, toMs } = query.range
  const stepMs = query.step === '' ? toMs - fromMs + 1 : parseDuration(query.step)
  if (stepMs === 0) throw new Refusal('the step is 0')
  const buckets = new Map<number, number[]>()
  for (const { atMs, value } of samples) {
    if (typeof value === 'string') {
      throw new Refusal('aggregated column does not support string type')
    }
    const start = fromMs + Math.floor((atMs - fromMs) / stepMs) * stepMs
    const bucket = buckets.get(start)
    if (bucket === undefined) buckets.set(start, [value])
    else bucket.push(value)
  }
  return buckets
}

function toFrames(
  { labels, columns }: Group,
  layout: { readonly rowsMax: number; readonly multiIndex: boolean; readonly isRaw: boolean },
): readonly FrameParts[] {
  const timesMs = [...new Set(columns.flatMap(({ cells }) => [...cells.keys()]))].sort(
    (a, b) => a - b,
  )
  const frames: FrameParts[] = []
  for (let from = 0; from < timesMs.length; from += layout.rowsMax) {
    const part = timesMs.slice(from, from + layout.rowsMax)
    const values = columns.map((column) => valueColumn(column, part))
    const labelColumns = labels.map((label) => labelColumn(label, part.length))
    frames.push({
      columns: layout.multiIndex ? values : [...values, ...labelColumns],
      indices: [timeIndex(part), ...(layout.multiIndex ? labelColumns : [])],
      labels: Object.fromEntries(labels.map(([name, value]) => [name, { sval: value }])),
      ...(layout.isRaw && { null_values: nullValues(columns, part) }),
    })
  }
  return frames
}

function timeIndex(timesMs: readonly number[]): ColumnParts {
  return { name: 'time', dtype: 'TIME', times: timesMs.map((atMs) => BigInt(atMs) * 1_000_000n) }
}

function labelColumn([name, value]: readonly [string, string], rowCount: number): ColumnParts {
  return { kind: 'LABEL', name, dtype: 'STRING', size: BigInt(rowCount), strings: [value] }
}

function valueColumn(column: Group['columns'][number], timesMs: readonly number[]): ColumnParts {
  const { name, isText, cells } = column
  if (isText) {
    return { name, dtype: 'STRING', strings: timesMs.map((atMs) => String(cells.get(atMs) ?? '')) }
  }
  return {
    name,
    dtype: 'FLOAT',
    floats: timesMs.map((atMs) => Number(cells.get(atMs) ?? Number.NaN)),
  }
}

function nullValues(columns: Group['columns'], timesMs: readonly number[]): readonly NullValues[] {
  return timesMs.map((atMs) => ({
    nullColumns: Object.fromEntries(
      columns.filter(({ cells }) => !cells.has(atMs)).map(({ name }) => [name, true]),
    ),
  }))
}
