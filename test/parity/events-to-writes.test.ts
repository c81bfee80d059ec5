// What MLRun's functions of April and August 2021 wrote for 24 recorded streams of events, against what
// this one writes for the same events. Where a scenario shows no defect, records, metric rows and
// predictions are the same but for the listed differences; where it shows one, the outcome that the
// defect prevented is pinned here.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Attribute, MetricRow } from '../../lib/stream/ports.ts'
import { rowsOfFile } from '../support/rows-of-file.ts'
import { openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

type Json = Readonly<Record<string, unknown>>

interface Write {
  readonly op: string
  readonly key?: string
  readonly attributes?: Json
  readonly types?: Json
  readonly rows?: readonly Json[]
}

interface Scenario {
  readonly defects: readonly string[]
  readonly env: Json
  readonly kv_before: Readonly<Record<string, Json>>
  readonly events: readonly Json[]
  readonly per_event: readonly { readonly writes: readonly Write[] }[]
  readonly on_terminate: readonly Write[]
  readonly parquet: readonly { readonly rows: readonly Json[] }[]
}

const SOURCES = [
  { name: 'April 2021', file: 'events_to_writes.json', env: { DEFAULT_VERSION: '' } },
  { name: 'August 2021', file: 'events_to_writes_mid2021.json', env: {} },
] as const

/** Predictions, errors and rejections of the scenarios that killed or emptied the original's flow. */
const AFTER_DEFECTS: Readonly<Record<string, readonly [number, number, Readonly<Json>]>> = {
  C_unregistered_endpoint_no_kv_record: [2, 0, {}],
  E_labels_metrics_entities: [2, 0, {}],
  F_error_event_then_good: [2, 1, {}],
  G_batched_headers_values: [2, 0, {}],
  H_missing_function_uri_and_model: [1, 0, { missing: 2 }],
  J_when_without_microseconds: [2, 0, {}],
  M_two_endpoints_different_features: [4, 0, {}],
  M2_two_endpoints_different_features_both_sampled: [4, 0, {}],
  O_dict_inputs: [1, 0, { 'row-names': 1 }],
  P_string_feature: [2, 0, {}],
  Q_list_prediction_and_probabilities: [2, 0, {}],
  S_features_fewer_than_names: [0, 0, { 'row-length': 1 }],
  U_null_prediction: [2, 0, {}],
  W_metrics_differ_between_events: [3, 0, {}],
  Y_feature_named_like_column: [1, 0, {}],
  Z_function_uri_without_project: [1, 0, { 'bad-function-uri': 1 }],
  ZB_sampled_event_older_than_the_windows: [4, 0, {}],
  ZC_class_missing: [2, 0, {}],
}

function scenarios(file: string): readonly [string, Scenario][] {
  const text = readFileSync(`test/golden/mlrun/${file}`, 'utf8')
  return Object.entries((JSON.parse(text) as { scenarios: Record<string, Scenario> }).scenarios)
}

/** Applies the events one by one and writes what is due after each, as the original does. */
async function play(scenario: Scenario, env: Readonly<Record<string, string>>) {
  const all = { ...scenario.env, ...env, KV_BATCHING_TIMEOUT_SECS: '0' }
  const texts = Object.entries(all).map(([name, value]) => [name, String(value)])
  const played = await openTestPipeline(Object.fromEntries(texts))
  for (const [path, item] of Object.entries(scenario.kv_before)) {
    const id = path.slice(path.lastIndexOf('/') + 1)
    played.store.items.set(id, new Map(Object.entries(item).map(([n, v]) => [n, attributeOf(v)])))
  }
  for (const event of scenario.events) {
    played.accept(event)
    await nextTurns() // the store is read for a new endpoint
    played.pipeline.tick()
    await nextTurns()
  }
  return played
}

/** Stores in memory answer within a few turns. */
async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

function attributeOf(value: unknown): Attribute {
  if (typeof value === 'boolean') return { type: 'boolean', value }
  return typeof value === 'number'
    ? { type: 'double', value }
    : { type: 'string', value: String(value) }
}

function writesOf({ per_event, on_terminate }: Scenario): readonly Write[] {
  return [...per_event.flatMap(({ writes }) => writes), ...on_terminate]
}

/** Twice what the original wrote, which divided by 600 seconds (D5). */
function repaired(values: Json): Json {
  const rate = values['predictions_per_second']
  return typeof rate === 'number' ? { ...values, predictions_per_second: rate * 2 } : values
}

function assertHolds(actual: Json, expected: Json, about: string): void {
  for (const [name, value] of Object.entries(expected)) {
    assert.deepEqual(actual[name], value, `${about}: ${name}`)
  }
}

function assertSameRecords(scenario: Scenario, { store }: TestPipeline): void {
  const expected = new Map<string, Json>()
  for (const { op, key = '', attributes = {} } of writesOf(scenario)) {
    if (op === 'kv.update') expected.set(key, { ...expected.get(key), ...repaired(attributes) })
  }
  assert.deepEqual(
    [...store.updates].map(({ endpointId }) => endpointId).filter((id) => !expected.has(id)),
    [],
  )
  for (const [id, attributes] of expected) {
    const item = store.items.get(id)
    assert(item !== undefined, id)
    assertHolds(Object.fromEntries([...item].map(([n, { value }]) => [n, value])), attributes, id)
  }
}

function assertSameRows(scenario: Scenario, { store }: TestPipeline): void {
  const expected = writesOf(scenario).flatMap(({ op, rows = [] }) =>
    op === 'frames.write' ? rows : [],
  )
  const ours = [...store.rows.values()]
  for (const recordType of ['base_metrics', 'endpoint_features', 'custom_metrics']) {
    const theirs = expected.filter((row) => row['record_type'] === recordType)
    const same = ours.filter((row) => row.recordType === recordType)
    assert.equal(same.length, theirs.length, recordType)
    for (const [index, row] of theirs.entries()) {
      const { timestamp, endpoint_id, record_type, ...columns } = repaired(row)
      const found = same[index]
      assert(found !== undefined)
      assert.equal(found.endpointId, endpoint_id)
      // Rows of one call share their time in the original; here they follow each other by 1 ms.
      const distanceMs =
        found.atMs - Date.parse(`${String(timestamp).slice(0, 23).replace(' ', 'T')}Z`)
      assert(distanceMs >= 0 && distanceMs < 3, `${recordType} ${String(timestamp)}`)
      assertHolds(columnsOf(found), columns, recordType)
    }
  }
}

function columnsOf({ names, values }: MetricRow): Json {
  return Object.fromEntries(names.map((name, index) => [name, values[index]]))
}

function assertSamePredictions(scenario: Scenario, { store }: TestPipeline): void {
  const theirs = scenario.parquet.flatMap(({ rows }) => rows)
  const ours = [...store.files.values()].flatMap(rowsOfFile)
  assert.equal(ours.length, theirs.length)
  for (const row of theirs) {
    const { timestamp, prediction, named_features, named_predictions: _, labels, ...rest } = row
    const found = ours.find(
      (our) =>
        our['request_id'] === row['request_id'] &&
        JSON.stringify(our['named_features']) === JSON.stringify(named_features),
    )
    assert(found !== undefined, String(row['request_id']))
    const values = Array.isArray(prediction) ? prediction : [prediction]
    assert.deepEqual(found['prediction'], values)
    assert.equal(found['timestamp'], timestamp)
    assert.deepEqual(found['labels'], textsOf(labels))
    assertHolds(found, rest, String(row['request_id']))
  }
}

/** Labels are texts in our files. */
function textsOf(labels: unknown): unknown {
  if (typeof labels !== 'object' || labels === null) return labels
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]))
}

