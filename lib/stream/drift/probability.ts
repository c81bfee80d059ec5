import assert from 'node:assert'

// Tails of exact distributions. All take row counts and answer with a probability in [0, 1], relative
// error below 1e-8 for samples of up to 1e7 rows; where a bound is given instead, it is never too small.

/** ln n! of the first few, which the series below is too coarse for. */
const LOG_FACTORIALS = Float64Array.from({ length: 32 }, (_, n) => {
  let log = 0
  for (let factor = 2; factor <= n; factor++) log += Math.log(factor)
  return log
})
const HALF_LOG_TAU = Math.log(2 * Math.PI) / 2
/** Terms of a sum that are smaller than this part of it change nothing. */
const NEGLIGIBLE = 1e-17

/** ln n! for n >= 0: Stirling's series, whose next term is below 1e-13 from 32 on. */
export function logFactorial(n: number): number {
  assert(n >= 0)
  if (n < LOG_FACTORIALS.length) return LOG_FACTORIALS[n] ?? 0
  const inverse = 1 / n
  const square = inverse * inverse
  const series = inverse * (1 / 12 - square * (1 / 360 - square / 1260))
  return (n + 0.5) * Math.log(n) - n + HALF_LOG_TAU + series
}

/** ln of n over k. */
function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k)
}

/** Two samples, pooled: rows of the window, rows of the training set, and those of a kind in each. */
export interface TwoSamples {
  readonly window: number
  readonly training: number
  readonly windowHits: number
  readonly trainingHits: number
}

/**
 * Chance that the window has as many rows of a kind or more, when the pool was divided blindly
 * (hypergeometric; Fisher's exact test to one side).
 */
export function hypergeometricUpper(samples: TwoSamples): number {
  const { window, training, windowHits, trainingHits } = samples
  const hits = windowHits + trainingHits
  const misses = window + training - hits
  const highest = Math.min(window, hits)
  assert(windowHits <= window && trainingHits <= training)
  if (windowHits === 0 || windowHits <= window - misses) return 1
  // From below the mean on the sum would begin with terms too small for a double: take the rest from 1.
  if (windowHits * (window + training) < window * hits) {
    if (trainingHits + 1 > Math.min(training, hits)) return 1
    return (
      1 -
      hypergeometricUpper({
        window: training,
        training: window,
        windowHits: trainingHits + 1,
        trainingHits: windowHits - 1,
      })
    )
  }
  let term = Math.exp(
    logChoose(hits, windowHits) +
      logChoose(misses, window - windowHits) -
      logChoose(window + training, window),
  )
  let sum = 0
  for (let x = windowHits; x <= highest && term > sum * NEGLIGIBLE; x++) {
    sum += term
    term *= ((hits - x) / (x + 1)) * ((window - x) / (misses - window + x + 1))
  }
  return Math.min(1, sum)
}

/**
 * Twice the smaller tail. Within one standard deviation of what was to be expected the answer is 1
 * without a sum: nothing there is ever an alarm.
 */
export function hypergeometricTwoSided(samples: TwoSamples): number {
  const { window, training, windowHits, trainingHits } = samples
  const pool = window + training
  const share = (windowHits + trainingHits) / pool
  const excess = windowHits - window * share
  const variance = (window * training * share * (1 - share)) / Math.max(1, pool - 1)
  if (excess * excess <= variance) return 1
  const tail =
    excess > 0
      ? hypergeometricUpper(samples)
      : hypergeometricUpper({
          window: training,
          training: window,
          windowHits: trainingHits,
          trainingHits: windowHits,
        })
  return Math.min(1, 2 * tail)
}

/** Rows of each sample, and how many of the window's lie where no row of the training set does. */
interface Beyond {
  readonly beyond: number
  readonly window: number
  readonly training: number
}

/**
 * Chance that at least `beyond` rows of the window lie below all rows of the training set: the first
 * rows of the pool in order are then the window's. Rows that tie only make it rarer.
 */
export function beyondOneEnd({ beyond, window, training }: Beyond): number {
  if (beyond === 0) return 1
  return Math.exp(logChoose(window, beyond) - logChoose(window + training, beyond))
}

/**
 * Chance that at least `beyond` rows of the window lie outside the range of the training set, which has
 * 2 rows at least. The number is beta-binomial (window, 2, training - 1): it is as large as the number of
 * the window's rows that come before the second training row when the pool is shuffled.
 */
export function beyondBothEnds({ beyond, window, training }: Beyond): number {
  if (beyond === 0 || training < 2) return 1
  const pool = logChoose(window + training, beyond + 1)
  const none = beyond === window ? 0 : Math.exp(logChoose(window, beyond + 1) - pool)
  return Math.min(1, none + training * Math.exp(logChoose(window, beyond) - pool))
}

/**
 * Bound on the chance that two samples of one distribution have a Kolmogorov-Smirnov distance of
 * `distance` or more, whatever the distribution: e exp(-2 d^2 m n / (m + n)).
 *
 * For m = n that is proven; for m <> n the constant is conjectured to be 2, with three exceptions that the
 * constant e covers (Wei and Dudley, Two-sample Dvoretzky-Kiefer-Wolfowitz inequalities, 2012).
 */
export function kolmogorovBound({
  distance,
  window,
  training,
}: {
  readonly distance: number
  readonly window: number
  readonly training: number
}): number {
  if (window === 0 || training === 0) return 1
  const rows = window / (1 + window / training)
  return Math.min(1, Math.exp(1 - 2 * rows * distance * distance))
}
