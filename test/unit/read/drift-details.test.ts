// Claim: the rows of drift, features and histograms say what the record has, each number with its own name, and null
// for what it has not; a record that is damaged or MLRun's own does no harm. Shown on records as they are stored.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { driftRow, featureDetails, histogramRows } from '../../../lib/read/drift-details.ts'

type Attributes = Readonly<Record<string, string | object>>

function record(attributes: Attributes): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

const MEASURED = {
  endpoint_id: 'e',
  model: 'm:1',
  drift_status: 'NO_DRIFT',
  drift_measures: { tvd_mean: 0.25, hellinger_mean: 0.5 },
  feature_stats: {
    f: {
      count: 30,
      std: 2,
      hist: [
        [1, 2, 1],
        [0, 1, 2, 3],
      ],
    },
    g: { count: 30, std: 1, hist: [[5], [0, 1]] },
    word: { count: 30, unique: 2, top: 'a', freq: 20 },
  },
  current_stats: {
    f: {
      count: 10,
      std: 3,
      hist: [
        [1, 0, 4, 0, 5],
        [-1.7e308, 0, 1, 2, 3, 1.7e308],
      ],
    },
    g: { count: 4, hist: [[4], [0, 1]] },
  },
  data_quality: { f: { missing: 3, wrong_type: 1, out_of_range: 6, unseen: 0 } },
  stream_drift: {
    state: 'measured',
    window_end: '2026-11-02T10:28:56.592000Z',
    rows: 14,
    features: {
      f: { psi: 1, jensen_shannon: 2, ks: 3, wasserstein: 4, p: 1e-9 },
      g: { psi: 0, jensen_shannon: 0, ks: 0, wasserstein: 0, p: 1 },
    },
    unknown: { word: 'bad-categories' },
    alarms: [
      {
        feature: 'f',
        since: '2026-11-02T09:00:00.000000Z',
        p: 1e-9,
        test: 'shape',
        direction: 'up',
        shift_sigmas: 1.4,
        cause: { kind: 'scaled', factor: 1.7654 },
      },
    ],
  },
}

test('an endpoint as a whole', () => {
  const row = driftRow(record(MEASURED))
  assert.equal(row?.['tvd_mean'], 0.25)
  assert.equal(row?.['alarmed_features'], 1)
  assert.equal(row?.['alarmed_names'], 'f')
  assert.equal(row?.['odd_values'], 10)
  assert.deepEqual([row?.['rows'], row?.['features']], [14, 2])
  assert.equal(row?.['window_end'], Date.parse('2026-11-02T10:28:56.592Z'))
  const unknown = driftRow(record({ stream_drift: { state: 'unknown', reason: 'absent' } }))
  assert.deepEqual([unknown?.['reason'], unknown?.['alarmed_features']], ['absent', null])
  assert.equal(driftRow(record({ endpoint_id: 'e' })), null)
})

test('a feature that has changed, one that has not, and one of which nothing can be said', () => {
  const of = featureDetails(record(MEASURED))
  assert.deepEqual(of('f'), {
    actual_count: 10,
    actual_std: 3,
    expected_count: 30,
    expected_std: 2,
    psi: 1,
    jensen_shannon: 2,
    ks: 3,
    wasserstein: 4,
    p: 1e-9,
    alarm_since: Date.parse('2026-11-02T09:00:00Z'),
    alarm_test: 'shape',
    direction: 'up',
    shift_sigmas: 1.4,
    cause: 'scaled',
    cause_text: 'scaled by 1.77',
    missing: 3,
    wrong_type: 1,
    out_of_range: 6,
    unseen: 0,
    reason: null,
  })
  const calm = of('g')
  assert.deepEqual([calm['p'], calm['alarm_since'], calm['missing']], [1, null, 0])
  const word = of('word')
  assert.deepEqual([word['reason'], word['missing'], word['psi']], ['bad-categories', null, null])
  // A feature may be called as a member that every object has.
  assert.equal(of('constructor')['p'], null)
  assert.equal(of('__proto__')['missing'], null)
})

test('every kind of cause has words', () => {
  const textOf = (cause: object) => {
    const alarms = [{ feature: 'f', cause }]
    return featureDetails(record({ stream_drift: { state: 'measured', alarms } }))('f')[
      'cause_text'
    ]
  }
  assert.equal(textOf({ kind: 'text', share: 0.5 }), '50 % of the values are texts')
  assert.equal(textOf({ kind: 'missing', share: 0.123 }), '12 % of the values are missing')
  assert.equal(textOf({ kind: 'swapped', other: 'g' }), 'swapped with g')
  assert.equal(textOf({ kind: 'constant', value: 3 }), 'always 3')
  const texts = [
    ['x', 3],
    ['y', 1],
  ]
  assert.equal(textOf({ kind: 'new-texts', texts }), 'new texts: x (3), y (1)')
  assert.equal(textOf({ kind: 'another' }), null)
})

test('bins are shares on the edges of the training set, with an open one at each side', () => {
  const rows = histogramRows(record(MEASURED))
  assert.deepEqual(
    rows.filter((row) => row['feature_name'] === 'f'),
    [
      [null, 0, 0, 0.1],
      [0, 1, 0.25, 0],
      [1, 2, 0.5, 0.4],
      [2, 3, 0.25, 0],
      [3, null, 0, 0.5],
    ].map(([from, to, expected, actual], bin) => ({
      feature_name: 'f',
      bin,
      from,
      to,
      expected,
      actual,
    })),
  )
  // MLRun's own job has no open bins.
  const g = rows.filter((row) => row['feature_name'] === 'g')
  assert.deepEqual(
    g.map((row) => row['actual']),
    [0, 1, 0],
  )
  assert(!rows.some((row) => row['feature_name'] === 'word'))
})

test('damaged records', () => {
  const hist = (current: unknown) =>
    histogramRows(
      record({
        feature_stats: { f: { hist: [[1], [0, 1]] } },
        current_stats: { f: { hist: current } },
      }),
    ).map((row) => row['actual'])
  assert.deepEqual(
    hist([
      [1, 2],
      [0, 1, 2],
    ]),
    [null, null, null],
  )
  assert.deepEqual(hist([['1'], [0, 1]]), [null, null, null])
  assert.deepEqual(hist('x'), [null, null, null])
  assert.deepEqual(hist([[0], [0, 1]]), [null, null, null])
  for (const bad of ['', '[]', '{', 'null', '{"f": null}', '{"f": {"hist": [[], []]}}']) {
    assert.deepEqual(histogramRows(record({ feature_stats: bad })), [])
    assert.equal(featureDetails(record({ stream_drift: bad, data_quality: bad }))('f')['p'], null)
  }
})
