// Alarms with a known rate of false ones. Claim: of the windows whose rows come from where the training rows
// came from, independently, at most the share `level` alarms; whatever the distribution, the number of
// rows and the size of the training set. Why each test holds it, see docs/decisions/0008-drift-alarms.md.
import { middleOf } from './measures.ts'
import {
  beyondBothEnds,
  beyondOneEnd,
  hypergeometricTwoSided,
  hypergeometricUpper,
  kolmogorovBound,
} from './probability.ts'
import {
  type CategoricalFeature,
  countsOf,
  edgesOf,
  type KnownReference,
  type NumericFeature,
} from './reference.ts'
import { countersOf, type FeaturePlace, valueRows, type WindowCounts } from './window-counts.ts'

/**
 * What a test looks at: `shape` the whole distribution, `bin` one bin of it, `range` rows outside the training
 * range, `category` the share of one text, `new-texts` texts that training did not have, `missing` rows
 * without a value, `type` texts where numbers belong.
 */
export type TestName = 'shape' | 'bin' | 'range' | 'category' | 'new-texts' | 'missing' | 'type'

/** What the tests say of one feature in one window. */
export interface FeatureTest {
  readonly name: string
  /** Chance of as much by luck, over all tests of the feature: their least one times how many they are. */
  readonly p: number
  /** The test with the least chance. */
  readonly tripped: TestName
  /** Chance by each test, 0 to 1. */
  readonly pOf: Readonly<Partial<Record<TestName, number>>>
  /** Rows of the window with a value. */
  readonly rows: number
  /**
   * How far the mean moved in training standard deviations, each row in the middle of its bin: for rows
   * outside the training range that is the least it can be. Null for texts and without rows.
   */
  readonly shiftSigmas: number | null
}

export interface FeatureAlarm extends FeatureTest {
  readonly isAlarm: boolean
  readonly direction: 'up' | 'down' | null
}

/** Hours of a mean month: 365.25 days / 12 = 30.44 days. */
const MONTH_MS = (365.25 / 12) * 24 * 3_600_000

/**
 * The level of one evaluation, if there is one per completed window: an endpoint then has so many false alarms
 * a month in the mean, or fewer. 1 a month at windows of an hour is 1 / 730.5.
 *
 * @param windowMs  DRIFT_WINDOW, > 0
 * @returns         0 to 1
 */
export function levelOf({
  falseAlarmsPerMonth,
  windowMs,
}: {
  readonly falseAlarmsPerMonth: number
  readonly windowMs: number
}): number {
  return Math.min(1, (falseAlarmsPerMonth * windowMs) / MONTH_MS)
}

/** Runs all tests of one feature; null where the window says nothing of it. */
export function testFeature(window: WindowCounts, place: FeaturePlace): FeatureTest | null {
  const { reference } = window.layout
  const { feature } = place
  const rows = valueRows(window, place)
  const missing = window.counters[place.missing] ?? 0
  const wrongType = window.counters[place.wrongType] ?? 0
  if (rows + missing + wrongType === 0) return null
  const pOf: Partial<Record<TestName, number>> = {}
  if (feature.missingRows !== null) {
    pOf.missing = hypergeometricUpper({
      window: rows + missing,
      training: feature.rows + feature.missingRows,
      windowHits: missing,
      trainingHits: feature.missingRows,
    })
  }
  if (feature.kind === 'numeric') {
    const counts = countersOf(window, place)
    pOf.shape = shapeTest(reference, feature, counts)
    pOf.bin = binTest(reference, feature, counts)
    pOf.range = rangeTest(feature, counts)
    // A training set has no text where it has numbers: all texts of the pool are the window's.
    pOf.type = beyondOneEnd({
      beyond: wrongType,
      window: rows + wrongType,
      training: feature.rows,
    })
  } else {
    const texts = window.newTexts[window.layout.places.indexOf(place)]
    Object.assign(
      pOf,
      textTests(feature, { reference, rows, counts: countersOf(window, place), texts }),
    )
  }
  const tests = Object.entries(pOf) as [TestName, number][]
  const [tripped, least] = tests.reduce((best, one) => (one[1] < best[1] ? one : best))
  return {
    name: feature.name,
    p: Math.min(1, least * tests.length),
    tripped,
    pOf,
    rows,
    shiftSigmas: shiftOf(reference, place, countersOf(window, place)),
  }
}

/**
 * Which features alarm, by Holm's method: the chance that any feature that has not changed does is at most
 * the level, however the features hang together.
 *
 * @param level  0 to 1, of the whole evaluation
 */
export function alarmsOf(tests: readonly FeatureTest[], level: number): readonly FeatureAlarm[] {
  const inOrder = [...tests].sort((one, other) => one.p - other.p)
  const isCalm = ({ p }: FeatureTest, rank: number): boolean =>
    p >= 1 || p > level / (tests.length - rank)
  const firstCalm = inOrder.findIndex(isCalm)
  const alarmed = new Set(firstCalm < 0 ? inOrder : inOrder.slice(0, firstCalm))
  return tests.map((test) => ({
    ...test,
    isAlarm: alarmed.has(test),
    direction:
      test.shiftSigmas === null || test.shiftSigmas === 0 ? null : directionOf(test.shiftSigmas),
  }))
}

