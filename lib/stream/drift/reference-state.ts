import type { Feature, Reference, ReferenceReason } from './reference.ts'

/** A reference as plain JSON values. */
export type ReferenceState =
  | { readonly reason: ReferenceReason }
  | {
      readonly features: readonly Feature[]
      readonly edges: readonly number[]
      readonly counts: readonly number[]
    }

/** A reference for a checkpoint: it takes less room than the statistics that it was read from. */
export function referenceState(reference: Reference): ReferenceState {
  if (reference.kind === 'unknown') return { reason: reference.reason }
  const { features, edges, counts } = reference
  return { features, edges: [...edges], counts: [...counts] }
}

/** Whether two references say the same. */
export function isSameReference(one: Reference, other: Reference): boolean {
  return JSON.stringify(referenceState(one)) === JSON.stringify(referenceState(other))
}

/** The reference that a checkpoint tells of. */
export function restoreReference(state: ReferenceState): Reference {
  if ('reason' in state) return { kind: 'unknown', reason: state.reason }
  return {
    kind: 'known',
    features: state.features,
    edges: Float64Array.from(state.edges),
    counts: Uint32Array.from(state.counts),
  }
}
