// The slow computation is what the product is compared with, so it is shown itself against numbers
// that were worked out by hand: windows, late rows, sampling, time stamps, idle rows, errors. Then
// both example files are read once and their totals pinned.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  at,
  batch,
  call,
  compute,
  ENDPOINT_ID,
  endpointOf,
  errorEvent,
  rows,
  series,
} from './slow-support.ts'
import { averageAt, countAt } from './slow-windows.ts'

const OTHER = { model: 'other' }

test('a 5m window of 30 s buckets holds the bucket of now and the nine before it', () => {
  const result = compute([
    call(0),
    call(10, { microsec: 300 }),
    call(299.999),
    call(300),
    call(330),
  ])
  // At 300 s bucket 10 has begun and bucket 0, with the rows of 0 and 10 s, has left.
  assert.deepEqual(series(result, 'predictions_count_5m'), [
    [0, 1],
    [10, 2],
    [299.999, 3],
    [300, 2],
    [330, 3],
  ])
  assert.deepEqual(series(result, 'latency_avg_5m')[1], [10, 200])
  // 3 predictions in 300 s.
  assert.deepEqual(series(result, 'predictions_per_second')[4], [330, 0.01])
  assert.deepEqual(series(result, 'predictions_count_1h')[4], [330, 5])
})

test('a row in the oldest bucket of the longest window is counted, an older one is late', () => {
  // Bucket 120 is newest, so that buckets 1 to 120 are in the 1h window.
  const result = compute([call(3600), call(29.999), call(30)])
  const { record, predictions } = endpointOf(result)
  assert.equal(predictions, 3)
  assert.equal(record['predictions_count_1h'], 2)
  assert.equal(record['predictions_count_5m'], 1)
  assert.equal(record['first_request'], at(29.999))
  assert.equal(record['last_request'], at(3600))
  assert.equal(record['timestamp'], at(30))
})

test('the recorded windows of storey 0.6.15 come out the same', () => {
  const { scenarios, T0 } = readJson('test/golden/mlrun/windows.json') as Windows
  const t0Us = Date.parse(T0) * 1000
  let rowCount = 0
  for (const scenario of Object.values(scenarios)) {
    assert(scenario.in_order && scenario.obeys_formula)
    const arrived: Record<string, Parameters<typeof countAt>[0][number][]> = {}
    for (const row of scenario.rows) {
      const cell = (column: string) => row[scenario.columns.indexOf(column)] as number
      const timeUs = t0Us + cell('t_ms_since_T0') * 1000
      const latencyUs = cell('latency')
      const ofKey = arrived[String(row[0])] ?? []
      arrived[String(row[0])] = ofKey
      ofKey.push({ timeUs, latencyUs, weight: 1, isLateForCounts: false, isLateForAverages: false })
      for (const name of scenario.windows) {
        const window = { seconds: secondsOf(name), periodSeconds: secondsOf(scenario.period) }
        assert.equal(countAt(ofKey, timeUs, window), cell(`predictions_count_${name}`))
        const average = averageAt(ofKey, timeUs, window) ?? Number.NaN
        assert(Math.abs(average - cell(`latency_avg_${name}`)) < 1e-6)
      }
      rowCount += 1
    }
  }
  assert.equal(rowCount, 216)
})

test('the first of every n rows is sampled, each endpoint by itself', () => {
  const lines = [
    call(0),
    call(1, OTHER),
    call(2),
    call(3),
    call(4),
    rows(5, [[1], [1], [1]], [0, 0, 0]),
  ]
  const result = compute(lines, { sampleWindow: 3 })
  // Rows of the endpoint: 0, 2, 3, then 4 s; then 5 s three times, of which the third is the 7th.
  assert.deepEqual(series(result, 'predictions_count_5m'), [
    [0, 1],
    [4, 4],
    [5.002, 7],
  ])
  const other = [...result.endpoints.keys()][1] ?? ''
  assert.deepEqual(series(result, 'predictions_count_5m', other), [[1, 1]])
})

test('rows of one time get stamps one after the other, and a gap begins a new run', () => {
  const result = compute([
    rows(1, [[1], [1], [1]], [0, 0, 0]), // 1.000, 1.001, 1.002
    call(1.001), // inside the run: 1.003
    call(1.004), // the next one: 1.004
    call(1), // inside the run: 1.005
    call(1.01), // a run of its own
    call(1), // and that run has forgotten the first
  ])
  const stamps = [1, 1, 1.001, 1.002, 1.003, 1.004, 1.005, 1.01]
  assert.deepEqual(
    series(result, 'prediction').map(([seconds]) => seconds),
    stamps,
  )
})

test('an idle endpoint writes base_metrics every 300 s until its zeros are written', () => {
  const result = compute([call(0), call(5000, OTHER)])
  const idle = series(result, 'predictions_count_1h').slice(1)
  // Bucket 0 leaves the 1h window at 3600 s; that zero is written, the one of 3900 s is silent.
  assert.deepEqual(idle, [
    ...[300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2700, 3000, 3300].map((edge) => [edge, 1]),
    [3600, 0],
  ])
  assert.deepEqual(series(result, 'predictions_count_5m')[1], [300, 0])
  assert.equal(series(result, 'latency_avg_5m').length, 1)
  assert.equal(series(result, 'prediction').length, 1)
  assert.equal(endpointOf(result).record['predictions_count_1h'], 0)
})

