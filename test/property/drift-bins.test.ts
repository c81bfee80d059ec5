// Laws of counting in panes: the quick way to a bin is the search among the edges, on them and one ulp
// beside; a window is what counting its rows by hand gives, whatever the order, also over several logs
// and through checkpoints.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { binAt, PLAN, unitsAt, writeBinPlan } from '../../lib/stream/drift/bin-plan.ts'
import { bindColumns } from '../../lib/stream/drift/binding.ts'
import { DriftPanes, PANES } from '../../lib/stream/drift/histogram.ts'
import {
  type KnownReference,
  type NumericFeature,
  parseReference,
} from '../../lib/stream/drift/reference.ts'
import { emptyWindow, layoutOf, type WindowCounts } from '../../lib/stream/drift/window-counts.ts'
import { rowsOf } from '../support/drift-data.ts'

const double = new Float64Array(1)
const bits = new BigInt64Array(double.buffer)

/** The next double above or below. */
function nextDouble(value: number, step: 1n | -1n): number {
  if (value === 0) return step > 0n ? Number.MIN_VALUE : -Number.MIN_VALUE
  double[0] = value
  bits[0] = (bits[0] ?? 0n) + (value > 0 ? step : -step)
  return double[0] ?? value
}

/** As numpy.histogram says it, edge by edge. */
function binByHand(edges: readonly number[], value: number): number {
  const last = edges.length - 2
  if (value === edges.at(-1)) return last
  return edges.filter((edge) => edge <= value).length - 1
}

function planOf(reference: KnownReference, feature: NumericFeature): Float64Array {
  const plan = new Float64Array(PLAN)
  writeBinPlan(plan, reference, [feature])
  return plan
}

function featureWith(edges: readonly number[]) {
  const counts = edges.slice(1).map(() => 1)
  const reference = parseReference(JSON.stringify({ x: { hist: [counts, edges] } }))
  const [feature] = reference.kind === 'known' ? reference.features : []
  return reference.kind === 'known' && feature?.kind === 'numeric'
    ? { bins: layoutOf(reference).bins, feature, plan: planOf(reference, feature) }
    : null
}

/** Whether the edges are even enough to be calculated. */
function checkBins(edges: readonly number[], values: readonly number[]): boolean {
  const own = featureWith(edges)
  if (own === null) return false
  const around = edges.flatMap((edge) => [edge, nextDouble(edge, 1n), nextDouble(edge, -1n)])
  for (const value of [...around, ...values, Number.MAX_VALUE, -Number.MAX_VALUE]) {
    assert.equal(
      binAt(own.plan, 0, own.bins, { value, units: unitsAt(own.plan, 0, value) }),
      binByHand(edges, value),
      `${value}`,
    )
  }
  return own.feature.isEven
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true })

test('even edges: the guess and its correction are the search among the edges', () => {
  let quick = 0
  fc.assert(
    fc.property(
      finite,
      finite,
      fc.integer({ min: 1, max: 40 }),
      fc.array(finite),
      (a, b, bins, values) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const step = (high - low) / bins
        const edges = Array.from({ length: bins }, (_, bin) => low + bin * step)
        const within = values.map((value) => low + (high - low) * Math.abs(value % 1))
        const isEven = checkBins([...edges, high], [...values, ...within])
        if (isEven) quick++
      },
    ),
    { numRuns: 2_000 },
  )
  assert(quick > 500, `${quick} of the ranges were even`)
})

test('any edges: the search is the definition', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(finite, { minLength: 2, maxLength: 30 }),
      fc.array(finite),
      (edges, values) => {
        checkBins(
          edges.map((edge) => edge + 0).sort((one, other) => one - other),
          values,
        )
      },
    ),
  )
})

const PANE_US = 1_000_000
const STATS = JSON.stringify({
  x: {
    count: 4,
    hist: [
      [1, 2, 1],
      [0, 1, 2, 3],
    ],
  },
  text: {
    count: 4,
    unique: 2,
    top: 'a',
    freq: 3,
    categories: [
      [3, 1],
      ['a', 'b'],
    ],
  },
})

