// Runs the queries of panels as Grafana would: variables and macros are put in as the data source puts them in.
import assert from 'node:assert/strict'
import type { Frame } from './frames.ts'
import type { Panel, Target } from './resource.ts'
import type { Cell } from './shown.ts'

/** What is chosen in the dashboard. */
export interface Choice {
  readonly project: string
  /** Id of an endpoint; '' in dashboards that have none. */
  readonly model: string
  readonly fromMs: number
  readonly toMs: number
  /** Pixels of the panel. */
  readonly pointsMax: number
}

/** Asks the function over HTTP; the JSON of a good answer. */
export type AskHttp = (path: string, body?: object) => Promise<unknown>

/** Runs a statement; rows by column, times as Date. */
export type RunSql = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

const PROXY = '/api/grafana-proxy/model-endpoints'

/** `$NAME` and `${NAME}` by the value that `format` makes of a variable's. */
export function interpolate(
  text: string,
  { project, model, fromMs, toMs }: Choice,
  format: (value: string) => string = (value) => value,
): string {
  const values: Readonly<Record<string, string>> = {
    PROJECT: format(project),
    MODEL: format(model),
    __from: String(fromMs),
    __to: String(toMs),
  }
  return text.replaceAll(/\$\{(\w+)\}|\$(\w+)/g, (whole, braced?: string, bare?: string) => {
    return values[braced ?? bare ?? ''] ?? whole
  })
}

/** The simple JSON plugin escapes what is special in a regular expression. */
export function asRegex(value: string): string {
  return value.replaceAll(/[\\^$*+?.()|[\]{}/]/g, '\\$&')
}

/** Length of the spans over which a source makes means of a range. */
export function spanMs({ fromMs, toMs }: Choice, pointsMax: number): number {
  return Math.ceil((toMs - fromMs) / (pointsMax - 1))
}

