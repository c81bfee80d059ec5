// How the slow computation reads an event: its time, its endpoint, its rows, their names and values,
// and by which reason it rejects what cannot be read. Each expectation is written out by hand.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pythonJson } from './slow-record.ts'
import { endpointIdOf } from './slow-source.ts'
import {
  batch,
  call,
  columns,
  compute,
  endpointOf,
  errorEvent,
  rows,
  series,
} from './slow-support.ts'
import { parseWhenUs } from './slow-when.ts'

test('endpoint ids are those of MLRun', () => {
  const text = readFileSync('test/golden/mlrun/endpoint_ids.json', 'utf8')
  const { cases } = JSON.parse(text) as { readonly cases: readonly Record<string, string>[] }
  assert.equal(cases.length, 23)
  for (const { function_uri = '', versioned_model = '', endpoint_id } of cases) {
    assert.equal(endpointIdOf(function_uri, versioned_model), endpoint_id ?? null)
  }
})

test('a model without version gets the default version, or none', () => {
  const lines = [
    call(0, { version: '' }),
    call(1, { version: null }),
    call(2, { version: undefined }),
  ]
  const latest = compute(lines)
  assert.deepEqual([...latest.endpoints.keys()], ['8e71d989c691d9987d869359c98fe3d0073989e6'])
  assert.equal(latest.predictions[0]?.model, 'mdl:latest')
  const none = compute(lines, { defaultVersion: '' })
  assert.deepEqual([...none.endpoints.keys()], ['b2400e29e25c1c7eb2f0bf879a776cc0e1c27ead'])
  assert.equal(none.predictions[0]?.model, 'mdl')
})

test('times are read to the microsecond, with any fraction and offset', () => {
  const cases: [string, number | null][] = [
    ['1970-01-01 00:00:00+00:00', 0],
    ['2021-07-01 10:00:00.123456+00:00', 1_625_133_600_123_456],
    ['2021-07-01T10:00:00.1Z', 1_625_133_600_100_000],
    ['2021-07-01 10:00:00', 1_625_133_600_000_000],
    ['2021-07-01 12:00:00.1234569+02:00', 1_625_133_600_123_456],
    ['2021-07-01 04:30:00-0530', 1_625_133_600_000_000],
    ['2024-02-29 00:00:00Z', 1_709_164_800_000_000],
    ['1969-12-31 23:59:59.5Z', -500_000],
    ['2023-02-29 00:00:00Z', null],
    ['2021-07-01 24:00:00Z', null],
    ['2021-07-01', null],
    ['2021-07-01 10:00:00.Z', null],
  ]
  for (const [text, us] of cases) assert.equal(parseWhenUs(text), us, text)
})

test('what cannot be taken is rejected by reason, and is an error of a known endpoint', () => {
  const request = { id: 'r', inputs: [[1]] }
  const cases: [string, string, number | null][] = [
    ['{', 'not-json', null],
    ['7', 'wrong-type', null],
    [call(0, { model: undefined }), 'missing', null],
    [call(0, { function_uri: 'fn:tag' }), 'bad-source', null],
    [call(0, { endpoint_id: '..' }), 'bad-source', null],
    [call(0, { when: undefined }), 'missing', 1],
    [call(0, { when: 'today' }), 'bad-time', 1],
    [call(0, { when: '1999-12-31 23:59:59Z' }), 'bad-time', 1],
    [errorEvent(0, { when: null }), 'missing', 1],
    [call(0, { request: { inputs: [[1]] }, resp: { outputs: [0] } }), 'missing', 1],
    [call(0, { microsec: null }), 'missing', 1],
    [call(0, { microsec: -1 }), 'wrong-type', 1],
    [call(0, { request: { id: 'r' } }), 'missing', 1],
    [call(0, { request: { id: 'r', inputs: 'x' } }), 'wrong-type', 1],
    [call(0, { request, resp: { outputs: 3 } }), 'wrong-type', 1],
    [batch([0], { values: 3 }), 'wrong-type', 1],
  ]
  for (const [line, reason, errorCount] of cases) {
    const result = compute([line])
    assert.deepEqual(result.rejections, { [reason]: 1 }, line)
    assert.equal(result.events.rejected, 1, line)
    assert.equal(result.predictions.length, 0, line)
    const known = [...result.endpoints.values()][0]
    assert.equal(known?.record['error_count'] ?? null, errorCount, line)
  }
  assert.deepEqual(compute(['{"kind":"nop_event"}', '']).events, {
    received: 1,
    accepted: 0,
    error: 0,
    ignored: 1,
    rejected: 0,
  })
})

test('one bad row does not cost its neighbours, nor is it an error', () => {
  const result = compute([
    rows(0, [[1, 2], [1], [[3], 4], ['x', 4], [5, 6], [7, 8]], [0, 0, 0, 0, 0]),
    rows(1, [[1, 2]], [0, 1, 2]),
    batch([2], { values: [['no list'], 4] }),
  ])
  assert.deepEqual(endpointOf(result).rejections, {
    'row-length': 1,
    'nested-value': 1,
    'text-for-number': 1,
    'no-output': 1,
    'no-input': 2,
    missing: 1,
    'wrong-type': 1,
  })
  assert.deepEqual(
    result.predictions.map(({ named_features }) => Object.values(named_features)),
    [
      [1, 2],
      [5, 6],
      [1, 2],
    ],
  )
  assert.deepEqual(result.events, { received: 3, accepted: 2, error: 0, ignored: 0, rejected: 1 })
  assert.equal(endpointOf(result).record['error_count'], 2)
  // The stamp is that of the row's place in its call.
  assert.deepEqual(
    series(result, 'f0').map(([seconds]) => seconds),
    [0, 0.004, 1],
  )
})

