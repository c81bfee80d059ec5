// One frame into a table, with what framesd refuses, drops and dies of.
import { type Cell, cellsOf, rowCountOf, textOfValue, timesOf } from '../frame-columns.ts'
import type { WireColumn, WireFrame, WireWrite } from '../frames-messages.ts'
import { ProcessDeath, Refusal } from '../refusal.ts'
import {
  type Labels,
  type StoredSample,
  seriesName,
  sortedLabels,
  type TsdbTable,
} from './tsdb-table.ts'

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** What became of samples that are not stored, told by series name. */
export interface WriteReport {
  /** A sample at or before the newest of its series. */
  dropped(series: string, sample: StoredSample): void
  /** Whether a fault lets this series vanish; asked once for every series and frame. */
  isLost(series: string): boolean
}

interface Row {
  readonly index: number
  readonly atMs: number
}

/** The rows of one label set, ascending in time; rows of one millisecond as they came. */
interface RowGroup {
  readonly labels: Labels
  readonly rows: readonly Row[]
}

/** Throws Refusal for arguments that only other backends take. */
export function checkTsdbArguments(request: WireWrite): void {
  const given = [
    ['save_mode', request.save_mode !== ''],
    ['condition', request.condition !== ''],
    ['expression', request.expression !== ''],
    ['partition_keys', request.partition_keys.length > 0],
  ] as const
  const [wrong] = given.find(([, isGiven]) => isGiven) ?? []
  if (wrong === undefined) return
  throw new Refusal(`${wrong} cannot be used as an argument to write to the TSDB`)
}

/**
 * Stores a frame.
 *
 * @throws Refusal, after storing what framesd stores before it notices; ProcessDeath
 */
export function writeFrame(table: TsdbTable, frame: WireFrame, report: WriteReport): void {
  const { columns, indices } = frame
  columns.forEach(checkMetricType)
  const rowCount = rowCountOf([...columns, ...indices])
  if (rowCount === 0) return
  const time = timeIndexOf(indices)
  if (columns.length === 0) throw new Refusal('empty frame')
  const groups = groupRows(frame, timesOf(time).map(toMs), time)
  const refusals: string[] = []
  const names = new Set<string>()
  for (const column of columns) {
    // Columns before this one are stored by now, as they are by the real one.
    if (!METRIC_NAME.test(column.name)) throw new Refusal(`Invalid metric name: '${column.name}'`)
    if (names.has(column.name)) throw new Refusal(`duplicate column name - ${column.name}`)
    names.add(column.name)
    const samples = valuesOf(column)
    for (const group of groups) {
      const refusal = writeSeries(table, { column, group, samples }, report)
      if (refusal !== null) refusals.push(refusal)
    }
  }
  const [first] = refusals
  if (first !== undefined) throw new Refusal(first)
}

function writeSeries(
  table: TsdbTable,
  part: { column: WireColumn; group: RowGroup; samples: readonly (number | string)[] },
  report: WriteReport,
): string | null {
  const { column, group } = part
  const name = seriesName(column.name, group.labels)
  // The update expression quotes the label set, so a quote inside breaks it: only this series.
  if (group.labels.some(([, value]) => value.includes("'"))) {
    return `failed to update ${name}: Expected a 2xx response status code: HTTP/1.1 400 Bad Request`
  }
  const type = table.typeOf(column.name)
  if (type !== null && type !== (column.dtype === 'STRING' ? 'string' : 'number')) {
    return `failed to update ${name}: the metric has samples of another type (condition is false)`
  }
  if (report.isLost(name)) return null
  const samples = group.rows.map(({ index, atMs }) => ({ atMs, value: part.samples[index] ?? 0 }))
  for (const sample of table.append(column.name, group.labels, samples)) {
    report.dropped(name, sample)
  }
  return null
}

function checkMetricType({ name, dtype }: WireColumn): void {
  if (['FLOAT', 'INTEGER', 'BOOLEAN', 'STRING'].includes(dtype)) return
  throw new Refusal(`cannot write type ${dtype} as time series value (column ${name})`)
}

