import { alarmsOf, type FeatureAlarm, type FeatureTest, testFeature } from './alarm.ts'
import { type Cause, causeOf, suspectsOf } from './cause.ts'
import {
  type DriftStatus,
  driftMeasure,
  driftStatus,
  type MeasureSummary,
  type MlrunMeasures,
  type MoreMeasures,
  mlrunMeasures,
  moreMeasures,
  summarise,
  type Thresholds,
} from './measures.ts'
import {
  countsOf,
  edgesOf,
  type FeatureReason,
  type Reference,
  type ReferenceReason,
} from './reference.ts'
import {
  countersOf,
  type FeaturePlace,
  momentsOf,
  valueRows,
  type WindowCounts,
} from './window-counts.ts'

/** Rows of a window that cannot be compared, by feature. */
export interface FeatureQuality {
  readonly missing: number
  readonly wrongType: number
  /** Numbers below or above all of the training set's. */
  readonly outOfRange: number
  /** Texts that the training set did not have, as far as its statistics tell. */
  readonly unseen: number
}

/**
 * A feature of the window as MLRun describes it: of numbers {count, mean, std, min, max, hist}, of texts
 * {count, unique}. `hist` is [counts, edges] with the open bins, whose outer edges are the largest doubles,
 * as MLRun from 1.6 on pads it.
 */
export type CurrentStats =
  | {
      readonly count: number
      readonly mean: number
      readonly std: number
      readonly min: number
      readonly max: number
      readonly hist: readonly [readonly number[], readonly number[]]
    }
  | { readonly count: number; readonly unique: number; readonly top: string; readonly freq: number }

/** Everything that is said of one feature. */
export interface FeatureOutcome {
  readonly name: string
  readonly quality: FeatureQuality
  /** Null: no row of the window has a value. */
  readonly current: CurrentStats | null
  readonly mlrun: MlrunMeasures | null
  readonly more: MoreMeasures | null
  /** Null: no row of the window carries the feature, or it is predicted. */
  readonly alarm: FeatureAlarm | null
  readonly cause: Cause | null
}

/** The outcome of one window; an unknown one says why nothing can be said. */
export type DriftOutcome =
  | { readonly kind: 'unknown'; readonly reason: ReferenceReason | 'no-rows' | 'no-known-feature' }
  | {
      readonly kind: 'measured'
      readonly rows: number
      readonly isAlarm: boolean
      /** MLRun's number and status; null where no feature has a histogram on both sides. */
      readonly measure: number | null
      readonly status: DriftStatus | null
      readonly summary: MeasureSummary | null
      readonly features: readonly FeatureOutcome[]
      /** Features of the reference of which nothing can be said. */
      readonly unknown: readonly { readonly name: string; readonly reason: FeatureReason }[]
    }

export interface EvaluationOptions {
  /** Chance of a false alarm of the whole window (`levelOf`), 0 to 1. */
  readonly level: number
  readonly thresholds: Thresholds
  /**
   * Names of what is predicted: measured, but without alarms, because predictions are not distributed as the
   * labels of the training set are, however well the model does.
   */
  readonly predicted?: ReadonlySet<string>
}

const NOTHING: ReadonlySet<string> = new Set()

/** Steps of an evaluation: whoever drives it may let events through between any two. */
export type Evaluation = Generator<undefined, DriftOutcome, undefined>

/**
 * Measures a window: of each feature a step that describes it and one that tests it, one that compares the tests,
 * and one for each feature whose alarm has a cause to be looked for.
 *
 * @param window  null for a reference that is unknown
 * @returns       plain data
 */
export function* evaluation(
  reference: Reference,
  window: WindowCounts | null,
  { level, thresholds, predicted = NOTHING }: EvaluationOptions,
): Evaluation {
  if (reference.kind === 'unknown') return reference
  if (window === null || window.rows === 0) return { kind: 'unknown', reason: 'no-rows' }
  const { places } = window.layout
  if (places.length === 0) return { kind: 'unknown', reason: 'no-known-feature' }
  const parts: Omit<FeatureOutcome, 'alarm' | 'cause'>[] = []
  const tests: FeatureTest[] = []
  for (const place of places) {
    parts.push(describe(window, place))
    yield
    const test = predicted.has(place.feature.name) ? null : testFeature(window, place)
    if (test !== null) tests.push(test)
    yield
  }
  const alarms = alarmsOf(tests, level)
  const suspects = suspectsOf(window, alarms)
  yield
  const causes = new Map<string, Cause | null>()
  for (const suspect of suspects) {
    causes.set(suspect.alarm.name, causeOf(window, suspect, suspects))
    yield
  }
  const alarmOf = new Map(alarms.map((alarm) => [alarm.name, alarm]))
  const summary = summarise(parts.flatMap(({ mlrun }) => (mlrun === null ? [] : [mlrun])))
  const measure = summary === null ? null : driftMeasure(summary)
  return {
    kind: 'measured',
    rows: window.rows,
    isAlarm: alarms.some(({ isAlarm }) => isAlarm),
    measure,
    status: measure === null ? null : driftStatus(measure, thresholds),
    summary,
    features: parts.map((part) => ({
      ...part,
      alarm: alarmOf.get(part.name) ?? null,
      cause: causes.get(part.name) ?? null,
    })),
    unknown: reference.features.flatMap((feature) =>
      feature.kind === 'unknown' ? [{ name: feature.name, reason: feature.reason }] : [],
    ),
  }
}

