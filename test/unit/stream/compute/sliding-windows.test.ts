// Window counts and averages are what counting by hand gives: against rows recorded from storey, and
// for any windows, period, order and lateness against a list that is counted anew at every reading.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDuration } from '../../../../lib/config/duration.ts'
import {
  meanOf,
  predictionsPerSecond,
  SlidingWindows,
} from '../../../../lib/stream/compute/sliding-windows.ts'

interface Scenario {
  readonly windows: readonly string[]
  readonly period: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  readonly same_as_epoch_buckets?: boolean
}

const T0_US = Date.parse('2021-07-01T10:00:00Z') * 1000

function msOf(text: string): number {
  const duration = parseDuration(text)
  assert(duration !== null)
  return duration.ms
}

/** Feeds a recorded scenario and compares every row with what was emitted at it. */
function checkScenario(scenario: Scenario): void {
  const windows = scenario.windows.map((name) => ({ name, ms: msOf(name) }))
  const sliding = new SlidingWindows({ windows, periodMs: msOf(scenario.period) })
  const slots = new Map<string, number>()
  for (const row of scenario.rows) {
    const field = Object.fromEntries(scenario.columns.map((name, index) => [name, row[index]]))
    const endpoint = String(field['endpoint'])
    if (!slots.has(endpoint)) slots.set(endpoint, slots.size)
    const slot = slots.get(endpoint) ?? -1
    const atUs = T0_US + Number(field['t_ms_since_T0']) * 1000
    assert(sliding.add(slot, atUs, { weight: 1, latencyUs: Number(field['latency']) }))
    for (const [index, totals] of sliding.read(slot, atUs).entries()) {
      const name = windows[index]?.name
      assert.equal(totals.count, field[`predictions_count_${name}`])
      const expected = Number(field[`latency_avg_${name}`])
      const mean = meanOf(totals)
      assert(mean !== null && Math.abs(mean - expected) <= 1e-9 * Math.max(1, Math.abs(expected)))
    }
  }
}

for (const file of ['windows.json', 'windows_storey_0.3.8.json']) {
  const golden: { scenarios: Record<string, Scenario> } = JSON.parse(
    readFileSync(`test/golden/mlrun/${file}`, 'utf8'),
  )
  for (const [name, scenario] of Object.entries(golden.scenarios)) {
    if (scenario.same_as_epoch_buckets === false) continue
    test(`${file}: ${name}`, () => checkScenario(scenario))
  }
}

/** Windows that are multiples of a period, and rows that jump about in time. */
function schedules() {
  return fc
    .record({
      periodMs: fc.constantFrom(500, 1000, 30_000, 60_000),
      multiples: fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
    })
    .chain(({ periodMs, multiples }) =>
      fc.record({
        periodMs: fc.constant(periodMs),
        multiples: fc.constant(multiples),
        slot: fc.constantFrom(0, 1, 255, 256, 700),
        steps: fc.array(
          fc.record({
            // Three times the longest window: some rows come late, some clear the whole ring.
            atMs: fc.integer({ min: 0, max: 120 * periodMs }),
            weight: fc.integer({ min: 1, max: 5 }),
            latencyUs: fc.integer({ min: 0, max: 1_000_000 }),
            readAheadMs: fc.integer({ min: 0, max: 60 * periodMs }),
          }),
          { minLength: 1, maxLength: 60 },
        ),
      }),
    )
}

test('a window is what counting by hand gives, in any order, late rows left out', () => {
  fc.assert(
    fc.property(schedules(), ({ periodMs, multiples, slot, steps }) => {
      const windows = multiples.map((multiple) => ({
        name: `${multiple}`,
        ms: multiple * periodMs,
      }))
      const sliding = new SlidingWindows({ windows, periodMs })
      const longest = Math.max(...multiples)
      const kept: { bucket: number; weight: number; latencyUs: number }[] = []
      let newest = -1
      for (const { atMs, weight, latencyUs, readAheadMs } of steps) {
        const bucket = Math.floor(atMs / periodMs)
        const isLate = newest >= 0 && bucket <= newest - longest
        const wasAdded = sliding.add(slot, atMs * 1000, { weight, latencyUs })
        assert.equal(wasAdded, !isLate)
        newest = Math.max(newest, bucket)
        if (!isLate) kept.push({ bucket, weight, latencyUs })
        const nowMs = newest * periodMs + readAheadMs
        const now = Math.floor(nowMs / periodMs)
        const byHand = multiples.map((multiple) => {
          const inside = kept.filter((row) => row.bucket > now - multiple && row.bucket <= now)
          return {
            weight: inside.reduce((total, row) => total + row.weight, 0),
            count: inside.filter((row) => !Number.isNaN(row.latencyUs)).length,
            sum: inside.reduce((total, row) => total + (row.latencyUs || 0), 0),
          }
        })
        assert.deepEqual(sliding.read(slot, nowMs * 1000), byHand)
      }
    }),
    { numRuns: 300 },
  )
})

test('advancing the time empties the windows and never sets it back', () => {
  const layout = { windows: [{ name: '1m', ms: 60_000 }], periodMs: 30_000 }
  const sliding = new SlidingWindows(layout)
  sliding.add(0, T0_US, { weight: 2, latencyUs: Number.NaN })
  sliding.advanceTo(0, T0_US - 3_600_000_000)
  assert.deepEqual(sliding.read(0, T0_US), [{ weight: 2, count: 0, sum: 0 }])
  sliding.advanceTo(0, T0_US + 60_000_000)
  assert.deepEqual(sliding.read(0, T0_US), [{ weight: 0, count: 0, sum: 0 }])
})

test('600 predictions in 5 minutes are 2 a second, and no rows have no mean', () => {
  assert.equal(predictionsPerSecond({ count: 600, ms: 300_000 }), 2)
  assert.equal(meanOf({ count: 0, sum: 0 }), null)
})
