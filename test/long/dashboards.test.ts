// Claim: every panel of every dashboard shows of the demo what a slow computation from its events and training sets
// comes to: those of the JSON data sources over the HTTP of the running function, those of SQL on the tables that it
// has written. A panel that no expectation is known of fails. Prometheus' panels: test/interop/dashboards.test.ts.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { PgliteDatabase } from '../../lib/store/postgres/pglite-database.ts'
import { temporaryFolder } from '../contract/cli-child.ts'
import {
  askInfinity,
  askJson,
  askSql,
  expandSql,
  searchJson,
  spanMs,
  sqlSpanMs,
} from '../support/dashboards/ask-panel.ts'
import { DemoExpected } from '../support/dashboards/demo-expected.ts'
import {
  CHOICE,
  checkFamily,
  type DemoRun,
  PANELS,
  runDemo,
  STEPPED,
} from '../support/dashboards/demo-run.ts'
import { type Panel, resourceFiles } from '../support/dashboards/resource.ts'

const INFINITY_POINTS = 500
const demo = new DemoExpected()
const data = join(temporaryFolder(), 'data')
let run: DemoRun
before(async () => {
  run = await runDemo(demo, { data })
})
after(async () => await run.stop())

/** Values of the query variables of a family's dashboards, which must be the project and the endpoints. */
async function checkVariables(
  family: string,
  valuesOf: (query: unknown) => Promise<readonly unknown[]>,
): Promise<void> {
  let count = 0
  for (const { path, dashboard } of resourceFiles().filter((file) => file.family === family)) {
    const queried = dashboard.templating.list.filter(({ type }) => type === 'query')
    for (const { name, query } of queried) {
      const wanted = name === 'PROJECT' ? ['demo'] : demo.ids
      const found = await valuesOf(query)
      assert.deepEqual([...found].sort(), [...wanted].sort(), `${path}: ${name}`)
      count++
    }
  }
  assert.equal(count, 4 + 3)
}

test('mlrun-api: each panel shows what is slowly computed', async () => {
  const count = await checkFamily(
    'mlrun-api',
    { demo, facts: run.facts },
    {
      ask: async (panel, choice) => await askJson(panel, choice, run.ask),
      spanOf: () => spanMs(CHOICE, CHOICE.pointsMax),
    },
  )
  assert.equal(count, PANELS)
  await checkVariables('mlrun-api', async (query) => {
    return (await searchJson(String(query), CHOICE, run.ask)) as readonly string[]
  })
})

test('infinity: each panel shows what is slowly computed', async () => {
  const count = await checkFamily(
    'infinity',
    { demo, facts: run.facts },
    {
      ask: async (panel, choice) => await askInfinity(panel, choice, run.ask),
      spanOf: (key) => (STEPPED.test(key) ? null : spanMs(CHOICE, INFINITY_POINTS)),
    },
  )
  assert.equal(count, PANELS)
  await checkVariables('infinity', async (query) => {
    const { infinityQuery } = query as { readonly infinityQuery: Panel['targets'][number] }
    const [frame] = await askInfinity({ targets: [infinityQuery] }, CHOICE, run.ask)
    return frame?.rows.map(([value]) => value) ?? []
  })
})

test('postgres: each panel shows what is slowly computed', async () => {
  await run.stop()
  const database = new PgliteDatabase({ folder: join(data, 'store/pglite'), isOurs: () => true })
  try {
    const sql = async (text: string) => await database.query(text)
    const count = await checkFamily(
      'postgres',
      { demo, facts: run.facts },
      {
        ask: async (panel, choice) => await askSql(panel, choice, sql),
        spanOf: (key) => (STEPPED.test(key) ? null : sqlSpanMs(CHOICE, CHOICE.pointsMax)),
      },
    )
    assert.equal(count, PANELS)
    await checkVariables('postgres', async (query) => {
      const rows = await sql(expandSql(String(query), CHOICE))
      return rows.map((row) => row['__value'] ?? row['project'])
    })
  } finally {
    await database.close()
  }
})
