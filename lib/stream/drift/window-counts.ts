import assert from 'node:assert'
import { type BinEdges, binEdges } from './bin-plan.ts'
import { edgesOf, type KnownFeature, type KnownReference } from './reference.ts'

/** Texts outside a complete list of categories that are counted one by one; later ones only together. */
export const NEW_TEXTS_MAX = 16
/** Numbers kept of a feature's values beside the counters. */
export const MOMENTS = 4

/** Where a feature's counters and moments lie in a pane. */
export interface FeaturePlace {
  readonly feature: KnownFeature
  /** Numeric: below the range, one per bin, above; text: one per category, one per new text, all others. */
  readonly firstCounter: number
  /** The counter of texts that no other one counts; numeric: of values above the range. */
  readonly lastCounter: number
  readonly missing: number
  readonly wrongType: number
  /** Numeric: sum of z, sum of z^2, least and greatest value; z = x in mean bins from the first edge on, within 1e6. Else -1. */
  readonly moments: number
  /** How many of the counters are of new texts. */
  readonly newTextCount: number
  /** Text: the bin of each category; numeric: empty. */
  readonly categories: ReadonlyMap<string, number>
}

/** What all panes of one reference have in common. */
export interface PaneLayout {
  readonly reference: KnownReference
  /** One per known feature of the reference, in its order. */
  readonly places: readonly FeaturePlace[]
  /** What finds the bins of the places' values (bin-plan.ts). */
  readonly bins: BinEdges
  readonly counterCount: number
  readonly momentCount: number
  /** Equal for layouts that can read each other's checkpoints. */
  readonly signature: string
}

const NO_TEXTS: ReadonlyMap<string, number> = new Map()

/** The layout of a reference; share it between the logs of an endpoint. */
export function layoutOf(reference: KnownReference): PaneLayout {
  const places: FeaturePlace[] = []
  let [counterCount, momentCount] = [0, 0]
  for (const feature of reference.features) {
    if (feature.kind === 'unknown') continue
    const isText = feature.kind === 'categorical'
    const newTextCount = isText && feature.isComplete ? NEW_TEXTS_MAX : 0
    const lastCounter = counterCount + feature.binCount + (isText ? newTextCount : 1)
    places.push({
      feature,
      firstCounter: counterCount,
      lastCounter,
      missing: lastCounter + 1,
      wrongType: lastCounter + 2,
      moments: isText ? -1 : momentCount,
      newTextCount,
      categories: isText ? new Map(feature.categories.map((text, bin) => [text, bin])) : NO_TEXTS,
    })
    counterCount = lastCounter + 3
    momentCount += isText ? 0 : MOMENTS
  }
  return {
    reference,
    places,
    bins: binEdges(
      reference,
      places.map(({ feature }) => feature),
    ),
    counterCount,
    momentCount,
    signature: signatureOf(reference),
  }
}

/** FNV-1a over everything that gives the counters their meaning. */
function signatureOf({ features, edges }: KnownReference): string {
  const known = features.filter((feature) => feature.kind !== 'unknown')
  const text = JSON.stringify([known, [...edges]])
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return `${(hash >>> 0).toString(16)}-${text.length}`
}

/** Sums of panes, of one log or of several. */
export interface WindowCounts {
  readonly layout: PaneLayout
  rows: number
  readonly counters: Float64Array
  readonly moments: Float64Array
  /** Per place: the new texts that were counted one by one. */
  readonly newTexts: readonly Map<string, number>[]
}

export function emptyWindow(layout: PaneLayout): WindowCounts {
  const moments = new Float64Array(layout.momentCount)
  clearMoments(moments)
  return {
    layout,
    rows: 0,
    counters: new Float64Array(layout.counterCount),
    moments,
    newTexts: layout.places.map(() => new Map()),
  }
}

/** Sets moments to those of no values at all. */
export function clearMoments(moments: Float64Array): void {
  for (let at = 0; at < moments.length; at += MOMENTS) {
    moments[at] = 0
    moments[at + 1] = 0
    moments[at + 2] = Number.POSITIVE_INFINITY
    moments[at + 3] = Number.NEGATIVE_INFINITY
  }
}

/** Adds moments to others. */
export function addMoments(target: Float64Array, source: Float64Array): void {
  assert(target.length === source.length)
  for (let at = 0; at < source.length; at += MOMENTS) {
    target[at] = (target[at] ?? 0) + (source[at] ?? 0)
    target[at + 1] = (target[at + 1] ?? 0) + (source[at + 1] ?? 0)
    target[at + 2] = Math.min(target[at + 2] ?? 0, source[at + 2] ?? 0)
    target[at + 3] = Math.max(target[at + 3] ?? 0, source[at + 3] ?? 0)
  }
}

/** What a window holds of one numeric feature's values. */
export interface Moments {
  /** Rows with a number, >= 1. */
  readonly rows: number
  readonly mean: number
  /** Standard deviation (n), >= 0; how far rounding alone may have brought it is `stdError`. */
  readonly std: number
  readonly stdError: number
  readonly min: number
  readonly max: number
}

/** A place's counters: of numbers the open bins first and last, of texts one per category. */
export function countersOf(window: WindowCounts, place: FeaturePlace): Float64Array {
  return window.counters.subarray(place.firstCounter, place.lastCounter + 1)
}

/** Rows of a window that have a value of the feature's type. */
export function valueRows(window: WindowCounts, place: FeaturePlace): number {
  const { counters } = window
  let rows = 0
  for (let at = place.firstCounter; at <= place.lastCounter; at++) rows += counters[at] ?? 0
  return rows
}

/** Mean, deviation and range of a numeric feature's values; null if there are none. */
export function momentsOf(window: WindowCounts, place: FeaturePlace): Moments | null {
  const { feature, moments: at } = place
  const rows = valueRows(window, place)
  if (feature.kind !== 'numeric' || rows === 0) return null
  const [sum = 0, squares = 0, min = 0, max = 0] = window.moments.subarray(at, at + MOMENTS)
  const z = sum / rows
  const edges = edgesOf(window.layout.reference, feature)
  const [least = 0, most = 0] = [edges[0], edges.at(-1)]
  const unit = (most - least) / feature.binCount
  // Each of the two sums is rounded once a row.
  const error = Number.EPSILON * (16 + rows) * (1 + z * z)
  return {
    rows,
    mean: least + z * unit,
    std: Math.sqrt(Math.max(0, squares / rows - z * z)) * unit,
    stdError: Math.sqrt(error) * unit,
    min,
    max,
  }
}
