import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  fileMetadata,
  formatOffsets,
  parseOffsets,
} from '../../../../lib/store/parquet/parquet-metadata.ts'
import { fileOf, plainRow } from './dull-file.ts'

// The text of a file's offsets is the documented one and tells every row's offset.

test('runs of offsets and of rows are written short', () => {
  assert.equal(formatOffsets([]), '')
  assert.equal(formatOffsets([17]), '17')
  assert.equal(formatOffsets([17, 18, 19, 32, 32, 32]), '17-19,32x3')
  assert.equal(formatOffsets([4, 4, 5, 5, 6, 7]), '4-5x2,6-7')
  assert.equal(formatOffsets([3, 2, 1]), '3,2,1')
  assert.equal(formatOffsets([Number.MAX_SAFE_INTEGER]), '9007199254740991')
})

test('reading the text gives every row its offset again', () => {
  const runs = fc.array(
    fc.record({
      first: fc.integer({ min: 0, max: 2 ** 40 }),
      offsetCount: fc.integer({ min: 1, max: 5 }),
      rowCount: fc.integer({ min: 1, max: 4 }),
    }),
  )
  fc.assert(
    fc.property(runs, (parts) => {
      const offsets = parts.flatMap(({ first, offsetCount, rowCount }) =>
        Array.from(
          { length: offsetCount * rowCount },
          (_, row) => first + Math.floor(row / rowCount),
        ),
      )
      assert.deepEqual(parseOffsets(formatOffsets(offsets)), offsets)
    }),
  )
})

test('other texts are not taken for offsets', () => {
  for (const text of [',', '1,', 'x3', '1-', '-1', '1x', '1 ', '1.5']) {
    assert.throws(() => parseOffsets(text), RangeError)
  }
})

test('the metadata are the claim, the rows and their offsets', () => {
  const file = fileOf([plainRow, { ...plainRow, offset: 20 }, { ...plainRow, offset: 20 }])
  assert.deepEqual(
    [...fileMetadata(file)],
    [
      ['model-monitoring.format', '1'],
      ['model-monitoring.log', 'log-a'],
      ['model-monitoring.endpoint', 'endpoint-1'],
      ['model-monitoring.hour', '444444'],
      ['model-monitoring.number', '1'],
      ['model-monitoring.first_offset', '17'],
      ['model-monitoring.last_offset', '20'],
      ['model-monitoring.rows', '3'],
      ['model-monitoring.offsets', '17,20x2'],
    ],
  )
})
