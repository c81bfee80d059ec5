import { Refusal } from './refusal.ts'

/**
 * A JSON body, read as Go does it: an absent field and null are the default, unknown fields are
 * skipped, a field of another type is a bad request. All methods throw Refusal 400.
 */
export interface JsonRequest {
  text(name: string): string
  flag(name: string): boolean
  /** A whole number. */
  count(name: string): number
  texts(name: string): readonly string[]
  /** The values as they came; an empty object when absent. */
  values(name: string): Readonly<Record<string, unknown>>
  /** The object's own fields; null when absent. */
  child(name: string): JsonRequest | null
}

/** Reads the body of a request. Throws Refusal 400. */
export function parseRequest(body: Buffer): JsonRequest {
  let parsed: unknown
  try {
    parsed = JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw badRequest(String(error))
  }
  // Go reads null into a struct as nothing at all.
  return requestOf(asObject(parsed ?? {}, 'the body'))
}

function requestOf(fields: Readonly<Record<string, unknown>>): JsonRequest {
  function read<T>(name: string, missing: T, isRight: (value: unknown) => value is T): T {
    const value = Object.hasOwn(fields, name) ? fields[name] : null
    if (value === null || value === undefined) return missing
    if (!isRight(value)) throw badRequest(`cannot unmarshal the field ${name}`)
    return value
  }
  return {
    text: (name) => read(name, '', isText),
    flag: (name) => read(name, false, (value) => typeof value === 'boolean'),
    count: (name) => read(name, 0, (value): value is number => Number.isSafeInteger(value)),
    texts: (name) => read<readonly string[]>(name, [], isTexts),
    values: (name) => read<Readonly<Record<string, unknown>>>(name, {}, isObject),
    child(name) {
      const value = fields[name] ?? null
      return value === null ? null : requestOf(asObject(value, name))
    },
  }
}

function asObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw badRequest(`${what} is not an object`)
  return value
}

function badRequest(why: string): Refusal {
  return new Refusal(`bad request - ${why}`, 400)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText)
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
