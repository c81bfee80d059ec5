import { invalid } from './refusal.ts'

/** A JSON body's top level by key. */
export type Fields = ReadonlyMap<string, unknown>

const BYTES_MAX = 2 * 1024 * 1024

/** What a function takes in its body. */
export interface BodyRule {
  readonly required?: readonly string[]
  readonly optional?: readonly string[]
  /** Default 2 MiB. */
  readonly bytesMax?: number
}

/**
 * The fields of a JSON body; it must be announced as JSON and hold only known keys.
 *
 * @throws Refusal 400
 */
export function readJsonBody(body: Buffer, contentType: string, rule: BodyRule): Fields {
  if (!/^application\/json(?:\s*;|$)/i.test(contentType)) {
    throw invalid(`a JSON body needs Content-Type application/json, not ${contentType || 'none'}`)
  }
  if (body.length > (rule.bytesMax ?? BYTES_MAX)) throw invalid(`a body of ${body.length} bytes`)
  const value = parseJson(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('the body must be a JSON object')
  }
  return checkKeys(value, rule, 'the body')
}

/**
 * The fields of an object that may hold only known keys.
 *
 * @throws Refusal 400
 */
export function checkKeys(value: object, rule: BodyRule, where: string): Fields {
  const { required = [], optional = [] } = rule
  const fields = new Map<string, unknown>(Object.entries(value))
  for (const key of fields.keys()) {
    if (!required.includes(key) && !optional.includes(key)) {
      throw invalid(`unknown key ${JSON.stringify(key)} in ${where}`)
    }
  }
  for (const key of required) {
    if (!fields.has(key)) throw invalid(`${key} is missing in ${where}`)
  }
  return fields
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw invalid(`the body is not JSON in UTF-8 (${error instanceof Error ? error.message : ''})`)
  }
}

/**
 * A text field, or undefined when it is absent.
 *
 * @throws Refusal 400 for another type
 */
export function textField(fields: Fields, key: string): string | undefined {
  const value = fields.get(key)
  if (value === undefined || typeof value === 'string') return value
  throw invalid(`${key} must be a string`)
}

/**
 * A whole number that is at least `min`, or undefined when it is absent.
 *
 * @throws Refusal 400 for anything else, a number in quotes too
 */
export function countField(fields: Fields, key: string, min: number): number | undefined {
  const value = fields.get(key)
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min) return value
  throw invalid(`${key} must be a whole number, at least ${min}`)
}