function valuesOf(column: WireColumn): readonly (number | string)[] {
  // Everything but text becomes a double; an integer above 2^53 loses digits.
  return cellsOf(column).map((cell) => (typeof cell === 'string' ? cell : Number(cell)))
}

/** The real one takes the first TIME index and makes labels of others, which no writer wants. */
function timeIndexOf(indices: readonly WireColumn[]): WireColumn {
  const times = indices.filter(({ dtype }) => dtype === 'TIME')
  const [time] = times
  if (indices.length === 0) throw new Refusal('no indices, must have at least one Time index')
  if (time === undefined) throw new Refusal('there is no index of type time/date')
  if (times.length > 1) throw new Refusal('more than one index of type time/date')
  return time
}

function toMs(nanoseconds: bigint): number {
  return Number(nanoseconds / 1_000_000n)
}

function groupRows(
  frame: WireFrame,
  timesMs: readonly number[],
  time: WireColumn,
): readonly RowGroup[] {
  const frameLabels = Object.entries(frame.labels).map(
    ([name, value]) => [name, textOfValue(value)] as const,
  )
  const labelIndices = frame.indices.filter((index) => index !== time)
  checkLabelNames([...frameLabels.map(([name]) => name), ...labelIndices.map(({ name }) => name)])
  if (labelIndices.length === 0) checkOrder(timesMs)
  else checkFirstRow(frame, labelIndices)
  const labelCells = labelIndices.map((index) => ({ name: index.name, cells: labelTexts(index) }))
  const groups = new Map<string, { labels: Labels; rows: Row[] }>()
  for (const [index, atMs] of timesMs.entries()) {
    const ofRow = labelCells.map(({ name, cells }) => [name, cells[index] ?? ''] as const)
    // Labels of the frame win over an index of the same name.
    const labels = sortedLabels(new Map([...ofRow, ...frameLabels]))
    const key = JSON.stringify(labels)
    const group = groups.get(key) ?? { labels, rows: [] }
    group.rows.push({ index, atMs })
    groups.set(key, group)
  }
  for (const { labels, rows } of groups.values()) {
    checkNotEmpty(labels)
    rows.sort((a, b) => a.atMs - b.atMs)
  }
  return [...groups.values()]
}

function labelTexts(index: WireColumn): readonly string[] {
  if (index.dtype === 'NULL' || index.dtype === 'NONE') {
    throw new Refusal(`cannot use type ${index.dtype} as a label (index ${index.name})`)
  }
  return cellsOf(index).map((cell: Cell) => String(cell))
}

function checkLabelNames(names: readonly string[]): void {
  for (const name of names) {
    if (!LABEL_NAME.test(name)) throw new Refusal(`Invalid label name: '${name}'`)
    // Attributes of V3IO that begin with two underscores belong to the system.
    if (name.startsWith('__')) throw new Refusal(`Reserved label name: '${name}'`)
  }
}

function checkOrder(timesMs: readonly number[]): void {
  if (timesMs.every((atMs, index) => index === 0 || (timesMs[index - 1] ?? atMs) <= atMs)) return
  throw new Refusal('time column is out of order (need to be sorted by ascending time)')
}

/** With several indices the real one starts a series when a label changes, first from "". */
function checkFirstRow(frame: WireFrame, labelIndices: readonly WireColumn[]): void {
  const open = labelIndices.filter(({ name }) => !Object.hasOwn(frame.labels, name))
  if (open.some((index) => labelTexts(index)[0] !== '')) return
  throw new ProcessDeath('the first row has no label that is not empty (nil dereference)')
}

/** Stricter than the real one, which takes an empty label as long as another one is there. */
function checkNotEmpty(labels: Labels): void {
  const [name] = labels.find(([, value]) => value === '') ?? []
  if (name !== undefined) throw new Refusal(`the label ${name} is empty`)
}
