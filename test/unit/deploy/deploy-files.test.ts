// Claim: what deploy/ has fits together: files that are mounted exist, variables are given, the data sources are those
// that the dashboards ask, nothing is reachable from other machines, and alerts and panels name metrics that there are.
// No container is started here; test/interop/deploy.test.ts runs the rules in promtool.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { FAMILIES } from '../../../dashboards/all.ts'
import { metricsText } from '../../../lib/read/prometheus.ts'

type Keyed = Readonly<Record<string, unknown>>

interface Service {
  readonly image?: string
  readonly build?: { readonly context: string; readonly dockerfile: string }
  readonly environment?: Readonly<Record<string, string>>
  readonly volumes?: readonly string[]
  readonly ports?: readonly string[]
  readonly secrets?: readonly string[]
  readonly depends_on?: Keyed | readonly string[]
}

interface Source {
  readonly name: string
  readonly uid: string
  readonly type: string
  readonly url: string
}

function yaml<T>(path: string): T {
  return parse(readFileSync(join('deploy', path), 'utf8')) as T
}

const compose = yaml<{
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Keyed
  readonly secrets: Keyed
}>('docker-compose.yml')
const services = Object.entries(compose.services)
const SOURCES = 'grafana/provisioning/datasources/model-monitoring.yaml'
const { datasources } = yaml<{ readonly datasources: readonly Source[] }>(SOURCES)
const prometheus = yaml<{
  readonly rule_files: readonly string[]
  readonly scrape_configs: readonly {
    readonly authorization: { readonly credentials_file: string }
    readonly static_configs: readonly { readonly targets: readonly string[] }[]
  }[]
}>('prometheus/prometheus.yml')

test('every service has an image or is built, and waits for services that there are', () => {
  assert.deepEqual(services.map(([name]) => name).sort(), [
    'function',
    'grafana',
    'postgres',
    'prometheus',
  ])
  for (const [name, { image, build, depends_on = [] }] of services) {
    assert((image === undefined) !== (build === undefined), name)
    // A moving tag would be another program tomorrow.
    if (image !== undefined) assert.match(image, /:v?\d+[\w.-]*$/)
    if (build !== undefined) assert(existsSync(join('deploy', build.context, build.dockerfile)))
    const others = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on)
    for (const other of others) assert(other in compose.services, other)
  }
})

test('what is mounted is there, or is a volume with a name', () => {
  for (const [name, { volumes = [], secrets = [] }] of services) {
    for (const mount of volumes) {
      const [source = '', target = ''] = mount.split(':')
      if (source.startsWith('.')) assert(existsSync(join('deploy', source)), `${name}: ${source}`)
      else assert(source in compose.volumes, `${name}: ${source}`)
      assert(target.startsWith('/'))
      // Ours must not be changed from inside.
      if (source.startsWith('.')) assert(mount.endsWith(':ro'), mount)
    }
    for (const secret of secrets) assert(secret in compose.secrets, secret)
  }
})

test('what the image copies is there', () => {
  const text = readFileSync('deploy/Dockerfile', 'utf8')
  const copied = [...text.matchAll(/^COPY --from=build \/app\/(\S+) /gm)].map(
    ([, path = '']) => path,
  )
  assert(copied.length > 3)
  const ignored = readFileSync('.dockerignore', 'utf8').trim().split('\n')
  for (const path of copied) {
    const isMade = path === 'dist' || path === 'node_modules'
    assert(isMade || (existsSync(path) && !ignored.includes(path)), path)
  }
  for (const path of ignored) assert(!path.startsWith('lib'))
})

test('no port is open to other machines, and no password stands in a file', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? [])
  assert(ports.length > 0)
  for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/)
  for (const [, { environment = {} }] of services) {
    for (const [name, value] of Object.entries(environment)) {
      if (/PASSWORD|TOKEN/.test(name)) assert.match(String(value), /^\$\{\w+:\?\}$/, name)
    }
  }
})

