/** An array attribute: all 64-bit integers or all doubles. */
export type ArrayValue =
  | { readonly kind: 'ints'; readonly value: readonly bigint[] }
  | { readonly kind: 'doubles'; readonly value: readonly number[] }

/*
 * Layout, all little-endian: uint32 11223344, uint32 1, uint32 bytes of the values, uint32 259 for
 * int64 or 261 for double, then the values, 8 bytes each.
 */
const MAGIC = 11223344
const VERSION = 1
const INTS = 259
const DOUBLES = 261
const HEADER_BYTES = 16
const VALUE_BYTES = 8

/** The array in these bytes, or undefined when they are any other blob. */
export function decodeArray(bytes: Buffer): ArrayValue | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined
  const valueBytes = bytes.length - HEADER_BYTES
  if (bytes.readUInt32LE(4) !== VERSION || bytes.readUInt32LE(8) !== valueBytes) return undefined
  if (valueBytes % VALUE_BYTES !== 0) return undefined
  const places = Array.from(
    { length: valueBytes / VALUE_BYTES },
    (_, index) => HEADER_BYTES + index * VALUE_BYTES,
  )
  const type = bytes.readUInt32LE(12)
  if (type === INTS) {
    return { kind: 'ints', value: places.map((place) => bytes.readBigInt64LE(place)) }
  }
  if (type === DOUBLES) {
    return { kind: 'doubles', value: places.map((place) => bytes.readDoubleLE(place)) }
  }
  return undefined
}

/** The bytes of an array with its header. */
export function encodeArray(array: ArrayValue): Buffer {
  const valueBytes = array.value.length * VALUE_BYTES
  const bytes = Buffer.alloc(HEADER_BYTES + valueBytes)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(VERSION, 4)
  bytes.writeUInt32LE(valueBytes, 8)
  bytes.writeUInt32LE(array.kind === 'ints' ? INTS : DOUBLES, 12)
  let place = HEADER_BYTES
  for (const value of array.value) {
    if (typeof value === 'bigint') bytes.writeBigInt64LE(value, place)
    else bytes.writeDoubleLE(value, place)
    place += VALUE_BYTES
  }
  return bytes
}
