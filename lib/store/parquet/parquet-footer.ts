/**
 * Key-value metadata for a Parquet file that is already encoded.
 *
 * parquet-wasm takes metadata too, but writes it in the order of a Rust HashMap, which differs from
 * one file to the next; and the same rows must give the same bytes.
 *
 * A Parquet file ends with: FileMetaData (Thrift compact), its size (u32, little-endian), `PAR1`.
 * Field 5 of FileMetaData is the list of key-value pairs. parquet-wasm writes one pair there, the
 * Arrow schema, and after it only fields without text of ours, so it is the last place where these
 * bytes occur:
 *
 *   19          field 5 (the one after 4), a list
 *   1C          of one (high half) struct (low half C)
 *   18 0C       pair: field 1, a text of 12 bytes ...
 *   ARROW:schema
 *
 * Our pairs are put before it and the list's count is raised: at most 14, more takes another form.
 * A pair is `18 size key 18 size value 00`, sizes as varints. Nothing in a Parquet file points into
 * or behind FileMetaData, so nothing else moves.
 */
import assert from 'node:assert'

const MARK = Buffer.from('\x19\x1c\x18\x0cARROW:schema', 'latin1')
/** Size of FileMetaData and `PAR1`. */
const TAIL_BYTES = 8
const PAIRS_MAX = 13

/** The file with these pairs, in the map's order, before the Arrow schema; 13 pairs at most. */
export function withMetadata(file: Uint8Array, pairs: ReadonlyMap<string, string>): Uint8Array {
  assert(pairs.size <= PAIRS_MAX, 'the count fits into half a byte')
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const tailAt = bytes.length - TAIL_BYTES
  const listAt = bytes.lastIndexOf(MARK, tailAt)
  const footerBytes = bytes.readUInt32LE(tailAt)
  assert(listAt >= tailAt - footerBytes, 'parquet-wasm writes the Arrow schema and nothing else')
  const texts = [...pairs].flatMap(([key, value]) => [pairText(key), pairText(value), END])
  const inserted = Buffer.concat(texts)
  const tail = Buffer.from(bytes.subarray(tailAt))
  tail.writeUInt32LE(footerBytes + inserted.length)
  return Buffer.concat([
    bytes.subarray(0, listAt + 1),
    Buffer.of(((pairs.size + 1) << 4) | 0x0c),
    inserted,
    bytes.subarray(listAt + 2, tailAt),
    tail,
  ])
}

/** Ends a struct. */
const END = Buffer.of(0)

/** The next field (header 18: one further, a text) of a pair. */
function pairText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const head = [0x18]
  let rest = bytes.length
  for (; rest >= 0x80; rest >>>= 7) head.push((rest & 0x7f) | 0x80)
  head.push(rest)
  return Buffer.concat([Buffer.from(head), bytes])
}
