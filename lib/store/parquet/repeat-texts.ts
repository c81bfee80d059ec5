import assert from 'node:assert'
import { hasBit, setBit } from './bits.ts'
import type { Maps, Texts } from './parquet-pack.ts'

/** Arrow counts the bytes of a column with 31 bits. */
const BYTES_MAX = 2 ** 31 - 1

/**
 * Looks texts up by index, one for each row.
 *
 * @throws AssertionError for an index that the texts do not have; RangeError above 2 GB.
 */
export function repeatTexts(texts: Texts, indexes: Int32Array): Texts {
  const starts = Int32Array.from({ length: texts.offsets.length }, (_, index) => index)
  for (const index of indexes) assert(index >= 0 && index + 1 < starts.length, 'an index of a text')
  return repeatBlocks(texts, starts, indexes)
}

/** The same text, `count` times. */
export function repeatText(text: string, count: number): Texts {
  const bytes = new TextEncoder().encode(text)
  const one = { bytes, offsets: Int32Array.of(0, bytes.length), validity: null, nullCount: 0 }
  return repeatTexts(one, new Int32Array(count))
}

/** Looks maps up by index, one for each row; -1 is an empty map. Throws as `repeatTexts`. */
export function repeatMaps(
  { starts, keys, values }: Maps<Texts>,
  indexes: Int32Array,
): Maps<Texts> {
  const rowStarts = new Int32Array(indexes.length + 1)
  let end = 0
  for (let row = 0; row < indexes.length; row++) {
    const index = indexes[row] ?? -1
    assert(index >= -1 && index + 1 < starts.length, 'an index of a map')
    if (index >= 0) end += (starts[index + 1] ?? 0) - (starts[index] ?? 0)
    rowStarts[row + 1] = end
  }
  return {
    starts: rowStarts,
    keys: repeatBlocks(keys, starts, indexes),
    values: repeatBlocks(values, starts, indexes),
  }
}

/**
 * One block of texts for each index, -1 giving none: block b is the texts [starts[b] ..
 * starts[b + 1]). Neighbouring rows mostly have the same block, so a run of one block is copied
 * in doubling steps.
 */
function repeatBlocks(texts: Texts, starts: Int32Array, blocks: Int32Array): Texts {
  const { textCount, byteCount } = sizeOf(texts, starts, blocks)
  if (byteCount > BYTES_MAX) throw new RangeError(`A column of ${byteCount} bytes of text.`)
  const bytes = new Uint8Array(byteCount)
  const offsets = new Int32Array(textCount + 1)
  const validity = texts.validity === null ? null : new Uint8Array((textCount + 7) >> 3)
  let nullCount = 0
  let textEnd = 0
  let byteEnd = 0
  for (let row = 0; row < blocks.length; ) {
    const block = blocks[row] ?? -1
    const runStart = row
    while (row < blocks.length && blocks[row] === block) row++
    if (block < 0) continue
    const first = starts[block] ?? 0
    const end = starts[block + 1] ?? first
    const from = texts.offsets[first] ?? 0
    const size = (texts.offsets[end] ?? from) - from
    fill(bytes, texts.bytes.subarray(from, from + size), { at: byteEnd, count: row - runStart })
    for (let copy = runStart; copy < row; copy++, byteEnd += size) {
      for (let text = first; text < end; text++) {
        if (texts.validity !== null && validity !== null) {
          if (hasBit(texts.validity, text)) setBit(validity, textEnd)
          else nullCount++
        }
        offsets[++textEnd] = byteEnd + (texts.offsets[text + 1] ?? 0) - from
      }
    }
  }
  return { bytes, offsets, validity, nullCount }
}

function sizeOf(texts: Texts, starts: Int32Array, blocks: Int32Array) {
  let textCount = 0
  let byteCount = 0
  for (const block of blocks) {
    if (block < 0) continue
    const first = starts[block] ?? 0
    const end = starts[block + 1] ?? first
    textCount += end - first
    byteCount += (texts.offsets[end] ?? 0) - (texts.offsets[first] ?? 0)
  }
  return { textCount, byteCount }
}

/** Writes `count` copies of some bytes, beginning at `at`. */
function fill(
  target: Uint8Array,
  pattern: Uint8Array,
  { at, count }: { readonly at: number; readonly count: number },
): void {
  const size = pattern.length * count
  target.set(pattern, at)
  for (let done = pattern.length; done > 0 && done < size; ) {
    const step = Math.min(done, size - done)
    target.copyWithin(at + done, at, at + step)
    done += step
  }
}
