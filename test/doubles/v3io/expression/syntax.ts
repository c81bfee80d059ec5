import type { Value } from './value.ts'

/** An expression that has a value. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | Reference
  | { readonly kind: 'call'; readonly name: string; readonly parameters: readonly Expression[] }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'in'; readonly operand: Expression; readonly list: readonly Expression[] }
  | {
      readonly kind: 'binary'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }

/** An attribute, one element of it, or the elements first..last, both included. */
export interface Reference {
  readonly kind: 'reference'
  readonly name: string
  readonly first?: Expression
  readonly last?: Expression
}

/** One statement of an update. */
export type Statement =
  | { readonly kind: 'assign'; readonly target: Reference; readonly value: Expression }
  | { readonly kind: 'remove'; readonly names: readonly string[] }

/** Functions, and how many parameters each takes at least and at most. */
export const FUNCTIONS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['exists', [1, 1]],
  ['starts', [2, 2]],
  ['ends', [2, 2]],
  ['contains', [2, 2]],
  ['if_not_exists', [2, 2]],
  ['if_else', [3, 3]],
  ['min', [2, 100]],
  ['max', [2, 100]],
  ['sqrt', [1, 1]],
  ['blob', [1, 1]],
  ['init_array', [2, 3]],
  ['pmin', [1, 1]],
  ['pmax', [1, 1]],
  ['psum', [1, 1]],
  ['length', [1, 1]],
  ['to_int', [1, 1]],
  ['str', [1, 1]],
  ['isnan', [1, 1]],
])

const WORDS = [
  'and',
  'or',
  'not',
  'in',
  'set',
  'remove',
  'delete',
  'true',
  'false',
  'avg',
  'nan',
  'inf',
]

/** Whether a bare word cannot be an attribute's name; `count` can. */
export function isReserved(word: string): boolean {
  const lower = word.toLowerCase()
  return WORDS.includes(lower) || FUNCTIONS.has(lower)
}
