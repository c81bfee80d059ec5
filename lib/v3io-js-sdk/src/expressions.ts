import { type Attribute, doubleText, timestampOf } from './attributes.ts'
import { V3ioError } from './v3io-error.ts'

const EXPRESSION_BYTES_MAX = 8_192
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,254}$/

/** A value that can be written into an expression. */
export type LiteralValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Uint8Array
  | Exclude<Attribute, { readonly type: 'ints' | 'doubles' }>

/**
 * A value as a literal: `'text'` or `"text"`, `42`, `0.5`, `true`, `SECONDS:NANOSECONDS`,
 * `blob('BASE64')`. A whole number is written without a point; give `{ type: 'double', value }` to
 * have one.
 *
 * @throws V3ioError `invalid-argument` for what no literal exists for: text with a backslash, or with
 *   both kinds of quotes (send it as an attribute instead); NaN and the infinities
 */
export function literal(value: LiteralValue): string {
  switch (typeof value) {
    case 'string':
      return textLiteral(value)
    case 'number':
      return Number.isSafeInteger(value) ? String(value) : doubleLiteral(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      return objectLiteral(value)
  }
}

function objectLiteral(value: Exclude<LiteralValue, string | number | bigint | boolean>): string {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw invalid('a Date holds no time')
    return objectLiteral({ type: 'timestamp', value: timestampOf(value) })
  }
  if (value instanceof Uint8Array) return `blob('${Buffer.from(value).toString('base64')}')`
  switch (value.type) {
    case 'double':
      return doubleLiteral(value.value)
    case 'timestamp':
      return `${value.value.seconds}:${value.value.nanoseconds}`
    default:
      return literal(value.value)
  }
}

function doubleLiteral(value: number): string {
  if (Number.isFinite(value)) return doubleText(value)
  throw invalid(`there is no literal for ${value}`)
}

function textLiteral(text: string): string {
  if (!text.isWellFormed()) throw invalid('text with half a surrogate pair is not Unicode')
  if (text.includes('\\')) throw invalid('text with a backslash has no literal')
  if (!text.includes("'")) return `'${text}'`
  if (!text.includes('"')) return `"${text}"`
  throw invalid('text with both kinds of quotes has no literal')
}

/**
 * An attribute's name as an expression takes it: in backquotes where it is a word of the language. The
 * platform's list of those words is not published; this one holds its operators and functions.
 *
 * @throws V3ioError `invalid-argument` for what is no name; the system's names, with `__` first, are
 */
export function attributeName(name: string): string {
  if (!NAME.test(name)) throw invalid(`${JSON.stringify(name)} is not the name of an attribute`)
  return RESERVED.has(name.toLowerCase()) ? `\`${name}\`` : name
}

const RESERVED = new Set(
  `and or not in exists starts ends contains between like is null true false set remove delete add
  if_not_exists if_else min max avg sum sqrt blob init_array pmin pmax psum length to_int str isnan`
    .split(/\s+/)
    .filter((word) => word !== ''),
)

/** The condition that an attribute has a value: `name == literal`. */
export function equals(name: string, value: LiteralValue): string {
  return `${attributeName(name)} == ${literal(value)}`
}

/** The filter of a scan that leaves out the table's schema, which lies among the items. */
export const WITHOUT_SCHEMA = '__name != ".#schema"'

/**
 * Answers an expression that the platform may take.
 *
 * @throws V3ioError `invalid-argument` when it is longer than 8 KB of UTF-8
 */
export function checkExpression(expression: string): string {
  const bytes = Buffer.byteLength(expression)
  if (bytes <= EXPRESSION_BYTES_MAX) return expression
  throw invalid(`an expression has ${bytes} bytes, ${EXPRESSION_BYTES_MAX} at most`)
}

function invalid(what: string): V3ioError {
  return new V3ioError('invalid-argument', `Expression: ${what}`)
}
