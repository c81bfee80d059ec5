// Claim: what the stream says of drift is what a slow computation says of the same rows: at the end of each
// pane and window, in the time series and in the record, over restarts and over logs.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '../../../bench/support.ts'
import { normal } from '../../support/drift-data.ts'
import {
  eventOf,
  jsonOf,
  metricRows,
  PANE_MS,
  play,
  putRecord,
  START_MS,
  slowTvd,
  type TimedRow,
  tickAll,
  tickTo,
  trainingSet,
  valuesOf,
  WINDOW_MS,
} from '../../support/drift-stream.ts'
import { memoryDisk } from '../../support/memory-disk.ts'
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts'
import { call, SERVING_ID, servingEvent } from '../../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../../support/test-pipeline.ts'

/** A row each 20 s for two hours and a half; feature a moves by two sigmas with the second hour. */
function drifting(random: () => number, movesAtMs = START_MS + WINDOW_MS): readonly TimedRow[] {
  const rows: TimedRow[] = []
  for (let atMs = START_MS; atMs < START_MS + 2.5 * WINDOW_MS; atMs += 20_000) {
    const moved = atMs >= movesAtMs ? 2 : 0
    rows.push({ atMs, values: [normal(random) + moved, normal(random)] })
  }
  return rows
}

const training = trainingSet(seededRandom(5))

function column(rows: readonly TimedRow[], feature: number): number[] {
  return rows.flatMap(({ values }) => {
    const value = values[feature]
    return typeof value === 'number' ? [value] : []
  })
}

/** What each window that ended by a time says, by the stamp of its row. */
function slowMeans(rows: readonly TimedRow[], untilMs: number): ReadonlyMap<number, number> {
  const means = new Map<number, number>()
  const ends = [PANE_MS, WINDOW_MS].flatMap((ms) =>
    rows.map(({ atMs }) => (Math.floor(atMs / ms) + 1) * ms),
  )
  for (const endMs of [...new Set(ends)].sort((one, other) => one - other)) {
    if (endMs > untilMs) continue
    const window = rows.filter(({ atMs }) => atMs < endMs && atMs >= endMs - WINDOW_MS)
    const [a, b] = [column(window, 0), column(window, 1)]
    means.set(endMs, (slowTvd(training.a, a) + slowTvd(training.b, b)) / 2)
  }
  return means
}

function assertMeans({ store }: TestPipeline, rows: readonly TimedRow[], untilMs: number): void {
  const written = metricRows(store, 'drift_measures')
  const found = new Map(written.map((row) => [row.atMs, Number(valuesOf(row)['tvd_mean'])]))
  const expected = slowMeans(rows, untilMs)
  assert.deepEqual([...found.keys()], [...expected.keys()])
  for (const [atMs, mean] of expected) {
    assert(Math.abs(mean - (found.get(atMs) ?? -1)) < 1e-9, new Date(atMs).toISOString())
  }
}

test('each pane and each window is measured at its end; the moved feature is named, since its window', async () => {
  const rows = drifting(seededRandom(6))
  const opened = await openTestPipeline()
  putRecord(opened.store, training)
  await play(opened, rows)
  await tickTo(opened, START_MS + 3.1 * WINDOW_MS)
  assertMeans(opened, rows, START_MS + 3 * WINDOW_MS)
  const drift = jsonOf(opened.store, 'stream_drift') as {
    state: string
    rows: number
    alarms: { feature: string; since: string; direction: string; shift_sigmas: number }[]
  }
  assert.equal(drift.state, 'measured')
  assert.deepEqual(
    drift.alarms.map(({ feature, since, direction }) => [feature, since, direction]),
    [['a', '2026-11-02T09:00:00.000000Z', 'up']],
  )
  const events = metricRows(opened.store, 'drift_events').map((row) => [
    row.atMs - START_MS,
    valuesOf(row)['alarmed_features'],
    valuesOf(row)['drift_status'],
  ])
  // A status from the first pane on; the alarm with the end of the second window.
  assert.deepEqual(events[0], [PANE_MS, 0, 0])
  assert.deepEqual(events.find(([, alarmed]) => alarmed === 1)?.[0], 2 * WINDOW_MS)
  const item = opened.store.items.get(SERVING_ID)
  assert.equal(item?.get('drift_status')?.value, 'NO_DRIFT', 'one feature of two, averaged')
  const measures = jsonOf(opened.store, 'drift_measures') as Record<string, { tvd: number }>
  const last = rows.filter(({ atMs }) => atMs >= START_MS + 2 * WINDOW_MS)
  assert(Math.abs((measures['a']?.tvd ?? 0) - slowTvd(training.a, column(last, 0))) < 1e-9)
  await opened.pipeline.close()
})