test('idle time is stream time: the newest event, and the clock since its arrival', () => {
  // The event of 0.4 s arrives at 1 s, so that the clock at 301 s means 300.4 s.
  assert.equal(series(compute([call(0.4), call(330, OTHER)]), 'error_count').length, 1)
  // The first edge 300 s after 0.4 s is 330 s, which needs a clock of 330.6 s.
  assert.deepEqual(series(compute([call(0.4), call(330.6, OTHER)]), 'error_count'), [
    [0.4, 0],
    [330, 0],
  ])
})

test('errors alone are news for an idle endpoint once each', () => {
  const result = compute([
    errorEvent(10.5),
    call(1000, OTHER),
    errorEvent(1000.2),
    call(2000, OTHER),
  ])
  // From 10.5 s: 330 s (310.5 s rounded up); 630 and 930 s are silent; 1230 s has the second error.
  assert.deepEqual(series(result, 'error_count'), [
    [330, 1],
    [1230, 2],
  ])
  const { record, errorEvents, acceptedEvents } = endpointOf(result)
  assert.deepEqual({ errorEvents, acceptedEvents }, { errorEvents: 2, acceptedEvents: 0 })
  assert.deepEqual(record, {
    endpoint_id: ENDPOINT_ID,
    project: 'proj',
    function_uri: 'proj/fn:v1',
    model: 'mdl:v1',
    model_class: 'C',
    active: true,
    labels: '{}',
    predictions_count_5m: 0,
    predictions_count_1h: 0,
    predictions_per_second: 0,
    error_count: 2,
  })
})

test('a sampled row does not take the stamp of an idle row', () => {
  const result = compute([call(0), call(310, OTHER), call(300)])
  assert.deepEqual(series(result, 'predictions_count_1h'), [
    [0, 1],
    [300, 1],
    [300.001, 2],
  ])
})

test('the calls of a batch count in order, idle rows come before the first of them', () => {
  const result = compute([call(0), batch([310, 320, 640])])
  // The batch arrives at 640 s and shows the edges of 300 and 600 s, where only the first row is known.
  assert.deepEqual(series(result, 'predictions_count_1h'), [
    [0, 1],
    [300, 1],
    [310, 2],
    [320, 3],
    [600, 1],
    [640, 4],
  ])
  assert.deepEqual(result.events, { received: 2, accepted: 2, error: 0, ignored: 0, rejected: 0 })
  assert.equal(endpointOf(result).acceptedEvents, 2)
})

test('errors move stream time and error_count, but neither requests nor windows', () => {
  const result = compute([call(0), errorEvent(290), call(1), errorEvent(400), call(2)])
  assert.deepEqual(
    result.predictions.map((row) => [row.error_count, row.first_request, row.last_request]),
    [
      [0, at(0), at(0)],
      [1, at(0), at(1)],
      [2, at(0), at(2)],
    ],
  )
  // At 400 s the 5m window begins with bucket 4 (120 s).
  assert.deepEqual(
    series(result, 'predictions_count_5m').filter(([s]) => s <= 2),
    [
      [0, 1],
      [1, 2],
      [2, 0],
    ],
  )
})

test('of the recorded file of 2021 every event is found again', () => {
  const result = compute(readLines('examples/events-2021.jsonl'), { sampleWindow: 10 })
  assert.deepEqual(result.events, {
    received: 5001,
    accepted: 4926,
    error: 75,
    ignored: 0,
    rejected: 0,
  })
  assert.deepEqual(result.rejections, {})
  assert.equal(result.predictions.length, 8059)
  assert.deepEqual(totals(result), [
    ['wine:latest', 13, 1050, 1379, 39, 526],
    ['iris:v1', 17, 1526, 2135, 60, 853],
    ['cancer:2', 30, 2208, 3011, 105, 1149],
    ['diabetes:v3', 15, 142, 1534, 45, 635],
  ])
  // 138 + 214 + 302 + 154 sampled rows; nobody is idle for five minutes.
  assert.equal(result.metrics.filter(({ metric }) => metric === 'error_count').length, 808)
})

test('of the recorded file of 1.12 every event is found again', () => {
  const result = compute(readLines('examples/events-1.12.jsonl'), { sampleWindow: 10 })
  assert.deepEqual(result.events, {
    received: 1794,
    accepted: 1776,
    error: 18,
    ignored: 0,
    rejected: 0,
  })
  assert.equal(result.predictions.length, 2444)
  // wine2 is sampled at 50 %, each of its rows stands for two.
  assert.deepEqual(totals(result), [
    ['digits', 12, 1500, 2120, 95, 822],
    ['wine2', 6, 276, 324, 28, 270],
  ])
  // 212 + 33 sampled rows, and 11 of wine2 while it was idle.
  assert.equal(result.metrics.filter(({ metric }) => metric === 'error_count').length, 256)
})

interface Windows {
  readonly T0: string
  readonly scenarios: Readonly<
    Record<
      string,
      {
        readonly in_order: boolean
        readonly obeys_formula: boolean
        readonly windows: readonly string[]
        readonly period: string
        readonly columns: readonly string[]
        readonly rows: readonly (readonly (string | number)[])[]
      }
    >
  >
}

function totals(result: ReturnType<typeof compute>): unknown[] {
  return [...result.endpoints.values()].map(({ record, ...counts }) => [
    record['model'],
    counts.errorEvents,
    counts.acceptedEvents,
    counts.predictions,
    record['predictions_count_5m'],
    record['predictions_count_1h'],
  ])
}

/** '5m' is 300. */
function secondsOf(name: string): number {
  const unit = { s: 1, m: 60, h: 3600 }[name.slice(-1)] ?? Number.NaN
  return Number(name.slice(0, -1)) * unit
}

function readLines(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split('\n')
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}
