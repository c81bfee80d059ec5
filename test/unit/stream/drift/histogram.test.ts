// What counting in panes must hold apart from its laws (test/property/drift-bins.test.ts): where each kind of
// value is counted, what a full window is, how large the panes are, and that long counts do not overflow.
import assert from 'node:assert'
import { test } from 'node:test'
import { bindColumns } from '../../../../lib/stream/drift/binding.ts'
import { DriftPanes } from '../../../../lib/stream/drift/histogram.ts'
import { ODD, ODD_KINDS } from '../../../../lib/stream/drift/odd-values.ts'
import { parseReference } from '../../../../lib/stream/drift/reference.ts'
import {
  countersOf,
  emptyWindow,
  layoutOf,
  momentsOf,
} from '../../../../lib/stream/drift/window-counts.ts'

const WINDOW_MS = 3_600_000
const PANE_US = 300_000_000

function layoutFor(stats: object) {
  const reference = parseReference(JSON.stringify(stats))
  assert(reference.kind === 'known')
  return layoutOf(reference)
}

const numeric = {
  count: 4,
  mean: 2,
  std: 1,
  min: 0,
  max: 4,
  hist: [
    [2, 2],
    [0, 2, 4],
  ],
}
const text = {
  count: 4,
  unique: 2,
  top: 'a',
  freq: 3,
  categories: [
    [3, 1],
    ['a', 'b'],
  ],
}

function row(
  value: number,
  given: string | null = null,
  prediction: number | string | null = null,
) {
  return { features: Float64Array.of(value), featureTexts: [given], predictions: [prediction] }
}

function sumOf(panes: DriftPanes, lastPane = 0) {
  const window = emptyWindow(panes.layout)
  panes.sumInto(window, lastPane)
  return window
}

test('values of every kind are counted where they belong', () => {
  const layout = layoutFor({ 'x (cm)': numeric, label: numeric })
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: ['x_cm'], labels: ['label'] })
  for (const value of [-1, 0, 1.9, 2, 4, 4.1, 1e300]) panes.add(row(value, null, 1), binding, 0)
  panes.add(row(Number.NaN, 'many', 'text'), binding, 0)
  panes.add(row(Number.NaN, null, null), binding, 0)
  assert(panes.addWrongType(0, 0))
  const window = sumOf(panes)
  const [feature, label] = layout.places
  assert(feature && label)
  assert.deepEqual([...countersOf(window, feature)], [1, 2, 2, 2])
  assert.deepEqual([...countersOf(window, label)], [0, 7, 0, 0])
  for (const [place, wrongType] of [
    [feature, 2],
    [label, 1],
  ] as const) {
    assert.equal(window.counters[place.missing], 1)
    assert.equal(window.counters[place.wrongType], wrongType)
  }
  const moments = momentsOf(window, feature)
  assert.deepEqual([moments?.rows, moments?.min, moments?.max], [7, -1, 1e300])
})

test('mean and deviation are those of the values, far from 0 too', () => {
  const far = {
    ...numeric,
    mean: 1e6,
    min: 1e6 - 2,
    max: 1e6 + 2,
    hist: [
      [2, 2],
      [1e6 - 2, 1e6, 1e6 + 2],
    ],
  }
  const layout = layoutFor({ x: far })
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: ['x'], labels: [] })
  for (const value of [1e6, 1e6 + 1, 1e6 + 2]) panes.add(row(value), binding, 0)
  const [place] = layout.places
  const moments = place && momentsOf(sumOf(panes), place)
  assert(moments)
  assert(Math.abs(moments.mean - (1e6 + 1)) < 1e-9)
  assert(Math.abs(moments.std - Math.sqrt(2 / 3)) < 1e-12)
})

test('texts: known ones, sixteen new ones by name, the others together; names are freed with their panes', () => {
  const layout = layoutFor({ x: text })
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: ['x'], labels: [] })
  const add = (value: string, pane: number) =>
    panes.add(row(Number.NaN, value), binding, pane * PANE_US)
  for (let index = 0; index < 20; index++) add(`new${index}`, 0)
  for (const value of ['a', 'b', 'a', 'x'.repeat(200)]) add(value, 0)
  const [place] = layout.places
  assert(place)
  const window = sumOf(panes)
  assert.equal(window.newTexts[0]?.size, 16)
  const counters = countersOf(window, place)
  assert.deepEqual([counters[0], counters[1], counters.at(-1)], [2, 1, 5])
  add('other', 13)
  add('new19', 13)
  assert.deepEqual(
    [...(sumOf(panes, 13).newTexts[0] ?? [])],
    [
      ['other', 1],
      ['new19', 1],
    ],
  )
})

