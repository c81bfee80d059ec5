import type { JsonObject } from '../accept/event.ts'

/** Labels and entities as texts: nested values as JSON. null for none. */
export function textMap(entries: JsonObject | null): ReadonlyMap<string, string> | null {
  if (entries === null) return null
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(entries)) {
    texts.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
  }
  return texts
}

/** Whether two objects of labels hold the same plain values; nested ones count as different. */
export function isSameFlat(a: JsonObject | null, b: JsonObject | null): boolean {
  if (a === null || b === null) return a === b
  let count = 0
  for (const name in a) {
    if (a[name] !== b[name] || !Object.hasOwn(b, name)) return false
    count++
  }
  return count === Object.keys(b).length
}