test('the same through kills at any moment and stores that fail, from checkpoints and from the spool', async () => {
  const random = seededRandom(7)
  const env = {
    SPOOL_SEGMENT_BYTES: '4KiB',
    PARQUET_BATCHING_TIMEOUT_SECS: '1',
    TSDB_BATCHING_TIMEOUT_SECS: '1',
  }
  let shortenedCount = 0
  for (let trial = 0; trial < 15; trial++) {
    const rows = drifting(random).filter((_, index) => index % 4 === 0)
    let opened = await openTestPipeline(env)
    const { store, disk, deadLetterLines, clock } = opened
    putRecord(store, training, { monitor_configuration: '{"possible_drift": 2}' })
    for (const row of rows) {
      if (random() < 0.3) store.outcomes.kv.push({ kind: 'retry', reason: 'busy' })
      if (random() < 0.3) store.outcomes.tsdb.push({ kind: 'retry', reason: 'busy' })
      await tickTo(opened, row.atMs)
      opened.accept(eventOf(row))
      if (random() < 0.5) opened.pipeline.tick()
      if (random() < 0.7) await nextTurns()
      if (random() > 0.15) continue
      store.outcomes.kv.push(...Array(3).fill({ kind: 'retry', reason: 'busy' }))
      await opened.pipeline.close()
      if (disk.list().some((name) => /^checkpoint-\d+\.jsonl$/.test(name))) shortenedCount++
      store.outcomes.kv.length = 0
      opened = await openTestPipeline(env, { store, disk, deadLetterLines, clock })
    }
    store.outcomes.tsdb.length = 0
    await tickTo(opened, START_MS + 3.1 * WINDOW_MS)
    assertMeans(opened, rows, START_MS + 3 * WINDOW_MS)
    const drift = jsonOf(store, 'stream_drift') as {
      window_end: string
      alarms: { since: string }[]
    }
    assert.equal(drift.window_end, '2026-11-02T11:00:00.000000Z')
    assert.deepEqual(
      drift.alarms.map(({ since }) => since),
      ['2026-11-02T09:00:00.000000Z'],
    )
    const changes = metricRows(store, 'drift_events').map((row) => row.atMs - START_MS)
    assert.deepEqual(changes, [PANE_MS, 2 * WINDOW_MS])
    await opened.pipeline.close()
  }
  assert(shortenedCount > 20, 'starts from a checkpoint were among them')
})

test('no log begins after a window that is still being measured', async () => {
  const random = seededRandom(15)
  const names = Array.from({ length: 60 }, (_, index) => `f${index}`)
  const columns = Object.fromEntries(
    names.map((name) => [name, Array.from({ length: 50 }, () => normal(random))]),
  )
  const env = { SPOOL_SEGMENT_BYTES: '4KiB', PARQUET_BATCHING_TIMEOUT_SECS: '1' }
  for (let turns = 0; turns < 60; turns += 2) {
    let opened = await openTestPipeline(env)
    const { store, disk, deadLetterLines, clock } = opened
    putRecord(store, columns)
    const rowAt = (atMs: number): TimedRow => ({ atMs, values: names.map(() => normal(random)) })
    for (let index = 0; index < 10; index++) await play(opened, [rowAt(START_MS + index * 1000)])
    await tickTo(opened, START_MS + PANE_MS - 1000)
    for (const lateMs of [500, 600, 700]) opened.accept(eventOf(rowAt(START_MS + PANE_MS + lateMs)))
    clock.timeUs += 30_000_000
    opened.pipeline.tick()
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
    opened.pipeline.tick()
    await opened.pipeline.close()
    opened = await openTestPipeline(env, { store, disk, deadLetterLines, clock })
    await tickTo(opened, START_MS + 1.2 * WINDOW_MS)
    await opened.pipeline.flushAll()
    const [first] = metricRows(store, 'drift_measures')
    assert.equal(first?.atMs, START_MS + PANE_MS, `killed after ${turns} turns`)
    await opened.pipeline.close()
  }
})

