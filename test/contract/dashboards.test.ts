// Claim: every panel of every dashboard shows of the demo what a slow computation from its events and training sets
// comes to: those of the JSON data sources over the HTTP of the running function, those of SQL on the tables that it
// has written. A panel that no expectation is known of fails. Prometheus' panels: test/interop/dashboards.test.ts.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { PgliteDatabase } from '../../lib/store/postgres/pglite-database.ts'
import {
  askInfinity,
  askJson,
  askSql,
  type Choice,
  searchJson,
  spanMs,
  sqlSpanMs,
} from '../support/dashboards/ask-panel.ts'
import { DemoExpected } from '../support/dashboards/demo-expected.ts'
import { asSeen, type DemoFacts, EXPECTED } from '../support/dashboards/expected-panels.ts'
import { type Frame, shownBy } from '../support/dashboards/frames.ts'
import { type Panel, type ResourceFile, resourceFiles } from '../support/dashboards/resource.ts'
import { assertSameShown } from '../support/dashboards/shown.ts'
import { finished, heard, start, temporaryFolder } from './cli-child.ts'

const POINTS = 900
const INFINITY_POINTS = 500
/** Of the model whose events are batches: when its panes are measured, some of their rows may not have come. */
const BATCHED = { model: 'diabetes:v3', unsure: /^(?:performance\/5|drift\/[346])$/ }
const STEPPED = /^(?:drift\/2|overview\/21)$/
/** Of the overview once, of the others for each of the four models, less what is not sure of one. */
const PANELS = 10 + 4 * (4 + 6 + 6) - 4
const files = resourceFiles()
const demo = new DemoExpected()
const data = join(temporaryFolder(), 'data')
const choice: Choice = {
  project: 'demo',
  model: '',
  fromMs: Date.parse('2026-11-02T08:00:00Z'),
  toMs: Date.parse('2026-11-02T10:30:00Z'),
  pointsMax: POINTS,
}
let facts: DemoFacts
let url: string
let stop: () => Promise<void>

before(async () => {
  const child = start(['run', '--demo', '--data', data, '--port', '0'], {
    cwd: '.',
    env: { PROJECT: 'demo' },
  })
  const ended = finished(child)
  const told = await heard(child, 'until Ctrl-C')
  url = /http:\/\/127\.0\.0\.1:\d+/.exec(told)?.[0] ?? ''
  facts = factsOf(told)
  stop = async () => {
    child.kill('SIGINT')
    await ended
  }
})

/** Alarms are decided at each full hour; the summary tells of those that stand at the end. */
function factsOf(told: string): DemoFacts {
  const [, model = '', names = ''] =
    /^(\S+) has drifted since 2026-11-02 09:00 UTC: (.*)$/m.exec(told) ?? []
  const count = names.split(' sigma').length - 1
  assert(count > 0, told)
  const first = Date.parse('2026-11-02T08:05:00Z')
  const alarm = [Date.parse('2026-11-02T10:00:00Z'), count] as const
  return {
    alarmed: new Map(
      demo.ids.map((id) => [id, demo.modelOf(id) === model ? [[first, 0], alarm] : [[first, 0]]]),
    ),
  }
}

async function askHttp(path: string, body?: object): Promise<unknown> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const response = await fetch(`${url}${path}`, init)
  const text = await response.text()
  assert.equal(response.status, 200, `${path}: ${text}`)
  return JSON.parse(text)
}

interface Asked {
  readonly ask: (panel: Panel, choice: Choice) => Promise<readonly Frame[]>
  /** Length of the spans of means; null for single values. */
  readonly spanOf: (key: string) => number | null
}

/** Every panel of a family for every endpoint; how many were looked at. */
async function checkFamily(family: string, { ask, spanOf }: Asked): Promise<number> {
  let count = 0
  for (const file of files.filter((one) => one.family === family)) {
    for (const panel of file.dashboard.panels) {
      const key = `${file.name}/${panel.id}`
      const expect = EXPECTED[key]
      assert(expect, `${file.path}: nothing is expected of ${panel.title}`)
      for (const id of hasModel(file) ? demo.ids : ['']) {
        if (BATCHED.unsure.test(key) && demo.modelOf(id) === BATCHED.model) continue
        const about = `${file.path}: ${panel.title} of ${id}`
        const found = shownBy(panel, await ask(panel, { ...choice, model: id }))
        const span = spanOf(key)
        // Sources name a span by its beginning or by its first value.
        assertSameShown(asSeen(found, span), asSeen(expect(demo, id, facts), span), about)
        count++
      }
    }
  }
  return count
}

function hasModel({ dashboard }: ResourceFile): boolean {
  return dashboard.templating.list.some(({ name }) => name === 'MODEL')
}

test('mlrun-api: each panel shows what is slowly computed', async () => {
  const count = await checkFamily('mlrun-api', {
    ask: async (panel, chosen) => await askJson(panel, chosen, askHttp),
    spanOf: () => spanMs(choice, POINTS),
  })
  assert.equal(count, PANELS)
})

test('infinity: each panel shows what is slowly computed', async () => {
  const count = await checkFamily('infinity', {
    ask: async (panel, chosen) => await askInfinity(panel, chosen, askHttp),
    spanOf: (key) => (STEPPED.test(key) ? null : spanMs(choice, INFINITY_POINTS)),
  })
  assert.equal(count, PANELS)
})

test('the variables of both have the projects and the endpoints', async () => {
  for (const { family, path, dashboard } of files) {
    for (const { name, query } of dashboard.templating.list.filter(
      ({ type }) => type === 'query',
    )) {
      const wanted = name === 'PROJECT' ? ['demo'] : demo.ids
      if (family === 'mlrun-api') {
        const found = (await searchJson(String(query), choice, askHttp)) as readonly string[]
        assert.deepEqual([...found].sort(), [...wanted].sort(), path)
      } else if (family === 'infinity') {
        const { infinityQuery } = query as { readonly infinityQuery: Panel['targets'][number] }
        const [frame] = await askInfinity({ targets: [infinityQuery] }, choice, askHttp)
        assert.deepEqual(frame?.rows.map(([value]) => value).sort(), [...wanted].sort(), path)
      }
    }
  }
})

test('postgres: each panel shows what is slowly computed', async () => {
  await stop()
  const database = new PgliteDatabase({ folder: join(data, 'store/pglite'), isOurs: () => true })
  try {
    const run = async (sql: string) => await database.query(sql)
    const count = await checkFamily('postgres', {
      ask: async (panel, chosen) => await askSql(panel, chosen, run),
      spanOf: (key) => (STEPPED.test(key) ? null : sqlSpanMs(choice, POINTS)),
    })
    assert.equal(count, PANELS)
  } finally {
    await database.close()
  }
})

after(async () => await stop())
