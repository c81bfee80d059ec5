import { isBase64 } from './base64.ts'
import { V3ioError } from './v3io-error.ts'

/** A point in time as V3IO keeps it. */
export interface Timestamp {
  /** Whole seconds since 1970 UTC. */
  readonly seconds: number
  /** 0 to 999,999,999. */
  readonly nanoseconds: number
}

/** One attribute of an item with its type on the platform. */
export type Attribute =
  | { readonly type: 'string'; readonly value: string }
  /** 64 bits, signed; a bigint where a number would not be exact. */
  | { readonly type: 'int'; readonly value: number | bigint }
  /** Keeps its point: 1 is sent as `1.0`, so that the column stays a double. */
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'timestamp'; readonly value: Timestamp }
  | { readonly type: 'ints'; readonly value: BigInt64Array }
  | { readonly type: 'doubles'; readonly value: Float64Array }

/** What an item holds, by name. A Map, because an attribute may be called `__proto__`. */
export type Item = ReadonlyMap<string, Attribute>

/**
 * A value to be sent. Plain ones get the type that they look like: a whole number is an int, any
 * other a double. Give an `Attribute` where a double may happen to be whole.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | Uint8Array
  | Date
  | BigInt64Array
  | Float64Array
  | Attribute

/** Attributes to be sent, by name. */
export type Attributes = ReadonlyMap<string, Value> | Readonly<Record<string, Value>>

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const NAME_CHARS_MAX = 255

/** Whether an attribute may have this name; those that begin with two underscores are the system's. */
export function isAttributeName(name: string): boolean {
  return name.length <= NAME_CHARS_MAX && NAME.test(name) && !name.startsWith('__')
}

/**
 * Attributes as the JSON object that the web API takes: `{"a":{"N":"1"},...}`.
 *
 * @throws V3ioError `invalid-argument` for a name or a value that the platform does not take
 */
export function encodeItem(attributes: Attributes): string {
  const entries = attributes instanceof Map ? attributes : Object.entries(attributes)
  let members = ''
  for (const [name, value] of entries as Iterable<[string, Value]>) {
    const start = memberStarts.get(name) ?? memberStart(name)
    members += (members === '' ? start.slice(1) : start) + encodeValue(name, value)
  }
  return `{${members}}`
}

/** `,"name":` by name: items of a table have the same few names again and again. */
const memberStarts = new Map<string, string>()
const MEMBER_STARTS_MAX = 10_000

function memberStart(name: string): string {
  if (!isAttributeName(name)) {
    throw invalid(name, 'wanted letters, digits and _, no digit first, no __ first, 255 at most')
  }
  const start = `,"${name}":`
  if (memberStarts.size < MEMBER_STARTS_MAX) memberStarts.set(name, start)
  return start
}

function encodeValue(name: string, value: Value): string {
  switch (typeof value) {
    case 'string':
      return encodeText(name, value)
    case 'number':
      return Number.isInteger(value) ? encodeInt(name, value) : encodeDouble(value)
    case 'bigint':
      return encodeInt(name, value)
    case 'boolean':
      return `{"BOOL":${value}}`
    default:
      return encodeObject(name, value)
  }
}

function encodeObject(name: string, value: Exclude<Value, string | number | bigint | boolean>) {
  if (typeof value !== 'object' || value === null) return unreachable(name, value)
  // First, because records are sent like this, and each `instanceof` costs as much as all of it.
  if ('type' in value) return encodeAttribute(name, value)
  if (value instanceof Date) return encodeTimestamp(name, timestampOf(value))
  if (value instanceof Float64Array || value instanceof BigInt64Array) return encodeArray(value)
  if (value instanceof Uint8Array) return encodeBytes(value)
  return unreachable(name, value)
}

function encodeAttribute(name: string, attribute: Attribute): string {
  switch (attribute.type) {
    case 'string':
      return encodeText(name, attribute.value)
    case 'int':
      return encodeInt(name, attribute.value)
    case 'double':
      return encodeDouble(attribute.value)
    case 'timestamp':
      return encodeTimestamp(name, attribute.value)
    case 'boolean':
    case 'bytes':
    case 'ints':
    case 'doubles':
      return encodeValue(name, attribute.value)
    default:
      return unreachable(name, attribute)
  }
}

