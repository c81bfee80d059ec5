import { isJsonObject } from '../stream/accept/event.ts'

/** A row as it stands in a file or a dead letter; values are numbers, texts or null. */
export interface FoundRow {
  /** By column. */
  readonly features: Readonly<Record<string, unknown>>
  readonly prediction: readonly unknown[]
}

/** What was read of a row: anything that is no value counts as none. */
export function foundRow(features: unknown, prediction: unknown): FoundRow {
  return {
    features: isJsonObject(features) ? features : {},
    prediction: Array.isArray(prediction) ? prediction : [],
  }
}
