import { type Duration, parseDuration } from './duration.ts'
import type { BytesField, CountField, Field, SecondsField, Value } from './kinds.ts'
import { isFormatted, TEXT_RULES } from './text-formats.ts'

/** At most so many windows in a list; each one is a column. */
export const WINDOWS_MAX = 32

/** What a setting's text or JSON was read as; null when it is not what the setting wants. */
export type Parsed = Value | null

/** A decimal number as a person writes it; no hexadecimal, no `nan`, no `1_000`. */
export const NUMBER_PATTERN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A size with a binary unit. */
export const SIZE_PATTERN = /^(\d+) ?(KiB|MiB|GiB)$/

const SIZE_UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/**
 * Reads the text of an environment variable by the declared type of its setting. A `$` in front
 * makes the rest JSON, for every type. Texts are taken letter by letter; around everything else
 * white space is dropped.
 */
export function parseText(field: Field, given: string): Parsed {
  if (given.startsWith('$')) {
    const json = parseJson(given.slice(1))
    return json.ok ? fromJson(field, json.value) : null
  }
  if (field.kind === 'text') return fromJson(field, given)
  const trimmed = given.trim()
  switch (field.kind) {
    case 'count':
    case 'seconds':
      return NUMBER_PATTERN.test(trimmed) ? fromJson(field, Number(trimmed)) : null
    case 'bytes':
      return fromJson(field, parseSize(trimmed))
    case 'windowList':
      return fromJson(field, parseList(trimmed))
    case 'choice':
    case 'period':
      return fromJson(field, trimmed)
  }
}

/** Reads a JSON value by the declared type of a setting; the default goes the same way. */
export function fromJson(field: Field, json: unknown): Parsed {
  switch (field.kind) {
    case 'count':
    case 'bytes':
    case 'seconds':
      return typeof json === 'number' && isInBounds(field, json) ? json : null
    case 'text':
      return typeof json === 'string' && isFormatted(field.format, json) ? json : null
    case 'choice':
      return typeof json === 'string' && field.choices.includes(json) ? json : null
    case 'period':
      return typeof json === 'string' ? parseDuration(json) : null
    case 'windowList':
      return Array.isArray(json) ? durationsOf(json) : null
  }
}

/** Says what a setting wants, with an example: the second half of a complaint. */
export function wantedOf(field: Field): string {
  switch (field.kind) {
    case 'count':
      return `a whole number of ${field.unit} ${boundsOf(field, String)}`
    case 'bytes':
      return `a whole number of bytes ${boundsOf(field, formatSize)}`
    case 'seconds':
      return `a number of seconds ${boundsOf(field, String)}`
    case 'text': {
      const { wanted } = TEXT_RULES[field.format]
      return field.example === '' ? wanted : `${wanted}, for example ${field.example}`
    }
    case 'choice':
      return `one of ${field.choices.join(', ')}`
    case 'period':
      return `a time of at most 366 days with a unit (s, m, h or d), for example ${field.default}`
    case 'windowList':
      return (
        `a list of 1 to ${WINDOWS_MAX} different times with units (s, m, h or d), ` +
        `for example ${field.default.join(',')}`
      )
  }
}

/** Bytes as a person writes them: `64MiB`, `1000`. */
export function formatSize(byteCount: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const size = SIZE_UNITS[unit] ?? 1
    if (byteCount >= size && byteCount % size === 0) return `${byteCount / size}${unit}`
  }
  return String(byteCount)
}

function boundsOf(
  { min, max, default: example }: CountField | BytesField | SecondsField,
  format: (value: number) => string,
): string {
  return `from ${format(min)} to ${format(max)}, for example ${format(example)}`
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    // The parser's message quotes the text, which may be a secret: it is not passed on.
    return { ok: false }
  }
}

function parseSize(text: string): number | null {
  const match = SIZE_PATTERN.exec(text)
  if (match !== null) return Number(match[1]) * (SIZE_UNITS[match[2] ?? ''] ?? Number.NaN)
  return NUMBER_PATTERN.test(text) ? Number(text) : null
}

function parseList(text: string): unknown {
  if (!text.startsWith('[')) return text.split(',').map((part) => part.trim())
  const json = parseJson(text)
  return json.ok ? json.value : null
}

function isInBounds(field: CountField | BytesField | SecondsField, value: number): boolean {
  if (field.kind !== 'seconds' && !Number.isSafeInteger(value)) return false
  return value >= field.min && value <= field.max // not so for NaN
}

function durationsOf(list: readonly unknown[]): readonly Duration[] | null {
  if (list.length < 1 || list.length > WINDOWS_MAX) return null
  const durations: Duration[] = []
  for (const item of list) {
    const duration = typeof item === 'string' ? parseDuration(item) : null
    // 60s and 1m are the same window: two columns of equal numbers are a mistake.
    if (duration === null || durations.some(({ ms }) => ms === duration.ms)) return null
    durations.push(duration)
  }
  return durations
}
