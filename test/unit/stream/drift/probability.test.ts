// Claim: the tails are those of counting all ways to divide a pool, and the bound for the
// Kolmogorov-Smirnov distance is never below what counting all orders of two small samples gives.
import assert from 'node:assert'
import { test } from 'node:test'
import {
  beyondBothEnds,
  beyondOneEnd,
  hypergeometricTwoSided,
  hypergeometricUpper,
  kolmogorovBound,
  logFactorial,
} from '../../../../lib/stream/drift/probability.ts'

function choose(n: number, k: number): number {
  let ways = 1
  for (let step = 1; step <= k; step++) ways = (ways * (n - k + step)) / step
  return k < 0 || k > n ? 0 : ways
}

function assertNear(actual: number, expected: number, name: string): void {
  assert(
    Math.abs(actual - expected) <= 1e-10 * Math.max(expected, 1e-300),
    `${name}: ${actual} ${expected}`,
  )
}

const SIZES = [1, 2, 3, 7, 12]

test('factorials grow by their factor', () => {
  for (let n = 1; n < 2_000; n++) {
    assert(Math.abs(logFactorial(n) - logFactorial(n - 1) - Math.log(n)) < 1e-11, `${n}`)
  }
})

test('tails are counting', () => {
  for (const window of SIZES) {
    for (const training of SIZES) {
      const pool = window + training
      for (let hits = 0; hits <= pool; hits++) {
        const lowest = Math.max(0, hits - training)
        for (let x = lowest; x <= Math.min(hits, window); x++) {
          let [upper, lower] = [0, 0]
          for (let y = lowest; y <= Math.min(hits, window); y++) {
            const ways = (choose(hits, y) * choose(pool - hits, window - y)) / choose(pool, window)
            if (y >= x) upper += ways
            if (y <= x) lower += ways
          }
          const samples = { window, training, windowHits: x, trainingHits: hits - x }
          const name = JSON.stringify(samples)
          assertNear(hypergeometricUpper(samples), upper, name)
          const both = hypergeometricTwoSided(samples)
          if (both < 1) assertNear(both, Math.min(1, 2 * Math.min(upper, lower)), name)
        }
      }
    }
  }
})

/** Every way to put the window's rows among all, as bits. */
function* orders(pool: number, window: number): Generator<readonly boolean[]> {
  for (let bits = 0; bits < 2 ** pool; bits++) {
    const order = Array.from({ length: pool }, (_, place) => ((bits >> place) & 1) === 1)
    if (order.filter(Boolean).length === window) yield order
  }
}

test('rows beyond the training range, and the distance, are counting orders', () => {
  for (const [window, training] of [
    [1, 2],
    [1, 3],
    [2, 3],
    [3, 3],
    [5, 2],
    [4, 6],
    [6, 6],
    [7, 3],
  ] as const) {
    const all = [...orders(window + training, window)].map((order) => {
      const first = order.indexOf(false)
      const last = order.length - 1 - order.lastIndexOf(false)
      let [t, u, distance] = [0, 0, 0]
      for (const isWindow of order) {
        if (isWindow) u += 1 / window
        else t += 1 / training
        distance = Math.max(distance, Math.abs(t - u))
      }
      return { first, both: first + last, distance }
    })
    const share = (is: (order: (typeof all)[number]) => boolean) =>
      all.filter(is).length / all.length
    for (let beyond = 0; beyond <= window; beyond++) {
      const sample = { beyond, window, training }
      assertNear(
        beyondOneEnd(sample),
        share(({ first }) => first >= beyond),
        'one end',
      )
      assertNear(
        beyondBothEnds(sample),
        share(({ both }) => both >= beyond),
        'both ends',
      )
    }
    for (const { distance } of all) {
      const chance = share((order) => order.distance >= distance - 1e-9)
      assert(
        kolmogorovBound({ distance, window, training }) >= chance,
        `${window} ${training} ${distance}`,
      )
    }
  }
})

test('far tails and large samples stay finite', () => {
  const sample = { window: 1e7, training: 1e5 }
  const far = hypergeometricUpper({ ...sample, windowHits: 1e5, trainingHits: 0 })
  assert(far >= 0 && far < 1e-300)
  assert.equal(hypergeometricTwoSided({ ...sample, windowHits: 1e6, trainingHits: 1e4 }), 1)
  // Far fewer than expected: the first terms of the sum are smaller than any double.
  const few = { window: 1_897, training: 4_515, windowHits: 432, trainingHits: 3_379 }
  assert.equal(hypergeometricUpper(few), 1)
  assert.equal(kolmogorovBound({ distance: 1, window: 0, training: 5 }), 1)
})
