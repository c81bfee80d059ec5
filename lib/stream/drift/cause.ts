import type { FeatureAlarm } from './alarm.ts'
import { countsOf, edgesOf, type KnownReference, type NumericFeature } from './reference.ts'
import {
  countersOf,
  type FeaturePlace,
  type Moments,
  momentsOf,
  type WindowCounts,
} from './window-counts.ts'

/** What most likely happened to a feature, with what shows it. */
export type Cause =
  /** Texts came where numbers belong; share of the window's rows, 0 to 1. */
  | { readonly kind: 'text'; readonly share: number }
  /** Values are missing; share of the window's rows, 0 to 1. */
  | { readonly kind: 'missing'; readonly share: number }
  /** Texts that training did not have, with their rows, the most frequent first. */
  | { readonly kind: 'new-texts'; readonly texts: readonly (readonly [string, number])[] }
  | { readonly kind: 'swapped'; readonly other: string }
  | { readonly kind: 'constant'; readonly value: number | string }
  /** Every value times a factor, as by another unit; below 0: the sign changed too. */
  | { readonly kind: 'scaled'; readonly factor: number }

/** An alarmed feature with what its causes are looked for in. */
export interface Suspect {
  readonly place: FeaturePlace
  readonly alarm: FeatureAlarm
  /** Null for texts and without values. */
  readonly moments: Moments | null
}

/** Causes are named only where luck is no explanation at all, however high the level of alarms is. */
const P_MAX = 1e-5
/** Factors nearer to 1 cannot be told from a shift. */
const FACTOR_MIN = 1.5
/** How far a standard deviation may be from the one expected: of a factor, and of another feature. */
const LOG_STD_MAX = Math.log(1.75)
/** Heavy tails make it uncertain, and two features have to fit each other both ways. */
const LOG_STD_SWAPPED_MAX = Math.log(3)
/** How uncertain a factor may be when the shape is compared. */
const SLACK_MAX = 0.25
/** How many standard errors a mean may be off. */
const ERRORS_MAX = 5
const TEXTS_NAMED = 8

/** Those of the alarmed features whose cause is worth looking for. */
export function suspectsOf(
  window: WindowCounts,
  alarms: readonly FeatureAlarm[],
): readonly Suspect[] {
  const byName = new Map(alarms.map((alarm) => [alarm.name, alarm]))
  return window.layout.places.flatMap((place) => {
    const alarm = byName.get(place.feature.name)
    if (!alarm?.isAlarm || alarm.p > P_MAX) return []
    return [{ place, alarm, moments: momentsOf(window, place) }]
  })
}

/**
 * The likely cause of one feature's alarm; null where the data show none.
 *
 * @param suspects  all of the window: two features that changed places are both among them
 */
export function causeOf(
  window: WindowCounts,
  suspect: Suspect,
  suspects: readonly Suspect[],
): Cause | null {
  const { place, alarm } = suspect
  const missing = window.counters[place.missing] ?? 0
  const wrongType = window.counters[place.wrongType] ?? 0
  const all = alarm.rows + missing + wrongType
  if ((alarm.pOf.type ?? 1) <= P_MAX) return { kind: 'text', share: wrongType / all }
  if ((alarm.pOf.missing ?? 1) <= P_MAX) return { kind: 'missing', share: missing / all }
  return place.feature.kind === 'categorical'
    ? causeOfTexts(window, suspect)
    : (findSwapped(window, suspect, suspects) ?? causeOfNumbers(window, suspect))
}

function causeOfTexts(window: WindowCounts, { place, alarm }: Suspect): Cause | null {
  const { feature } = place
  if (feature.kind !== 'categorical') return null
  const counts = countersOf(window, place)
  const texts = window.newTexts[window.layout.places.indexOf(place)] ?? new Map<string, number>()
  const known = feature.categories.map((text, bin) => [text, counts[bin] ?? 0] as const)
  const only = [...known, ...texts].find(([, rows]) => rows === alarm.rows)
  if (only !== undefined && feature.uniqueCount > 1) return { kind: 'constant', value: only[0] }
  if ((alarm.pOf['new-texts'] ?? 1) > P_MAX) return null
  const mostFirst = [...texts].sort((one, other) => other[1] - one[1])
  return { kind: 'new-texts', texts: mostFirst.slice(0, TEXTS_NAMED) }
}

function causeOfNumbers(window: WindowCounts, { place, moments }: Suspect): Cause | null {
  const { feature } = place
  if (feature.kind !== 'numeric' || moments === null || feature.isConstant) return null
  if (moments.min === moments.max) {
    return moments.rows > 1 ? { kind: 'constant', value: moments.min } : null
  }
  const { reference } = window.layout
  const bySpread = moments.std / feature.scale
  const byMean = moments.mean / feature.mean
  // Of a mean that is far enough from 0 the factor is known better than of the spread.
  const meanFirst = Math.abs(feature.mean) >= feature.scale / 2
  const slack = Math.min(SLACK_MAX, 3 * standardError(moments.rows, feature.rows))
  for (const factor of meanFirst ? [byMean, bySpread] : [bySpread, byMean]) {
    if (!isFactor(factor) || !areScaled(feature, moments, factor)) continue
    const distance = distanceFrom(window, place, (x) => {
      const [one, other] = [x / factor / (1 + slack), x / factor / (1 - slack)]
      const [low] = shareBelow(reference, feature, Math.min(one, other))
      const [, high] = shareBelow(reference, feature, Math.max(one, other))
      return factor > 0 ? [low, high] : [1 - high, 1 - low]
    })
    if (distance <= distanceMax(moments.rows, feature.rows)) return { kind: 'scaled', factor }
  }
  return null
}

