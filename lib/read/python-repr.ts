import { isJsonObject } from '../stream/accept/event.ts'

/** What is shown of a request inside a sentence. */
const CHARS_MAX = 300
const DEPTH_MAX = 4

/** A JSON value as Python's `repr` shows it, cut short: MLRun's sentences quote requests so. */
export function pythonRepr(value: unknown): string {
  return cut(reprOf(value, DEPTH_MAX))
}

/** A text as Python's `repr` shows it, whole. Source: CPython, `unicode_repr`; for printable text. */
export function textRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const inner = text.replace(/[\\'"\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => {
    if (char === '\\' || char === quote) return `\\${char}`
    if (char === "'" || char === '"') return char
    return SHORT_ESCAPES.get(char) ?? hexEscape(char.codePointAt(0) ?? 0)
  })
  return `${quote}${inner}${quote}`
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

function hexEscape(code: number): string {
  const hex = code.toString(16)
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}

function reprOf(value: unknown, depth: number): string {
  if (typeof value === 'string') return textRepr(cut(value))
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (value === null || value === undefined) return 'None'
  if (typeof value !== 'object') return String(value)
  if (depth === 0) return '...'
  const parts = Array.isArray(value)
    ? firstOf(value).map((part) => reprOf(part, depth - 1))
    : firstOf(Object.entries(isJsonObject(value) ? value : {})).map(
        ([name, part]) => `${textRepr(cut(name))}: ${reprOf(part, depth - 1)}`,
      )
  return Array.isArray(value) ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`
}

const PARTS_MAX = 30

function firstOf<T>(parts: readonly T[]): readonly T[] {
  return parts.slice(0, PARTS_MAX)
}

function cut(text: string): string {
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}...` : text
}