/** Texts that stand in JSON as they are: ASCII without signs to be escaped. */
const PLAIN = /^[ !#-[\]-~]*$/

function encodeText(name: string, text: string): string {
  if (PLAIN.test(text)) return `{"S":"${text}"}`
  if (!text.isWellFormed()) throw invalid(name, 'wanted Unicode text, given half a surrogate pair')
  return `{"S":${JSON.stringify(text)}}`
}

function encodeInt(name: string, value: number | bigint): string {
  const isInt64 =
    typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
  if (!isInt64) throw invalid(name, `wanted a whole number of 64 bits, given ${value}`)
  // -0 is a whole number, and its text is 0.
  return `{"N":"${value}"}`
}

/** A double's text as Python's clients read and write it: `1.0`, `0.5`, `nan`, `-inf`. */
export function doubleText(value: number): string {
  if (Number.isInteger(value)) {
    if (Object.is(value, -0)) return '-0.0'
    return Math.abs(value) < 1e21 ? `${value}.0` : String(value)
  }
  if (Number.isFinite(value)) return String(value)
  if (Number.isNaN(value)) return 'nan'
  return value > 0 ? 'inf' : '-inf'
}

function encodeDouble(value: number): string {
  return `{"N":"${doubleText(value)}"}`
}

function encodeTimestamp(name: string, { seconds, nanoseconds }: Timestamp): string {
  const isTime = Number.isSafeInteger(seconds) && Number.isInteger(nanoseconds)
  if (!isTime || nanoseconds < 0 || nanoseconds > 999_999_999) {
    throw invalid(name, 'wanted whole seconds and 0 to 999999999 nanoseconds')
  }
  return `{"TS":"${seconds}:${nanoseconds}"}`
}

/** A time of day as the platform keeps it. */
export function timestampOf(date: Date): Timestamp {
  const seconds = Math.floor(date.getTime() / 1000)
  return { seconds, nanoseconds: (date.getTime() - seconds * 1000) * 1_000_000 }
}

function encodeBytes(bytes: Uint8Array): string {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  return `{"B":"${base64}"}`
}

// Header of an array blob, four little-endian uint32: magic, 1, bytes of the values, their type.
const MAGIC = 11_223_344
const HEADER_BYTES = 16
const INTS = 259
const DOUBLES = 261

function encodeArray(values: BigInt64Array | Float64Array): string {
  const blob = Buffer.alloc(HEADER_BYTES + values.byteLength)
  blob.writeUInt32LE(MAGIC, 0)
  blob.writeUInt32LE(1, 4)
  blob.writeUInt32LE(values.byteLength, 8)
  blob.writeUInt32LE(values instanceof Float64Array ? DOUBLES : INTS, 12)
  let at = HEADER_BYTES
  if (values instanceof Float64Array) {
    for (const value of values) at = blob.writeDoubleLE(value, at)
  } else {
    for (const value of values) at = blob.writeBigInt64LE(value, at)
  }
  return encodeBytes(blob)
}

/**
 * An item as the web API sends it.
 *
 * @param raw  parsed JSON: name -> object with one of S, N, B, BOOL, TS
 * @throws V3ioError `bad-answer`
 */
export function decodeItem(raw: unknown): Item {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw badAnswer('an item is not an object')
  }
  // JSON.parse makes `__proto__` an own property like any other.
  return new Map(Object.entries(raw).map(([name, value]) => [name, decodeAttribute(name, value)]))
}

function decodeAttribute(name: string, raw: unknown): Attribute {
  const [entry, ...others] = Object.entries(raw ?? {})
  if (entry === undefined || others.length > 0) throw badAttribute(name, 'has not one type')
  const [type, value] = entry
  if (type === 'BOOL' && typeof value === 'boolean') return { type: 'boolean', value }
  // Numbers are texts; some servers are said to send them bare.
  const text = typeof value === 'number' && type === 'N' ? String(value) : value
  if (typeof text === 'string') {
    if (type === 'S') return { type: 'string', value: text }
    if (type === 'N') return decodeNumber(name, text)
    if (type === 'B') return decodeBlob(decodeBase64(name, text))
    if (type === 'TS') return decodeTimestamp(name, text)
  }
  throw badAttribute(name, 'has no type that is known')
}

function decodeNumber(name: string, text: string): Attribute {
  const number = Number(text)
  if (/^[+-]?\d+$/.test(text)) {
    if (Number.isSafeInteger(number)) return { type: 'int', value: number }
    const whole = BigInt(text)
    // More than 64 bits: a double that its writer wrote without an exponent.
    if (BigInt.asIntN(64, whole) === whole) return { type: 'int', value: whole }
  }
  if (DECIMAL.test(text)) return { type: 'double', value: number }
  const special = SPECIAL_NUMBERS.get(text.toLowerCase().replace(/^\+/, ''))
  if (special === undefined) throw badAttribute(name, 'is not a number')
  return { type: 'double', value: special }
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

const SPECIAL_NUMBERS: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])

function decodeBase64(name: string, text: string): Buffer {
  if (isBase64(text)) return Buffer.from(text, 'base64')
  throw badAttribute(name, 'is not base64')
}

function decodeBlob(blob: Buffer): Attribute {
  const isArray =
    blob.length >= HEADER_BYTES &&
    blob.readUInt32LE(0) === MAGIC &&
    blob.readUInt32LE(4) === 1 &&
    blob.readUInt32LE(8) === blob.length - HEADER_BYTES &&
    blob.length % 8 === 0
  const type = isArray ? blob.readUInt32LE(12) : 0
  const count = (blob.length - HEADER_BYTES) / 8
  if (type === DOUBLES) {
    const read = (_: unknown, index: number) => blob.readDoubleLE(HEADER_BYTES + index * 8)
    return { type: 'doubles', value: Float64Array.from({ length: count }, read) }
  }
  if (type === INTS) {
    const read = (_: unknown, index: number) => blob.readBigInt64LE(HEADER_BYTES + index * 8)
    return { type: 'ints', value: BigInt64Array.from({ length: count }, read) }
  }
  return { type: 'bytes', value: blob }
}

function decodeTimestamp(name: string, text: string): Attribute {
  const match = /^(-?\d+):(\d{1,9})$/.exec(text)
  const value = { seconds: Number(match?.[1]), nanoseconds: Number(match?.[2]) }
  if (!Number.isSafeInteger(value.seconds)) throw badAttribute(name, 'is not a time')
  return { type: 'timestamp', value }
}

function invalid(name: string, wanted: string): V3ioError {
  return new V3ioError('invalid-argument', `Attribute ${JSON.stringify(name)}: ${wanted}`)
}

function badAttribute(name: string, what: string): V3ioError {
  return badAnswer(`attribute ${JSON.stringify(name.slice(0, NAME_CHARS_MAX))} ${what}`)
}

function badAnswer(what: string): V3ioError {
  return new V3ioError('bad-answer', `The answer of V3IO cannot be read: ${what}`)
}

/** Only reached from JavaScript, where nobody checks the types: null, lists and plain objects. */
function unreachable(name: string, _value: never): never {
  throw invalid(name, 'wanted text, number, boolean, bytes, time or an array of numbers')
}
