import { DataType, type Field, TimeUnit, type Vector } from 'apache-arrow'
import type { Cell } from './training-table.ts'

/** Gives the cell of a row of a column; null for a type that has no meaning in a training set. */
export function cellReader({ type }: Field): ((column: Vector, row: number) => Cell) | null {
  if (DataType.isDictionary(type)) {
    const inner = cellOf(type.dictionary)
    return inner === null ? null : (column, row) => inner(column.get(row))
  }
  const read = cellOf(type)
  return read === null ? null : (column, row) => read(column.get(row))
}

/** What Arrow's value of a type means. */
function cellOf(type: DataType): ((value: unknown) => Cell) | null {
  if (DataType.isNull(type)) return () => null
  if (DataType.isBool(type)) return (value) => (typeof value === 'boolean' ? value : null)
  if (DataType.isInt(type)) return numberCell
  // Arrow reads halves as their bits and not as numbers in some versions; nobody trains on them.
  if (DataType.isFloat(type)) return type.precision === 0 ? null : numberCell
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) return textCell
  if (DataType.isDecimal(type)) return (value) => decimalCell(value, type.scale)
  if (DataType.isTimestamp(type)) return timeCell(type.unit, type.timezone ?? null)
  if (DataType.isDate(type)) return dateCell
  return null
}

function numberCell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  const number = Number(value)
  // Pandas makes no difference between NaN and a missing value.
  return Number.isNaN(number) ? null : number
}

function textCell(value: unknown): Cell {
  return typeof value === 'string' ? value : null
}

/** Little-endian words of a two's complement number. */
function decimalCell(value: unknown, scale: number): Cell {
  if (!(value instanceof Uint32Array)) return null
  const bits = BigInt(value.length * 32)
  const unsigned = value.reduce(
    (sum, word, index) => sum + (BigInt(word) << BigInt(32 * index)),
    0n,
  )
  const digits = BigInt.asIntN(Number(bits), unsigned).toString()
  return Number(`${digits}e${-scale}`)
}

/** Times are texts, as events carry them; spelled as pandas prints them. */
function timeCell(unit: TimeUnit, timezone: string | null): (value: unknown) => Cell {
  const zone = timezone === null ? '' : '+00:00'
  const isFine = unit === TimeUnit.MICROSECOND || unit === TimeUnit.NANOSECOND
  return (value) => {
    // Milliseconds, with a fraction where the unit is finer.
    const ms = numberCell(value)
    const date = new Date(typeof ms === 'number' ? Math.floor(ms) : Number.NaN)
    if (typeof ms !== 'number' || Number.isNaN(date.getTime())) return null
    const text = date.toISOString().replace('T', ' ')
    const us = isFine ? Math.round((ms - Math.floor(ms)) * 1000) : 0
    const fraction = `${text.slice(20, 23)}${String(Math.min(us, 999)).padStart(3, '0')}`
    return `${text.slice(0, 19)}${fraction === '000000' ? '' : `.${fraction}`}${zone}`
  }
}

function dateCell(value: unknown): Cell {
  if (value === null || value === undefined) return null
  const date = value instanceof Date ? value : new Date(Number(value))
  return Number.isNaN(date.getTime()) ? null : date.toISOString().slice(0, 10)
}
