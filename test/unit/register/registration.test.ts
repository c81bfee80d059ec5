// Claim: a registration writes, attribute by attribute and type by type, what MLRun's API writes; again, it
// writes only what it knows. Shown on recorded records, with the same statistics given as a profile.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  findEndpoint,
  type GivenThresholds,
  profileOfRecord,
  register,
  registrationAttributes,
} from '../../../lib/register/registration.ts'
import {
  decodeRegistration,
  encodeRegistration,
} from '../../../lib/register/registration-request.ts'
import type { Attribute, StoredRecord } from '../../../lib/stream/ports.ts'
import { memoryStore } from '../../support/memory-store.ts'

type Value = string | boolean

interface Golden {
  readonly name: string
  readonly key: string
  readonly attributes?: Readonly<Record<string, Value>>
  readonly wire?: Readonly<Record<string, Readonly<Record<string, Value>>>>
}

const { records } = JSON.parse(readFileSync('test/golden/mlrun/endpoint_record.json', 'utf8')) as {
  readonly records: readonly Golden[]
}
const WIRE = { string: 'S', int: 'N', double: 'N', boolean: 'BOOL', none: '' } as const

/** What the command line cannot be told, and what labels bring. */
const FROM_ELSEWHERE = ['model_class', 'stream_path', 'labels', 'monitor_configuration', 'state']

for (const { name, key, attributes, wire } of records) {
  if (attributes === undefined || wire === undefined || attributes['feature_stats'] === '{}')
    continue
  test(`${name}: the record of MLRun's API, attribute by attribute`, () => {
    const profile = profileOfRecord(new Map(Object.entries(attributes)))
    assert(profile !== null)
    const endpoint = { endpointId: key, model: 'iris:v1', record: null }
    const found = registrationAttributes(endpoint, { functionUri: 'proj/serving:v1', profile })
    for (const [attribute, expected] of Object.entries(attributes)) {
      if (FROM_ELSEWHERE.includes(attribute) || attribute.startsWith('_')) continue
      const { type = 'none', value } = found.get(attribute) ?? {}
      assert.deepEqual({ [WIRE[type]]: value }, wire[attribute], attribute)
      assert.equal(value, expected, attribute)
    }
    // Nothing besides; and the rest as in the record of an endpoint without them.
    const minimal = records.find((record) => record.name === 'minimal')?.wire ?? {}
    for (const [attribute, { type, value }] of found) {
      assert(attribute in attributes, attribute)
      if (!FROM_ELSEWHERE.includes(attribute)) continue
      assert.deepEqual(Object.keys(minimal[attribute] ?? {}), [WIRE[type]])
      assert(value === '' || value === '{}', attribute)
    }
  })
}

const PROFILE = {
  columns: ['a', 'b', 'y'].map((name) => ({
    name,
    stats: {
      kind: 'number',
      count: 1,
      mean: 1,
      std: null,
      min: 1,
      max: 1,
      histogram: null,
    } as const,
  })),
  labelNames: ['y'],
}
const NAME = { functionUri: 'p/f:v1', model: 'm', version: 'v1' }
const ID = 'c36ed69760ebfb080508a626bdbbffbdb61e71d6'

function storeWith(record: Readonly<Record<string, Attribute>> | null) {
  const store = memoryStore()
  if (record !== null) store.items.set(ID, new Map(Object.entries(record)))
  return { ...store, defaultVersion: 'latest' }
}

const noWait = async (): Promise<void> => undefined

function textOf(record: StoredRecord | null, name: string): unknown {
  return record?.get(name)
}

test('what the stream and the drift job wrote stays', async () => {
  const text = (value: string): Attribute => ({ type: 'string', value })
  const written = {
    endpoint_id: text(ID),
    first_request: text('2021-07-01 10:00:00+00:00'),
    last_request: text('2021-07-01 11:00:00+00:00'),
    error_count: { type: 'int', value: 7 },
    predictions_per_second: { type: 'double', value: 0.5 },
    model_class: text('Cls'),
    labels: text('{"env": "prod"}'),
    _env: text('prod'),
    current_stats: text('{"a": {}}'),
    drift_status: text('NO_DRIFT'),
    drift_measures: text('{"tvd_mean": 0.1}'),
    monitor_configuration: text('{"possible_drift": 0.4}'),
    feature_names: text('["f0", "f1"]'),
    label_names: text('["p0"]'),
  } as const satisfies Record<string, Attribute>
  const store = storeWith(written)
  const found = await register({ name: NAME, profile: PROFILE }, { store, wait: noWait })
  assert.equal(found?.endpointId, ID)
  for (const [name, { value }] of Object.entries(written)) {
    if (['feature_names', 'label_names'].includes(name)) continue
    assert.equal(textOf(found.record, name), value, name)
  }
  assert.equal(textOf(found.record, 'feature_names'), '["a", "b"]')
  assert.equal(textOf(found.record, 'label_names'), '["y"]')
  assert.equal(textOf(found.record, 'label_columns'), '["y"]')
  assert.equal(textOf(found.record, 'project'), 'p')
  assert.equal(textOf(found.record, 'active'), true)
})

