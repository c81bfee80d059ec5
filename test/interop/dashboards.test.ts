// Claim: the queries of the dashboards are right where they really run. Every SQL shows on a real PostgreSQL what a slow
// computation comes to, every PromQL gives in promtool what it comes to, and Grafana's own transformations make of the
// answers what the tests' reading of them does.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { temporaryFolder } from '../contract/cli-child.ts'
import {
  askInfinity,
  askJson,
  askSql,
  interpolate,
  sqlSpanMs,
} from '../support/dashboards/ask-panel.ts'
import { DemoExpected } from '../support/dashboards/demo-expected.ts'
import {
  CHOICE,
  checkFamily,
  type DemoRun,
  hasModel,
  PANELS,
  runDemo,
  STEPPED,
} from '../support/dashboards/demo-run.ts'
import { EXPECTED } from '../support/dashboards/expected-panels.ts'
import {
  EXPECTED_PROMETHEUS,
  type Sample,
  type ScrapeFacts,
} from '../support/dashboards/expected-prometheus.ts'
import { type Frame, shownBy, transformedBy } from '../support/dashboards/frames.ts'
import { type Panel, resourceFiles, type Target } from '../support/dashboards/resource.ts'
import { Scrape } from '../support/dashboards/scrape.ts'
import { assertSameShown, type Cell, type Shown } from '../support/dashboards/shown.ts'
import { makeGrafanaRole } from './grafana-role.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { grafanaFolder } from './programs.ts'
import { promtool } from './promtool.ts'

const demo = new DemoExpected()
const folder = temporaryFolder()
let server: PostgresServer
let client: pg.Client
let run: DemoRun
let scrape: Scrape

before(async () => {
  server = await startPostgres()
  const url = await server.createDatabase('demo')
  run = await runDemo(demo, { data: join(folder, 'data'), env: { STORE_URL: url } })
  // As Grafana asks: by a role that can only read.
  client = new pg.Client({ connectionString: makeGrafanaRole(url, 'password of grafana') })
  await client.connect()
  scrape = new Scrape(await run.text('/metrics'))
})
after(async () => {
  await client?.end()
  await run?.stop()
  await server?.stop()
})

test('postgres: each panel shows on a real server what is slowly computed', async () => {
  const count = await checkFamily(
    'postgres',
    { demo, facts: run.facts },
    {
      ask: async (panel, choice) =>
        await askSql(panel, choice, async (sql) => (await client.query(sql)).rows),
      spanOf: (key) => (STEPPED.test(key) ? null : sqlSpanMs(CHOICE, CHOICE.pointsMax)),
    },
  )
  assert.equal(count, PANELS)
})

function scrapeFacts(): ScrapeFacts {
  const ends = [...run.facts.alarmed].map(([id, points]) => [id, points.at(-1)?.[1] ?? 0] as const)
  return { scrape, alarmed: new Map(ends) }
}

/** A query with what it must give, an hour after the beginning. */
interface PromqlTest {
  readonly expr: string
  readonly samples: readonly Sample[]
}

/** Times are rounded to a microsecond of theirs, all else to a millionth: promtool compares every bit. */
const FINE = 1e-6
const COARSE = 1e-3
const LARGE = 1e9

function asUnitTest({ expr, samples }: PromqlTest): object {
  const unit = samples.some(({ value }) => value > LARGE) ? COARSE : FINE
  const inverse = 1 / unit
  return {
    expr: `round((${expr}), ${unit})`,
    eval_time: '60m',
    exp_samples: samples.map(({ labels, value }) => ({
      labels: `{${Object.entries(labels)
        .map(([name, text]) => `${name}=${JSON.stringify(text)}`)
        .join(',')}}`,
      value: Math.floor(value * inverse + 0.5) / inverse,
    })),
  }
}

function promqlOf({ expr = '' }: Target, id: string): string {
  const plain = interpolate(expr, { ...CHOICE, model: id })
  const known = plain.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '3600s')
  assert.doesNotMatch(known, /\$/, 'every variable is known')
  return known
}

test('prometheus: each query gives what is slowly computed', () => {
  const tests: PromqlTest[] = []
  for (const file of resourceFiles().filter(({ family }) => family === 'prometheus')) {
    for (const panel of file.dashboard.panels) {
      const key = `${file.name}/${panel.id}`
      const expect = EXPECTED_PROMETHEUS[key]
      assert(expect, `${file.path}: nothing is expected of ${panel.title}`)
      for (const id of hasModel(file) ? demo.ids : ['']) {
        const expected = expect(demo, id, scrapeFacts())
        assert.equal(panel.targets.length, expected.length, `${file.path}: ${panel.title}`)
        for (const [index, target] of panel.targets.entries()) {
          tests.push({ expr: promqlOf(target, id), samples: expected[index] ?? [] })
        }
        // What the queries give is known now: so is what the panel makes of it.
        if (panel.type === 'table')
          checkTable(panel, expected, EXPECTED[key]?.(demo, id, run.facts))
      }
    }
  }
  assert(tests.length > 60)
  const path = join(folder, 'dashboards.test.yml')
  const input_series = scrape.series
  const promql_expr_test = tests.map(asUnitTest)
  // JSON is YAML.
  const all = { rule_files: [], tests: [{ interval: '1m', input_series, promql_expr_test }] }
  writeFileSync(path, JSON.stringify(all))
  promtool(['test', 'rules', path])
})

