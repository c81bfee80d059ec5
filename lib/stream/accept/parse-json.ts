import { asBuffer } from './as-buffer.ts'

const DEPTH_MAX = 32
/** From this size on the nesting is counted before the body is parsed, so that it cannot cost memory. */
const SCAN_BYTES = 16_384
const QUOTE = 0x22
const MINUS = 0x2d
const BACKSLASH = 0x5c

/** What a body is: JSON, or why not. */
export type ParsedBody =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: 'empty-body' | 'not-json' | 'too-deep' }

/**
 * Parses the body of an event. Python servers write `NaN`, `Infinity` and `-Infinity`: when JSON.parse
 * refuses a body, these tokens are replaced by numbers that overflow (1e999), which are not finite
 * either, and it is parsed once more. A byte order mark is skipped.
 */
export function parseBody(body: Uint8Array): ParsedBody {
  if (body.length === 0) return { ok: false, reason: 'empty-body' }
  if (body.length > SCAN_BYTES && depthOfJson(body) > DEPTH_MAX)
    return { ok: false, reason: 'too-deep' }
  const text = asBuffer(body).toString('utf8')
  const value = tryParseJson(text)
  return value === undefined ? parseTolerantly(text) : { ok: true, value }
}

/** What a JSON text says; undefined, which no JSON text says, if it is none. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function parseTolerantly(text: string): ParsedBody {
  const mended = replaceTokens(text.startsWith('\uFEFF') ? text.slice(1) : text)
  const value = tryParseJson(mended)
  if (value !== undefined) return { ok: true, value }
  return { ok: false, reason: text.trim() === '' ? 'empty-body' : 'not-json' }
}

/** One pass over the text; a token inside a string stays as it is. */
function replaceTokens(text: string): string {
  const parts: string[] = []
  let keptTo = 0
  let index = 0
  while (index < text.length) {
    const code = text.charCodeAt(index)
    if (code === QUOTE) {
      index = endOfString(text, index)
      continue
    }
    const token = code === 0x4e ? 'NaN' : code === 0x49 ? 'Infinity' : ''
    if (token !== '' && text.startsWith(token, index)) {
      // A minus sign before it is kept and fits: -1e999. Blanks keep 1NaN and NaN1 from being numbers.
      const blank = text.charCodeAt(index - 1) === MINUS ? '' : ' '
      parts.push(text.slice(keptTo, index), `${blank}1e999 `)
      index += token.length
      keptTo = index
    } else {
      index++
    }
  }
  return parts.join('') + text.slice(keptTo)
}

/** Where the string that begins at a quote ends: behind its closing quote, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === BACKSLASH) index++
    else if (code === QUOTE) return index + 1
  }
  return text.length
}

/** Deepest nesting of lists and objects, brackets inside strings not counted. */
function depthOfJson(body: Uint8Array): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let index = 0; index < body.length; index++) {
    const byte = body[index]
    if (inString) {
      if (byte === BACKSLASH) index++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) {
      inString = true
    } else if (byte === 0x5b || byte === 0x7b) {
      deepest = Math.max(deepest, ++depth)
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--
    }
  }
  return deepest
}

/** Whether lists and objects nest at most so deep; looks no deeper than that. */
export function isNestedAtMost(value: unknown, depthMax: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (depthMax === 0) return false
  const parts: unknown[] = Array.isArray(value) ? value : Object.values(value)
  return parts.every((part) => isNestedAtMost(part, depthMax - 1))
}