test('without labels the names of labels that there are stay', async () => {
  const store = storeWith({ label_names: { type: 'string', value: '["p0"]' } })
  const profile = { ...PROFILE, labelNames: [] }
  const found = await register({ name: NAME, profile }, { store, wait: noWait })
  assert.equal(textOf(found?.record ?? null, 'label_names'), '["p0"]')
})

test('thresholds are written with both keys, the one that is not given as the record has it', async () => {
  const configuration = '{"possible_drift": 0.4, "feature": 1}'
  const store = storeWith({ monitor_configuration: { type: 'string', value: configuration } })
  const written = async (thresholds: GivenThresholds): Promise<unknown> => {
    const found = await register(
      { name: NAME, profile: PROFILE, thresholds },
      { store, wait: noWait },
    )
    return JSON.parse(String(textOf(found?.record ?? null, 'monitor_configuration')))
  }
  const both = { possible_drift: 0.4, drift_detected: 0.9 }
  assert.deepEqual(await written({ driftDetected: 0.9 }), { ...both, feature: 1 })
  assert.deepEqual(await written({}), { ...both, feature: 1 })
  const changed = { possible_drift: 0.25, drift_detected: 0.9, feature: 1 }
  assert.deepEqual(await written({ possibleDrift: 0.25 }), changed)
})

test('thresholds travel to a function, and are checked there', () => {
  const thresholds = { possibleDrift: 0, driftDetected: 0.9 }
  const body = encodeRegistration({ name: NAME, profile: PROFILE, thresholds })
  const decoded = decodeRegistration(Buffer.from(body))
  assert(decoded.ok)
  assert.deepEqual(decoded.value.thresholds, thresholds)
  const odd = decodeRegistration(Buffer.from(body.replace('0.9', '1.5')))
  assert(!odd.ok)
  assert.match(odd.complaint, /^possible_drift and drift_detected must be numbers/)
})

test('registering twice is registering once', async () => {
  const store = storeWith(null)
  const once = await register({ name: NAME, profile: PROFILE }, { store, wait: noWait })
  const twice = await register({ name: NAME, profile: PROFILE }, { store, wait: noWait })
  assert.deepEqual(twice, once)
})

test('a model without version is registered where its events go', async () => {
  const store = storeWith(null)
  const name = { ...NAME, version: '' }
  const fresh = await findEndpoint(name, store)
  assert.equal(fresh?.model, 'm:latest')
  const old = await findEndpoint(name, { ...store, defaultVersion: '' })
  assert.equal(old?.model, 'm')
  // A record under the other id is the one that the stream goes on with (D3).
  store.items.set(old.endpointId, new Map())
  assert.equal((await findEndpoint(name, store))?.model, 'm')
  assert.equal(await findEndpoint({ ...name, functionUri: 'f' }, store), null)
})

test('a store that does not take it is tried again, and then told of', async () => {
  const store = storeWith(null)
  store.outcomes.kv.push(
    { kind: 'retry', reason: 'away' },
    { kind: 'partial', unwritten: [0], refused: [] },
  )
  const found = await register({ name: NAME, profile: PROFILE }, { store, wait: noWait })
  assert.equal(textOf(found?.record ?? null, 'feature_names'), '["a", "b"]')
  for (let count = 0; count < 5; count++) store.outcomes.kv.push({ kind: 'retry', reason: 'gone.' })
  const again = register({ name: NAME, profile: PROFILE }, { store, wait: noWait })
  await assert.rejects(again, { code: 'store-unavailable', message: /\(gone\): see that it runs/ })
  store.outcomes.kv.push({ kind: 'rejected', reason: 'too large' })
  const refused = register({ name: NAME, profile: PROFILE }, { store, wait: noWait })
  await assert.rejects(refused, { code: 'store-unavailable', message: /\(too large\)/ })
})

test('the profile of a record is the one that was registered', async () => {
  const store = storeWith(null)
  const names = ['10', '2', 'b', '1']
  const columns = names.map((name) => ({
    name,
    stats: { ...(PROFILE.columns[0]?.stats ?? never()) },
  }))
  const profile = { columns, labelNames: ['1'] }
  const found = await register({ name: NAME, profile }, { store, wait: noWait })
  assert.deepEqual(profileOfRecord(found?.record ?? new Map()), profile)
  for (const bad of ['', '{}', '[]', '{"a": 1}', '{"a": {"count": -1}}']) {
    assert.equal(profileOfRecord(new Map([['feature_stats', bad]])), null)
  }
})

function never(): never {
  throw new Error('there is a column')
}
