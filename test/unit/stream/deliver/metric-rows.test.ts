// What one sampled row says in the time series: aggregates, features and predictions by name, and the event's
// own metrics. No name replaces another one's column, and missing values are left out.
import assert from 'node:assert'
import { test } from 'node:test'
import { numbersOf } from '../../../../lib/stream/deliver/metric-rows.ts'
import type { Attribute } from '../../../../lib/stream/ports.ts'
import { call, SERVING_ID, servingEvent, whenAt } from '../../../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../../../support/test-pipeline.ts'

type Row = Readonly<Record<string, number | string>>

interface Given {
  readonly events: readonly unknown[]
  readonly env?: Readonly<Record<string, string>>
  readonly record?: Readonly<Record<string, string>>
}

/** The rows of a type, by time, with their stamps as times of the day. */
async function rowsOfType(recordType: string, { events, env, record }: Given): Promise<unknown> {
  const { accept, pipeline, store } = await openTestPipeline({ SAMPLE_WINDOW: '1', ...env })
  if (record !== undefined) {
    const attributes = Object.entries(record).map(([name, value]): [string, Attribute] => [
      name,
      { type: 'string', value },
    ])
    store.items.set(SERVING_ID, new Map(attributes))
  }
  for (const event of events) accept(event)
  await nextTurns()
  await pipeline.flushAll()
  return [...store.rows.values()]
    .filter((row) => row.recordType === recordType)
    .map(({ atMs, names, values }) => [
      new Date(atMs).toISOString().slice(11, -1),
      Object.fromEntries(names.map((name, index) => [name, values[index]])) as Row,
    ])
}

test('aggregates, with the error count, and no average where there is no latency', async () => {
  const modern = { endpoint_id: SERVING_ID, microsec: null }
  const events = [
    servingEvent(modern),
    servingEvent({ ...modern, error: 'boom' }),
    servingEvent({ endpoint_id: SERVING_ID, when: whenAt('08:00:01'), microsec: 30 }),
  ]
  const first = {
    predictions_count_5m: 1,
    predictions_count_1h: 1,
    predictions_per_second: 1 / 300,
  }
  const second = {
    predictions_count_5m: 2,
    predictions_count_1h: 2,
    predictions_per_second: 2 / 300,
  }
  assert.deepEqual(await rowsOfType('base_metrics', { events }), [
    ['08:00:00.000', { ...first, error_count: 0 }],
    ['08:00:01.000', { ...second, error_count: 1, latency_avg_5m: 30, latency_avg_1h: 30 }],
  ])
})

test('features and predictions by name; the first prediction once more as prediction', async () => {
  const record = { feature_names: '["a", "b"]', label_names: '["y", "z"]' }
  const events = [servingEvent(call('r', [[1, 2]], [[3, 4]]))]
  assert.deepEqual(await rowsOfType('endpoint_features', { events, record }), [
    ['08:00:00.000', { a: 1, b: 2, prediction: 3, y: 3, z: 4 }],
  ])
})

test('texts stay texts; null, NaN and infinity are left out; a row of nothing is no row', async () => {
  const record = { feature_names: '["a", "b", "c"]' }
  const text = JSON.stringify(servingEvent(call('r', [['x', 'NAN', 'INF']], ['yes'])))
  const events = [
    Buffer.from(text.replace('"NAN"', 'NaN').replace('"INF"', '-Infinity')),
    servingEvent({ ...call('r', [[null, null, null]], [null]), when: whenAt('08:00:01') }),
    servingEvent({ ...call('r', [[null, 5, null]], [null]), when: whenAt('08:00:02') }),
  ]
  assert.deepEqual(await rowsOfType('endpoint_features', { events, record }), [
    ['08:00:00.000', { a: 'x', prediction: 'yes', p0: 'yes' }],
    ['08:00:02.000', { b: 5 }],
  ])
})

test('a missing value among nothing but numbers is left out too', async () => {
  const events = [
    servingEvent(call('a', [[1, 2]], [3])),
    servingEvent({ ...call('b', [[null, 2]], [3]), when: whenAt('08:00:01') }),
    servingEvent({ ...call('c', [[1, 2]], [null]), when: whenAt('08:00:02') }),
  ]
  assert.deepEqual(await rowsOfType('endpoint_features', { events }), [
    ['08:00:00.000', { f0: 1, f1: 2, prediction: 3, p0: 3 }],
    ['08:00:01.000', { f1: 2, prediction: 3, p0: 3 }],
    ['08:00:02.000', { f0: 1, f1: 2 }],
  ])
})