test('a window is whole until a row comes that is two panes later', () => {
  const layout = layoutFor({ x: numeric })
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: ['x'], labels: [] })
  for (let pane = 0; pane < 12; pane++) panes.add(row(1), binding, pane * PANE_US)
  assert.equal(sumOf(panes, 11).rows, 12)
  panes.add(row(1), binding, 12 * PANE_US)
  assert.equal(sumOf(panes, 11).rows, 12)
  // A late row still counts while its pane is kept, an older one does not.
  assert(panes.add(row(1), binding, 0))
  assert.equal(sumOf(panes, 11).rows, 13)
  panes.add(row(1), binding, 13 * PANE_US)
  assert.equal(sumOf(panes, 11).rows, 11)
  assert.equal(panes.add(row(1), binding, 0), false)
  assert.equal(sumOf(panes, 13).rows, 12)
  panes.advanceTo(100 * PANE_US)
  assert.equal(sumOf(panes, 100).rows, 0)
})

test('what is no good is taken note of by place and kind', () => {
  const layout = layoutFor({ x: numeric, t: text })
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: ['x', 't'], labels: [] })
  const add = (value: number, given: string | null, other: string | null = null) =>
    panes.add(
      {
        features: Float64Array.of(value, Number.NaN),
        featureTexts: [other, given],
        predictions: [],
      },
      binding,
      0,
    )
  add(1, 'a')
  assert.equal(panes.odd.size, 0)
  add(-1, 'c')
  add(5, null)
  add(Number.NaN, 'b')
  add(Number.NaN, 'b', 'text')
  panes.addWrongType(0, 0)
  assert.deepEqual(Object.fromEntries(panes.odd), {
    [ODD.outOfRange]: 2,
    [ODD.missing]: 1,
    [ODD.wrongType]: 2,
    [ODD_KINDS + ODD.unseen]: 1,
    [ODD_KINDS + ODD.missing]: 1,
  })
})

test('counters widen before they overflow, and a checkpoint keeps their width', () => {
  const layout = layoutFor({ x: numeric })
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: ['x'], labels: [] })
  const one = row(1)
  const small = panes.bytes
  for (let count = 1; count <= 70_000; count++) {
    panes.add(one, binding, 0)
    if (count === 255) assert.equal(panes.bytes, small)
    if (![256, 65_535, 65_536, 70_000].includes(count)) continue
    const [place] = layout.places
    assert(place)
    assert.equal(countersOf(sumOf(panes), place)[1], count)
    const restored = new DriftPanes(layout, WINDOW_MS)
    assert(restored.restore(panes.toCheckpoint()))
    assert.equal(countersOf(sumOf(restored), place)[1], count)
  }
})

test('a checkpoint of another reference or another window is not taken over', () => {
  const layout = layoutFor({ x: numeric })
  const panes = new DriftPanes(layout, WINDOW_MS)
  panes.add(row(1), bindColumns(layout, { fields: ['x'], labels: [] }), 0)
  const state = panes.toCheckpoint()
  assert(!new DriftPanes(layoutFor({ y: numeric }), WINDOW_MS).restore(state))
  assert(!new DriftPanes(layout, WINDOW_MS * 2).restore(state))
  assert(new DriftPanes(layoutFor({ x: numeric }), WINDOW_MS).restore(state))
})

test('20 features of 20 bins in 13 panes take 23 KB at most', () => {
  const edges = Array.from({ length: 21 }, (_, index) => index)
  const counts = edges.slice(1).map(() => 5)
  const stats = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`f${index}`, { hist: [counts, edges] }]),
  )
  const layout = layoutFor(stats)
  const panes = new DriftPanes(layout, WINDOW_MS)
  const binding = bindColumns(layout, { fields: Object.keys(stats), labels: [] })
  const overhead = 20 * 32 + 13 * 8
  const values = { features: new Float64Array(20), featureTexts: [], predictions: [] }
  assert.equal(panes.bytes, overhead + 13 * 20 * (24 + 32))
  for (let count = 0; count < 300; count++) panes.add(values, binding, 0)
  assert.equal(panes.bytes, overhead + 13 * 20 * (24 * 2 + 32))
  assert(panes.bytes <= 23_000)
})
