// The record says what the original's record says, under the same names and types, less its defects.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { EndpointSummary } from '../../../../lib/stream/deliver/endpoint-record.ts'
import { baseMetrics, recordAttributes } from '../../../../lib/stream/deliver/endpoint-record.ts'
import { pythonJson } from '../../../../lib/stream/deliver/python-json.ts'

const WHEN = '2021-07-01 10:00:03.123456+00:00'
const SUMMARY: EndpointSummary = {
  endpointId: 'f5724128e42ce7188e9dc770039af34c1e8726ce',
  project: 'proj',
  functionUri: 'proj/fn:v1',
  model: 'mdl:v1',
  modelClass: 'Cls',
  labels: null,
  timestamp: WHEN,
  firstRequest: '2021-07-01 10:00:00.123456+00:00',
  lastRequest: WHEN,
  errorCount: 0,
  counts: [
    { name: '5m', ms: 300_000, count: 4 },
    { name: '1h', ms: 3_600_000, count: 4 },
  ],
  latencies: [
    { name: '5m', ms: 300_000, count: 4, sum: 406 },
    { name: '1h', ms: 3_600_000, count: 4, sum: 406 },
  ],
  generatedFeatures: null,
  generatedLabels: null,
}

function typesOf(summary: EndpointSummary): Record<string, string> {
  return Object.fromEntries(
    [...recordAttributes(summary)].map(([name, { type, value }]) => [name, `${type} ${value}`]),
  )
}

test('the record of the original after four predictions, with the rate put right (D5)', () => {
  assert.deepEqual(typesOf(SUMMARY), {
    endpoint_id: 'string f5724128e42ce7188e9dc770039af34c1e8726ce',
    project: 'string proj',
    function_uri: 'string proj/fn:v1',
    model: 'string mdl:v1',
    model_class: 'string Cls',
    labels: 'string {}',
    timestamp: `string ${WHEN}`,
    first_request: 'string 2021-07-01 10:00:00.123456+00:00',
    last_request: `string ${WHEN}`,
    active: 'boolean true',
    error_count: 'int 0',
    latency_avg_5m: 'double 101.5',
    latency_avg_1h: 'double 101.5',
    predictions_count_5m: 'int 4',
    predictions_count_1h: 'int 4',
    predictions_per_second: `double ${4 / 300}`,
  })
})

test('labels: the whole as JSON, each scalar for searches, nothing that cannot be sent (D19, D27)', () => {
  const labels: EndpointSummary['labels'] = JSON.parse(
    '{"env": "prod", "n": 2, "x": 1.5, "on": true, "none": null, "list": [1], "__proto__": "p"}',
  )
  const record = typesOf({ ...SUMMARY, labels })
  assert.equal(
    record['labels'],
    'string {"env": "prod", "n": 2, "x": 1.5, "on": true, "none": null, "list": [1], "__proto__": "p"}',
  )
  const searchable = Object.entries(record).filter(([name]) => name.startsWith('_'))
  assert.deepEqual(searchable, [
    ['_env', 'string prod'],
    ['_n', 'int 2'],
    ['_x', 'double 1.5'],
    ['_on', 'boolean true'],
    ['___proto__', 'string p'],
  ])
})

test('a label cannot take the place of an attribute, and what is not known is left out', () => {
  const record = typesOf({ ...SUMMARY, modelClass: '', timestamp: '', labels: { model: 'x' } })
  assert.equal(record['model'], 'string mdl:v1')
  assert.equal(record['_model'], 'string x')
  assert(!('model_class' in record) && !('timestamp' in record))
})

test('generated names stand under every name that is read (D29)', () => {
  const record = typesOf({ ...SUMMARY, generatedFeatures: ['f0', 'f1'], generatedLabels: ['p0'] })
  assert.equal(record['feature_names'], 'string ["f0", "f1"]')
  assert.equal(record['label_names'], 'string ["p0"]')
  assert.equal(record['label_columns'], 'string ["p0"]')
})

test('no rows have no average, weights need not be whole, the rate is over the shortest window', () => {
  const { names, values } = baseMetrics({
    counts: [
      { name: '1h', ms: 3_600_000, count: 9.5 },
      { name: '10m', ms: 600_000, count: 3 },
    ],
    latencies: [{ name: '1h', ms: 3_600_000, count: 0, sum: 0 }],
  })
  assert.deepEqual(Object.fromEntries(names.map((name, index) => [name, values[index]])), {
    predictions_count_1h: 9.5,
    predictions_count_10m: 3,
    predictions_per_second: 3 / 600,
  })
})

test('JSON in the spelling of Python reads back as what went in, in ASCII', () => {
  assert.equal(
    pythonJson({ team: 'a b', é: ['😀', 1] }),
    '{"team": "a b", "\\u00e9": ["\\ud83d\\ude00", 1]}',
  )
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = pythonJson(value)
      // Space to tilde: what is printable in ASCII.
      assert.match(text, /^[ -~]*$/)
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
  )
})
