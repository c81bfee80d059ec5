import { decodeBase64 } from './base64.ts'
import { invalid } from './refusal.ts'

/** One attribute in wire form: an object with exactly one key, its type. */
export type TypedAttribute =
  | { readonly S: string }
  /** A number as text, kept as it came: `42`, `5E-01`, `nan`. */
  | { readonly N: string }
  /** Base64 of bytes, or of an array with its header. */
  | { readonly B: string }
  | { readonly BOOL: boolean }
  /** `seconds:nanoseconds` since 1970 UTC. */
  | { readonly TS: string }

/** User attributes of one item by name. */
export type Attributes = ReadonlyMap<string, TypedAttribute>

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const NAME_CHARS_MAX = 255
// JavaScript, Python and Go spell the special values in different ways.
const NUMBER = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|nan|inf|infinity)$/i
const TIME = /^(-?\d{1,19}):(\d{1,9})$/

/** Whether an attribute of any kind, the system's too, may have this name. */
export function isAttributeName(name: string): boolean {
  return name.length <= NAME_CHARS_MAX && NAME.test(name)
}

/**
 * Refuses a name that a user attribute cannot have.
 *
 * @throws Refusal 400
 */
export function checkUserName(name: string): void {
  if (!isAttributeName(name)) throw invalid(`attribute name ${JSON.stringify(name)}`)
  if (name.startsWith('__')) throw invalid(`attribute ${name} belongs to the system`)
}

/**
 * The attributes of a request's `Item`.
 *
 * @throws Refusal 400 for a name or a value that is not strictly of its type
 */
export function parseAttributes(item: unknown): Map<string, TypedAttribute> {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw invalid('Item must be an object')
  }
  const attributes = new Map<string, TypedAttribute>()
  for (const [name, value] of Object.entries(item)) {
    checkUserName(name)
    attributes.set(name, parseAttribute(name, value))
  }
  return attributes
}

function parseAttribute(name: string, attribute: unknown): TypedAttribute {
  if (typeof attribute !== 'object' || attribute === null || Array.isArray(attribute)) {
    throw invalid(`attribute ${name} must be an object with one type`)
  }
  const [entry, ...others] = Object.entries(attribute) as [string, unknown][]
  if (entry === undefined || others.length > 0) {
    throw invalid(`attribute ${name} must have exactly one type`)
  }
  const [type, value] = entry
  const typed = typedOf(type, value)
  if (typed === undefined) {
    throw invalid(`attribute ${name}: ${JSON.stringify(value)?.slice(0, 100)} is no ${type}`)
  }
  return typed
}

function typedOf(type: string, value: unknown): TypedAttribute | undefined {
  if (type === 'BOOL') return typeof value === 'boolean' ? { BOOL: value } : undefined
  if (typeof value !== 'string') return undefined
  switch (type) {
    case 'S':
      return { S: value }
    case 'N':
      return NUMBER.test(value) ? { N: value } : undefined
    case 'B':
      return decodeBase64(value) === undefined ? undefined : { B: value }
    case 'TS':
      return TIME.test(value) ? { TS: value } : undefined
    default:
      return undefined
  }
}
