import assert from 'node:assert'
import type { Data } from 'apache-arrow'
import { Field, Float64, List, Map_, makeData, Struct, Utf8 } from 'apache-arrow'
import { setBit } from './bits.ts'
import type { Maps, Texts } from './parquet-pack.ts'

const TWO_32 = 2 ** 32

/** Which numbers of a row-major table are meant: table[row x stride + at]. */
export interface Cells {
  readonly numbers: Float64Array
  readonly rowCount: number
  readonly stride: number
  readonly at: number
}

interface Nulls {
  readonly nullCount: number
  readonly nullBitmap: Uint8Array | null
}

/** What `makeData` needs for a column of 64-bit integers, besides its type. */
export interface Int64s extends Nulls {
  readonly length: number
  readonly data: BigInt64Array
}

/** Whole numbers, such as indexes and counts, as they are. */
export function int32Of({ numbers, rowCount, stride, at }: Cells): Int32Array {
  const values = new Int32Array(rowCount)
  for (let row = 0, cell = at; row < rowCount; row++, cell += stride)
    values[row] = numbers[cell] ?? 0
  return values
}

/** Doubles, NaN as null. */
export function doublesOf({ numbers, rowCount, stride, at }: Cells): Data<Float64> {
  const values = new Float64Array(rowCount)
  for (let row = 0, cell = at; row < rowCount; row++, cell += stride) {
    values[row] = numbers[cell] ?? Number.NaN
  }
  return doubleData(values)
}

/** Doubles, NaN as null; takes the array over. */
export function doubleData(values: Float64Array): Data<Float64> {
  return makeData({ type: new Float64(), data: values, ...nullsOf(values) })
}

/**
 * Whole numbers of at most 2^53 as the insides of an int64 column, NaN as null. Two 32-bit halves
 * by arithmetic, because a BigInt per value costs more than the rest of the column. Hosts are
 * little-endian.
 */
export function int64sOf({ numbers, rowCount, stride, at }: Cells): Int64s {
  const values = new Float64Array(rowCount)
  const halves = new Int32Array(2 * rowCount)
  for (let row = 0, cell = at; row < rowCount; row++, cell += stride) {
    const value = numbers[cell] ?? Number.NaN
    values[row] = value
    const high = Math.floor(value / TWO_32)
    halves[2 * row] = value - high * TWO_32
    halves[2 * row + 1] = high
  }
  return { length: rowCount, data: new BigInt64Array(halves.buffer), ...nullsOf(values) }
}

/** Texts or null. */
export function textData({ bytes, offsets, validity, nullCount }: Texts): Data<Utf8> {
  const length = offsets.length - 1
  return makeData({
    type: new Utf8(),
    length,
    data: bytes,
    valueOffsets: offsets,
    nullCount,
    nullBitmap: validity,
  })
}

/** Lists, one after the other out of `child`: counts[row] elements, or null where it is -1. */
export function listData(counts: Int32Array, child: Data): Data<List> {
  const starts = new Int32Array(counts.length + 1)
  const validity = new Uint8Array((counts.length + 7) >> 3)
  let nullCount = 0
  let end = 0
  for (let row = 0; row < counts.length; row++) {
    const count = counts[row] ?? -1
    if (count < 0) nullCount++
    else setBit(validity, row)
    end += Math.max(0, count)
    starts[row + 1] = end
  }
  assert(end <= child.length, 'as many predictions as the rows count')
  return makeData({
    type: new List(new Field('element', child.type, true)),
    length: counts.length,
    valueOffsets: starts,
    child,
    nullCount,
    nullBitmap: nullCount > 0 ? validity : null,
  })
}

/** Maps from text, an empty one as null; `values` are those of all maps, in order. */
export function mapData({ starts, keys }: Omit<Maps<unknown>, 'values'>, values: Data): Data<Map_> {
  const rowCount = starts.length - 1
  const validity = new Uint8Array((rowCount + 7) >> 3)
  let nullCount = 0
  for (let row = 0; row < rowCount; row++) {
    if (starts[row] === starts[row + 1]) nullCount++
    else setBit(validity, row)
  }
  const keyField = new Field('key', new Utf8(), false)
  const valueField = new Field('value', values.type, true)
  const entries = new Struct([keyField, valueField])
  return makeData({
    type: new Map_(new Field('entries', entries, false)),
    length: rowCount,
    valueOffsets: starts,
    child: makeData({
      type: entries,
      length: values.length,
      nullCount: 0,
      children: [textData(keys), values],
    }),
    nullCount,
    nullBitmap: nullCount > 0 ? validity : null,
  })
}

function nullsOf(values: Float64Array): Nulls {
  let nullCount = 0
  for (const value of values) if (Number.isNaN(value)) nullCount++
  if (nullCount === 0) return { nullCount, nullBitmap: null }
  const nullBitmap = new Uint8Array((values.length + 7) >> 3)
  for (let index = 0; index < values.length; index++) {
    if (!Number.isNaN(values[index])) setBit(nullBitmap, index)
  }
  return { nullCount, nullBitmap }
}