test('rows that come all at once leave no window out', async () => {
  const rows = drifting(seededRandom(13))
  const opened = await openTestPipeline()
  putRecord(opened.store, training)
  opened.clock.timeUs = (START_MS + 2.5 * WINDOW_MS) * 1000
  for (const [index, row] of rows.entries()) {
    opened.accept(eventOf(row))
    if (index === 0) await nextTurns()
  }
  await opened.pipeline.flushAll()
  const flushed = { atMs: (rows.at(-1)?.atMs ?? 0) + 1 }
  const written = metricRows(opened.store, 'drift_measures').map(({ atMs }) => atMs)
  assert.deepEqual(written, [...slowMeans(rows, flushed.atMs).keys(), flushed.atMs])
  for (const [atMs, mean] of slowMeans(rows, flushed.atMs)) {
    const row = metricRows(opened.store, 'drift_measures').find((one) => one.atMs === atMs)
    assert(row && Math.abs(Number(valuesOf(row)['tvd_mean']) - mean) < 1e-9)
  }
  await opened.pipeline.close()
})

test('what comes late after a standstill is measured all the same', async () => {
  const rows = drifting(seededRandom(14), START_MS + PANE_MS)
  const opened = await openTestPipeline()
  putRecord(opened.store, training)
  const before = rows.filter(({ atMs }) => atMs < START_MS + PANE_MS)
  await play(opened, before)
  await tickTo(opened, START_MS + 2.6 * WINDOW_MS)
  // The silence was taken for the end of pane and window.
  const early = metricRows(opened.store, 'drift_measures').map(({ atMs }) => atMs - START_MS)
  assert.deepEqual(early, [PANE_MS, WINDOW_MS])
  for (const row of rows.slice(before.length)) opened.accept(eventOf(row))
  await tickTo(opened, START_MS + 3.1 * WINDOW_MS)
  await opened.pipeline.flushAll()
  const means = slowMeans(rows, START_MS + 2.5 * WINDOW_MS)
  for (const [atMs, mean] of means) {
    if (atMs === START_MS + WINDOW_MS) continue // the first row of a stamp stays
    const row = metricRows(opened.store, 'drift_measures').find((one) => one.atMs === atMs)
    assert(row && Math.abs(Number(valuesOf(row)['tvd_mean']) - mean) < 1e-9)
  }
  const { alarms } = jsonOf(opened.store, 'stream_drift') as { alarms: { since: string }[] }
  assert.deepEqual(
    alarms.map(({ since }) => since),
    ['2026-11-02T08:00:00.000000Z'],
  )
  await opened.pipeline.close()
})

test('an endpoint in two logs, one of them some seconds behind, is measured once, as the sum of both', async () => {
  const rows = drifting(seededRandom(8))
  const kept = memoryStore()
  const reports: number[] = []
  const tsdb: MemoryStore['tsdb'] = {
    write: (written) => {
      const means = written.filter(({ recordType }) => recordType === 'drift_measures')
      reports.push(...means.map(({ atMs }) => atMs))
      return kept.tsdb.write(written)
    },
  }
  const first = await openTestPipeline({}, { store: { ...kept, tsdb } })
  putRecord(kept, training)
  const { store, clock, processTables: tables } = first
  const log = '00000000-0000-4000-8000-000000000002'
  const second = await openTestPipeline({}, { store, clock, tables, log, disk: memoryDisk() })
  const arrivals = rows.map((row, index) => {
    // Its last row of a pane comes after the pane's end.
    const [to, lateMs] = index % 3 === 0 ? [first, 0] : [second, 25_000]
    return { row, to, atMs: row.atMs + lateMs }
  })
  arrivals.sort((one, other) => one.atMs - other.atMs)
  for (const { row, to, atMs } of arrivals) {
    await tickAll([first, second], atMs)
    to.accept(eventOf(row))
    await nextTurns()
  }
  await tickAll([first, second], START_MS + 3.1 * WINDOW_MS)
  await Promise.all([first, second].map(({ pipeline }) => pipeline.flushAll()))
  assertMeans(first, rows, START_MS + 3 * WINDOW_MS)
  assert.equal(reports.length, new Set(reports).size, 'no window twice')
  const looked = metricRows(store, 'data_quality').map((row) => Number(valuesOf(row)['rows']))
  assert.equal(
    looked.reduce((sum, count) => sum + count, 0),
    rows.length,
  )
  await Promise.all([first, second].map(({ pipeline }) => pipeline.close()))
})

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
