import type { KnownReference } from './reference.ts'
import { isSameReference } from './reference-state.ts'
import { layoutOf, type PaneLayout } from './window-counts.ts'

/** By signature. Weak, so that a layout lives as long as an endpoint that counts on it. */
const layouts = new Map<string, WeakRef<PaneLayout>>()
const gone = new FinalizationRegistry<string>((signature) => {
  if (layouts.get(signature)?.deref() === undefined) layouts.delete(signature)
})

/** The layout of a reference; one for all endpoints, and logs of an endpoint, with equal references. */
export function sharedLayout(reference: KnownReference): PaneLayout {
  const layout = layoutOf(reference)
  const known = layouts.get(layout.signature)?.deref()
  // A signature is a short hash: only the references themselves say that they are equal.
  if (known !== undefined && isSameReference(known.reference, reference)) return known
  layouts.set(layout.signature, new WeakRef(layout))
  gone.register(layout, layout.signature)
  return layout
}