/** The answers of a panel of the family `mlrun-api`. */
export async function askJson(
  { targets }: Panel,
  choice: Choice,
  ask: AskHttp,
): Promise<readonly Frame[]> {
  const { fromMs, toMs, pointsMax } = choice
  const body = {
    app: 'dashboard',
    range: { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
    maxDataPoints: pointsMax,
    targets: targets.map(({ target = '', type, refId }) => ({
      target: interpolate(target, choice, asRegex),
      type,
      refId,
      hide: false,
    })),
    adhocFilters: [],
  }
  const answers = (await ask(`${PROXY}/query`, body)) as readonly {
    readonly target?: string
    readonly datapoints?: readonly (readonly [number, number])[]
    readonly columns?: readonly { readonly text: string }[]
    readonly rows?: readonly (readonly Cell[])[]
  }[]
  return answers.map(({ target = '', datapoints, columns = [], rows = [] }) =>
    datapoints === undefined
      ? { columns: columns.map(({ text }) => text), rows }
      : seriesFrame(
          target,
          datapoints.map(([value, atMs]) => [atMs, value]),
        ),
  )
}

/** Values of a variable of the family `mlrun-api`. */
export async function searchJson(query: string, choice: Choice, ask: AskHttp): Promise<unknown> {
  return await ask(`${PROXY}/search`, { target: interpolate(query, choice, asRegex) })
}

function seriesFrame(name: string, rows: readonly (readonly Cell[])[]): Frame {
  return { name, columns: ['Time', 'Value'], rows }
}

/** The answers of a panel of the family `infinity`. */
export async function askInfinity(
  { targets }: Pick<Panel, 'targets'>,
  choice: Choice,
  ask: AskHttp,
): Promise<readonly Frame[]> {
  const frames: Frame[] = []
  for (const target of targets) {
    const table = await infinityTable(target, choice, ask)
    if (target.format === 'table') frames.push(table)
    else frames.push(...longToWide(table))
  }
  return frames
}

async function infinityTable(target: Target, choice: Choice, ask: AskHttp): Promise<Frame> {
  const { url = '', url_options, columns = [] } = target
  const params = (url_options?.params ?? []).map(({ key, value }) => {
    return `${key}=${encodeURIComponent(interpolate(value, choice))}`
  })
  const query = params.length === 0 ? '' : `?${params.join('&')}`
  const rows = (await ask(`${url}${query}`)) as readonly Readonly<Record<string, Cell>>[]
  return {
    columns: columns.map(({ text }) => text),
    rows: rows.map((row) => columns.map(({ selector, type }) => typed(row[selector], type))),
  }
}

/** Infinity makes of a cell what its column says, whatever it is. */
function typed(cell: Cell | undefined, type: string): Cell {
  if (cell === undefined || cell === null) return null
  return type === 'string' ? String(cell) : Number(cell)
}

/** One series for each text beside time and value. */
function longToWide({ columns, rows }: Frame): readonly Frame[] {
  const [label = ''] = columns.slice(1)
  const byLabel = new Map<string, (readonly Cell[])[]>()
  for (const [atMs = null, name = null, value = null] of rows) {
    const points = byLabel.get(String(name)) ?? []
    byLabel.set(String(name), points)
    points.push([atMs, value])
  }
  return [...byLabel].map(([name, points]) => ({
    ...seriesFrame('value', points),
    labels: { [label]: name },
  }))
}

/** The macros of Grafana's PostgreSQL data source that the dashboards use. */
export function expandSql(sql: string, choice: Choice): string {
  const { fromMs, toMs, pointsMax } = choice
  const [from, to] = [fromMs, toMs].map((ms) => `'${new Date(ms).toISOString()}'`)
  const span = sqlSpanMs(choice, pointsMax) / 1000
  const quoted = interpolate(sql, choice, (value) => value.replaceAll("'", "''"))
  const expanded = quoted
    .replaceAll(/\$__timeFilter\(([^)]*)\)/g, `$1 BETWEEN ${from} AND ${to}`)
    .replaceAll(
      /\$__timeGroup\(([^,]*), *\$__interval\)/g,
      `floor(extract(epoch from $1)/${span})*${span}`,
    )
  assert.doesNotMatch(expanded, /\$/, 'every variable and macro is known')
  return expanded
}

/** `$__interval` is whole seconds here. */
export function sqlSpanMs({ fromMs, toMs }: Choice, pointsMax: number): number {
  return Math.ceil((toMs - fromMs) / pointsMax / 1000) * 1000
}

/** The answers of a panel of the family `postgres`. */
export async function askSql(
  { targets }: Pick<Panel, 'targets'>,
  choice: Choice,
  run: RunSql,
): Promise<readonly Frame[]> {
  const frames: Frame[] = []
  for (const { rawSql = '', format } of targets) {
    const rows = await run(expandSql(rawSql, choice))
    frames.push(...(format === 'table' ? [sqlTable(rows)] : sqlSeries(rows)))
  }
  return frames
}

function sqlTable(rows: readonly Readonly<Record<string, unknown>>[]): Frame {
  const columns = Object.keys(rows[0] ?? {})
  return { columns, rows: rows.map((row) => columns.map((name) => plainCell(row[name]))) }
}

function sqlSeries(rows: readonly Readonly<Record<string, unknown>>[]): readonly Frame[] {
  const byName = new Map<string, (readonly Cell[])[]>()
  for (const { time, metric, value } of rows) {
    const name = String(metric)
    const points = byName.get(name) ?? []
    byName.set(name, points)
    // Seconds of $__timeGroup, or a time.
    const atMs = time instanceof Date ? time.getTime() : Number(time) * 1000
    points.push([atMs, Number(value)])
  }
  return [...byName].map(([name, points]) => seriesFrame(name, points))
}

/** The engines give whole numbers of 64 bits as texts or bigints. */
function plainCell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'bigint') return Number(value)
  assert(typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
  return value
}
