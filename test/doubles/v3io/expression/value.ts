import { decodeBase64 } from '../base64.ts'
import { invalid } from '../refusal.ts'
import type { TypedAttribute } from '../typed-attribute.ts'
import { type ArrayValue, decodeArray, encodeArray } from './array-blob.ts'

/** A value while an expression is worked out. */
export type Value =
  /** Signed, 64 bits. */
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'blob'; readonly value: Buffer }
  /** Nanoseconds since 1970 UTC. */
  | { readonly kind: 'time'; readonly value: bigint }
  | ArrayValue

/** A value, or undefined where an attribute is absent. */
export type Maybe = Value | undefined

const NANOSECONDS = 1_000_000_000n
const WHOLE = /^[+-]?\d+$/

/** A wire attribute as a value: a number that reads as a 64-bit integer is one, any other a double. */
export function fromTyped(typed: TypedAttribute): Value {
  if ('S' in typed) return { kind: 'text', value: typed.S }
  if ('BOOL' in typed) return { kind: 'bool', value: typed.BOOL }
  if ('N' in typed) return numberOf(typed.N)
  if ('TS' in typed) return timeOf(typed.TS)
  const bytes = decodeBase64(typed.B)
  if (bytes === undefined) throw invalid('a stored blob is no base64')
  return decodeArray(bytes) ?? { kind: 'blob', value: bytes }
}

/** A value as it is stored. A whole double keeps its point, so that it stays a double. */
export function toTyped(value: Value): TypedAttribute {
  switch (value.kind) {
    case 'int':
      return { N: String(value.value) }
    case 'double':
      return { N: doubleText(value.value) }
    case 'text':
      return { S: value.value }
    case 'bool':
      return { BOOL: value.value }
    case 'blob':
      return { B: value.value.toString('base64') }
    case 'time':
      return { TS: timeText(value.value) }
    default:
      return { B: encodeArray(value).toString('base64') }
  }
}

/** A number's text as a value. */
export function numberOf(text: string): Value {
  if (WHOLE.test(text)) {
    const whole = BigInt(text.replace(/^\+/, ''))
    if (BigInt.asIntN(64, whole) === whole) return { kind: 'int', value: whole }
  }
  return { kind: 'double', value: doubleOf(text) }
}

function doubleOf(text: string): number {
  const special = /^([+-]?)(nan|inf|infinity)$/i.exec(text)
  if (special === null) return Number(text)
  if (special[2]?.toLowerCase() === 'nan') return Number.NaN
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const text = String(value)
  return WHOLE.test(text) ? `${text}.0` : text
}

/** `seconds:nanoseconds` as a value. */
export function timeOf(text: string): Value {
  const [seconds = '', nanoseconds = ''] = text.split(':')
  return { kind: 'time', value: BigInt(seconds) * NANOSECONDS + BigInt(nanoseconds) }
}

function timeText(value: bigint): string {
  const nanoseconds = ((value % NANOSECONDS) + NANOSECONDS) % NANOSECONDS
  return `${(value - nanoseconds) / NANOSECONDS}:${nanoseconds}`
}

/** Whether it is an int or a double. */
export function isNumber(value: Value): value is Extract<Value, { kind: 'int' | 'double' }> {
  return value.kind === 'int' || value.kind === 'double'
}

/**
 * Order of two values: below 0, 0, above 0, or undefined when they have none, because their types
 * differ or one is not a number.
 */
export function compare(left: Value, right: Value): number | undefined {
  if (isNumber(left) && isNumber(right)) return order(left.value, right.value)
  if (left.kind === 'text' && right.kind === 'text') {
    return Buffer.compare(Buffer.from(left.value), Buffer.from(right.value))
  }
  if (left.kind === 'blob' && right.kind === 'blob') return Buffer.compare(left.value, right.value)
  if (left.kind === 'time' && right.kind === 'time') return order(left.value, right.value)
  if (left.kind === 'bool' && right.kind === 'bool') {
    return Number(left.value) - Number(right.value)
  }
  if (isArray(left) && isArray(right)) {
    return Buffer.compare(encodeArray(left), encodeArray(right))
  }
  return undefined
}

function isArray(value: Value): value is ArrayValue {
  return value.kind === 'ints' || value.kind === 'doubles'
}

function order(left: bigint | number, right: bigint | number): number | undefined {
  if (left < right) return -1
  if (left > right) return 1
  return left >= right ? 0 : undefined
}
