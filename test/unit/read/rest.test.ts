// Claim: the flat arrays below /api, the paths of simPod's data source and annotations say what the store has, with
// times in milliseconds and only of what was chosen; what cannot be meant is refused with a sentence. Shown on the
// embedded store.
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { PROXY_BASE, type ReadApi } from '../../../handler/read-api.ts'
import { openEmbedded } from '../../../lib/store/postgres/open-embedded.ts'
import type { Store } from '../../../lib/stream/ports.ts'
import {
  ask,
  GOLDEN_RECORD,
  NO_WINDOW,
  NOT_MEASURED,
  NOW_MS,
  readApiOf,
  writeGolden,
  writeRecord,
  writeRows,
} from '../../support/read-api.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
let store: Store
let api: ReadApi
before(async () => {
  store = await openEmbedded({ folder: folder.path })
  await writeGolden(store)
  await writeRecord(store, { endpoint_id: 'other', project: 'iris', model: 'm3:v1', _team: 'blue' })
  const counts = [5, 5, 7, 9, 9, 9, 10]
  await writeRows(
    store,
    counts.map((count, index) => ({
      endpointId: 'e2',
      recordType: 'base_metrics',
      atMs: NOW_MS - 60_000 * (counts.length - index),
      values: { error_count: count, predictions_per_second: index },
    })),
  )
  const means = [0.1, 0.55, 0.9]
  await writeRows(
    store,
    means.map((mean, index) => ({
      endpointId: 'test.test_id',
      recordType: 'drift_measures',
      atMs: NOW_MS - 1000 * (means.length - index),
      values: { tvd_mean: mean, hellinger_mean: mean },
    })),
  )
  const events = [
    [0, 0],
    [1, 1],
    [1, 2],
    [2, 2],
    [-1, 0],
  ]
  await writeRows(
    store,
    events.map(([status = 0, alarms = 0], index) => ({
      endpointId: 'test.test_id',
      recordType: 'drift_events',
      atMs: NOW_MS - 1000 * (events.length - index),
      values: { drift_status: status, alarmed_features: alarms },
    })),
  )
  api = readApiOf(store)
})
after(async () => {
  await store.close()
  folder.remove()
})

async function get(path: string, fields: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const answer = await ask(api, { path, fields })
  assert.equal(answer.status, 200, answer.text)
  assert.equal(answer.contentType, 'application/json')
  return answer.json
}

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await ask(api, { path: `${PROXY_BASE}${path}`, body })
  assert.equal(answer.status, 200, answer.text)
  return answer.json
}

test('endpoints are flat objects: no JSON texts, times in milliseconds', async () => {
  const all = (await get('/api/endpoints')) as readonly Record<string, unknown>[]
  assert.deepEqual(
    all.map((endpoint) => endpoint['endpoint_id']),
    ['e2', 'other', 'test.test_id'],
  )
  const [golden] = (await get('/api/endpoints', { endpoint_id: 'test.test_id' })) as typeof all
  const atMs = Date.parse('2021-02-28T21:02:58.642Z')
  assert.deepEqual(golden, {
    project: 'test3',
    endpoint_id: 'test.test_id',
    model: 'test-model',
    function_uri: 'test3/v2-model-server',
    model_class: 'ClassifierModel',
    first_request: atMs,
    last_request: atMs,
    error_count: 0,
    drift_status: 'NO_DRIFT',
  })
  const [other, ...none] = (await get('/api/endpoints', { project: 'iris' })) as typeof all
  assert.deepEqual([other?.['_team'], none], ['blue', []])
  assert.deepEqual(await get('/api/endpoints', { project: 'iris', model: 'm2:v1' }), [])
  assert.deepEqual(await get('/api/projects'), [{ project: 'iris' }, { project: 'test3' }])
})

test('records are as they are stored', async () => {
  const all = (await get('/api/records')) as readonly Record<string, unknown>[]
  const golden = all.find((record) => record['endpoint_id'] === 'test.test_id')
  assert.deepEqual(golden, { ...GOLDEN_RECORD, project: 'test3' })
})

