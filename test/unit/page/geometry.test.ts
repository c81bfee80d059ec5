// Claim: bars are as tall as their shares, side by side and inside the drawing, with what training never had apart;
// a line goes through its points from left to right, and breaks where nothing came.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Bin,
  extentOf,
  gapOf,
  histogramShape,
  linePath,
  nearest,
} from '../../../page/geometry.ts'

const SIZE = { width: 240, height: 60 }

function bin(expected: number | null, actual: number | null): Bin {
  return { from: 0, to: 1, expected, actual }
}

test('a histogram of three bins and the open ones', () => {
  const bins = [bin(0, 0.1), bin(0.5, 0.2), bin(0.25, 0), bin(0.25, 0.3), bin(0, 0.4)]
  const { bars, outline, max } = histogramShape(bins, SIZE)
  assert.equal(max, 0.5)
  assert.deepEqual(
    bars.map(({ height, isOutside }) => [height, isOutside]),
    [
      [12, true],
      [24, false],
      [36, false],
      [48, true],
    ],
  )
  for (const { y, height } of bars) assert.equal(y + height, SIZE.height)
  // Up to the training set's greatest share at the top, and down again at its end.
  assert.match(outline, /^M[\d.]+ 60V0H[\d.]+V30H[\d.]+V30H[\d.]+V60$/)
})

test('bars lie inside, in order and apart, and those of open bins further apart', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const bins = fc.array(fc.tuple(share, share), { minLength: 3, maxLength: 60 })
  fc.assert(
    fc.property(bins, (shares) => {
      const shape = histogramShape(
        shares.map(([one, other]) => bin(one, other)),
        SIZE,
      )
      let right = 0
      for (const { x, y, width, height } of shape.bars) {
        assert(x >= right - 0.02 && width > 0 && x + width <= SIZE.width + 0.02)
        assert(y >= -0.02 && height >= 0 && y + height <= SIZE.height + 0.02)
        right = x + width
      }
    }),
  )
  const full = histogramShape(
    Array.from({ length: 6 }, () => bin(1, 1)),
    SIZE,
  ).bars
  const gaps = full.slice(1).map(({ x }, index) => {
    const before = full[index]
    return x - (before === undefined ? 0 : before.x + before.width)
  })
  assert((gaps[0] ?? 0) > 3 * (gaps[1] ?? 0) && (gaps.at(-1) ?? 0) > 3 * (gaps[1] ?? 0))
})

test('nothing to draw', () => {
  const none = { bars: [], outline: '', max: 0 }
  assert.deepEqual(histogramShape([], SIZE), none)
  assert.deepEqual(histogramShape([bin(null, null), bin(null, null), bin(null, null)], SIZE), none)
  assert.deepEqual(extentOf([]), { min: 0, max: 1 })
})

const FRAME = { width: 100, height: 50, fromMs: 1000, toMs: 2000 }

test('a line goes through its points; a silence breaks it, a lone point is a dash', () => {
  const points = [
    { atMs: 1000, value: 0 },
    { atMs: 1100, value: 5 },
    { atMs: 1900, value: 10 },
  ]
  const extent = extentOf(points)
  assert.deepEqual(extent, { min: 0, max: 10 })
  assert.equal(linePath(points, FRAME, { extent, gapMs: 1000 }), 'M0 50L10 25L90 0')
  assert.equal(linePath(points, FRAME, { extent, gapMs: 200 }), 'M0 50L10 25M89 0H91')
  assert.equal(linePath([], FRAME, { extent, gapMs: 200 }), '')
})

test('a silence is several times what lies between points', () => {
  const every = (ms: number) =>
    Array.from({ length: 20 }, (_, index) => ({ atMs: index * ms, value: 1 }))
  assert.equal(gapOf(every(60_000), 0, 3_600_000), 300_000)
  assert.equal(gapOf(every(1000), 0, 3_600_000), 180_000)
})

test('the pointer reads the nearest point', () => {
  const points = [1000, 1400, 2000].map((atMs) => ({ atMs, value: atMs }))
  assert.equal(nearest(points, 0.19, FRAME)?.atMs, 1000)
  assert.equal(nearest(points, 0.21, FRAME)?.atMs, 1400)
  assert.equal(nearest(points, 1, FRAME)?.atMs, 2000)
  assert.equal(nearest([], 1, FRAME), null)
})
