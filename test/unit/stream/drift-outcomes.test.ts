// Claim: what the record says of drift and data quality, and what it does not say: luck is no drift, what cannot be
// known has its reason.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../../bench/support.ts'
import { normal } from '../../support/drift-data.ts'
import {
  column,
  drifting,
  eventOf,
  jsonOf,
  metricRows,
  PANE_MS,
  play,
  putRecord,
  START_MS,
  slowTvd,
  type TimedRow,
  tickTo,
  training,
  valuesOf,
  WINDOW_MS,
} from '../../support/drift-stream.ts'
import { call, SERVING_ID, servingEvent } from '../../support/serving-event.ts'
import { nextTurns, openTestPipeline } from '../../support/test-pipeline.ts'

test('a number out of all range is missing, whatever texts the row before had', async () => {
  const opened = await openTestPipeline()
  putRecord(opened.store, training)
  const other = { ...servingEvent(call('r', [['text', 'text']])), model: 'other' }
  await play(opened, [{ atMs: START_MS, values: [0, 0] }])
  opened.accept(other)
  await nextTurns()
  const event = JSON.stringify(eventOf({ atMs: START_MS + 1000, values: [7_777, 0] }))
  opened.accept(Buffer.from(event.replace('7777', '1e999')))
  await opened.pipeline.flushAll()
  const quality = jsonOf(opened.store, 'data_quality')
  assert.deepEqual(quality, { a: { missing: 1, wrong_type: 0, out_of_range: 0, unseen: 0 } })
  await opened.pipeline.close()
})

test('values that are no good are counted by minute, kind and feature', async () => {
  const opened = await openTestPipeline()
  putRecord(opened.store, training)
  const at = (seconds: number, values: TimedRow['values']): TimedRow => ({
    atMs: START_MS + seconds * 1000,
    values,
  })
  const rows = [
    at(1, [0, 0]),
    at(2, [null, 99]),
    at(3, ['text', 0]),
    at(59, [-99, 99]),
    at(61, [0, 0]),
    at(190, [0, null]),
    // It came in this minute, so it is counted in it.
    at(58, [99, 0]),
  ]
  await play(opened, rows)
  await tickTo(opened, START_MS + 300_000)
  await opened.pipeline.flushAll()
  const byMinute = metricRows(opened.store, 'data_quality').map((row) => [
    (row.atMs - START_MS) / 60_000,
    valuesOf(row),
  ])
  const none = { missing: 0, wrong_type: 0, out_of_range: 0, unseen: 0 }
  assert.deepEqual(byMinute, [
    [
      1,
      {
        ...none,
        rows: 4,
        missing: 1,
        missing_a: 1,
        wrong_type: 1,
        wrong_type_a: 1,
        out_of_range: 3,
        out_of_range_a: 1,
        out_of_range_b: 2,
      },
    ],
    [2, { ...none, rows: 1 }],
    [4, { ...none, rows: 2, missing: 1, missing_b: 1, out_of_range: 1, out_of_range_a: 1 }],
  ])
  assert.deepEqual(jsonOf(opened.store, 'data_quality'), {
    a: { missing: 1, wrong_type: 1, out_of_range: 2, unseen: 0 },
    b: { missing: 1, wrong_type: 0, out_of_range: 2, unseen: 0 },
  })
  await opened.pipeline.close()
})

test('ten rows like the training set are no drift, whatever their distance', async () => {
  const random = seededRandom(9)
  const opened = await openTestPipeline()
  putRecord(opened.store, training)
  const rows = Array.from({ length: 10 }, (_, index) => ({
    atMs: START_MS + index * 1000,
    values: [normal(random), normal(random)],
  }))
  await play(opened, rows)
  await tickTo(opened, START_MS + 1.1 * WINDOW_MS)
  const { measure, alarms } = jsonOf(opened.store, 'stream_drift') as {
    measure: number
    alarms: object[]
  }
  assert(measure > 0.3, 'the distance alone is large')
  assert.deepEqual(alarms, [])
  assert.equal(opened.store.items.get(SERVING_ID)?.get('drift_status')?.value, 'NO_DRIFT')
  await opened.pipeline.close()
})