function directionOf(shift: number): 'up' | 'down' {
  return shift > 0 ? 'up' : 'down'
}

/** The distance at the edges is never above that over all values, for which the bound holds, ties or not. */
function shapeTest(
  reference: KnownReference,
  feature: NumericFeature,
  counts: Float64Array,
): number {
  const training = countsOf(reference, feature)
  const rows = sumOf(counts)
  if (rows === 0) return 1
  let [distance, sumT, sumU] = [0, 0, 0]
  for (let bin = -1; bin < feature.binCount; bin++) {
    sumT += training[bin] ?? 0
    sumU += counts[bin + 1] ?? 0
    distance = Math.max(distance, Math.abs(sumT / feature.rows - sumU / rows))
  }
  return kolmogorovBound({ distance, window: rows, training: feature.rows })
}

/**
 * The bin whose share has changed the least likely, times the number of bins. The edges come from the least and
 * the greatest training row, in the first and the last bin that has any: without these two, the training rows inside and the window's rows inside are
 * divided blindly. Where rows tie with an end of the range that takes away too much, so the counts
 * with both rows have to agree.
 */
function binTest(reference: KnownReference, feature: NumericFeature, counts: Float64Array): number {
  const training = countsOf(reference, feature)
  const least = training.findIndex((rows) => rows > 0)
  const greatest = training.findLastIndex((rows) => rows > 0)
  const inside = counts.subarray(1, feature.binCount + 1)
  const window = sumOf(inside)
  if (!feature.hasHistogram || window === 0 || feature.rows < 3) return 1
  let [bins, leastP] = [0, 1]
  for (let bin = 0; bin < feature.binCount; bin++) {
    const [all, windowHits] = [training[bin] ?? 0, inside[bin] ?? 0]
    if (all + windowHits === 0) continue
    bins++
    const whole = { window, training: feature.rows, windowHits, trainingHits: all }
    const p = hypergeometricTwoSided(whole)
    if (p >= leastP) continue
    const ends = Number(bin === least) + Number(bin === greatest)
    const trainingHits = all - ends
    const inner = { window, training: feature.rows - 2, windowHits, trainingHits }
    leastP = Math.min(leastP, Math.max(p, hypergeometricTwoSided(inner)))
  }
  return Math.min(1, leastP * bins)
}

/** Rows below, above and on either side of all training rows. */
function rangeTest(feature: NumericFeature, counts: Float64Array): number {
  const sample = { window: sumOf(counts), training: feature.rows }
  const [below, above] = [counts[0] ?? 0, counts.at(-1) ?? 0]
  const least = Math.min(
    beyondOneEnd({ ...sample, beyond: below }),
    beyondOneEnd({ ...sample, beyond: above }),
    beyondBothEnds({ ...sample, beyond: below + above }),
  )
  return Math.min(1, 3 * least)
}

interface TextRows {
  readonly reference: KnownReference
  readonly rows: number
  /** Per category, then those of other texts. */
  readonly counts: Float64Array
  readonly texts: ReadonlyMap<string, number> | undefined
}

/** Each text of the pool might be the one that changed most, hence the factor. */
function textTests(
  feature: CategoricalFeature,
  { reference, rows, counts, texts = new Map() }: TextRows,
): Partial<Record<TestName, number>> {
  const training = countsOf(reference, feature)
  const textCount = feature.uniqueCount + texts.size
  const sample = { window: rows, training: feature.rows }
  let category = 1
  for (let bin = 0; bin < feature.binCount; bin++) {
    const hits = { windowHits: counts[bin] ?? 0, trainingHits: training[bin] ?? 0 }
    category = Math.min(category, hypergeometricTwoSided({ ...sample, ...hits }))
  }
  const pOf = { category: Math.min(1, category * textCount) }
  if (!feature.isComplete) return pOf
  let oneNew = 1
  for (const beyond of texts.values())
    oneNew = Math.min(oneNew, beyondOneEnd({ ...sample, beyond }))
  // One row of each text, drawn blindly: at least as many of them are the window's as there are new texts.
  const manyNew = hypergeometricUpper({
    ...sample,
    windowHits: texts.size,
    trainingHits: Math.min(feature.uniqueCount, feature.rows),
  })
  return { ...pOf, 'new-texts': Math.min(1, 2 * Math.min(oneNew * textCount, manyNew)) }
}

function shiftOf(
  reference: KnownReference,
  { feature }: FeaturePlace,
  counts: Float64Array,
): number | null {
  const rows = sumOf(counts)
  if (feature.kind !== 'numeric' || rows === 0 || !feature.hasHistogram) return null
  const edges = edgesOf(reference, feature)
  const training = countsOf(reference, feature)
  let moved = 0
  for (let bin = -1; bin <= feature.binCount; bin++) {
    const share = (counts[bin + 1] ?? 0) / rows - (training[bin] ?? 0) / feature.rows
    // From the mean, so that a far-off origin costs no digits.
    moved += share * ((middleOf(edges, bin) - feature.mean) / feature.scale)
  }
  return moved
}

function sumOf(counts: Float64Array): number {
  let sum = 0
  for (const count of counts) sum += count
  return sum
}
