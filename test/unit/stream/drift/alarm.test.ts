// Claim: what moved is found and named, and which test found it fits what was done to the data. Shown on drawn
// windows; that nothing else is found, test/property/drift-false-alarms.test.ts shows.
import assert from 'node:assert'
import { test } from 'node:test'
import { seededRandom } from '../../../../bench/support.ts'
import {
  alarmsOf,
  type FeatureAlarm,
  levelOf,
  type TestName,
  testFeature,
} from '../../../../lib/stream/drift/alarm.ts'
import {
  draw,
  type Random,
  referenceOf,
  type SourceName,
  windowOf,
} from '../../../support/drift-data.ts'

type Column = readonly (number | string | null)[]

/** More of them: ALARM_WINDOWS=1000. */
const WINDOWS = Number(process.env['ALARM_WINDOWS'] ?? 100)
const HOUR_MS = 3_600_000
const LEVEL = levelOf({ falseAlarmsPerMonth: 1, windowMs: HOUR_MS })

interface Trial {
  readonly sources: readonly SourceName[]
  readonly training: number
  readonly rows: number
  /** What is done to the rows of the first feature. */
  readonly change: (values: Column, random: Random) => Column
}

function alarmsIn({ sources, training, rows, change }: Trial, random: Random) {
  const columns = (count: number): Record<string, Column> =>
    Object.fromEntries(sources.map((source, index) => [`f${index}`, draw(source, count, random)]))
  const reference = referenceOf(columns(training))
  const current = columns(rows)
  const window = windowOf(reference, { ...current, f0: change(current['f0'] ?? [], random) })
  const tests = window.layout.places.flatMap((place) => testFeature(window, place) ?? [])
  return alarmsOf(tests, LEVEL)
}

/** In what share of windows the first feature alarms, and how many alarms the others have in all. */
function found(trial: Trial, isAsExpected: (alarm: FeatureAlarm) => boolean = () => true) {
  const random = seededRandom(23)
  let [share, others] = [0, 0]
  for (let drawn = 0; drawn < WINDOWS; drawn++) {
    const [first, ...rest] = alarmsIn(trial, random)
    if (first?.isAlarm && isAsExpected(first)) share += 1 / WINDOWS
    others += rest.filter(({ isAlarm }) => isAlarm).length
  }
  return { share, others }
}

const numbers = (count: number): readonly SourceName[] =>
  Array.from({ length: count }, (_, index) =>
    index % 3 === 0 ? 'normal' : index % 3 === 1 ? 'shifted' : 'exponential',
  )
const plus = (by: number) => (values: Column) => values.map((value) => Number(value) + by)

for (const training of [100, 1_000]) {
  for (const [features, by] of [
    [10, 1],
    [10, -1],
    [50, 1],
  ] as const) {
    test(`${training} training rows: one of ${features} features moved by ${by} sigma`, (context) => {
      const trial = { sources: numbers(features), training, rows: 500, change: plus(by) }
      const { share, others } = found(trial, ({ direction, shiftSigmas }) => {
        assert(shiftSigmas !== null && Math.abs(shiftSigmas - by) < 0.4, `${shiftSigmas}`)
        return direction === (by > 0 ? 'up' : 'down')
      })
      context.diagnostic(`found and named in ${share}, ${others} other alarms`)
      assert(share >= 0.95 && others <= 1, `${share} ${others}`)
    })
  }
}

const CHANGES: readonly (readonly [string, SourceName, TestName, Trial['change']])[] = [
  [
    'a third of the values becomes their mean',
    'shifted',
    'bin',
    (values) => values.map((value, row) => (row % 3 ? value : 50)),
  ],
  [
    'a tenth lies far outside',
    'normal',
    'range',
    (values) => values.map((value, row) => (row % 10 ? value : 1e9)),
  ],
  [
    'a tenth is missing',
    'normal',
    'missing',
    (values) => values.map((value, row) => (row % 10 ? value : null)),
  ],
  [
    'a tenth became text',
    'integer',
    'type',
    (values) => values.map((value, row) => (row % 10 ? value : `${value}`)),
  ],
  [
    'a fifth is one new text',
    'category',
    'new-texts',
    (values) => values.map((value, row) => (row % 5 ? value : 'new')),
  ],
  [
    'a text takes the place of another',
    'category',
    'category',
    (values) => values.map((value) => (value === 'b' ? 'c' : value)),
  ],
  ['a bool turns round', 'bool', 'shape', (values) => values.map((value) => 1 - Number(value))],
]

for (const [name, source, tripped, change] of CHANGES) {
  test(`${name}: found by ${tripped}`, () => {
    const sources: readonly SourceName[] = [source, ...numbers(9)]
    const { share } = found({ sources, training: 1_000, rows: 500, change }, (alarm) => {
      const least = alarm.pOf[tripped] ?? 1
      return least <= LEVEL / 50
    })
    assert(share >= 0.95, `${share}`)
  })
}

test('the budget of false alarms is plain arithmetic', () => {
  assert.equal(LEVEL, 1 / 730.5)
  assert.equal(levelOf({ falseAlarmsPerMonth: 2, windowMs: HOUR_MS / 2 }), 1 / 730.5)
  assert.equal(levelOf({ falseAlarmsPerMonth: 1, windowMs: 24 * HOUR_MS }), 1 / 30.4375)
  assert.equal(levelOf({ falseAlarmsPerMonth: 1e6, windowMs: HOUR_MS }), 1)
})

test('the level is spent on the features step by step (Holm)', () => {
  const make = (name: string, p: number) =>
    ({ name, p, tripped: 'shape', pOf: {}, rows: 1, shiftSigmas: 0 }) as const
  const tests = [make('a', 0.016), make('b', 0.9), make('c', 0.02), make('d', 0.001)]
  const named = (level: number) =>
    alarmsOf(tests, level).flatMap(({ name, isAlarm }) => (isAlarm ? [name] : []))
  // 0.05 / 4, 0.05 / 3, 0.05 / 2: 0.001, 0.016 and 0.02 are each small enough in their turn.
  assert.deepEqual(named(0.05), ['a', 'c', 'd'])
  assert.deepEqual(named(0.04), ['d'])
  assert.deepEqual(named(0), [])
  assert.deepEqual(alarmsOf([make('a', 1)], 1)[0]?.isAlarm, false)
})

test('no rows and one row say nothing', () => {
  const random = seededRandom(1)
  const reference = referenceOf({
    x: draw('normal', 100, random),
    t: draw('category', 100, random),
  })
  const empty = windowOf(reference, { x: [], t: [] })
  assert.deepEqual(
    empty.layout.places.map((place) => testFeature(empty, place)),
    [null, null],
  )
  const one = windowOf(reference, { x: [1e6], t: ['new'] })
  for (const place of one.layout.places) assert((testFeature(one, place)?.p ?? 0) > 0.01)
})

test('a constant column is measured as others are, and a window like it does not alarm', () => {
  const reference = referenceOf({ x: Array(50).fill(0) })
  const same = windowOf(reference, { x: Array(200).fill(0) })
  const [calm] = same.layout.places.flatMap((place) => testFeature(same, place) ?? [])
  assert.equal(calm?.p, 1)
  const moved = windowOf(reference, { x: Array(200).fill(0.3) })
  const [alarm] = moved.layout.places.flatMap((place) => testFeature(moved, place) ?? [])
  assert(alarm && alarm.p < 1e-9)
})
