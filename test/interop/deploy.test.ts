// Claim: a real Prometheus takes our configuration and rules and scrapes the function, and each alert speaks when it must and not before; the role that
// PostgreSQL makes for Grafana reads the tables and writes nothing.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { parse } from 'yaml'
import { openPostgres } from '../../lib/store/postgres/open-postgres.ts'
import { events, finished, heard, start, temporaryFolder, write } from '../contract/cli-child.ts'
import { writeGolden } from '../support/read-api.ts'
import { makeGrafanaRole } from './grafana-role.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { startPrometheus } from './prometheus-server.ts'
import { promtool } from './promtool.ts'

const PROMETHEUS = 'deploy/prometheus'
const TOKEN = 'token-of-this-test'

/** A copy of what Prometheus is given, with other texts in its configuration; the path of that. */
function configWith(texts: Readonly<Record<string, string>>): string {
  const folder = join(temporaryFolder(), 'prometheus')
  cpSync(PROMETHEUS, folder, { recursive: true })
  const path = join(folder, 'prometheus.yml')
  const secret = join(folder, 'read_token')
  writeFileSync(secret, TOKEN)
  let text = readFileSync(path, 'utf8')
  for (const [from, to] of Object.entries({ ...texts, '/run/secrets/read_token': secret })) {
    assert(text.includes(from), from)
    text = text.replaceAll(from, to)
  }
  writeFileSync(path, text)
  return path
}

test('Prometheus takes the configuration', () => {
  assert.match(promtool(['check', 'config', configWith({})]), /14 rules found/)
})

test('a real Prometheus scrapes the function with the key, and has the rules', async () => {
  const folder = temporaryFolder()
  const input = write(folder, events(30))
  const args = ['run', '--data', join(folder, 'data'), '--input', input, '--port', '0']
  const child = start(args, { cwd: folder, env: { READ_TOKEN: TOKEN } })
  const ended = finished(child)
  const told = await heard(child, 'until Ctrl-C')
  const [, target = ''] = /http:\/\/(127\.0\.0\.1:\d+)/.exec(told) ?? []
  const config = configWith({ 'function:8080': target, '30s': '1s' })
  const server = await startPrometheus(config, join(folder, 'tsdb'))
  try {
    const query = 'sum(mlrun_model_monitoring_events_total{job="model-monitoring"}) + 0 * sum(up)'
    const path = `/api/v1/query?query=${encodeURIComponent(query)}`
    // The counts of the ledger come with its next line.
    await server.ask(path, (found) => resultsOf(found)[0]?.value[1] === '30')
    const rules = (await server.ask(
      '/api/v1/rules',
      (found) => everyRule(found).length === 14,
    )) as object
    for (const { name, health } of everyRule(rules)) assert.notEqual(health, 'err', name)
  } finally {
    await server.stop()
    child.kill('SIGINT')
    await ended
  }
})

function resultsOf(data: unknown): readonly { readonly value: readonly [number, string] }[] {
  return (data as { readonly result: ReturnType<typeof resultsOf> }).result
}

function everyRule(data: unknown): readonly { readonly name: string; readonly health: string }[] {
  type Rules = ReturnType<typeof everyRule>
  const { groups } = data as { readonly groups: readonly { readonly rules: Rules }[] }
  return groups.flatMap(({ rules }) => rules)
}

test('each alert speaks when it must, and is silent else', () => {
  promtool(['test', 'rules', join(PROMETHEUS, 'rules.test.yml')])
  const rules = parse(readFileSync(join(PROMETHEUS, 'rules.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[]
  }
  const { tests } = parse(readFileSync(join(PROMETHEUS, 'rules.test.yml'), 'utf8')) as {
    readonly tests: readonly {
      readonly alert_rule_test: readonly {
        readonly alertname: string
        readonly exp_alerts?: object
      }[]
    }[]
  }
  const looks = tests.flatMap(({ alert_rule_test }) => alert_rule_test)
  for (const { alert } of rules.groups.flatMap((group) => group.rules)) {
    const own = looks.filter(({ alertname }) => alertname === alert)
    assert(
      own.some(({ exp_alerts }) => exp_alerts !== undefined),
      `${alert} speaks in a test`,
    )
    assert(
      own.some(({ exp_alerts }) => exp_alerts === undefined),
      `${alert} is silent in a test`,
    )
  }
})

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
after(() => server?.stop())

test("Grafana's role reads tables that are made later, and writes none", async () => {
  const url = await server.createDatabase('role')
  const readerUrl = makeGrafanaRole(url, "it's a %password")
  const store = await openPostgres({ url })
  await writeGolden(store)
  await store.close()
  const client = new pg.Client({ connectionString: readerUrl })
  await client.connect()
  try {
    const { rows } = await client.query('SELECT count(*)::int AS count FROM model_endpoints')
    assert.deepEqual(rows, [{ count: 2 }])
    await client.query('SET default_transaction_read_only = off')
    for (const sql of [
      'DELETE FROM model_endpoints',
      'DROP TABLE model_endpoints',
      'CREATE TABLE mine (a int)',
      "COPY model_endpoints TO PROGRAM 'cat'",
    ]) {
      await assert.rejects(client.query(sql), { code: '42501' }, sql)
    }
  } finally {
    await client.end()
  }
})

test('the script of the role wants a password', () => {
  const { status, stderr } = spawnSync('sh', ['deploy/postgres/grafana-role.sh'], {
    env: { PATH: process.env['PATH'] ?? '' },
    encoding: 'utf8',
  })
  assert.notEqual(status, 0)
  assert.match(stderr, /GRAFANA_DB_PASSWORD/)
})
