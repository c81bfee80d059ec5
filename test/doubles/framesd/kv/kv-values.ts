// Cells of frames as attributes of V3IO, as texts of expressions and of keys, and back.
import type { Cell } from '../frame-columns.ts'
import type { DType } from '../frames-messages.ts'
import { Refusal } from '../refusal.ts'
import type { Typed } from './web-api.ts'

/** The types of `.#schema`; '' is what framesd writes for bytes. */
export type FieldType = 'string' | 'long' | 'double' | 'boolean' | 'timestamp' | ''

/** A cell with its column's type. */
export interface TypedCell {
  readonly dtype: DType
  readonly cell: Cell
}

const NANO = 1_000_000_000n

/** A cell as an attribute. */
export function attributeOf({ dtype, cell }: TypedCell): Typed {
  switch (dtype) {
    case 'BOOLEAN':
      return { BOOL: cell }
    case 'TIME':
      return { TS: timeText(BigInt(cell)) }
    case 'FLOAT':
      return { N: floatText(Number(cell)) }
    case 'INTEGER':
      return { N: String(cell) }
    default:
      return { S: String(cell) }
  }
}

/** A cell as a literal of an expression; quotes inside a text are not escaped, as in framesd. */
export function literalOf({ dtype, cell }: TypedCell): string {
  switch (dtype) {
    case 'FLOAT':
      return floatText(Number(cell))
    case 'TIME':
      return timeText(BigInt(cell))
    case 'STRING':
      return `'${cell}'`
    default:
      return String(cell)
  }
}

/** A cell as (a part of) an item's key. Throws Refusal for an empty one. */
export function keyTextOf({ dtype, cell }: TypedCell): string {
  const text = rawKeyText(dtype, cell)
  if (text === '') throw new Refusal('invalid input: the key is empty')
  return text
}

function rawKeyText(dtype: DType, cell: Cell): string {
  if (dtype === 'BOOLEAN') return cell === true ? 'True' : 'False'
  if (dtype !== 'FLOAT') return String(cell)
  return Number.isInteger(cell) ? `${cell}.0` : String(cell)
}

/** The field type of a column. Throws Refusal for one that kv does not store. */
export function fieldTypeOf(dtype: DType): FieldType {
  const type = FIELD_TYPES.get(dtype)
  if (type === undefined) throw new Refusal(`cannot store a column of type ${dtype}`)
  return type
}

/** The column type of a field. Throws Refusal for bytes. */
export function dtypeOf(type: FieldType): DType {
  const [dtype] = [...FIELD_TYPES].find(([, known]) => known === type) ?? []
  if (dtype === undefined) throw new Refusal(`unknown column type - ${type}`)
  return dtype
}

const FIELD_TYPES: ReadonlyMap<DType, FieldType> = new Map([
  ['STRING', 'string'],
  ['INTEGER', 'long'],
  ['FLOAT', 'double'],
  ['BOOLEAN', 'boolean'],
  ['TIME', 'timestamp'],
])

/** An attribute as a cell with the type that is read into it. Throws Refusal. */
export function cellOf(attribute: Typed): { readonly type: FieldType; readonly cell: Cell } {
  const { S: text, N: number, BOOL: truth, TS: time, B: bytes } = attribute
  if (typeof text === 'string') return { type: 'string', cell: text }
  if (typeof truth === 'boolean') return { type: 'boolean', cell: truth }
  if (typeof bytes === 'string') return { type: '', cell: bytes }
  if (typeof time === 'string') {
    const [seconds = '0', nanoseconds = '0'] = time.split(':')
    return { type: 'timestamp', cell: BigInt(seconds) * NANO + BigInt(nanoseconds) }
  }
  if (typeof number !== 'string') {
    throw new Refusal(`unknown attribute ${JSON.stringify(attribute)}`)
  }
  if (/^-?\d+$/.test(number)) return { type: 'long', cell: BigInt(number) }
  return { type: 'double', cell: floatOf(number) }
}

function floatOf(text: string): number {
  const [, sign, word] = /^([+-]?)(inf|infinity|nan)$/i.exec(text) ?? []
  if (word === undefined) return Number(text)
  if (word.toLowerCase() === 'nan') return Number.NaN
  return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

/** The way Go writes a float, which is never taken for an integer: `5E-01`, `2E+00`. */
function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const [mantissa = '', exponent = ''] = value.toExponential().split('e')
  return `${mantissa}E${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`
}

/** `seconds:nanoseconds`, nanoseconds from 0 to 999999999, for times before 1970 too. */
function timeText(nanoseconds: bigint): string {
  const rest = ((nanoseconds % NANO) + NANO) % NANO
  return `${(nanoseconds - rest) / NANO}:${rest}`
}