interface GivenRow {
  readonly atUs: number
  readonly x: number | null
  readonly text: string | null
  readonly log: number
}

const givenRows = fc.array(
  fc.record({
    atUs: fc.integer({ min: 0, max: 30 * PANE_US }),
    x: fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constant(null)),
    text: fc.constantFrom('a', 'b', 'c', 'd', '__proto__', null),
    log: fc.nat(2),
  }),
)

function plain({ rows, counters, moments, newTexts }: WindowCounts) {
  return {
    rows,
    counters: [...counters],
    moments: [...moments],
    texts: newTexts.map((texts) => [...texts].sort()),
  }
}

/** Per bin of x (open ones first and last), missing x, per text, missing text. */
function countByHand(rows: readonly GivenRow[]) {
  const bin = (x: number): number => (x < 0 ? 0 : x > 3 ? 4 : Math.min(Math.floor(x), 2) + 1)
  const x = [0, 1, 2, 3, 4].map(
    (index) => rows.filter((row) => row.x !== null && bin(row.x) === index).length,
  )
  const texts = ['a', 'b', 'c', 'd', '__proto__', null].map(
    (text) => rows.filter((row) => row.text === text).length,
  )
  return { rows: rows.length, x, missing: rows.filter((row) => row.x === null).length, texts }
}

function readWindow(window: WindowCounts): ReturnType<typeof countByHand> {
  const [numbers, texts] = window.layout.places
  assert(numbers && texts)
  const at = (index: number): number => window.counters[index] ?? 0
  const known = [at(texts.firstCounter), at(texts.firstCounter + 1)]
  const added = ['c', 'd', '__proto__'].map((text) => window.newTexts[1]?.get(text) ?? 0)
  return {
    rows: window.rows,
    x: [0, 1, 2, 3, 4].map((index) => at(numbers.firstCounter + index)),
    missing: at(numbers.missing),
    texts: [...known, ...added, at(texts.missing)],
  }
}

test('a window is counting its rows by hand, over logs and through checkpoints', () => {
  const reference = parseReference(STATS)
  assert(reference.kind === 'known')
  const layout = layoutOf(reference)
  const binding = bindColumns(layout, { fields: ['x', 'text'], labels: [] })
  fc.assert(
    fc.property(givenRows, fc.nat(30), (rows, restoredAfter) => {
      const newPanes = (): DriftPanes => new DriftPanes(layout, (PANES * PANE_US) / 1000)
      const logs = [newPanes(), newPanes(), newPanes()]
      const counted: GivenRow[] = []
      const newest = logs.map(() => -1)
      for (const [index, row] of rows.entries()) {
        const pane = Math.floor(row.atUs / PANE_US)
        const [driftRow] = rowsOf([[row.x], [row.text]])
        assert(driftRow)
        newest[row.log] = Math.max(newest[row.log] ?? -1, pane)
        const isLate = pane < (newest[row.log] ?? -1) - PANES
        assert.equal(logs[row.log]?.add(driftRow, binding, row.atUs), !isLate)
        if (!isLate) counted.push(row)
        if (index !== restoredAfter) continue
        const state = JSON.stringify(logs[row.log]?.toCheckpoint())
        const restored = newPanes()
        assert(restored.restore(JSON.parse(state)))
        assert.equal(JSON.stringify(restored.toCheckpoint()), state)
        logs[row.log] = restored
      }
      const lastPane = Math.max(...newest)
      for (const log of logs) log.advanceTo(lastPane * PANE_US)
      const windows = [logs, [...logs].reverse()].map((order) => {
        const window = emptyWindow(layout)
        for (const log of order) log.sumInto(window, lastPane)
        return window
      })
      const [window, reversed] = windows
      assert(window && reversed)
      const inWindow = counted.filter(({ atUs }) => Math.floor(atUs / PANE_US) > lastPane - PANES)
      assert.deepEqual(readWindow(window), countByHand(inWindow))
      assert.deepEqual(plain(window).counters, plain(reversed).counters)
    }),
    { numRuns: 500 },
  )
})