test('a reference that cannot be read is told with its reason, and the rest goes on', async () => {
  for (const [text, reason] of [
    ['{', 'not-json'],
    ['[]', 'not-an-object'],
    ['{}', 'no-features'],
  ] as const) {
    const opened = await openTestPipeline()
    putRecord(opened.store, training, { feature_stats: text })
    await play(opened, drifting(seededRandom(10)).slice(0, 20))
    await opened.pipeline.flushAll()
    assert.deepEqual(jsonOf(opened.store, 'stream_drift'), { state: 'unknown', reason })
    assert.equal(opened.pipeline.status().rows.accepted, 20)
    assert.equal(metricRows(opened.store, 'drift_measures').length, 0)
    await opened.pipeline.close()
  }
})

test('thresholds of the record decide on its status, each by its own key', async () => {
  const rows = drifting(seededRandom(11)).filter(({ atMs }) => atMs >= START_MS + WINDOW_MS)
  for (const [keys, status] of [
    [{ possible_drift: 0.01, drift_detected: 0.9 }, 'POSSIBLE_DRIFT'],
    [{ possible_drift: 0.01, drift_detected: 0.02 }, 'DRIFT_DETECTED'],
  ] as const) {
    const opened = await openTestPipeline()
    putRecord(opened.store, training, { monitor_configuration: JSON.stringify(keys) })
    await play(opened, rows)
    await tickTo(opened, START_MS + 3.1 * WINDOW_MS)
    assert.equal(opened.store.items.get(SERVING_ID)?.get('drift_status')?.value, status)
    await opened.pipeline.close()
  }
})

test('predictions are measured by the name of the label, without alarms', async () => {
  const random = seededRandom(16)
  const opened = await openTestPipeline()
  const y = Array.from({ length: 400 }, () => normal(random))
  putRecord(opened.store, { ...training, y }, { feature_names: '["a","b"]' })
  await play(opened, drifting(seededRandom(17), Number.POSITIVE_INFINITY).slice(0, 180))
  await tickTo(opened, START_MS + 1.1 * WINDOW_MS)
  const drift = jsonOf(opened.store, 'stream_drift') as { alarms: object[]; features: object }
  assert.deepEqual(Object.keys(drift.features), ['a', 'b', 'y'])
  assert.deepEqual(drift.alarms, [], 'all predictions are 1, which no label was')
  const measures = jsonOf(opened.store, 'drift_measures') as Record<string, { tvd: number }>
  assert((measures['y']?.tvd ?? 0) > 0.8)
  await opened.pipeline.close()
})

test('a new training set is measured against from its registration on', async () => {
  const rows = drifting(seededRandom(12)).filter(({ atMs }) => atMs < START_MS + WINDOW_MS)
  const opened = await openTestPipeline()
  await play(opened, rows.slice(0, 60))
  assert.equal(metricRows(opened.store, 'drift_measures').length, 0)
  const kept = opened.store.items.get(SERVING_ID)
  putRecord(opened.store, training)
  for (const [name, attribute] of kept ?? []) {
    if (opened.store.items.get(SERVING_ID)?.has(name) !== true) {
      opened.store.items.get(SERVING_ID)?.set(name, attribute)
    }
  }
  await opened.pipeline.learn(SERVING_ID)
  await play(opened, rows.slice(60))
  await tickTo(opened, START_MS + 1.2 * WINDOW_MS)
  const [first] = metricRows(opened.store, 'drift_measures')
  assert.equal(first?.atMs, START_MS + 5 * PANE_MS)
  const inPane = rows.slice(60).filter(({ atMs }) => atMs < START_MS + 5 * PANE_MS)
  const expected =
    (slowTvd(training.a, column(inPane, 0)) + slowTvd(training.b, column(inPane, 1))) / 2
  assert(first && Math.abs(Number(valuesOf(first)['tvd_mean']) - expected) < 1e-9)
  await opened.pipeline.close()
})