test('no feature or label takes the column of something else (D34)', async () => {
  const names = ['prediction', 'timestamp', 'time', 'endpoint_id', 'record_type', 'y', 'feature_y']
  const record = { feature_names: JSON.stringify(names), label_names: '["y"]' }
  const events = [servingEvent(call('r', [[1, 2, 3, 4, 5, 6, 7]], [8]))]
  const named = {
    feature_prediction: 1,
    feature_timestamp: 2,
    feature_time: 3,
    feature_endpoint_id: 4,
    feature_record_type: 5,
    feature_feature_y: 6,
    feature_y: 7,
  }
  assert.deepEqual(await rowsOfType('endpoint_features', { events, record }), [
    ['08:00:00.000', { ...named, prediction: 8, y: 8 }],
  ])
})

test('a label called prediction is the prediction when it is the first, else it has a name of its own', async () => {
  const events = [servingEvent(call('r', [[1]], [[8, 9]]))]
  const label_names = (names: readonly string[]) => ({
    feature_names: '["a"]',
    label_names: JSON.stringify(names),
  })
  const rowOf = async (names: readonly string[]): Promise<unknown> =>
    rowsOfType('endpoint_features', { events, record: label_names(names) })
  assert.deepEqual(await rowOf(['prediction', 'z']), [
    ['08:00:00.000', { a: 1, prediction: 8, z: 9 }],
  ])
  assert.deepEqual(await rowOf(['z', 'prediction']), [
    ['08:00:00.000', { a: 1, prediction: 8, z: 8, label_prediction: 9 }],
  ])
})

test("an event's own metrics: numbers and bools of each event, nothing else", async () => {
  const events = [
    servingEvent({ metrics: { m: 1.5, ok: true, text: 'x', list: [1] } }),
    servingEvent({ metrics: { text: 'x' }, when: whenAt('08:00:01') }),
    servingEvent({ metrics: { other: 2 }, when: whenAt('08:00:02') }),
  ]
  assert.deepEqual(await rowsOfType('custom_metrics', { events }), [
    ['08:00:00.000', { m: 1.5, ok: 1 }],
    ['08:00:02.000', { other: 2 }],
  ])
  assert.equal(numbersOf({ a: 'x', b: null }), null)
  assert.deepEqual([...(numbersOf(JSON.parse('{"__proto__": 1}')) ?? [])], [['__proto__', 1]])
})

test('rows of one call follow each other by a millisecond, and so do calls of one time', async () => {
  const events = [
    servingEvent(
      call('a', [
        [1, 1],
        [1, 2],
        [1, 3],
      ]),
    ),
    servingEvent(call('b', [[1, 4]])),
    servingEvent({ ...call('c', [[1, 5]]), when: whenAt('08:00:00.002') }),
    servingEvent({ ...call('d', [[1, 6]]), when: whenAt('08:00:00.009') }),
  ]
  const rows = (await rowsOfType('endpoint_features', { events })) as [string, Row][]
  assert.deepEqual(
    rows.map(([time, { f1 }]) => [time, f1]),
    [
      ['08:00:00.000', 1],
      ['08:00:00.001', 2],
      ['08:00:00.002', 3],
      ['08:00:00.003', 4],
      ['08:00:00.004', 5],
      ['08:00:00.009', 6],
    ],
  )
})

test('the first of every so many rows of an endpoint is a sample, whatever others do (D10)', async () => {
  const events = Array.from({ length: 7 }, (_, index) => [
    servingEvent({ ...call('r', [[index, 0]]), when: whenAt(`08:00:0${index}`) }),
    servingEvent({ model: 'other', when: whenAt(`08:00:0${index}`) }),
  ]).flat()
  const env = { SAMPLE_WINDOW: '3' }
  const rows = (await rowsOfType('endpoint_features', { events, env })) as [string, Row][]
  const times = rows.map(([time]) => time.slice(6, 8)).sort()
  assert.deepEqual(times, ['00', '00', '03', '03', '06', '06'])
})
