/** Where lines and bars lie. All lengths are units of the drawing. */

/** A value at a time, milliseconds since 1970 UTC. */
export interface Point {
  readonly atMs: number
  readonly value: number
}

/** A drawing's size, and the times at its left and right end. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly fromMs: number
  readonly toMs: number
}

/** Least and greatest value of a drawing. */
export interface Extent {
  readonly min: number
  readonly max: number
}

/** From 0, or below, to the greatest value; never empty. */
export function extentOf(points: readonly Point[]): Extent {
  let [min, max] = [0, 0]
  for (const { value } of points) {
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  return max > min ? { min, max } : { min, max: min + 1 }
}

/** Where a point lies: x to the right, y downwards. */
export function placeOf(point: Point, frame: Frame, extent: Extent): readonly [number, number] {
  const { width, height, fromMs, toMs } = frame
  const x = toMs > fromMs ? ((point.atMs - fromMs) / (toMs - fromMs)) * width : 0
  const y = height - ((point.value - extent.min) / (extent.max - extent.min)) * height
  return [rounded(x), rounded(y)]
}

/**
 * The path of a line through points in order of time; '' for none. Where nothing came for longer than `gapMs` the
 * line is broken; a point that stands alone is a short dash.
 */
export function linePath(
  points: readonly Point[],
  frame: Frame,
  { extent, gapMs }: { readonly extent: Extent; readonly gapMs: number },
): string {
  const parts: string[] = []
  for (const [index, point] of points.entries()) {
    const [x, y] = placeOf(point, frame, extent)
    const before = points[index - 1]
    const after = points[index + 1]
    const isFirst = before === undefined || point.atMs - before.atMs > gapMs
    const isLast = after === undefined || after.atMs - point.atMs > gapMs
    if (isFirst && isLast) parts.push(`M${rounded(x - 1)} ${y}H${rounded(x + 1)}`)
    else parts.push(`${isFirst ? 'M' : 'L'}${x} ${y}`)
  }
  return parts.join('')
}

/** The longest silence that a line bridges: several times what usually lies between two points. */
export function gapOf(points: readonly Point[], fromMs: number, toMs: number): number {
  const steps = points.slice(1).map(({ atMs }, index) => atMs - (points[index]?.atMs ?? atMs))
  const middle = steps.sort((one, other) => one - other)[Math.floor(steps.length / 2)] ?? 0
  return Math.max(middle * 5, (toMs - fromMs) / 20)
}

/** The point that is nearest to a place between left, 0, and right, 1; null for none. */
export function nearest(points: readonly Point[], share: number, frame: Frame): Point | null {
  const atMs = frame.fromMs + share * (frame.toMs - frame.fromMs)
  let best: Point | null = null
  for (const point of points) {
    if (best === null || Math.abs(point.atMs - atMs) < Math.abs(best.atMs - atMs)) best = point
  }
  return best
}

/** A bin of a histogram; the first and the last are open. Shares are 0 to 1, null for no values. */
export interface Bin {
  readonly from: number | null
  readonly to: number | null
  readonly expected: number | null
  readonly actual: number | null
}

/** A bar, from its upper left corner. */
export interface Bar {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Of an open bin: values that the training set never had. */
  readonly isOutside: boolean
}

/** A histogram's drawing. */
export interface HistogramShape {
  /** What there is now, a bar for each bin that has any. */
  readonly bars: readonly Bar[]
  /** The outline of what was expected; '' for nothing. */
  readonly outline: string
  /** The greatest share, at the top. */
  readonly max: number
}

/** Between bars, and between the open bins and the others. */
const GAP = 0.12
const OUTSIDE_GAP = 0.6

/**
 * Bars beside each other, all of one width, as bins need not be evenly wide; open bins stand apart. Heights are
 * shares, by the greatest of both.
 */
export function histogramShape(
  bins: readonly Bin[],
  { width, height }: { readonly width: number; readonly height: number },
): HistogramShape {
  const max = Math.max(...bins.flatMap(({ expected, actual }) => [expected ?? 0, actual ?? 0]), 0)
  if (max === 0 || bins.length < 3) return { bars: [], outline: '', max }
  const step = width / (bins.length + 2 * OUTSIDE_GAP)
  const left = (index: number): number => {
    const gaps = index === 0 ? 0 : index === bins.length - 1 ? 2 : 1
    return (index + gaps * OUTSIDE_GAP) * step
  }
  const bars: Bar[] = []
  const outline: string[] = []
  for (const [index, { expected, actual }] of bins.entries()) {
    const isOutside = index === 0 || index === bins.length - 1
    const x = left(index)
    if (actual !== null && actual > 0) {
      const tall = (actual / max) * height
      const bar = {
        x: x + (GAP / 2) * step,
        y: height - tall,
        width: step * (1 - GAP),
        height: tall,
      }
      bars.push({ ...roundedBar(bar), isOutside })
    }
    if (isOutside || expected === null) continue
    const y = rounded(height - (expected / max) * height)
    outline.push(
      `${outline.length === 0 ? `M${rounded(x)} ${height}` : ''}V${y}H${rounded(x + step)}`,
    )
  }
  return { bars, outline: outline.length === 0 ? '' : `${outline.join('')}V${height}`, max }
}

function roundedBar({ x, y, width, height }: Omit<Bar, 'isOutside'>): Omit<Bar, 'isOutside'> {
  return { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) }
}

/** Hundredths are finer than any screen. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