function isFactor(factor: number): boolean {
  if (!Number.isFinite(factor) || factor === 0) return false
  return factor < 0 || factor >= FACTOR_MIN || factor <= 1 / FACTOR_MIN
}

/** Whether mean and spread are those of the training set times a factor; a mere shift keeps the spread. */
function areScaled(feature: NumericFeature, moments: Moments, factor: number): boolean {
  if (moments.std <= moments.stdError) return false
  const size = Math.abs(factor)
  const error = size * feature.scale * standardError(moments.rows, feature.rows)
  if (Math.abs(moments.mean - factor * feature.mean) > ERRORS_MAX * error) return false
  const spread = Math.log(moments.std / feature.scale)
  if (Math.abs(spread - Math.log(size)) > LOG_STD_MAX) return false
  return factor < 0 || Math.abs(spread - Math.log(size)) <= Math.abs(spread)
}

/** The other suspect that has this one's values, and whose values this one has; the closest, if several. */
function findSwapped(
  window: WindowCounts,
  suspect: Suspect,
  suspects: readonly Suspect[],
): Cause | null {
  let [best, least] = ['', Number.POSITIVE_INFINITY]
  for (const other of suspects) {
    if (other === suspect) continue
    const there = mismatch(window, suspect, other)
    if (there >= least) continue
    const back = mismatch(window, other, suspect)
    if (there + back < least) [best, least] = [other.place.feature.name, there + back]
  }
  return Number.isFinite(least) ? { kind: 'swapped', other: best } : null
}

/** How badly the window's values of one feature fit the training set of another; infinite: not at all. */
function mismatch(window: WindowCounts, values: Suspect, origin: Suspect): number {
  const { moments, place } = values
  const { feature } = origin.place
  if (moments === null || feature.kind !== 'numeric' || !feature.hasHistogram) return NOT_AT_ALL
  if (feature.isConstant) return NOT_AT_ALL
  const error = feature.scale * standardError(moments.rows, feature.rows) + moments.stdError
  const off = Math.abs(moments.mean - feature.mean) / error
  if (off > ERRORS_MAX) return NOT_AT_ALL
  // Of values that lie close together far from where they are expected, rounding leaves no spread.
  const isSpreadKnown = moments.stdError < feature.scale / 10
  const spread = isSpreadKnown ? Math.abs(Math.log(moments.std / feature.scale)) : 0
  if (spread > LOG_STD_SWAPPED_MAX) return NOT_AT_ALL
  const distance = distanceFrom(window, place, (x) =>
    shareBelow(window.layout.reference, feature, x),
  )
  const most = distanceMax(moments.rows, feature.rows)
  return distance > most
    ? NOT_AT_ALL
    : off / ERRORS_MAX + spread / LOG_STD_SWAPPED_MAX + distance / most
}

const NOT_AT_ALL = Number.POSITIVE_INFINITY

function standardError(rows: number, trainingRows: number): number {
  return Math.sqrt(1 / rows + 1 / trainingRows)
}

/** The distance that the bound of Kolmogorov and Smirnov allows with a chance of P_MAX. */
function distanceMax(rows: number, trainingRows: number): number {
  return standardError(rows, trainingRows) * Math.sqrt((1 - Math.log(P_MAX)) / 2)
}

/** How far, at the edges, the window's shares lie outside of bounds for them. */
function distanceFrom(
  window: WindowCounts,
  place: FeaturePlace,
  boundsAt: (x: number) => readonly [number, number],
): number {
  if (place.feature.kind !== 'numeric') return 1
  const counts = countersOf(window, place)
  const edges = edgesOf(window.layout.reference, place.feature)
  const rows = counts.reduce((sum, count) => sum + count, 0)
  let [below, distance] = [0, 0]
  for (const [index, edge] of edges.entries()) {
    below += counts[index] ?? 0
    const [low, high] = boundsAt(edge)
    distance = Math.max(distance, low - below / rows, below / rows - high)
  }
  return distance
}

/** Bounds on the share of training rows below a value: those of the bin that it lies in may be on either side. */
function shareBelow(
  reference: KnownReference,
  feature: NumericFeature,
  value: number,
): readonly [number, number] {
  const edges = edgesOf(reference, feature)
  const counts = countsOf(reference, feature)
  let low = 0
  for (let bin = 0; bin < feature.binCount; bin++) {
    const rows = counts[bin] ?? 0
    if (value <= (edges[bin] ?? 0)) return [low / feature.rows, low / feature.rows]
    if (value <= (edges[bin + 1] ?? 0)) return [low / feature.rows, (low + rows) / feature.rows]
    low += rows
  }
  return [1, 1]
}
