// Claim: one evaluation gives everything that is said of a window, as plain data under MLRun's names, one
// feature a step; and where nothing can be said, why.
import assert from 'node:assert'
import { test } from 'node:test'
import { seededRandom } from '../../../../bench/support.ts'
import {
  currentStats,
  driftMeasures,
  evaluate,
  evaluation,
} from '../../../../lib/stream/drift/evaluate.ts'
import { parseThresholds } from '../../../../lib/stream/drift/measures.ts'
import { parseReference } from '../../../../lib/stream/drift/reference.ts'
import { emptyWindow, layoutOf } from '../../../../lib/stream/drift/window-counts.ts'
import { draw, referenceOf, windowOf } from '../../../support/drift-data.ts'

const options = { level: 1 / 730.5, thresholds: parseThresholds(undefined) }
const random = seededRandom(3)
const columns = (count: number) => ({
  x: draw('shifted', count, random),
  text: draw('category', count, random),
  tvd_sum: draw('uniform', count, random),
})

function measured(change: (values: ReturnType<typeof columns>) => Parameters<typeof windowOf>[1]) {
  const reference = referenceOf({ ...columns(1_000) })
  const outcome = evaluate(reference, windowOf(reference, change(columns(500))), options)
  assert(outcome.kind === 'measured')
  return outcome
}

test('nothing changed: no alarm, no drift, a feature described as pandas would', () => {
  const outcome = measured((values) => ({ ...values, x: [1, 2, 3, 4, null, 50] }))
  const { x } = currentStats(outcome)
  assert(x && 'hist' in x)
  assert.equal(x.count, 5)
  assert(Math.abs(x.mean - 12) < 1e-9)
  // Squares 121 + 100 + 81 + 64 + 1444, over 4.
  assert(Math.abs(x.std - Math.sqrt(1810 / 4)) < 1e-9)
  assert.deepEqual([x.min, x.max], [1, 50])
  assert.deepEqual([x.hist[0].length, x.hist[1].length, x.hist[0][0]], [22, 23, 4])
  assert.deepEqual([x.hist[1][0], x.hist[1].at(-1)], [-Number.MAX_VALUE, Number.MAX_VALUE])
  const quiet = measured((values) => values)
  assert.equal(quiet.isAlarm, false)
  assert.equal(quiet.status, 'NO_DRIFT')
  assert(quiet.features.every(({ cause }) => cause === null))
})

test('one moved feature: named, measured and described', () => {
  const outcome = measured(({ x, ...rest }) => ({
    x: x.map((value) => Number(value) + 500),
    ...rest,
  }))
  assert.equal(outcome.isAlarm, true)
  const [x, text, uniform] = outcome.features
  assert.deepEqual(
    [x?.alarm?.isAlarm, text?.alarm?.isAlarm, uniform?.alarm?.isAlarm],
    [true, false, false],
  )
  assert.equal(x?.alarm?.direction, 'up')
  assert.equal(x?.mlrun?.tvd, 1)
  assert.deepEqual(x?.quality, { missing: 0, wrongType: 0, outOfRange: 500, unseen: 0 })
  const measures = driftMeasures(outcome)
  // A feature by the name of a sum is there under no other name, and the sum wins.
  assert.equal(measures['tvd_sum'], outcome.summary?.tvd_sum)
  assert.deepEqual(measures['x'], x?.mlrun)
  assert.deepEqual(JSON.parse(JSON.stringify(outcome)), outcome)
})

test('what is predicted is measured and does not alarm', () => {
  const reference = referenceOf({ ...columns(1_000) })
  const { x, ...rest } = columns(500)
  const window = windowOf(reference, { x: x.map((value) => Number(value) + 500), ...rest })
  const outcome = evaluate(reference, window, { ...options, predicted: new Set(['x']) })
  assert(outcome.kind === 'measured')
  assert.equal(outcome.isAlarm, false)
  assert.deepEqual([outcome.features[0]?.mlrun?.tvd, outcome.features[0]?.alarm], [1, null])
})

test('missing values, texts among numbers and unseen texts are counted', () => {
  const outcome = measured(({ x, text, ...rest }) => ({
    x: x.map((value, row) => (row < 5 ? null : row < 8 ? 'text' : value)),
    text: text.map((value, row) => (row < 4 ? 'unheard' : value)),
    ...rest,
  }))
  const quality = outcome.features.map((feature) => feature.quality)
  assert.deepEqual([quality[0]?.missing, quality[0]?.wrongType, quality[1]?.unseen], [5, 3, 4])
})

test('where nothing can be said there is a reason', () => {
  const said = (text: string | undefined, rows = 0) => {
    const reference = parseReference(text)
    const window = reference.kind === 'known' ? emptyWindow(layoutOf(reference)) : null
    if (window !== null) window.rows = rows
    const outcome = evaluate(reference, window, options)
    return outcome.kind === 'unknown' ? outcome.reason : outcome
  }
  assert.equal(said(undefined), 'absent')
  assert.equal(said('{}'), 'no-features')
  assert.equal(said('{"x":{"hist":[[1,2],[0,1,2]]}}'), 'no-rows')
  assert.equal(said('{"x":{}}', 1), 'no-known-feature')
  const outcome = said('{"x":{"hist":[[1,2],[0,1,2]]},"y":{}}', 1)
  assert(typeof outcome === 'object')
  assert.deepEqual(outcome.unknown, [{ name: 'y', reason: 'no-histogram' }])
  assert.deepEqual([outcome.measure, outcome.status, outcome.isAlarm], [null, null, false])
})

test('an evaluation goes feature by feature, and may be left between any two', () => {
  const reference = referenceOf(columns(1_000))
  const steps = evaluation(reference, windowOf(reference, columns(500)), options)
  let count = 0
  let step = steps.next()
  for (; !step.done; step = steps.next()) count++
  assert.equal(count, 7, 'two for each of the three, and one for all of them')
  assert.equal(step.value.kind, 'measured')
})