/** The same in one go. */
export function evaluate(
  reference: Reference,
  window: WindowCounts | null,
  options: EvaluationOptions,
): DriftOutcome {
  const steps = evaluation(reference, window, options)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The record's `drift_measures`: per feature MLRun's three, then sums and means, which win over a feature's name. */
export function driftMeasures(outcome: DriftOutcome): Readonly<Record<string, unknown>> {
  if (outcome.kind === 'unknown') return {}
  const measured = outcome.features.flatMap(({ name, mlrun }) => (mlrun ? [[name, mlrun]] : []))
  return Object.fromEntries([...measured, ...Object.entries(outcome.summary ?? {})])
}

/** The record's `current_stats`. */
export function currentStats(outcome: DriftOutcome): Readonly<Record<string, CurrentStats>> {
  if (outcome.kind === 'unknown') return {}
  return Object.fromEntries(
    outcome.features.flatMap(({ name, current }) => (current ? [[name, current]] : [])),
  )
}

function describe(
  window: WindowCounts,
  place: FeaturePlace,
): Omit<FeatureOutcome, 'alarm' | 'cause'> {
  const { feature } = place
  const { reference } = window.layout
  const counts = countersOf(window, place)
  const quality = {
    missing: window.counters[place.missing] ?? 0,
    wrongType: window.counters[place.wrongType] ?? 0,
  }
  const { name } = feature
  const training = countsOf(reference, feature)
  if (feature.kind === 'categorical') {
    const known = sum(counts.subarray(0, feature.binCount))
    // The texts that are not listed are one bin: in training the rows that the listed ones leave.
    const t = [...training, feature.rows - sum(training)]
    const u = [...counts.subarray(0, feature.binCount), sum(counts) - known]
    const unseen = feature.isComplete ? sum(counts) - known : 0
    return {
      name,
      quality: { ...quality, outOfRange: 0, unseen },
      current: textStats(window, place),
      // MLRun measures no texts: only a list of all of them, which it never writes, makes ours do so.
      mlrun: feature.isComplete ? mlrunMeasures(t, u) : null,
      more: moreMeasures(t, u, null),
    }
  }
  const t = [0, ...training, 0]
  const axis = { edges: edgesOf(reference, feature), scale: feature.scale }
  return {
    name,
    quality: { ...quality, outOfRange: (counts[0] ?? 0) + (counts.at(-1) ?? 0), unseen: 0 },
    current: numberStats(window, place),
    mlrun: feature.hasHistogram ? mlrunMeasures(t, counts) : null,
    more: feature.hasHistogram ? moreMeasures(t, counts, axis) : null,
  }
}

function numberStats(window: WindowCounts, place: FeaturePlace): CurrentStats | null {
  const { feature } = place
  const moments = momentsOf(window, place)
  if (moments === null || feature.kind !== 'numeric') return null
  const { rows, mean, std, min, max } = moments
  const edges = edgesOf(window.layout.reference, feature)
  return {
    count: rows,
    mean,
    // As pandas: over n - 1.
    std: rows > 1 ? std * Math.sqrt(rows / (rows - 1)) : 0,
    min,
    max,
    hist: [[...countersOf(window, place)], [-Number.MAX_VALUE, ...edges, Number.MAX_VALUE]],
  }
}

function textStats(window: WindowCounts, place: FeaturePlace): CurrentStats | null {
  const { feature } = place
  const count = valueRows(window, place)
  if (count === 0 || feature.kind !== 'categorical') return null
  const counts = countersOf(window, place)
  const known = feature.categories.map((text, bin) => [text, counts[bin] ?? 0] as const)
  const texts = window.newTexts[window.layout.places.indexOf(place)] ?? new Map<string, number>()
  const present = [...known, ...texts].filter(([, rows]) => rows > 0)
  const [top, freq] = present.reduce((most, one) => (one[1] > most[1] ? one : most), [
    '',
    0,
  ] as const)
  return { count, unique: present.length, top, freq }
}

function sum(counts: ArrayLike<number>): number {
  let total = 0
  for (let index = 0; index < counts.length; index++) total += counts[index] ?? 0
  return total
}