test('values take the type of their column, missing ones are left out', () => {
  const result = compute([
    rows(0, [[null, 'a', true]], [null]),
    rows(1, [[2, 7, false]], [[true, null, 0.5]]),
    rows(2, [[1, 2, 3]], [1]).replace('[1,2,3]', '[NaN,1e21,-Infinity]'),
    rows(3, [{ f2: 1, f0: 5, f1: 'b' }], [[]]),
  ])
  assert.deepEqual(
    result.predictions.map(({ named_features, prediction }) => [named_features, prediction]),
    [
      [{ f0: null, f1: 'a', f2: 1 }, null],
      [{ f0: 2, f1: '7', f2: 0 }, [1, null, 0.5]],
      [{ f0: null, f1: '1e+21', f2: null }, [1]],
      [{ f0: 5, f1: 'b', f2: 1 }, []],
    ],
  )
  assert.deepEqual(series(result, 'f0'), [
    [1, 2],
    [3, 5],
  ])
  assert.deepEqual(series(result, 'prediction'), [
    [1, 1],
    [2, 1],
  ])
  assert.deepEqual(series(result, 'p2'), [[1, 0.5]])
  assert.equal(endpointOf(result).record['label_names'], '["p0", "p1", "p2"]')
})

test('events of 1.12: given id, weights, one row of outputs, names of a schema, no latency', () => {
  const given = { endpoint_id: 'abc', version: undefined, sampling_percentage: 50 }
  const schema = ['prediction', 'y', 'z']
  const result = compute([
    call(0, {
      ...given,
      request: { inputs: [1, 2, 3], input_schema: schema },
      resp: { id: 0, outputs: [4, 5], output_schema: ['y', 'x'] },
      microsec: null,
      effective_sample_count: 1,
    }),
    call(0, {
      ...given,
      request: {
        inputs: [
          [1, 2, 3],
          [1, 2, 3],
          [1, 2],
        ],
      },
      resp: { id: 'q', outputs: [7, 8, 9] },
      effective_sample_count: 3,
    }),
    call(0, { ...given, request: { id: 1, inputs: [[1, 2, 3]] }, resp: { outputs: 6 } }),
  ])
  assert.deepEqual(
    result.predictions.map((row) => [row.endpoint_id, row.model, row.request_id, row.prediction]),
    [
      ['abc', 'mdl', '0', [4, 5]],
      ['abc', 'mdl', 'q', [7]],
      ['abc', 'mdl', 'q', [8]],
      ['abc', 'mdl', '1', [6]],
    ],
  )
  // Each row stands for two: also the rejected one, whose weight nobody gets.
  assert.equal(endpointOf(result, 'abc').record['predictions_count_5m'], 8)
  assert.deepEqual(series(result, 'predictions_count_5m', 'abc')[0], [0, 2])
  assert.deepEqual(series(result, 'latency_avg_5m', 'abc'), [
    [0.001, 100],
    [0.002, 100],
    [0.003, 100],
  ])
  assert.deepEqual(columns(result, 'endpoint_features'), {
    feature_prediction: 1,
    feature_y: 2,
    z: 3,
    y: 6,
    x: 5,
    prediction: 6,
  })
})

test('labels, entities and metrics become maps; the record has the latest labels', () => {
  const labels = { env: 'é', n: 1.5, ok: true, none: null, deep: { a: [1] } }
  const result = compute([
    call(0, { labels: { old: 'x' }, metrics: {} }),
    call(1, {
      labels,
      request: { id: 'r', inputs: [[1]], entities: { user: 7 } },
      metrics: { a: 1, b: true, c: 'text', d: null },
    }),
  ])
  const { record } = endpointOf(result)
  const text = '{"env": "\\u00e9", "n": 1.5, "ok": true, "none": null, "deep": {"a": [1]}}'
  assert.equal(record['labels'], text)
  assert.deepEqual(
    Object.entries(record).filter(([name]) => name.startsWith('_')),
    [
      ['_env', 'é'],
      ['_n', 1.5],
      ['_ok', true],
    ],
  )
  const [first, second] = result.predictions
  assert.deepEqual([first?.labels, first?.entities, first?.metrics], [{ old: 'x' }, null, null])
  assert.deepEqual(second?.labels, {
    env: 'é',
    n: '1.5',
    ok: 'true',
    none: 'null',
    deep: '{"a":[1]}',
  })
  assert.deepEqual([second?.entities, second?.metrics], [{ user: '7' }, { a: 1, b: 1 }])
  assert.deepEqual(columns(result, 'custom_metrics'), { a: 1, b: 1 })
  assert.equal(endpointOf(compute([call(0, { labels: null })])).record['labels'], '{}')
  assert.equal(pythonJson('"\n\u007f😀'), '"\\"\\n\\u007f\\ud83d\\ude00"')
})

test('of requests with equal times the one that arrived first stays', () => {
  const [early, same] = ['2021-07-01 10:00:01Z', '2021-07-01T12:00:01+02:00']
  const result = compute([call(0, { when: early }), call(0, { when: same })])
  const { record } = endpointOf(result)
  assert.deepEqual(
    [record['first_request'], record['last_request'], record['timestamp']],
    [early, early, same],
  )
})
