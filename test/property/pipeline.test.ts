// Nothing is lost and nothing counts twice: random events go through processes that die at random places
// and whose store refuses, takes a part, or takes all and says that it did not. In the end every row is in
// one file, every claim holds what it promised, and records, metrics and dead letters are those of one
// process that met no trouble.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Claim } from '../../lib/stream/ports.ts'
import { eventPlan } from '../support/any-events.ts'
import { FAULTS } from '../support/frail-process.ts'
import { type PlacedRow, rowsIn, rowsRefused } from '../support/placed-rows.ts'
import { VERSION_NAMES } from '../support/record-versions.ts'
import { anySteps, type Env, eventsIn, Trial } from '../support/trial.ts'

const ENVS: readonly Env[] = [
  { SAMPLE_WINDOW: '2', PARQUET_BATCHING_MAX_EVENTS: '3', TSDB_BATCHING_MAX_EVENTS: '2' },
  { SAMPLE_WINDOW: '1', PARQUET_BATCHING_BYTES_MAX: '4096', PARQUET_OPEN_BYTES_MAX: '4096' },
  { SAMPLE_WINDOW: '3', PARQUET_BATCHING_TIMEOUT_SECS: '60', KV_BATCHING_TIMEOUT_SECS: '0' },
  // A segment has room for some events, so that the log is shortened again and again.
  { SAMPLE_WINDOW: '2', PARQUET_BATCHING_MAX_EVENTS: '3', SPOOL_SEGMENT_BYTES: '4096' },
  { SAMPLE_WINDOW: '2', PARQUET_BATCHING_MAX_EVENTS: '2', SPOOL_SEGMENT_BYTES: '4096' },
].map((env) => ({ ...env, TSDB_BATCHING_TIMEOUT_SECS: '1800' }))
const anyEnv = fc.constantFrom(...ENVS)
const anyPlans = fc.array(eventPlan, { maxLength: 40, size: 'max' })

/** The rows of all events that count, with their places in the log. */
function rowsExpected(trial: Trial): readonly PlacedRow[] {
  let shardOffset = -1
  return eventsIn(trial.world).flatMap(({ body, position, offset }) => {
    if (position !== null && position.offset <= shardOffset) return []
    shardOffset = position?.offset ?? shardOffset
    const rows = trial.sent.get(Buffer.from(body).toString())?.rows ?? []
    return rows.map((row) => ({ ...row, offset }))
  })
}

function lettersOf(lines: readonly string[]): readonly Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

function sorted(rows: readonly PlacedRow[]): readonly PlacedRow[] {
  const key = ({ offset, mark }: PlacedRow): number => offset * 1000 + (mark % 1000)
  return [...rows].sort((a, b) => key(a) - key(b))
}

/** Every row is in one file or refused, never both; every file is what its claim says. */
function assertNothingLost(trial: Trial): void {
  const { world, answered } = trial
  const bodies = eventsIn(world).map(({ body }) => Buffer.from(body).toString())
  let at = 0
  for (const body of answered) {
    at = bodies.indexOf(body, at) + 1
    assert(at > 0, `an answered event is not in the log: ${body}`)
  }
  const expected = rowsExpected(trial)
  const files = [...world.store.files.values()]
  const found = [...files.flatMap(rowsIn), ...rowsRefused(lettersOf(trial.world.deadLetterLines))]
  assert.deepStrictEqual(sorted(found), sorted(expected))
  for (const file of files) {
    assert.deepStrictEqual(
      sorted(rowsIn(file)),
      sorted(expected.filter((row) => isOf(row, file.claim))),
    )
  }
}

function isOf(row: PlacedRow, claim: Claim): boolean {
  const isSameKey = row.endpointId === claim.endpointId && row.hour === claim.hour
  return isSameKey && claim.firstOffset <= row.offset && row.offset <= claim.lastOffset
}

function assertClaimsApart(claims: readonly Claim[]): void {
  for (const [index, a] of claims.entries()) {
    for (const b of claims.slice(index + 1)) {
      if (a.endpointId !== b.endpointId || a.hour !== b.hour) continue
      assert(a.lastOffset < b.firstOffset || b.lastOffset < a.firstOffset, JSON.stringify([a, b]))
    }
  }
}

/**
 * What stands in one's records stands in the other's. Not the other way round: a label that is gone is not
 * taken out of a record. Generated names that somebody read meanwhile count as given; and texts that describe
 * an endpoint are those of its newest event, of which a record hears with the next sample.
 */
