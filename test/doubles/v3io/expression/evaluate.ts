import { invalid } from '../refusal.ts'
import type { ArrayValue } from './array-blob.ts'
import { callFunction, inRange } from './call-function.ts'
import { parseCondition } from './parse-expression.ts'
import type { Expression, Reference } from './syntax.ts'
import { compare, isNumber, type Maybe, type Value } from './value.ts'

/** Finds an attribute, the user's or the system's, by name. */
export type Lookup = (name: string) => Maybe

/** Whether a condition is true of the attributes that `lookup` finds; throws Refusal 400. */
export type Condition = (lookup: Lookup) => boolean

/**
 * Reads a condition. An empty one is true; one that touches an absent attribute is false, unless
 * `exists`, `NOT`, `OR` or `if_not_exists` says otherwise.
 *
 * @throws Refusal 400 for a fault in the text
 */
export function readCondition(text: string): Condition {
  const parsed = parseCondition(text)
  return (lookup) => parsed === undefined || truth(parsed, lookup)
}

/**
 * The value of an expression, or undefined when an attribute that it needs is absent.
 *
 * @throws Refusal 400 for operands that do not fit
 */
export function evaluate(expression: Expression, lookup: Lookup): Maybe {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'reference':
      return resolve(expression, lookup)
    case 'not':
      return bool(!truth(expression.operand, lookup))
    case 'negate':
      return arithmetic('-', { kind: 'int', value: 0n }, evaluate(expression.operand, lookup))
    case 'in':
      return isIn(expression, lookup)
    case 'call':
      return call(expression, lookup)
    case 'binary':
      return binary(expression, lookup)
  }
}

function binary(expression: Extract<Expression, { kind: 'binary' }>, lookup: Lookup): Maybe {
  const { operator, left, right } = expression
  if (operator === 'and') return bool(truth(left, lookup) && truth(right, lookup))
  if (operator === 'or') return bool(truth(left, lookup) || truth(right, lookup))
  const leftValue = evaluate(left, lookup)
  const rightValue = evaluate(right, lookup)
  if (!/[=<>]/.test(operator)) return arithmetic(operator, leftValue, rightValue)
  if (leftValue === undefined || rightValue === undefined) return bool(false)
  return bool(isOrdered(operator, compare(leftValue, rightValue)))
}

function isOrdered(operator: string, order: number | undefined): boolean {
  // Values of different types are unequal, and neither is the smaller one.
  if (order === undefined) return operator === '!='
  switch (operator) {
    case '==':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    default:
      return order >= 0
  }
}

function truth(expression: Expression, lookup: Lookup): boolean {
  const value = evaluate(expression, lookup)
  if (value === undefined) return false
  if (value.kind !== 'bool') throw invalid(`a ${value.kind} is no condition`)
  return value.value
}

function isIn({ operand, list }: Extract<Expression, { kind: 'in' }>, lookup: Lookup): Value {
  const value = evaluate(operand, lookup)
  const found = list.some((each) => {
    const other = evaluate(each, lookup)
    return value !== undefined && other !== undefined && compare(value, other) === 0
  })
  return bool(found)
}

function call(expression: Extract<Expression, { kind: 'call' }>, lookup: Lookup): Maybe {
  const { name, parameters } = expression
  const [first, second, third] = parameters
  if (first !== undefined && name === 'exists') {
    return bool(evaluate(first, lookup) !== undefined)
  }
  if (first !== undefined && second !== undefined) {
    if (name === 'if_not_exists') return evaluate(first, lookup) ?? evaluate(second, lookup)
    if (name === 'if_else' && third !== undefined) {
      return evaluate(truth(first, lookup) ? second : third, lookup)
    }
  }
  return callFunction(
    name,
    parameters.map((parameter) => evaluate(parameter, lookup)),
  )
}

function resolve(reference: Reference, lookup: Lookup): Maybe {
  const whole = lookup(reference.name)
  if (whole === undefined || reference.first === undefined) return whole
  const array = arrayOf(reference.name, whole)
  const { first, last } = bounds(reference, array.value.length, lookup)
  if (reference.last !== undefined) return slice(array, first, last)
  return element(array, first)
}

/**
 * Which elements a reference with brackets means: first to last, both included.
 *
 * @throws Refusal 400 when they are not inside an array of that length
 */
export function bounds(
  reference: Reference,
  length: number,
  lookup: Lookup,
): { readonly first: number; readonly last: number } {
  const index = (expression: Expression | undefined): number => {
    const value = expression === undefined ? undefined : evaluate(expression, lookup)
    if (value?.kind !== 'int') throw invalid(`an index of ${reference.name} is no whole number`)
    return Number(value.value)
  }
  const first = index(reference.first)
  const last = reference.last === undefined ? first : index(reference.last)
  if (first < 0 || last < first || last >= length) {
    throw invalid(`${reference.name}[${first}..${last}] of ${length} elements`)
  }
  return { first, last }
}

/**
 * Narrows a value to an array.
 *
 * @throws Refusal 400 for any other value
 */
export function arrayOf(name: string, value: Value): ArrayValue {
  if (value.kind === 'ints' || value.kind === 'doubles') return value
  throw invalid(`${name} is a ${value.kind}, not an array`)
}

function slice(array: ArrayValue, first: number, last: number): ArrayValue {
  return array.kind === 'ints'
    ? { kind: 'ints', value: array.value.slice(first, last + 1) }
    : { kind: 'doubles', value: array.value.slice(first, last + 1) }
}

function element(array: ArrayValue, index: number): Maybe {
  const value = array.value[index]
  if (value === undefined) return undefined
  return typeof value === 'bigint' ? { kind: 'int', value } : { kind: 'double', value }
}

function arithmetic(operator: string, left: Maybe, right: Maybe): Maybe {
  if (left === undefined || right === undefined) return undefined
  if (operator === '+' && left.kind === 'text' && right.kind === 'text') {
    return { kind: 'text', value: left.value + right.value }
  }
  if (operator === '+' && left.kind === 'blob' && right.kind === 'blob') {
    return { kind: 'blob', value: Buffer.concat([left.value, right.value]) }
  }
  if (!isNumber(left) || !isNumber(right)) {
    throw invalid(`${left.kind} ${operator} ${right.kind}`)
  }
  if (left.kind === 'int' && right.kind === 'int') {
    return inRange(whole(operator, left.value, right.value))
  }
  return { kind: 'double', value: floating(operator, Number(left.value), Number(right.value)) }
}

function whole(operator: string, left: bigint, right: bigint): bigint {
  if ((operator === '/' || operator === '%') && right === 0n) throw invalid('division by zero')
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    default:
      return left % right
  }
}

function floating(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    default:
      return left % right
  }
}

function bool(value: boolean): Value {
  return { kind: 'bool', value }
}