/** Columns of the other families that no metric has. */
const NOT_SCRAPED =
  /^(?:Function|Model Class|Accuracy|Endpoint ID|Model|(?:TVD|Hellinger|KLD) \(sum\))$/

/** The answers to a table's queries, as Grafana's Prometheus source makes them of samples. */
function tablesOf(panel: Panel, expected: readonly (readonly Sample[])[]): readonly Frame[] {
  return expected.map((samples, index) => {
    const names = Object.keys(samples[0]?.labels ?? {})
    const columns = ['Time', ...names, `Value #${panel.targets[index]?.refId}`]
    const rows = samples.map(({ labels, value }): Cell[] => [
      CHOICE.toMs,
      ...names.map((name) => labels[name] ?? null),
      value,
    ])
    return { columns, rows }
  })
}

function checkTable(
  panel: Panel,
  expected: readonly (readonly Sample[])[],
  shown: Shown | undefined,
): void {
  assert(shown?.kind === 'rows')
  const found = shownBy(panel, tablesOf(panel, expected))
  assert(found.kind === 'rows')
  const titles = new Set(found.rows.flatMap((row) => Object.keys(row)))
  const rows = shown.rows.map((row) => {
    const lacking = Object.keys(row).filter((title) => !titles.has(title))
    for (const title of lacking) assert.match(title, NOT_SCRAPED, panel.title)
    return Object.fromEntries(Object.entries(row).filter(([title]) => titles.has(title)))
  })
  assertSameShown(found, { kind: 'rows', rows }, panel.title)
}

test('the variables of prometheus have the project and the endpoints', () => {
  const { series } = scrape
  for (const { path, family, dashboard } of resourceFiles()) {
    if (family !== 'prometheus') continue
    for (const { name, query } of dashboard.templating.list.filter(
      ({ type }) => type === 'query',
    )) {
      const { query: text } = query as { readonly query: string }
      const [, metric = '', label = ''] =
        /^label_values\((\w+)(?:\{.*\})?, (\w+)\)$/.exec(text) ?? []
      const values = series.flatMap(({ series: one }) =>
        one.startsWith(`${metric}{`) ? [new RegExp(`${label}="([^"]*)"`).exec(one)?.[1]] : [],
      )
      const wanted = name === 'PROJECT' ? ['demo'] : demo.ids
      assert.deepEqual([...new Set(values)].sort(), [...wanted].sort(), `${path}: ${name}`)
    }
  }
})

test('what /metrics answers has nothing that promtool complains of', async () => {
  promtool(['check', 'metrics'], await run.text('/metrics'))
})

/** What Grafana's own code makes of answers. */
function transformedByGrafana(
  asked: readonly { readonly panel: Panel; readonly frames: readonly Frame[] }[],
): readonly (readonly { readonly name: string; readonly values: readonly Cell[] }[])[][] {
  const input = asked.map(({ panel, frames }) => ({
    transformations: panel.transformations,
    frames: frames.map(({ name, columns, rows }) => ({
      ...(name === undefined ? {} : { name }),
      // A series bears its name in its only number, as the JSON data source makes it.
      fields: columns.map((column, index) => ({
        name: column,
        type: fieldTypeOf(column, rows[0]?.[index]),
        values: rows.map((row) => row[index] ?? null),
        config: name === undefined || column === 'Time' ? {} : { displayNameFromDS: name },
      })),
    })),
  }))
  const args = ['test/interop/grafana/transform.cjs', grafanaFolder()]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    input: JSON.stringify(input),
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 256 * 1024 * 1024,
  })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

function fieldTypeOf(column: string, cell: Cell | undefined): string {
  if (column === 'Time') return 'time'
  return typeof cell === 'string' ? 'string' : 'number'
}

/** What a panel with transformations is answered with. */
async function answersOf(
  family: string,
  key: string,
  { panel, id }: { readonly panel: Panel; readonly id: string },
): Promise<readonly Frame[]> {
  const choice = { ...CHOICE, model: id }
  if (family === 'mlrun-api') return await askJson(panel, choice, run.ask)
  if (family === 'infinity') return await askInfinity(panel, choice, run.ask)
  // Of Prometheus what its queries were shown to give above.
  assert.equal(family, 'prometheus')
  return tablesOf(panel, EXPECTED_PROMETHEUS[key]?.(demo, id, scrapeFacts()) ?? [])
}

test("Grafana's own transformations make of the answers what the tests take them for", async () => {
  const asked: { readonly panel: Panel; readonly frames: readonly Frame[] }[] = []
  const [id = ''] = demo.ids
  for (const { family, name, dashboard } of resourceFiles()) {
    for (const panel of dashboard.panels) {
      if ((panel.transformations ?? []).length === 0) continue
      asked.push({ panel, frames: await answersOf(family, `${name}/${panel.id}`, { panel, id }) })
    }
  }
  const kinds = new Set(asked.flatMap(({ panel }) => panel.transformations?.map((one) => one.id)))
  assert.deepEqual([...kinds].sort(), [
    'calculateField',
    'filterByValue',
    'merge',
    'organize',
    'reduce',
    'renameByRegex',
  ])
  const made = transformedByGrafana(asked)
  for (const [index, { panel, frames }] of asked.entries()) {
    const ours = transformedBy(panel, frames).map(({ name, columns, rows }) =>
      columns.map((column, at) => ({
        name: name === undefined || column === 'Time' ? column : name,
        values: rows.map((row) => row[at] ?? null),
      })),
    )
    assert.deepEqual(made[index], ours, panel.title)
  }
})