test('features and drift are read from the record', async () => {
  const features = (await get('/api/features', { endpoint_id: 'test.test_id' })) as unknown[]
  assert.deepEqual(features[0], {
    feature_name: 'f0',
    actual_min: 1,
    actual_mean: 2.861,
    actual_max: 5.1,
    expected_min: 4.7,
    expected_mean: 5.9,
    expected_max: 7.9,
    tvd: 0.4,
    hellinger: 0.381,
    kld: 1.377,
    actual_count: 100,
    actual_std: 1.4,
    expected_count: 30,
    expected_std: 0.8,
    ...NOT_MEASURED,
  })
  assert.deepEqual(await get('/api/drift'), [
    {
      project: 'test3',
      endpoint_id: 'test.test_id',
      model: 'test-model',
      drift_status: 'NO_DRIFT',
      tvd_sum: 1.756,
      tvd_mean: 0.439,
      hellinger_sum: 1.78,
      hellinger_mean: 0.445,
      kld_sum: 9.134,
      kld_mean: 2.283,
      ...NO_WINDOW,
    },
  ])
})

test('series are single values, or means for as many points as are asked for', async () => {
  const which = { endpoint_id: 'e2', metric: 'predictions_per_second' }
  const all = (await get('/api/series', which)) as readonly Record<string, unknown>[]
  assert.deepEqual(all.at(-1), {
    time: NOW_MS - 60_000,
    endpoint_id: 'e2',
    record_type: 'base_metrics',
    metric: 'predictions_per_second',
    value: 6,
  })
  assert.equal(all.length, 7)
  assert.equal(((await get('/api/series', { ...which, limit: '2' })) as unknown[]).length, 2)
  const range = { from_ms: String(NOW_MS - 420_000), to_ms: String(NOW_MS) }
  const means = await get('/api/series', { ...which, ...range, max_points: '3' })
  const values = (means as typeof all).map(({ value }) => Number(value))
  assert(values.length > 1 && values.length <= 3, `${values}`)
  const fine = await get('/api/series', { ...which, ...range, max_points: '1000' })
  assert.deepEqual(fine, all)
  assert.deepEqual(await get('/api/series', { ...which, project: 'iris' }), [])
  // The newest of the project, not those of the project among the newest.
  const newest = { project: 'test3', record_type: 'endpoint_features', metric: 'f0', limit: '1' }
  const [f0] = (await get('/api/series', newest)) as typeof all
  assert.deepEqual([f0?.['value'], f0?.['endpoint_id']], [2, 'test.test_id'])
  const stranger = { endpointId: 'other', recordType: 'endpoint_features', values: { f0: 7 } }
  await writeRows(store, [{ ...stranger, atMs: NOW_MS }])
  assert.deepEqual(await get('/api/series', newest), [f0])
  assert.equal(((await get('/api/series', { ...which, project: 'test3' })) as unknown[]).length, 7)
})

