import assert from 'node:assert'

// Distances of two histograms over the same bins: t of the training set, u of the window. Each is given as
// row counts and taken as shares of its own sum. The open bin at each side of the training range is a bin
// like others in which t has 0 rows, as in MLRun from 1.6 on: a pure shift must not be invisible (D31).

type Counts = ArrayLike<number>

/** MLRun's three measures of a feature. */
export interface MlrunMeasures {
  /** Total variation distance, 0 to 1. */
  readonly tvd: number
  /** Hellinger distance, 0 to 1. */
  readonly hellinger: number
  /** Sum of both Kullback-Leibler divergences, natural logarithm; may be slightly below 0. */
  readonly kld: number
}

/** Measures beyond MLRun's. */
export interface MoreMeasures {
  /** Population stability index, >= 0; above 0.25 by convention a major change. */
  readonly psi: number
  /** Jensen-Shannon distance to the base 2, 0 to 1. */
  readonly jensenShannon: number
  /** Kolmogorov-Smirnov distance as far as the edges show it, 0 to 1. */
  readonly ks: number
  /** In standard deviations of the training set, >= 0; null for texts, which have no order. */
  readonly wasserstein: number | null
}

/** What stands for a share of 0 in one of the two. Source: MLRun `KullbackLeiblerDivergence`. */
const KLD_ZERO = 1e-4

/**
 * MLRun's measures of one feature; null where one of the histograms holds no row.
 *
 * tvd = sum |t - u| / 2; hellinger = sqrt(sum (sqrt u - sqrt t)^2 / 2); kld = sum over t <> 0 of
 * t ln(t / (u or 1e-4)) + sum over u <> 0 of u ln(u / (t or 1e-4)), shares not renormalised.
 * Source: MLRun 0.6.5 model_monitoring_batch and MLRun 1.6 histogram_distance.
 */
export function mlrunMeasures(training: Counts, current: Counts): MlrunMeasures | null {
  const sums = sumsOf(training, current)
  if (sums === null) return null
  let [tvd, hellinger, kld] = [0, 0, 0]
  for (let bin = 0; bin < training.length; bin++) {
    const t = (training[bin] ?? 0) / sums.training
    const u = (current[bin] ?? 0) / sums.current
    tvd += Math.abs(t - u)
    hellinger += (Math.sqrt(u) - Math.sqrt(t)) ** 2
    if (t !== 0) kld += t * Math.log(t / (u || KLD_ZERO))
    if (u !== 0) kld += u * Math.log(u / (t || KLD_ZERO))
  }
  return { tvd: tvd / 2, hellinger: Math.sqrt(hellinger / 2), kld }
}

/**
 * Measures beyond MLRun's; null where one of the histograms holds no row.
 *
 * psi = sum (u - t) ln(u / t), each share taken from count + 1/2 over rows + bins / 2, so that an empty bin
 * of a small window does not make it infinite. jensenShannon = sqrt((KL(t || m) + KL(u || m)) / 2),
 * m = (t + u) / 2. ks = max |T - U| of the sums up to each edge. wasserstein = integral of |T - U|, each
 * bin's rows taken to lie in its middle and those of an open bin at the edge, over `scale`: a lower bound
 * when rows lie outside.
 *
 * @param edges  of the bins without the open ones, `training` then has two bins more; null for texts
 */
export function moreMeasures(
  training: Counts,
  current: Counts,
  axis: { readonly edges: Counts; readonly scale: number } | null,
): MoreMeasures | null {
  const sums = sumsOf(training, current)
  if (sums === null) return null
  const bins = training.length
  let [psi, divergence, ks, wasserstein, T, U] = [0, 0, 0, 0, 0, 0]
  for (let bin = 0; bin < bins; bin++) {
    const [rowsT, rowsU] = [training[bin] ?? 0, current[bin] ?? 0]
    const smoothT = (rowsT + 0.5) / (sums.training + bins / 2)
    const smoothU = (rowsU + 0.5) / (sums.current + bins / 2)
    psi += (smoothU - smoothT) * Math.log(smoothU / smoothT)
    const [t, u] = [rowsT / sums.training, rowsU / sums.current]
    const middle = (t + u) / 2
    if (t > 0) divergence += t * Math.log2(t / middle)
    if (u > 0) divergence += u * Math.log2(u / middle)
    T += t
    U += u
    ks = Math.max(ks, Math.abs(T - U))
    if (axis !== null && bin + 1 < bins) {
      const step = middleOf(axis.edges, bin) - middleOf(axis.edges, bin - 1)
      wasserstein += Math.abs(T - U) * step
    }
  }
  return {
    psi,
    jensenShannon: Math.sqrt(Math.max(0, divergence / 2)),
    ks,
    wasserstein: axis === null ? null : wasserstein / axis.scale,
  }
}