for (const { name, file, env } of SOURCES) {
  for (const [scenarioName, scenario] of scenarios(file)) {
    if (scenario.defects.length > 0) continue
    test(`${name}, ${scenarioName}: the same records, rows and predictions`, async () => {
      const played = await play(scenario, env)
      assertSameRecords(scenario, played)
      await played.pipeline.flushAll()
      assertSameRows(scenario, played)
      assertSamePredictions(scenario, played)
    })
  }

  test(`${name}: after what broke the original, the rest of the stream is unharmed`, async () => {
    for (const [scenarioName, scenario] of scenarios(file)) {
      if (scenario.defects.length === 0) continue
      const { pipeline } = await play(scenario, env)
      await pipeline.flushAll()
      const { endpoints, rejections, events, written } = pipeline.status()
      const predictions = endpoints.reduce((sum, endpoint) => sum + endpoint.predictions, 0)
      const errors = endpoints.reduce((sum, endpoint) => sum + endpoint.errors, 0)
      assert.equal(written.parquetRows, predictions, scenarioName)
      assert.equal(events['received'], scenario.events.length, scenarioName)
      const outcome = [predictions, errors, rejections]
      assert.deepEqual(outcome, AFTER_DEFECTS[scenarioName], scenarioName)
    }
  })
}
