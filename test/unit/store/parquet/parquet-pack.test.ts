import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Texts } from '../../../../lib/store/parquet/parquet-pack.ts'
import {
  buffersOf,
  NumberRoom,
  packFile,
  packTexts,
} from '../../../../lib/store/parquet/parquet-pack.ts'
import { repeatMaps, repeatTexts } from '../../../../lib/store/parquet/repeat-texts.ts'
import { fileOf, plainRow } from './dull-file.ts'

// Packed texts, cut at their offsets, are the texts again; looking up packed texts and maps gives
// what looking up the texts themselves gives.

/** What the texts are once more, null where the bit is 0. */
function unpack({ bytes, offsets, validity }: Texts): (string | null)[] {
  return Array.from({ length: offsets.length - 1 }, (_, index) => {
    const isNull = validity !== null && (((validity[index >> 3] ?? 0) >> (index & 7)) & 1) === 0
    const text = Buffer.from(bytes).toString('utf8', offsets[index], offsets[index + 1])
    if (isNull) assert.equal(text, '')
    return isNull ? null : text
  })
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', 'a', 'é') }),
)

test('packed texts are the texts, half surrogates as U+FFFD', () => {
  fc.assert(
    fc.property(fc.array(fc.option(anyText)), (texts) => {
      const packed = packTexts(texts)
      const expected = texts.map((text) => (text === null ? null : Buffer.from(text).toString()))
      assert.deepEqual(unpack(packed), expected)
      assert.equal(packed.nullCount, texts.filter((text) => text === null).length)
      assert.equal(packed.offsets.at(-1), packed.bytes.length)
    }),
  )
})

test('halves of a pair in neighbouring texts do not become one character', () => {
  const packed = packTexts(['a\ud83d', '\ude00b', 'c'])
  assert.deepEqual(unpack(packed), ['a\ufffd', '\ufffdb', 'c'])
})

test('texts looked up packed are the texts looked up', () => {
  const textsAndIndexes = fc
    .array(fc.option(anyText), { minLength: 1, maxLength: 5 })
    .chain((texts) =>
      fc.tuple(fc.constant(texts), fc.array(fc.nat(texts.length - 1), { maxLength: 40 })),
    )
  fc.assert(
    fc.property(textsAndIndexes, ([texts, indexes]) => {
      const found = unpack(repeatTexts(packTexts(texts), Int32Array.from(indexes)))
      const whole = unpack(packTexts(texts))
      assert.deepEqual(
        found,
        indexes.map((index) => whole[index]),
      )
    }),
  )
})

test('maps looked up packed are the maps looked up, none for -1', () => {
  const maps = [[], ['a', 'b', 'c'], ['d']]
  const starts = Int32Array.of(0, 0, 3, 4)
  const texts = packTexts(maps.flat())
  const indexes = [1, 1, 1, -1, 2, 0, 2, 1]
  const found = repeatMaps({ starts, keys: texts, values: texts }, Int32Array.from(indexes))
  const expected = indexes.map((index) => maps[index] ?? [])
  const keys = unpack(found.keys)
  assert.deepEqual(
    expected.map((_, row) => keys.slice(found.starts[row], found.starts[row + 1])),
    expected,
  )
  assert.deepEqual(unpack(found.values), keys)
})

test('an index of nothing is our own bug', () => {
  const texts = packTexts(['a'])
  assert.throws(() => repeatTexts(texts, Int32Array.of(1)), assert.AssertionError)
  assert.throws(() => repeatTexts(texts, Int32Array.of(-1)), assert.AssertionError)
})

test('a file stays whole when its packed buffers are handed over', () => {
  const file = fileOf([plainRow, { ...plainRow, metrics: new Map([['m', 1]]) }])
  const before = structuredClone(file)
  const packed = packFile(file)
  const buffers = buffersOf(packed)
  assert.ok(!buffers.includes(file.numbers.buffer as ArrayBuffer))
  structuredClone(packed, { transfer: buffers })
  assert.equal(packed.requestIds.bytes.length, 0, 'handed over')
  assert.deepEqual(file, before)
})

test('a room gives each file its own numbers, whatever was in it before', () => {
  const room = new NumberRoom()
  for (const count of [3, 5, 2, 5, 2 ** 21 + 1, 1]) {
    const numbers = Float64Array.from({ length: count }, (_, index) => index + count)
    const copy = room.copyOf(numbers)
    assert.notEqual(copy.buffer, numbers.buffer)
    assert.deepEqual(copy, numbers)
  }
})

test('parts that do not fit together are our own bug', () => {
  const file = fileOf([plainRow])
  for (const wrong of [
    { ...file, rowCount: 0 },
    { ...file, rowCount: 5 },
    { ...file, requestIds: [] },
    { ...file, lastRequests: ['a', 'b'] },
    { ...file, featureNames: ['a'] },
    { ...file, predictions: ['a'] },
  ]) {
    assert.throws(() => packFile(wrong), assert.AssertionError)
  }
})
