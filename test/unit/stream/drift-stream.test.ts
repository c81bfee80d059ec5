// Claim: what the stream says of drift is what a slow computation says of the same rows: at the end of each
// pane and window, over kills and restarts, standstills and logs.
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
  tickAll,
  tickTo,
  training,
  valuesOf,
  WINDOW_MS,
} from '../../support/drift-stream.ts'
import { memoryDisk } from '../../support/memory-disk.ts'
import { type MemoryStore, memoryStore } from '../../support/memory-store.ts'
import { SERVING_ID } from '../../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../../support/test-pipeline.ts'

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
