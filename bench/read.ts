/**
 * CPU time of an answer of the read API, from the request to its text, over the bare SQL that it needs, on the same
 * embedded store. Workload: 1,000 endpoints with 20 features each, their statistics as MLRun writes them (20 bins),
 * and a day of one endpoint's base metrics, a row every 30 s.
 */
import assert from 'node:assert'
import { join } from 'node:path'
import type { NuclioEvent } from 'nuclio-sdk-ts'
import { PROXY_BASE, ReadApi } from '../handler/read-api.ts'
import { NOT_FOR_METRICS } from '../lib/read/prometheus.ts'
import { JSON_ATTRIBUTES } from '../lib/read/record-values.ts'
import type { Database, Parameter } from '../lib/store/postgres/database.ts'
import { PgliteDatabase } from '../lib/store/postgres/pglite-database.ts'
import { migrate } from '../lib/store/postgres/schema.ts'
import { createStore } from '../lib/store/postgres/store.ts'
import type { Attribute, Store } from '../lib/stream/ports.ts'
import {
  cpuUsOf,
  type Findings,
  interleave,
  medianRatioOf,
  type Rounds,
  seededRandom,
  withFolder,
} from './support.ts'

const ENDPOINTS = 1_000
const FEATURES = 20
const BINS = 20
const DAY_MS = 86_400_000
const ROW_MS = 30_000
const POINTS = 1_000
const END_MS = Date.parse('2026-11-02T00:00:00.000Z')
/** It takes only some milliseconds. */
const SERIES_TURNS = 10
const METRIC = 'predictions_per_second'

/** Records without some attributes, as text. */
const RECORDS =
  'SELECT (record - $1::text[])::text AS record FROM model_endpoints ORDER BY endpoint_id'
const NEWEST = `SELECT log, received::float8 FROM model_endpoint_ledger
  WHERE endpoint_id = '' ORDER BY at_offset DESC LIMIT 1`
const BUCKETS = `
  SELECT round(extract(epoch FROM min(time)) * 1000)::float8 AS at_ms, avg(value) AS value
  FROM model_endpoint_metrics
  WHERE endpoint_id = $1::text AND metric = $2::text AND time >= $3::text::timestamptz
    AND time <= $4::text::timestamptz AND value IS NOT NULL
  GROUP BY date_bin($5::text::interval, time, 'epoch'::timestamptz)
  ORDER BY min(time) DESC`

/** The three ratios: a list of endpoints, a day of one metric at 1,000 points, and /metrics. */
export function measureRead(rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const database = new PgliteDatabase({
      folder: join(folder, 'pglite'),
      isOurs: () => true,
      upkeep: [],
    })
    try {
      await migrate(database)
      const store = createStore(database)
      await fill(store)
      return await measure(database, store, rounds)
    } finally {
      await database.close()
    }
  })
}

async function measure(database: Database, store: Store, rounds: Rounds): Promise<Findings> {
  const api = apiOf(store)
  const bare =
    (sql: string, parameters: readonly Parameter[], times = 1) =>
    () =>
      cpuUsOf(async () => {
        for (let turn = 0; turn < times; turn++) await database.query(sql, parameters)
      })
  const bucket = `${Math.ceil(DAY_MS / (POINTS - 1))} ms`
  const range = [new Date(END_MS - DAY_MS).toISOString(), new Date(END_MS).toISOString()]
  const runs = await interleave(
    {
      list: () => cpuUsOf(() => ask(api, { path: '/api/endpoints' }, ENDPOINTS * 100)),
      listBare: bare(RECORDS, [JSON_ATTRIBUTES]),
      series: () =>
        cpuUsOf(async () => {
          for (let turn = 0; turn < SERIES_TURNS; turn++) {
            await ask(api, seriesRequest(range), POINTS * 10)
          }
        }),
      seriesBare: bare(BUCKETS, [idOf(7), METRIC, ...range, bucket], SERIES_TURNS),
      metrics: () => cpuUsOf(() => ask(api, { path: '/metrics' }, ENDPOINTS * 100)),
      metricsBare: async () =>
        (await bare(RECORDS, [NOT_FOR_METRICS])()) + (await bare(NEWEST, [])()),
    },
    rounds,
  )
  return {
    readEndpointsOverSql: medianRatioOf(runs.list, runs.listBare),
    readSeriesOverSql: medianRatioOf(runs.series, runs.seriesBare),
    readMetricsOverSql: medianRatioOf(runs.metrics, runs.metricsBare),
  }
}

function seriesRequest([from, to]: readonly string[]): Asked {
  const table = 'backend=tsdb;container=projects;table=bench/model-endpoints/events'
  const target = `${table};fields=${METRIC};filter=endpoint_id=='${idOf(7)}'`
  const body = { range: { from, to }, maxDataPoints: POINTS, targets: [{ target }] }
  return { path: `${PROXY_BASE}/query`, body: JSON.stringify(body) }
}

