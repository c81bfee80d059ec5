import { edgesOf } from './reference.ts'
import type { FeaturePlace, PaneLayout } from './window-counts.ts'

/** What a value can be besides good. */
export const ODD = { missing: 0, wrongType: 1, outOfRange: 2, unseen: 3 } as const
export const ODD_KINDS = 4

/** By place and kind, place x ODD_KINDS + kind: how many values were no good. */
export type OddCounts = ReadonlyMap<number, number>

/** A row as it was read: numbers (NaN = none) and texts (null = none) by field, and the prediction's values. */
export interface DriftRow {
  readonly features: Float64Array
  readonly featureTexts: readonly (string | null)[]
  readonly predictions: readonly (number | string | null)[]
}

/** A value of a row, by its place in a binding; null where it is missing. */
export function valueAt(row: DriftRow, source: number): number | string | null {
  if (source < 0) return row.predictions[-2 - source] ?? null
  const text = row.featureTexts[source] ?? null
  if (text !== null) return text
  const number = row.features[source]
  return number === undefined || Number.isNaN(number) ? null : number
}

/** Whether a text is none of the training set's, as far as these are known. */
export function isUnseen({ feature, categories }: FeaturePlace, text: string): boolean {
  return feature.kind === 'categorical' && feature.isComplete && !categories.has(text)
}

/** What a value is by its feature, without counting it; null if it is good. */
export function oddKind(
  { reference }: PaneLayout,
  place: FeaturePlace,
  value: number | string | null,
): number | null {
  if (value === null) return ODD.missing
  const { feature } = place
  if (feature.kind === 'categorical') return isUnseen(place, String(value)) ? ODD.unseen : null
  if (typeof value === 'string') return ODD.wrongType
  const edges = edgesOf(reference, feature)
  const [least = 0, most = 0] = [edges[0], edges.at(-1)]
  return value < least || value > most ? ODD.outOfRange : null
}
