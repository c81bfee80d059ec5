/**
 * JSON as Python's `json.dumps` spells it: a space after "," and ":", and everything beyond ASCII
 * escaped. MLRun and its readers compare labels and lists of names as texts in this spelling.
 * Numbers are spelled as JavaScript does (1.0 is 1): docs/deviations.md.
 *
 * @param value  made of null, booleans, numbers, texts, lists, objects and Maps with text keys; nested
 *               at most as deep as decoding lets through
 */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (value instanceof Map) return objectJson([...value])
  if (typeof value === 'object' && value !== null) return objectJson(Object.entries(value))
  if (typeof value === 'string') return asciiJson(value)
  // What JSON has no word for (undefined, a symbol) cannot come out of JSON.parse either.
  return JSON.stringify(value) ?? 'null'
}

function objectJson(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([name, value]) => `${asciiJson(name)}: ${pythonJson(value)}`).join(', ')}}`
}

function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
