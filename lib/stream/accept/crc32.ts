import * as zlib from 'node:zlib'

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})
/** What a byte comes to that one, two and three others follow, so that four are taken in one step. */
const TABLE_1 = followed(TABLE)
const TABLE_2 = followed(TABLE_1)
const TABLE_3 = followed(TABLE_2)

function followed(table: Int32Array): Int32Array {
  return table.map((value) => (TABLE[value & 255] ?? 0) ^ (value >>> 8))
}

/** The same sum as zlib's, for Node 20.0 to 20.14, which do not offer it. */
export function crc32ByTable(bytes: Uint8Array, seed = 0): number {
  return crc32OfPart(bytes, { from: 0, to: bytes.length, seed })
}

/** The sum of bytes[from] to bytes[to - 1], for parts that are not worth a view of their own. */
export function crc32OfPart(
  bytes: Uint8Array,
  { from, to, seed }: { readonly from: number; readonly to: number; readonly seed: number },
): number {
  let value = ~seed
  let at = from
  for (; at + 4 <= to; at += 4) {
    const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
    const word = value ^ (low | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24))
    value =
      (TABLE_3[word & 255] ?? 0) ^
      (TABLE_2[(word >>> 8) & 255] ?? 0) ^
      (TABLE_1[(word >>> 16) & 255] ?? 0) ^
      (TABLE[word >>> 24] ?? 0)
  }
  for (; at < to; at++) value = (TABLE[(value ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (value >>> 8)
  return ~value >>> 0
}

/** CRC-32 (ISO 3309) of bytes, 0 to 2^32 - 1; a seed continues the sum of earlier bytes. */
export const crc32: (bytes: Uint8Array, seed?: number) => number =
  typeof zlib.crc32 === 'function' ? zlib.crc32 : crc32ByTable
