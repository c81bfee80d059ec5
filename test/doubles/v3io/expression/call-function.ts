import { decodeBase64 } from '../base64.ts'
import { invalid } from '../refusal.ts'
import type { ArrayValue } from './array-blob.ts'
import { compare, isNumber, type Maybe, toTyped, type Value } from './value.ts'

const ARRAY_VALUES_MAX = 100_000

/**
 * Applies a function to parameters that are worked out. An absent parameter gives an absent result,
 * or false where the result would be a bool.
 *
 * @param name  lower case; not one of those that may leave a parameter unevaluated
 * @throws      Refusal 400 for parameters of the wrong type
 */
export function callFunction(name: string, parameters: readonly Maybe[]): Maybe {
  const given: Value[] = []
  for (const parameter of parameters) {
    if (parameter === undefined) return PREDICATES.has(name) ? bool(false) : undefined
    given.push(parameter)
  }
  const [first, second, third] = given
  if (first === undefined) throw invalid(`${name} without a parameter`)
  if (second !== undefined) return callWithMore(name, given, { first, second, third })
  switch (name) {
    case 'sqrt':
      return { kind: 'double', value: Math.sqrt(Number(numeric(name, first).value)) }
    case 'blob':
      return blob(first)
    case 'length':
      return int(lengthOf(first))
    case 'to_int':
      return toInt(first)
    case 'str':
      return { kind: 'text', value: textOf(first) }
    case 'isnan':
      return bool(Number.isNaN(Number(numeric(name, first).value)))
    default:
      return overSlice(name, first)
  }
}

const PREDICATES = new Set(['starts', 'ends', 'contains', 'isnan'])

interface Given {
  readonly first: Value
  readonly second: Value
  readonly third: Value | undefined
}

function callWithMore(name: string, all: readonly Value[], { first, second, third }: Given): Value {
  switch (name) {
    case 'starts':
      return bool(text(name, first).startsWith(text(name, second)))
    case 'ends':
      return bool(text(name, first).endsWith(text(name, second)))
    case 'contains':
      return bool(text(name, first).includes(text(name, second)))
    case 'min':
    case 'max':
      return all.reduce((best, value) => better(name, best, value))
    case 'init_array':
      return initArray(first, second, third)
    default:
      throw invalid(`${name} with ${all.length} parameters`)
  }
}

function better(name: string, left: Value, right: Value): Value {
  const order = compare(numeric(name, left), numeric(name, right))
  // Not a number counts as no value at all.
  if (order === undefined) return Number.isNaN(left.value) ? right : left
  return (name === 'min' ? order <= 0 : order >= 0) ? left : right
}

function initArray(count: Value, type: Value, fill: Value | undefined): ArrayValue {
  if (count.kind !== 'int' || count.value < 1n || count.value > ARRAY_VALUES_MAX) {
    throw invalid('init_array wants a count first')
  }
  const length = Number(count.value)
  const kind = type.kind === 'text' ? type.value : ''
  if (kind === 'int') {
    const value = fill ?? int(0)
    if (value.kind !== 'int') throw invalid('init_array of int with another value')
    return { kind: 'ints', value: Array.from({ length }, () => value.value) }
  }
  if (kind !== 'double') throw invalid("init_array wants 'int' or 'double'")
  const value = Number(numeric('init_array', fill ?? int(0)).value)
  return { kind: 'doubles', value: Array.from({ length }, () => value) }
}

function overSlice(name: string, slice: Value): Value {
  if (slice.kind !== 'ints' && slice.kind !== 'doubles') throw invalid(`${name} wants an array`)
  const values: readonly Value[] =
    slice.kind === 'ints'
      ? slice.value.map((value) => ({ kind: 'int', value }))
      : slice.value.map((value) => ({ kind: 'double', value }))
  if (name !== 'psum') return values.reduce((best, value) => better(name.slice(1), best, value))
  if (slice.kind === 'doubles') {
    return { kind: 'double', value: slice.value.reduce((sum, value) => sum + value, 0) }
  }
  return inRange(slice.value.reduce((sum, value) => sum + value, 0n))
}

/**
 * A whole number as a value.
 *
 * @throws Refusal 400 when it does not fit into 64 bits
 */
export function inRange(value: bigint): Value {
  if (BigInt.asIntN(64, value) !== value) throw invalid(`${value} does not fit into 64 bits`)
  return { kind: 'int', value }
}

function blob(value: Value): Value {
  const bytes = decodeBase64(text('blob', value))
  if (bytes === undefined) throw invalid('blob of text that is not base64')
  return { kind: 'blob', value: bytes }
}

function lengthOf(value: Value): number {
  if (value.kind === 'text') return Buffer.byteLength(value.value)
  if (value.kind === 'blob' || value.kind === 'ints' || value.kind === 'doubles') {
    return value.value.length
  }
  throw invalid(`length of a ${value.kind}`)
}

function toInt(value: Value): Value {
  if (value.kind === 'int') return value
  if (value.kind === 'bool') return int(Number(value.value))
  if (value.kind === 'text' && /^[+-]?\d+$/.test(value.value)) {
    return inRange(BigInt(value.value.replace(/^\+/, '')))
  }
  if (value.kind === 'double' && Number.isFinite(value.value)) {
    return inRange(BigInt(Math.trunc(value.value)))
  }
  throw invalid(`to_int of ${textOf(value)}`)
}

function textOf(value: Value): string {
  const typed = toTyped(value)
  if ('S' in typed) return typed.S
  if ('N' in typed) return typed.N
  if ('TS' in typed) return typed.TS
  return 'BOOL' in typed ? String(typed.BOOL) : typed.B
}

function text(name: string, value: Value): string {
  if (value.kind !== 'text') throw invalid(`${name} of a ${value.kind}`)
  return value.value
}

function numeric(name: string, value: Value): Extract<Value, { kind: 'int' | 'double' }> {
  if (!isNumber(value)) throw invalid(`${name} of a ${value.kind}`)
  return value
}

function bool(value: boolean): Value {
  return { kind: 'bool', value }
}

function int(value: number): Extract<Value, { kind: 'int' }> {
  return { kind: 'int', value: BigInt(value) }
}
