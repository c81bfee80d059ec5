/** The features of one endpoint, read from answers and ordered. */
import { numberIn, type Row, textIn } from './fields.ts'
import { fixedText, percentText, shortText } from './format.ts'
import type { Bin } from './geometry.ts'
import type { FeatureOrder } from './hash-state.ts'

/** Kinds of values that are no good, as the answers call them and as people do. */
export const ODD_KINDS = [
  ['missing', 'missing'],
  ['wrong_type', 'of the wrong type'],
  ['out_of_range', 'out of range'],
  ['unseen', 'unseen'],
] as const

/** A feature as it was in training and as it is in the window. */
export interface Feature {
  readonly name: string
  readonly bins: readonly Bin[]
  readonly expectedMean: number | null
  readonly actualMean: number | null
  readonly expectedMin: number | null
  readonly expectedMax: number | null
  readonly actualMin: number | null
  readonly actualMax: number | null
  /** Values of the window. */
  readonly count: number | null
  readonly tvd: number | null
  readonly hellinger: number | null
  readonly kld: number | null
  readonly psi: number | null
  readonly jensenShannon: number | null
  readonly ks: number | null
  readonly wasserstein: number | null
  /** Chance of as much by luck. */
  readonly p: number | null
  /** Since when it has been another; null for one that has not changed. */
  readonly changedSinceMs: number | null
  readonly direction: string | null
  /** How far the mean moved, in standard deviations of the training set. */
  readonly shiftSigmas: number | null
  readonly causeText: string | null
  /** By the names of ODD_KINDS. */
  readonly odd: ReadonlyMap<string, number>
  /** Why nothing can be said. */
  readonly reason: string | null
}

/** Joins the rows of /api/features with those of /api/histograms. */
export function featuresOf(rows: readonly Row[], binRows: readonly Row[]): readonly Feature[] {
  const bins = new Map<string, Bin[]>()
  for (const row of binRows) {
    const name = textIn(row, 'feature_name') ?? ''
    const of = bins.get(name) ?? []
    bins.set(name, of)
    of.push({
      from: numberIn(row, 'from'),
      to: numberIn(row, 'to'),
      expected: numberIn(row, 'expected'),
      actual: numberIn(row, 'actual'),
    })
  }
  return rows.map((row) => {
    const name = textIn(row, 'feature_name') ?? ''
    return {
      name,
      bins: bins.get(name) ?? [],
      expectedMean: numberIn(row, 'expected_mean'),
      actualMean: numberIn(row, 'actual_mean'),
      expectedMin: numberIn(row, 'expected_min'),
      expectedMax: numberIn(row, 'expected_max'),
      actualMin: numberIn(row, 'actual_min'),
      actualMax: numberIn(row, 'actual_max'),
      count: numberIn(row, 'actual_count'),
      tvd: numberIn(row, 'tvd'),
      hellinger: numberIn(row, 'hellinger'),
      kld: numberIn(row, 'kld'),
      psi: numberIn(row, 'psi'),
      jensenShannon: numberIn(row, 'jensen_shannon'),
      ks: numberIn(row, 'ks'),
      wasserstein: numberIn(row, 'wasserstein'),
      p: numberIn(row, 'p'),
      changedSinceMs: numberIn(row, 'alarm_since'),
      direction: textIn(row, 'direction'),
      shiftSigmas: numberIn(row, 'shift_sigmas'),
      causeText: textIn(row, 'cause_text'),
      odd: oddOf(row),
      reason: textIn(row, 'reason'),
    }
  })
}

function oddOf(row: Row): ReadonlyMap<string, number> {
  const odd = new Map<string, number>()
  for (const [name] of ODD_KINDS) {
    const count = numberIn(row, name)
    if (count !== null) odd.set(name, count)
  }
  return odd
}

/** Those that have changed first, the furthest moved before the others, then by distance; or by name. */
export function ordered(features: readonly Feature[], order: FeatureOrder): readonly Feature[] {
  return [...features].sort((one, other) => {
    const names = one.name < other.name ? -1 : one.name > other.name ? 1 : 0
    if (order === 'name') return names
    return rankOf(other) - rankOf(one) || names
  })
}

/** A distance is 1 at most. */
function rankOf({ changedSinceMs, shiftSigmas, tvd }: Feature): number {
  const changed = changedSinceMs === null ? 0 : 1000 + Math.min(Math.abs(shiftSigmas ?? 0), 1000)
  return changed + (tvd ?? 0)
}

/** `up by 1.4 σ, scaled by 1.55` of a feature that has changed; '' for another. */
export function changeText({
  changedSinceMs,
  direction,
  shiftSigmas,
  causeText,
}: Pick<Feature, 'changedSinceMs' | 'direction' | 'shiftSigmas' | 'causeText'>): string {
  if (changedSinceMs === null) return ''
  const moved =
    direction === null || shiftSigmas === null
      ? 'changed'
      : `${direction} by ${fixedText(Math.abs(shiftSigmas), 1)} σ`
  return causeText === null ? moved : `${moved}, ${causeText}`
}

/** `217 out of range (18.9 %)`, by kind; '' where every value is good, null where none was looked at. */
export function oddText({ odd, count }: Pick<Feature, 'odd' | 'count'>): string | null {
  if (odd.size === 0) return null
  // Missing ones and those of the wrong type are no values.
  const all = (count ?? 0) + (odd.get('missing') ?? 0) + (odd.get('wrong_type') ?? 0)
  return ODD_KINDS.flatMap(([name, words]) => {
    const of = odd.get(name) ?? 0
    return of === 0 ? [] : [`${shortText(of)} ${words} (${percentText(all > 0 ? of / all : null)})`]
  }).join(', ')
}
