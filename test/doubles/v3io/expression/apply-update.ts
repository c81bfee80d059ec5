import { invalid } from '../refusal.ts'
import { type Attributes, checkUserName, type TypedAttribute } from '../typed-attribute.ts'
import type { ArrayValue } from './array-blob.ts'
import { arrayOf, bounds, evaluate, type Lookup } from './evaluate.ts'
import { parseUpdate } from './parse-expression.ts'
import type { Reference, Statement } from './syntax.ts'
import { fromTyped, isNumber, type Maybe, toTyped, type Value } from './value.ts'

/**
 * The attributes after an update expression. Its statements run in order and each sees what the
 * earlier ones did; when one is refused, none has happened.
 *
 * @param system  finds system attributes
 * @throws        Refusal 400 for a fault in the text, or for operands that do not fit
 */
export function applyUpdate(
  update: string,
  before: Attributes,
  system: Lookup,
): Map<string, TypedAttribute> {
  const attributes = new Map(before)
  const lookup = lookupIn(attributes, system)
  for (const statement of parseUpdate(update)) run(statement, attributes, lookup)
  return attributes
}

/** Looks among user attributes first, then among the system's. */
export function lookupIn(attributes: Attributes, system: Lookup): Lookup {
  return (name: string): Maybe => {
    const typed = attributes.get(name)
    return typed === undefined ? system(name) : fromTyped(typed)
  }
}

function run(statement: Statement, attributes: Map<string, TypedAttribute>, lookup: Lookup): void {
  if (statement.kind === 'remove') {
    for (const name of statement.names) {
      checkUserName(name)
      attributes.delete(name)
    }
    return
  }
  const { target } = statement
  checkUserName(target.name)
  const value = evaluate(statement.value, lookup)
  if (value === undefined) throw invalid(`${target.name} is set from an absent attribute`)
  const stored = target.first === undefined ? value : withElements(target, value, lookup)
  attributes.set(target.name, toTyped(stored))
}

function withElements(target: Reference, value: Value, lookup: Lookup): ArrayValue {
  const whole = lookup(target.name)
  if (whole === undefined) throw invalid(`elements of the absent array ${target.name}`)
  const array = arrayOf(target.name, whole)
  const { first, last } = bounds(target, array.value.length, lookup)
  const source = (index: number): Value => sourceOf(value, index - first, last - first + 1)
  if (array.kind === 'ints') {
    const ints = array.value.map((old, index) =>
      index < first || index > last ? old : wholeNumber(source(index)),
    )
    return { kind: 'ints', value: ints }
  }
  const doubles = array.value.map((old, index) =>
    index < first || index > last ? old : anyNumber(source(index)),
  )
  return { kind: 'doubles', value: doubles }
}

function sourceOf(value: Value, index: number, count: number): Value {
  if (value.kind !== 'ints' && value.kind !== 'doubles') return value
  if (value.value.length !== count) {
    throw invalid(`${value.value.length} elements for a slice of ${count}`)
  }
  const element = value.value[index]
  if (element === undefined) throw invalid(`no element ${index}`)
  return typeof element === 'bigint'
    ? { kind: 'int', value: element }
    : { kind: 'double', value: element }
}

function wholeNumber(value: Value): bigint {
  if (value.kind !== 'int') throw invalid(`a ${value.kind} in an array of int`)
  return value.value
}

function anyNumber(value: Value): number {
  if (!isNumber(value)) throw invalid(`a ${value.kind} in an array of double`)
  return Number(value.value)
}
