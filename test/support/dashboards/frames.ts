// What Grafana makes of a panel's answers, as far as the dashboards need it: frames, transformations, the number of a
// stat, the rows of a table, the lines of a graph. test/interop/dashboards.test.ts holds it against Grafana's own code.
import assert from 'node:assert/strict'
import type { Mapping, Panel } from './resource.ts'
import type { Cell, SeriesByName, Shown } from './shown.ts'

/** A table, or with `name` a series of the two columns Time and Value. */
export interface Frame {
  readonly name?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

type Transform = (frames: readonly Frame[], options: never) => readonly Frame[]

const TRANSFORMS: Readonly<Record<string, Transform>> = {
  organize,
  calculateField,
  reduce,
  filterByValue,
  renameByRegex,
  merge,
}

/** What a panel's transformations make of its answers. */
export function transformedBy(panel: Panel, answers: readonly Frame[]): readonly Frame[] {
  let frames = answers
  for (const { id, options } of panel.transformations ?? []) {
    const transform = TRANSFORMS[id]
    assert(transform, `${panel.title}: what does ${id} do?`)
    frames = transform(frames, options as never)
  }
  return frames
}

/** What a panel shows of its answers. */
export function shownBy(panel: Panel, answers: readonly Frame[]): Shown {
  const frames = transformedBy(panel, answers)
  switch (panel.type) {
    case 'stat':
      return { kind: 'number', value: numberOf(panel, frames) }
    case 'table':
      return { kind: 'rows', rows: rowsOf(panel, frames) }
    case 'timeseries':
    case 'state-timeline':
      return { kind: 'series', series: seriesOf(panel, frames) }
    default:
      return assert.fail(`${panel.title}: what does ${panel.type} show?`)
  }
}

function numberOf({ options, title }: Panel, frames: readonly Frame[]): number {
  const [calc] = options.reduceOptions?.calcs ?? []
  assert.equal(frames.length, 1, `${title}: one frame`)
  const values = frames.flatMap(({ columns, rows }) => {
    const index = columns.findLastIndex((name) => name !== 'Time')
    return rows.flatMap((row) => row[index] ?? [])
  })
  switch (calc) {
    case 'count':
      return values.length
    case 'sum':
      return values.reduce<number>((sum, value) => sum + Number(value), 0)
    case 'lastNotNull':
      assert(values.length > 0, `${title}: a value`)
      return Number(values.at(-1))
    default:
      return assert.fail(`${title}: what is ${calc}?`)
  }
}

/** Rows with their words for values; what a column hides is not in them. */
function rowsOf(panel: Panel, frames: readonly Frame[]): Readonly<Record<string, Cell>>[] {
  assert.equal(frames.length, 1, `${panel.title}: one frame`)
  return frames.flatMap(({ columns, rows }) =>
    rows.map((row) =>
      Object.fromEntries(
        columns.map((title, index) => [title, worded(row[index] ?? null, mappingOf(panel, title))]),
      ),
    ),
  )
}

function mappingOf({ fieldConfig }: Panel, title: string): Mapping | undefined {
  const override = fieldConfig.overrides.find(({ matcher }) => matcher.options === title)
  const found = override?.properties.find(({ id }) => id === 'mappings')?.value
  return (found as readonly Mapping[] | undefined)?.[0]
}

function worded(cell: Cell, mapping: Mapping | undefined): Cell {
  return mapping?.options[String(cell)]?.text ?? cell
}

/** By the endpoint's id where a name has one: some families can name the model as well. */
function seriesOf({ fieldConfig, title }: Panel, frames: readonly Frame[]): SeriesByName {
  const series = new Map<string, [number, number][]>()
  for (const { name, labels = {}, rows } of frames) {
    const { displayName } = fieldConfig.defaults
    const shown = displayName?.replaceAll(/\$\{__field\.labels\.(\w+)\}/g, (_, label: string) => {
      return labels[label] ?? ''
    })
    const full = shown ?? name ?? ''
    const key = /[0-9a-f]{40}/.exec(full)?.[0] ?? full
    assert(!series.has(key), `${title}: ${key} is shown twice`)
    series.set(
      key,
      rows.map(([atMs, value]) => [Number(atMs), Number(value)]),
    )
  }
  return series
}

function organize(
  frames: readonly Frame[],
  options: {
    readonly renameByName: Readonly<Record<string, string>>
    readonly excludeByName: Readonly<Record<string, boolean>>
    readonly indexByName: Readonly<Record<string, number>>
  },
): readonly Frame[] {
  const { renameByName, excludeByName, indexByName } = options
  return frames.map(({ columns, rows, ...rest }) => {
    const last = Object.keys(indexByName).length
    const kept = [...columns.keys()]
      .filter((index) => !excludeByName[columns[index] ?? ''])
      .sort(
        (a, b) => (indexByName[columns[a] ?? ''] ?? last) - (indexByName[columns[b] ?? ''] ?? last),
      )
    return {
      ...rest,
      columns: kept.map((index) => renameByName[columns[index] ?? ''] ?? columns[index] ?? ''),
      rows: rows.map((row) => kept.map((index) => row[index] ?? null)),
    }
  })
}

function calculateField(
  frames: readonly Frame[],
  options: {
    readonly alias: string
    readonly binary: { readonly left: string; readonly operator: string; readonly right: string }
    readonly replaceFields: boolean
  },
): readonly Frame[] {
  const { alias, binary, replaceFields } = options
  return frames.map(({ columns, rows }) => {
    const [left, right] = [columns.indexOf(binary.left), columns.indexOf(binary.right)]
    assert(left >= 0 && right >= 0, `${binary.left} and ${binary.right} are there`)
    const results = rows.map((row) => {
      const [a, b] = [Number(row[left] ?? 0), Number(row[right] ?? 0)]
      return binary.operator === '*' ? a * b : a / b
    })
    if (replaceFields) return { columns: [alias], rows: results.map((result) => [result]) }
    return {
      columns: [...columns, alias],
      rows: rows.map((row, index) => [...row, results[index] ?? null]),
    }
  })
}

function reduce(
  frames: readonly Frame[],
  { mode, reducers }: { readonly mode: string; readonly reducers: readonly string[] },
): readonly Frame[] {
  assert.deepEqual([mode, reducers], ['reduceFields', ['sum']])
  return frames.map(({ columns, rows }) => ({
    columns,
    rows: [columns.map((_, index) => rows.reduce((sum, row) => sum + Number(row[index] ?? 0), 0))],
  }))
}

function filterByValue(
  frames: readonly Frame[],
  options: {
    readonly filters: readonly {
      readonly fieldName: string
      readonly config: { readonly options: { readonly value: string } }
    }[]
  },
): readonly Frame[] {
  return frames.map(({ columns, rows, ...rest }) => ({
    ...rest,
    columns,
    rows: rows.filter((row) =>
      options.filters.every(
        ({ fieldName, config }) => row[columns.indexOf(fieldName)] === config.options.value,
      ),
    ),
  }))
}

function renameByRegex(
  frames: readonly Frame[],
  { regex, renamePattern }: { readonly regex: string; readonly renamePattern: string },
): readonly Frame[] {
  return frames.map(({ name = '', ...frame }) => ({
    ...frame,
    name: name.replace(new RegExp(regex), renamePattern),
  }))
}

/** Rows of several tables that agree in all columns that they share become one. */
function merge(frames: readonly Frame[]): readonly Frame[] {
  const columns = [...new Set(frames.flatMap((frame) => frame.columns))]
  const merged: Map<string, Cell>[] = []
  for (const frame of frames) {
    for (const row of frame.rows) {
      const cells = new Map(frame.columns.map((name, index) => [name, row[index] ?? null]))
      const same = merged.find((other) =>
        [...cells].every(([name, cell]) => !other.has(name) || other.get(name) === cell),
      )
      if (same === undefined) merged.push(cells)
      else for (const [name, cell] of cells) same.set(name, cell)
    }
  }
  return [{ columns, rows: merged.map((row) => columns.map((name) => row.get(name) ?? null)) }]
}