interface Asked {
  readonly path: string
  readonly body?: string
}

/** Asks as Nuclio would, and makes the text of the answer, as the wrapper's side does. */
async function ask(api: ReadApi, { path, body }: Asked, bytesMin: number): Promise<void> {
  const event = {
    path,
    method: body === undefined ? 'GET' : 'POST',
    fields: {},
    headers: {},
    body: Buffer.from(body ?? ''),
    trigger: { kind: 'http', name: 'http' },
  } as unknown as NuclioEvent
  const answer = (await api.answer(event)) as { readonly status: number; readonly body: unknown }
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
  assert(answer.status === 200 && text.length > bytesMin, text.slice(0, 200))
}

function apiOf({ reader, records }: Store): ReadApi {
  const table = { container: 'projects', path: 'bench/model-endpoints' }
  const none = { records: 0, metricRows: 0, metricValues: 0, parquetFiles: 0, parquetRows: 0 }
  let nowMs = END_MS
  return new ReadApi({
    access: { kind: 'none' },
    sources: { reader, records, project: 'bench', tables: { endpoints: table, metrics: table } },
    // A minute later each time, so that nothing is remembered from before.
    nowMs: () => (nowMs += 60_000),
    status: () => ({ pending: none, written: none, refused: none, catchingUp: false }),
    page: () => assert.fail('no browser asks'),
    onTrouble: (reason) => assert.fail(reason),
  })
}

function idOf(index: number): string {
  return index.toString(16).padStart(40, '0123456789abcdef')
}

async function fill(store: Store): Promise<void> {
  const random = seededRandom(ENDPOINTS)
  const updates = Array.from({ length: ENDPOINTS }, (_, index) => ({
    endpointId: idOf(index),
    attributes: attributesOf(idOf(index), random),
  }))
  assert.deepEqual(await store.kv.write(updates), { kind: 'written' })
  const names = [METRIC, 'latency_avg_5m']
  const rows = Array.from({ length: DAY_MS / ROW_MS }, (_, index) => ({
    endpointId: idOf(7),
    recordType: 'base_metrics',
    atMs: END_MS - index * ROW_MS,
    names,
    values: names.map(() => random() * 1000),
  }))
  assert.deepEqual(await store.tsdb.write(rows), { kind: 'written' })
  const counts = { received: 9, accepted: 9, error: 0, ignored: 0, rejected: 0, duplicate: 0 }
  const whole = { letters: 0, deliveredBefore: 0 }
  const lines = Array.from({ length: 1_440 }, (_, minute) => ({
    log: 'a-log',
    endpointId: '',
    offset: minute,
    minute,
    counts: { ...counts, waiting: 0, rowsAccepted: 9, rowsRejected: 0 },
    whole,
    quality: null,
  }))
  assert.deepEqual(await store.ledger.write(lines), { kind: 'written' })
}

function attributesOf(endpointId: string, random: () => number): ReadonlyMap<string, Attribute> {
  const time = '2026-11-02 08:00:00.123456+00:00'
  const stats = Object.fromEntries(
    Array.from({ length: FEATURES }, (_, feature) => [`feature_${feature}`, statsOf(random)]),
  )
  const measures = { tvd_mean: random(), hellinger_mean: random(), kld_mean: random() }
  const texts = {
    endpoint_id: endpointId,
    project: 'bench',
    function_uri: 'bench/serving:v1',
    model: `model-${endpointId.slice(-4)}:v1`,
    model_class: 'SklearnModelServer',
    labels: '{"team": "blue"}',
    _team: 'blue',
    first_request: time,
    last_request: time,
    timestamp: time,
    drift_status: 'NO_DRIFT',
    feature_names: JSON.stringify(Object.keys(stats)),
    feature_stats: JSON.stringify(stats),
    drift_measures: JSON.stringify({
      ...Object.fromEntries(Object.keys(stats).map((name) => [name, { tvd: random(), kld: 1 }])),
      ...measures,
    }),
  }
  const numbers = {
    error_count: 3,
    predictions_per_second: random(),
    predictions_count_5m: 300,
    predictions_count_1h: 3600,
    latency_avg_5m: random() * 1e4,
    latency_avg_1h: random() * 1e4,
  }
  return new Map<string, Attribute>([
    ...Object.entries(texts).map(([name, value]) => [name, { type: 'string', value }] as const),
    ...Object.entries(numbers).map(([name, value]) => [name, { type: 'double', value }] as const),
  ])
}

function statsOf(random: () => number): object {
  const edges = Array.from({ length: BINS + 1 }, (_, bin) => bin + random())
  const counts = Array.from({ length: BINS }, () => Math.floor(random() * 100))
  return { count: 1000, mean: random(), std: random(), min: 0, max: 20, hist: [counts, edges] }
}
