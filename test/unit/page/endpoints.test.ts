// Claim: the list has the endpoints that were asked for, in the order that was asked for, whatever the answers hold;
// and a feature that has changed asks for attention even where MLRun's mean says that there is no drift.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Drift,
  endpointsOf,
  filtered,
  longest,
  oddShare,
  SORT_KEYS,
  sorted,
  verdictOf,
} from '../../../page/endpoints.ts'
import { rowsOf } from '../../../page/fields.ts'

const ROWS = [
  {
    endpoint_id: 'a1',
    project: 'demo',
    model: 'iris:v1',
    function_uri: 'demo/iris',
    _owner: 'plants',
    predictions_per_second: 0.2,
    predictions_count_1h: 853,
    predictions_count_30s: 4,
    predictions_count_5m: 60,
    latency_avg_5m: 2376.1,
    latency_avg_1h: 1066.4,
    error_count: 0,
    last_request: 1_000,
  },
  { endpoint_id: 'b2', project: 'demo', model: 'wine:2', error_count: 13, last_request: 3_000 },
  { endpoint_id: 'c3', project: 'other', model: 'cancer:2', error_count: 4, last_request: 2_000 },
]
const DRIFT = [
  {
    endpoint_id: 'a1',
    drift_status: 'NO_DRIFT',
    tvd_mean: 0.2,
    hellinger_mean: 0.3,
    alarmed_features: 0,
  },
  {
    endpoint_id: 'c3',
    drift_status: 'NO_DRIFT',
    alarmed_features: 3,
    odd_values: 30,
    rows: 100,
    features: 10,
  },
]
const ALL = endpointsOf(ROWS, DRIFT)
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id)

test('rows are joined by endpoint; windows go from the shortest to the longest', () => {
  const [iris, wine] = ALL
  assert.deepEqual(
    iris?.predictions.map(({ window }) => window),
    ['30s', '5m', '1h'],
  )
  assert.deepEqual(longest(iris?.latencies ?? []), { window: '1h', value: 1066.4 })
  assert.deepEqual(iris?.labels, ['owner=plants'])
  assert.equal(iris?.drift?.measure, 0.25)
  assert.equal(wine?.drift, null)
  assert.equal(wine?.rate, null)
  assert.equal(oddShare(ALL[2]?.drift ?? null), 0.03)
  assert.equal(oddShare(iris?.drift ?? null), null)
})

test('the filter wants every word, anywhere in an endpoint', () => {
  const find = (text: string, show: 'all' | 'drift' | 'errors' = 'all') =>
    ids(filtered(ALL, { text, show }))
  assert.deepEqual(find(''), ['a1', 'b2', 'c3'])
  assert.deepEqual(find('  DEMO iris '), ['a1'])
  assert.deepEqual(find('owner=plants'), ['a1'])
  assert.deepEqual(find('demo cancer'), [])
  assert.deepEqual(find('', 'drift'), ['c3'])
  assert.deepEqual(find('', 'errors'), ['b2', 'c3'])
  assert.deepEqual(find('other', 'errors'), ['c3'])
})

test('sorted by each column; without a value last, in both directions', () => {
  const by = (key: (typeof SORT_KEYS)[number], isDescending: boolean) =>
    ids(sorted(ALL, { key, isDescending }))
  assert.deepEqual(by('model', false), ['c3', 'a1', 'b2'])
  assert.deepEqual(by('model', true), ['b2', 'a1', 'c3'])
  assert.deepEqual(by('errors', true), ['b2', 'c3', 'a1'])
  assert.deepEqual(by('last', false), ['a1', 'c3', 'b2'])
  assert.deepEqual(by('drift', true), ['c3', 'a1', 'b2'])
  // Only iris has a rate: the others follow it by name, whichever way.
  assert.deepEqual(by('rate', true), ['a1', 'c3', 'b2'])
  assert.deepEqual(by('rate', false), ['a1', 'c3', 'b2'])
})

test('every order has the same endpoints, whatever the answers hold', () => {
  const value = fc.oneof(fc.string(), fc.double(), fc.constant(null), fc.boolean(), fc.object())
  const row = fc.dictionary(
    fc.constantFrom(
      'endpoint_id',
      'model',
      'predictions_per_second',
      'error_count',
      'latency_avg_1h',
    ),
    value,
  )
  fc.assert(
    fc.property(fc.array(row), fc.constantFrom(...SORT_KEYS), fc.boolean(), (rows, key, down) => {
      const all = endpointsOf(rowsOf(rows), rowsOf(rows))
      const inOrder = sorted(all, { key, isDescending: down })
      assert.equal(inOrder.length, rows.length)
      assert.deepEqual(new Set(inOrder), new Set(all))
    }),
  )
})

test('words for drift', () => {
  const drift = (given: Partial<Drift>): Drift => ({
    status: null,
    measure: null,
    alarms: null,
    alarmNames: '',
    oddValues: null,
    rows: null,
    features: null,
    windowEndMs: null,
    reason: null,
    ...given,
  })
  const said = (given: Partial<Drift>) => Object.values(verdictOf(drift(given)))
  assert.deepEqual(said({ status: 'NO_DRIFT', alarms: 0 }), ['ok', 'No drift'])
  assert.deepEqual(said({ status: 'NO_DRIFT', alarms: 1 }), ['warn', '1 feature changed'])
  assert.deepEqual(said({ status: 'POSSIBLE_DRIFT', alarms: 0 }), ['warn', 'Possible drift'])
  assert.deepEqual(said({ status: 'DRIFT_DETECTED', alarms: 2 }), [
    'bad',
    'Drift, 2 features changed',
  ])
  assert.deepEqual(said({ status: 'DRIFT_DETECTED' }), ['bad', 'Drift detected'])
  assert.deepEqual(said({ reason: 'absent' }), ['none', 'No training set'])
  assert.deepEqual(said({}), ['none', 'Not measured'])
  assert.deepEqual(Object.values(verdictOf(null)), ['none', 'Not measured'])
})
