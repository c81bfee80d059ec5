import { cleanName } from '../compute/clean-name.ts'
import type { PaneLayout } from './window-counts.ts'

/** Per place of a layout: the field of a row, -2 - i for the i-th predicted value, ABSENT for neither. */
export type Binding = Int32Array
export const ABSENT = -1

/** Finds a reference's columns by name, as they are or as MLRun's API cleans them; predictions are features too. */
export function bindColumns(
  layout: PaneLayout,
  { fields, labels }: { readonly fields: readonly string[]; readonly labels: readonly string[] },
): Binding {
  const sources = new Map<string, number>()
  const add = (name: string, source: number): void => {
    if (!sources.has(name)) sources.set(name, source)
  }
  fields.forEach(add)
  labels.forEach((name, index) => {
    add(name, -2 - index)
  })
  for (const [name, source] of [...sources]) add(cleanName(name), source)
  const binding = layout.places.map(({ feature: { name } }) => {
    return sources.get(name) ?? sources.get(cleanName(name)) ?? ABSENT
  })
  return share(binding)
}

const SHARED_MAX = 10_000
const shared = new Map<string, Binding>()

/** Most endpoints have their features in the order of their training set: one binding, in the cache of the CPU. */
function share(sources: readonly number[]): Binding {
  const key = sources.join()
  const known = shared.get(key)
  if (known !== undefined) return known
  const binding = Int32Array.from(sources)
  if (shared.size < SHARED_MAX) shared.set(key, binding)
  return binding
}