function assertRecordsHold(trial: Trial, other: Trial): void {
  const isText = (name: string): boolean =>
    /^(?:feature_names|label_names|label_columns|function_uri|model_class|labels|_.*)$/.test(name)
  const records = (of: Trial, wanted: Trial): unknown =>
    [...wanted.world.store.items].map(([id, item]) => {
      const names = [...item.keys()]
        .filter((name) => !isText(name) && !VERSION_NAMES.includes(name))
        .sort()
      return [id, names.map((name) => [name, of.world.store.items.get(id)?.get(name)])]
    })
  assert.deepStrictEqual(records(trial, other), records(other, other))
}

function metricsOf({ world }: Trial): unknown {
  return [...world.store.rows].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Places in the log differ, because reads of the store stand between events. */
function rejectionsOf({ world }: Trial): readonly string[] {
  return lettersOf(world.deadLetterLines)
    .filter((letter) => !('sink' in letter))
    .map(({ offset: _, ...letter }) => JSON.stringify(letter))
    .sort()
}

/** Metric rows of out-of-order samples may share their key, so that what they say counts as well. */
function assertLettersOnce({ world }: Trial): void {
  const keys = lettersOf(world.deadLetterLines).map(({ sink, key, content, offset, call, row }) =>
    JSON.stringify(sink === undefined ? [offset, call, row] : [sink, key, content]),
  )
  assert.deepStrictEqual(
    keys.filter((key, index) => keys.indexOf(key) < index),
    [],
  )
}

function assertBooksBalance(trial: Trial): void {
  const { events, rows, written, refused, pending } = trial.pipeline.status()
  const { received, ...ends } = events
  assert.equal(received, eventsIn(trial.world).length)
  assert.equal(
    received,
    Object.values(ends).reduce((sum, count) => sum + count, 0),
  )
  assert.equal(events['waiting'], 0)
  assert.equal(rows.accepted, rowsExpected(trial).length)
  assert.equal(rows.accepted, written.parquetRows + refused.parquetRows)
  assert.deepStrictEqual(pending, { records: 0, metricRows: 0, parquetRows: 0 })
}

function assertAlike(trial: Trial, other: Trial): void {
  assertRecordsHold(trial, other)
  assert.deepStrictEqual(metricsOf(trial), metricsOf(other))
  assert.deepStrictEqual(rejectionsOf(trial), rejectionsOf(other))
}

test('whatever dies and fails, all is there once, and as if nothing had (property)', async () => {
  const steps = anySteps({
    faults: ['none', 'refused', 'lost', 'partial'],
    waitMsMax: 3 * 86_400_000,
  })
  let shortenedCount = 0
  await fc.assert(
    fc.asyncProperty(anyEnv, anyPlans, steps, async (env, plans, plan) => {
      const trial = await Trial.begin(env, plans)
      for (const step of plan) await trial.take(step)
      await trial.finish()
      const { files } = trial.world.disk
      if ([...files.keys()].some((name) => /^checkpoint-\d+\.jsonl$/.test(name))) shortenedCount++
      const untroubled = await trial.withoutTrouble()
      for (const again of [false, true]) {
        if (again) await trial.startOnceMore()
        assertNothingLost(trial)
        assert.equal(trial.world.store.files.size, trial.world.store.claimed.length)
        assertClaimsApart(trial.world.store.claimed)
        assertLettersOnce(trial)
        assertBooksBalance(trial)
        assertAlike(trial, untroubled)
      }
    }),
    { numRuns: 150, includeErrorInReport: true },
  )
  assert(shortenedCount > 0, 'logs were shortened in between')
})

test('what a sink refuses for good is in the dead letters once and nowhere else (property)', async () => {
  const steps = anySteps({ faults: FAULTS, waitMsMax: 3 * 86_400_000 })
  await fc.assert(
    fc.asyncProperty(anyEnv, anyPlans, steps, async (env, plans, plan) => {
      const trial = await Trial.begin(env, plans)
      for (const step of plan) await trial.take(step)
      await trial.finish()
      assertNothingLost(trial)
      assertClaimsApart(trial.world.store.claimed)
      assertLettersOnce(trial)
      assertBooksBalance(trial)
    }),
    { numRuns: 200, includeErrorInReport: true },
  )
})
