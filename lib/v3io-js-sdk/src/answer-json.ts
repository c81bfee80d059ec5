import { V3ioError } from './v3io-error.ts'

/** A JSON object of an answer. */
export type JsonObject = Readonly<Record<string, unknown>>

const decoder = new TextDecoder('utf-8', { fatal: true })
const LONG_NUMBER = /:\s*-?\d{16}/
// A text, with the long whole number that is its value, where it is the name of one. Only what follows
// a text and a colon is changed, so nothing inside a text is.
const NAMED_LONG_NUMBER = /("[^"\\]*(?:\\.[^"\\]*)*")(?:(\s*:\s*)(-?\d{16,})(?![\d.eE]))?/g

/**
 * The JSON object that an answer's body holds. Whole numbers of 16 digits and more become texts of the
 * same digits, because a JavaScript number cannot hold them all.
 *
 * @throws V3ioError `bad-answer`
 */
export function parseAnswer(body: Uint8Array): JsonObject {
  const value = parseJson(body)
  if (isObject(value)) return value
  throw badAnswer('it is not a JSON object')
}

function parseJson(body: Uint8Array): unknown {
  try {
    const text = decoder.decode(body)
    if (!LONG_NUMBER.test(text)) return JSON.parse(text)
    return JSON.parse(text.replaceAll(NAMED_LONG_NUMBER, quoteNumber))
  } catch (cause) {
    throw badAnswer('it is not JSON', cause)
  }
}

function quoteNumber(all: string, name: string, colon?: string, digits?: string): string {
  return digits === undefined ? all : `${name}${colon}"${digits}"`
}

/** Whether a value of JSON is an object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list of objects; @throws V3ioError `bad-answer` */
export function readObjects(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name]
  if (Array.isArray(value) && value.every(isObject)) return value
  throw badAnswer(`${name} is not a list of objects`)
}

/** A whole number that a JavaScript number holds; @throws V3ioError `bad-answer` */
export function readCount(object: JsonObject, name: string): number {
  const value = object[name]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw badAnswer(`${name} is not a whole number`)
}

/** A whole number of any length; @throws V3ioError `bad-answer` */
export function readBigInt(object: JsonObject, name: string): bigint {
  const value = object[name]
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  if (typeof value === 'string' && /^-?\d+$/.test(value)) return BigInt(value)
  throw badAnswer(`${name} is not a whole number`)
}

/** A text; @throws V3ioError `bad-answer` */
export function readText(object: JsonObject, name: string): string {
  const value = object[name]
  if (typeof value === 'string') return value
  throw badAnswer(`${name} is not a text`)
}

/** The error of an answer that says one thing and means another, or nothing that is known. */
export function badAnswer(what: string, cause?: unknown): V3ioError {
  const message = `The answer of V3IO cannot be read: ${what}`
  return new V3ioError('bad-answer', message, { cause, mayBeApplied: true })
}