/** Middle of a bin; the open bins, -1 and edges.length - 1, have theirs on the edge. */
export function middleOf(edges: Counts, bin: number): number {
  const low = edges[Math.max(bin, 0)] ?? 0
  const high = edges[Math.min(bin + 1, edges.length - 1)] ?? 0
  return low / 2 + high / 2
}

function sumsOf(training: Counts, current: Counts): { training: number; current: number } | null {
  assert(training.length === current.length, 'both are counted on the edges of the reference')
  let [trainingRows, currentRows] = [0, 0]
  for (let bin = 0; bin < training.length; bin++) {
    trainingRows += training[bin] ?? 0
    currentRows += current[bin] ?? 0
  }
  const hasBoth = trainingRows > 0 && currentRows > 0
  return hasBoth ? { training: trainingRows, current: currentRows } : null
}

/** Sums and means over features, as MLRun names them. */
export interface MeasureSummary {
  readonly tvd_sum: number
  readonly tvd_mean: number
  readonly hellinger_sum: number
  readonly hellinger_mean: number
  readonly kld_sum: number
  readonly kld_mean: number
}

/** Null for no feature at all. */
export function summarise(features: readonly MlrunMeasures[]): MeasureSummary | null {
  if (features.length === 0) return null
  const sum = (pick: (measures: MlrunMeasures) => number): number =>
    features.reduce((total, measures) => total + pick(measures), 0)
  const [tvd, hellinger, kld] = [sum((m) => m.tvd), sum((m) => m.hellinger), sum((m) => m.kld)]
  const count = features.length
  return {
    tvd_sum: tvd,
    tvd_mean: tvd / count,
    hellinger_sum: hellinger,
    hellinger_mean: hellinger / count,
    kld_sum: kld,
    kld_mean: kld / count,
  }
}

/** As MLRun spells it in an endpoint's record. */
export type DriftStatus = 'NO_DRIFT' | 'POSSIBLE_DRIFT' | 'DRIFT_DETECTED'

/** As MLRun's dashboards number them. */
export const STATUS_NUMBERS: Readonly<Record<DriftStatus, number>> = {
  NO_DRIFT: 0,
  POSSIBLE_DRIFT: 1,
  DRIFT_DETECTED: 2,
}

/** Where nothing can be said. */
export const UNKNOWN_STATUS = -1

export interface Thresholds {
  readonly possibleDrift: number
  readonly driftDetected: number
}

const DEFAULT_THRESHOLDS: Thresholds = { possibleDrift: 0.5, driftDetected: 0.7 }

/**
 * Thresholds of an endpoint.
 *
 * @param text  its record's `monitor_configuration`, JSON: {possible_drift, drift_detected}; each key
 *              stands for its own threshold (D32), and what is no number from 0 on changes nothing
 */
export function parseThresholds(text: string | undefined): Thresholds {
  const value = tryParse(text ?? '')
  const keys = typeof value === 'object' && value !== null ? value : {}
  const read = (key: string, fallback: number): number => {
    const threshold: unknown = Object.hasOwn(keys, key) ? Reflect.get(keys, key) : undefined
    return typeof threshold === 'number' && threshold >= 0 ? threshold : fallback
  }
  return {
    possibleDrift: read('possible_drift', DEFAULT_THRESHOLDS.possibleDrift),
    driftDetected: read('drift_detected', DEFAULT_THRESHOLDS.driftDetected),
  }
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** MLRun's one number for an endpoint: the mean of two means, 0 if one of them is 0. */
export function driftMeasure({ tvd_mean, hellinger_mean }: MeasureSummary): number {
  return tvd_mean !== 0 && hellinger_mean !== 0 ? (tvd_mean + hellinger_mean) / 2 : 0
}

export function driftStatus(measure: number, thresholds: Thresholds): DriftStatus {
  if (measure >= thresholds.driftDetected) return 'DRIFT_DETECTED'
  return measure >= thresholds.possibleDrift ? 'POSSIBLE_DRIFT' : 'NO_DRIFT'
}