test('Grafana is given every variable that its files name, and a source for each family', () => {
  const text = readFileSync(join('deploy', SOURCES), 'utf8')
  const given = compose.services['grafana']?.environment ?? {}
  for (const [, name = ''] of text.matchAll(/\$\{(\w+)\}/g)) assert(name in given, name)
  for (const { sourceType } of FAMILIES.filter((family) => family.sourceType !== null)) {
    assert.equal(datasources.filter(({ type }) => type === sourceType).length, 1, `${sourceType}`)
  }
  const named = datasources.filter(({ type }) => type === 'grafana-simple-json-datasource')
  assert.deepEqual(
    named.map(({ name, uid }) => [name, uid]),
    [
      ['mlrun-api', 'mlrun-api'],
      ['iguazio', 'iguazio'],
    ],
  )
  const plugins = String(given['GF_PLUGINS_PREINSTALL']).split(',')
  for (const { type, url } of datasources) {
    if (type.includes('json') || type.includes('infinity')) assert(plugins.includes(type), type)
    const host = url.replace(/^http:\/\//, '').split(/[:/]/)[0] ?? ''
    assert(host in compose.services, url)
  }
})

test('Grafana finds the dashboards where they are mounted', () => {
  const { providers } = yaml<{
    readonly providers: readonly { readonly options: { readonly path: string } }[]
  }>('grafana/provisioning/dashboards/model-monitoring.yaml')
  const mounts = compose.services['grafana']?.volumes ?? []
  for (const { options } of providers) {
    assert(mounts.includes(`../resource:${options.path}:ro`), options.path)
  }
})

test('Prometheus scrapes the function with the key that it has, and has its rules', () => {
  const [scrape] = prometheus.scrape_configs
  const targets = scrape?.static_configs.flatMap((one) => one.targets) ?? []
  assert.deepEqual(targets, ['function:8080'])
  const [secret = ''] = compose.services['prometheus']?.secrets ?? []
  assert.equal(scrape?.authorization.credentials_file, `/run/secrets/${secret}`)
  for (const file of prometheus.rule_files) assert(existsSync(join('deploy/prometheus', file)))
})

/** Names of all metrics that /metrics can have, with a record that has everything. */
function metricNames(): ReadonlySet<string> {
  const none = { records: 0, metricRows: 0, metricValues: 0, parquetFiles: 0, parquetRows: 0 }
  const counts = {
    ...{ received: 0, accepted: 0, error: 0, ignored: 0, rejected: 0, duplicate: 0, waiting: 0 },
    ...{ rowsAccepted: 0, rowsRejected: 0 },
  }
  const whole = { letters: 0, deliveredBefore: 0 }
  const record = new Map<string, string | number>(
    Object.entries({
      ...{ endpoint_id: 'e', predictions_per_second: 1, error_count: 0 },
      ...{ predictions_count_5m: 1, predictions_count_1h: 1, latency_avg_5m: 1, latency_avg_1h: 1 },
      first_request: '2021-02-28 21:02:58.642108',
      last_request: '2021-02-28 21:02:58.642108',
      drift_status: 'NO_DRIFT',
      drift_measures: '{"tvd_mean":0}',
      stream_drift: '{"alarms": []}',
    }),
  )
  const text = metricsText({
    records: [record],
    project: 'p',
    ledger: [{ log: 'a', endpointId: '', offset: 0, minute: 0, counts, whole, quality: null }],
    status: { pending: none, written: none, refused: none, catchingUp: false },
  })
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name))
}

test('alerts and panels name only metrics that there are', () => {
  const known = metricNames()
  const folder = 'resource/prometheus'
  const files = ['deploy/prometheus/rules.yml', 'deploy/prometheus/rules.test.yml']
  for (const path of [...files, ...readdirSync(folder).map((name) => join(folder, name))]) {
    const text = readFileSync(path, 'utf8')
    const named = [...text.matchAll(/mlrun_model_monitoring_\w+/g)].map(([name]) => name)
    assert(named.length > 0, path)
    for (const name of named) {
      assert(known.has(name) || name === 'mlrun_model_monitoring_', `${path}: ${name}`)
    }
  }
})

test('every YAML file of deploy/ can be read', () => {
  const paths = readdirSync('deploy', { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => /\.ya?ml$/.test(path))
  assert(files.length >= 7)
  for (const path of files) assert(typeof yaml<unknown>(path) === 'object', path)
})