for (const [path, fields, sentence] of [
  ['/api/series', { from_ms: 'x' }, /^from_ms must be a whole number, not "x"\.$/],
  ['/api/series', { limit: '-1' }, /^limit must be a whole number/],
  ['/api/series', { max_points: '5' }, /^max_points needs from_ms/],
  ['/api/series', { from_ms: '2', to_ms: '1' }, /^from_ms is later than to_ms/],
  ['/api/series', { metrik: 'a' }, /^There is no parameter "metrik": there are project, /],
  ['/api/endpoints', { model: 'x'.repeat(5000) }, /^model must have 4096 characters at most\.$/],
  ['/api/features', {}, /^endpoint_id can't be empty$/],
  ['/api/claims', {}, /^Name a log/],
] as const) {
  test(`${path} refuses ${JSON.stringify(fields).slice(0, 60)}`, async () => {
    const answer = await ask(api, { path, fields })
    assert.equal(answer.status, 400)
    const { message, detail } = answer.json as { message: string; detail: { reason: string } }
    assert.match(message, sentence)
    assert.match(detail.reason, /^MLRunBadRequestError\(/)
  })
}

test('an endpoint that there is not is told of with 404, also one of another project', async () => {
  for (const fields of [
    { endpoint_id: 'nope' },
    { endpoint_id: 'test.test_id', project: 'iris' },
  ]) {
    const answer = await ask(api, { path: '/api/features', fields })
    assert.equal(answer.status, 404)
    assert.match(answer.text, /MLRunNotFoundError\('Endpoint [a-z._]+ not found'\)/)
  }
})

const RANGE = {
  from: new Date(NOW_MS - 3_600_000).toISOString(),
  to: new Date(NOW_MS).toISOString(),
}

test('annotations are changes of the drift status and times in which errors came', async () => {
  const body = { range: RANGE, annotation: { name: 'a', query: 'project=test3' } }
  const at = (minutes: number): number => NOW_MS - 60_000 * minutes
  assert.deepEqual(await post('/annotations', body), [
    {
      time: at(6),
      timeEnd: at(4),
      title: 'Errors',
      text: '4 errors of m2:v1 (e2)',
      tags: ['errors', 'm2:v1'],
    },
    {
      time: at(2),
      timeEnd: at(1),
      title: 'Errors',
      text: '1 error of m2:v1 (e2)',
      tags: ['errors', 'm2:v1'],
    },
    ...[
      ['NO_DRIFT', ''],
      ['POSSIBLE_DRIFT', ' was NO_DRIFT'],
      ['Other features drift', ''],
      ['DRIFT_DETECTED', ' was POSSIBLE_DRIFT'],
      ['UNKNOWN', ' was DRIFT_DETECTED'],
    ].map(([title, before], index) => ({
      time: NOW_MS - 1000 * (5 - index),
      timeEnd: NOW_MS - 1000 * (5 - index),
      title,
      text: `test-model (test.test_id)${before}`,
      tags: ['drift', 'test-model'],
    })),
  ])
  const none = { range: RANGE, annotation: { query: 'project=iris' } }
  assert.deepEqual(await post('/annotations', none), [])
  const [table] = (await post('/query', {
    range: RANGE,
    targets: [{ target: 'annotations', payload: { endpoint_id: 'e2' } }],
  })) as readonly { rows: readonly unknown[] }[]
  assert.equal(table?.rows.length, 2)
})

test("simPod's data source chooses functions, parameters and variables", async () => {
  const functions = (await post('/metrics', { payload: {} })) as readonly { value: string }[]
  const values = functions.map(({ value }) => value)
  assert(values.includes('list_endpoints') && values.includes('series'), `${values}`)
  const chosen = { metric: 'series', payload: { project: 'test3' } }
  assert.deepEqual(await post('/metric-payload-options', { ...chosen, name: 'endpoint_id' }), [
    { label: 'm2:v1 (e2)', value: 'e2' },
    { label: 'test-model (test.test_id)', value: 'test.test_id' },
  ])
  assert.deepEqual(await post('/metric-payload-options', { ...chosen, name: 'project' }), [
    { label: 'iris', value: 'iris' },
    { label: 'test3', value: 'test3' },
  ])
  const payload = { target: 'list_endpoints', project: 'test3' }
  const wanted = [
    { __text: 'e2', __value: 'e2' },
    { __text: 'test.test_id', __value: 'test.test_id' },
  ]
  assert.deepEqual(await post('/variable', { payload }), wanted)
  assert.deepEqual(await post('/variable', { payload: JSON.stringify(payload) }), wanted)
  const [series] = (await post('/query', {
    range: RANGE,
    targets: [
      {
        target: 'series',
        payload: { project: 'test3', endpoint_id: 'e2', metric: 'predictions_per_second' },
      },
    ],
  })) as readonly { target: string; datapoints: readonly unknown[] }[]
  assert.equal(series?.target, 'predictions_per_second m2:v1 (e2)')
  assert.deepEqual(series?.datapoints.at(-1), [6, NOW_MS - 60_000])
})

test("a dashboard's filters have keys and values, and choose", async () => {
  const keys = (await post('/tag-keys', {})) as readonly { text: string }[]
  assert.deepEqual(
    keys.map(({ text }) => text),
    ['endpoint_id', 'model', 'function_uri', 'record_type'],
  )
  assert.deepEqual(await post('/tag-values', { key: 'model' }), [
    { text: 'm2:v1' },
    { text: 'm3:v1' },
    { text: 'test-model' },
  ])
  const query = async (operator: string): Promise<readonly unknown[]> => {
    const [table] = (await post('/query', {
      targets: [{ target: 'target_endpoint=list_endpoints;project=test3' }],
      adhocFilters: [{ key: 'model', operator, value: 'm2:v1' }],
    })) as readonly { rows: readonly (readonly unknown[])[] }[]
    return table?.rows.map(([id]) => id) ?? []
  }
  assert.deepEqual([await query('='), await query('!=')], [['e2'], ['test.test_id']])
})

test('a table of metrics has a row for each time, endpoint and record type', async () => {
  const target = 'backend=tsdb;container=users;table=pipelines/test3/model-endpoints/events;'
  const [table] = (await post('/query', {
    range: RANGE,
    maxDataPoints: 10_000,
    targets: [
      { target: `${target}fields=tvd_mean,nothing;filter=uid=="test.test_id"`, type: 'table' },
    ],
  })) as readonly { columns: readonly unknown[]; rows: readonly (readonly unknown[])[] }[]
  assert.deepEqual(table?.columns, [
    { text: 'time', type: 'time' },
    { text: 'endpoint_id', type: 'string' },
    { text: 'record_type', type: 'string' },
    { text: 'tvd_mean', type: 'number' },
    { text: 'nothing', type: 'number' },
  ])
  assert.deepEqual(table?.rows[2], [NOW_MS - 1000, 'test.test_id', 'drift_measures', 0.9, null])
})

test("a project's table has the metrics of its own endpoints alone", async () => {
  const stranger = { endpointId: 'other', recordType: 'base_metrics', atMs: NOW_MS - 60_000 }
  await writeRows(store, [{ ...stranger, values: { predictions_per_second: 1 } }])
  const names = async (project: string): Promise<readonly string[]> => {
    const table = `container=projects;table=${project}/model-endpoints/events`
    const target = `backend=tsdb;${table};fields=predictions_per_second`
    const body = { range: RANGE, targets: [{ target, type: 'timeserie' }] }
    return ((await post('/query', body)) as readonly { target: string }[]).map((one) => one.target)
  }
  const nameOf = (id: string): string =>
    `predictions_per_second[endpoint_id=${id},record_type=base_metrics]`
  assert.deepEqual(await names('test3'), [nameOf('e2')])
  assert.deepEqual(await names('iris'), [nameOf('other')])
  assert.deepEqual(await names('nobody'), [])
})

test('only the two tables can be read, whatever a target names', async () => {
  for (const place of [
    'backend=kv;container=projects;table=test3/model-endpoints/events',
    'backend=tsdb;container=projects;table=test3/model-endpoints/endpoints',
    'backend=kv;container=bigdata;table=test3/model-endpoints/endpoints',
    'backend=kv;container=projects;table=test3/model-endpoints/stream-logs',
    'backend=kv;container=projects;table=x/test3/model-endpoints/endpoints',
    'backend=kv;container=projects;table=../model-endpoints/endpoints/x',
    'backend=kv;container=projects;table=parquet_claims',
    'backend=kv;table=test3/model-endpoints/endpoints',
    'backend=csv;container=projects;table=test3/model-endpoints/endpoints',
  ]) {
    for (const path of ['/query', '/search']) {
      const body = path === '/query' ? { targets: [{ target: place }] } : { target: place }
      const answer = await ask(api, { path: `${PROXY_BASE}${path}`, body })
      assert.equal(answer.status, 400, place)
      assert.match(answer.text, /cannot be read here|must be kv or tsdb|Only the kv backend/)
    }
  }
})

test('every target is answered, and filters of framesd choose', async () => {
  const table = 'backend=kv;container=projects;table=test3/model-endpoints/endpoints;fields=uid'
  const answers = (await post('/query', {
    targets: [
      { target: `${table};filter=exists(drift_status) AND error_count==0`, type: 'table' },
      { target: `${table};filter=endpoint_id!='test.test_id'`, type: 'table' },
      { target: `${table};filter=endpoint_id=='e2' AND model=="other"`, type: 'table' },
      { target: 'target_endpoint=list_endpoints;project=iris', hide: true },
    ],
  })) as readonly { rows: unknown }[]
  assert.deepEqual(
    answers.map(({ rows }) => rows),
    [[['test.test_id']], [['e2']], []],
  )
  const [named] = (await post('/query', {
    targets: [{ target: `${table},feature_names;filter=uid=="test.test_id"` }],
  })) as readonly { rows: unknown }[]
  assert.deepEqual(named?.rows, [['test.test_id', GOLDEN_RECORD['feature_names']]])
})
