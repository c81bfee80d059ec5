// Numbers people argue about, worked out by hand. MLRun's own are in test/parity/histogram-distance.test.ts,
// scipy's in test/interop/drift-numbers.test.ts.
import assert from 'node:assert'
import { test } from 'node:test'
import {
  driftMeasure,
  driftStatus,
  mlrunMeasures,
  moreMeasures,
  parseThresholds,
  summarise,
} from '../../../../lib/stream/drift/measures.ts'

const near = (actual: number | null | undefined, expected: number): void => {
  assert(typeof actual === 'number' && Math.abs(actual - expected) < 1e-12, `${actual}`)
}

test('rows outside the range are bins in which training has nothing', () => {
  // All rows of the window lie above: the distance is whole, not hidden (D31).
  const measures = mlrunMeasures([0, 5, 5, 0], [0, 0, 0, 10])
  near(measures?.tvd, 1)
  near(measures?.hellinger, 1)
  // 2 x 0.5 ln(0.5 / 1e-4) + 1 ln(1 / 1e-4)
  near(measures?.kld, Math.log(5_000) + Math.log(10_000))
})

test('measures beyond MLRun by hand', () => {
  // One bin from 0 to 2, a second from 2 to 4, middles 1 and 3, open bins at 0 and 4.
  const axis = { edges: [0, 2, 4], scale: 2 }
  const measures = moreMeasures([0, 10, 0, 0], [0, 0, 0, 10], axis)
  near(measures?.ks, 1)
  near(measures?.jensenShannon, 1)
  // From 1 to 4, in units of 2.
  near(measures?.wasserstein, 1.5)
  // Shares (0.5, 10.5, 0.5, 0.5) / 12 against (0.5, 0.5, 0.5, 10.5) / 12: 2 x 10 / 12 x ln 21.
  near(measures?.psi, (20 / 12) * Math.log(21))
  const same = moreMeasures([1, 2, 3, 4], [10, 20, 30, 40], axis)
  near(same?.ks, 0)
  near(same?.wasserstein, 0)
  assert.equal(moreMeasures([1, 2], [2, 1], null)?.wasserstein, null)
})

test('no row on one side: no measure', () => {
  assert.equal(mlrunMeasures([0, 0], [1, 1]), null)
  assert.equal(mlrunMeasures([1, 1], [0, 0]), null)
  assert.equal(moreMeasures([1, 1], [0, 0], null), null)
  assert.equal(summarise([]), null)
})

test('each threshold has its own key, and what is no number changes nothing', () => {
  const read = (text: string | undefined) => Object.values(parseThresholds(text))
  assert.deepEqual(read(undefined), [0.5, 0.7])
  assert.deepEqual(read('{}'), [0.5, 0.7])
  assert.deepEqual(read('{"possible_drift": 0.3, "drift_detected": 0.9}'), [0.3, 0.9])
  assert.deepEqual(read('{"possible_drift": 0.3}'), [0.3, 0.7])
  for (const text of ['', '{', 'null', '[]', '{"possible_drift": "0.3", "drift_detected": -1}']) {
    assert.deepEqual(read(text), [0.5, 0.7], text)
  }
})

test('a status begins at its threshold', () => {
  const thresholds = parseThresholds(undefined)
  const statuses = [0, 0.49, 0.5, 0.69, 0.7, 1].map((measure) => driftStatus(measure, thresholds))
  const [none, possible, detected] = ['NO_DRIFT', 'POSSIBLE_DRIFT', 'DRIFT_DETECTED']
  assert.deepEqual(statuses, [none, none, possible, possible, detected, detected])
  const summary = summarise([{ tvd: 0.4, hellinger: 0, kld: 0 }])
  assert(summary !== null)
  assert.equal(driftMeasure(summary), 0)
})
