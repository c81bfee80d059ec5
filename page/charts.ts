import { el, setText, svg } from './dom.ts'
import { clockText, minuteText } from './format.ts'
import {
  type Bin,
  extentOf,
  type Frame,
  gapOf,
  histogramShape,
  linePath,
  nearest,
  type Point,
  placeOf,
} from './geometry.ts'

const SPARK = { width: 96, height: 22 }

/** A small line without axes, for the eye: its number stands beside it. */
export function sparkline(
  points: readonly Point[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): SVGSVGElement {
  const { width, height } = SPARK
  const drawing = svg('svg', {
    class: 'spark',
    viewBox: `-1 -2 ${width + 2} ${height + 4}`,
    'aria-hidden': 'true',
  })
  const inside = points.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  const last = inside.at(-1)
  const frame = { width, height, fromMs, toMs }
  drawing.append(svg('path', { class: 'base', d: `M0 ${height}H${width}` }))
  if (last === undefined) return drawing
  const extent = extentOf(inside)
  const gapMs = gapOf(inside, fromMs, toMs)
  drawing.append(svg('path', { class: 'line', d: linePath(inside, frame, { extent, gapMs }) }))
  const [cx, cy] = placeOf(last, frame, extent)
  drawing.append(svg('circle', { class: 'dot', cx, cy, r: 1.8 }))
  return drawing
}

/** A line of a chart. */
export interface ChartLine {
  readonly name: string
  readonly points: readonly Point[]
}

/** What a chart shows. */
export interface ChartData {
  readonly title: string
  readonly unit: string
  /** The first is drawn solid, the others dashed. */
  readonly lines: readonly ChartLine[]
  readonly textOf: (value: number) => string
  readonly fromMs: number
  readonly toMs: number
}

const CHART = { width: 300, height: 72 }

/** A chart with its greatest and least value, times at its ends, and the value under the pointer. */
export function lineChart(data: ChartData): HTMLElement {
  const { title, unit, lines, textOf, fromMs, toMs } = data
  const frame: Frame = { ...CHART, fromMs, toMs }
  const shown = lines.map((line) => ({
    ...line,
    points: line.points.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs),
  }))
  const all = shown.flatMap(({ points }) => points)
  const extent = extentOf(all)
  const { width, height } = CHART
  const drawing = svg('svg', {
    viewBox: `0 -1 ${width} ${height + 2}`,
    preserveAspectRatio: 'none',
    role: 'img',
    'aria-label': summaryOf(title, unit, { lines: shown, textOf }),
  })
  for (const y of [0, height / 2, height]) {
    drawing.append(svg('path', { class: 'grid', d: `M0 ${y}H${width}` }))
  }
  for (const [index, { points }] of shown.entries()) {
    const gapMs = gapOf(points, fromMs, toMs)
    const d = linePath(points, frame, { extent, gapMs })
    drawing.append(svg('path', { class: `line line-${index}`, d }))
  }
  const reading = el('span', { class: 'reading' })
  const rest = readingOf(shown, textOf, unit)
  reading.textContent = rest
  const cross = el('span', { class: 'cross', hidden: true })
  const plot = el('div', { class: 'plot' }, drawing, cross)
  if (all.length === 0) plot.append(el('span', { class: 'nothing' }, 'No values in this time'))
  else {
    plot.append(el('span', { class: 'max' }, textOf(extent.max)))
    readUnderPointer(plot, (share) => {
      cross.hidden = share === null
      if (share === null) return setText(reading, rest)
      const near = shown.flatMap((line) => {
        const point = nearest(line.points, share, frame)
        return point === null ? [] : [{ ...line, points: [point] }]
      })
      const at = near[0]?.points[0]
      if (at === undefined) return false
      cross.style.left = `${((at.atMs - fromMs) / (toMs - fromMs)) * 100}%`
      return setText(reading, `${clockText(at.atMs)}  ${readingOf(near, textOf, unit)}`)
    })
  }
  return el(
    'figure',
    { class: 'chart' },
    el('figcaption', {}, el('span', { class: 'title' }, title), reading),
    plot,
    el(
      'div',
      { class: 'ends' },
      el('span', { title: minuteText(fromMs) }, clockText(fromMs)),
      legendOf(shown),
      el('span', { title: minuteText(toMs) }, clockText(toMs)),
    ),
  )
}

function legendOf(lines: readonly ChartLine[]): HTMLElement | null {
  if (lines.length < 2) return null
  return el(
    'span',
    { class: 'legend' },
    ...lines.map(({ name }, index) => el('span', { class: `key key-${index}` }, name)),
  )
}

/** The newest values, as `0.35 /s`. */
function readingOf(
  lines: readonly ChartLine[],
  textOf: (value: number) => string,
  unit: string,
): string {
  const values = lines.flatMap(({ points }) => {
    const last = points.at(-1)
    return last === undefined ? [] : [textOf(last.value)]
  })
  return values.length === 0 ? '' : `${values.join(' · ')}${unit === '' ? '' : ` ${unit}`}`
}

function summaryOf(
  title: string,
  unit: string,
  { lines, textOf }: Pick<ChartData, 'lines' | 'textOf'>,
): string {
  const parts = lines.map(({ name, points }) => {
    const last = points.at(-1)
    if (last === undefined) return `${name}: no values`
    const { min, max } = points.reduce(
      (sofar, { value }) => ({ min: Math.min(sofar.min, value), max: Math.max(sofar.max, value) }),
      { min: last.value, max: last.value },
    )
    return `${name}: now ${textOf(last.value)}, from ${textOf(min)} to ${textOf(max)} ${unit}`
  })
  return `${title}. ${parts.join('. ')}`
}

/** Tells where the pointer is, from 0 at the left to 1 at the right; null when it leaves. */
function readUnderPointer(plot: HTMLElement, tell: (share: number | null) => unknown): void {
  plot.addEventListener('pointermove', (event) => {
    const { left, width } = plot.getBoundingClientRect()
    if (width > 0) tell(Math.min(Math.max((event.clientX - left) / width, 0), 1))
  })
  plot.addEventListener('pointerleave', () => tell(null))
}

const HISTOGRAM = { width: 240, height: 64 }

/** Bars of the window over the outline of the training set; what lies outside its range stands apart. */
export function histogram(bins: readonly Bin[], label: string): SVGSVGElement {
  const { width, height } = HISTOGRAM
  const shape = histogramShape(bins, HISTOGRAM)
  return svg(
    'svg',
    {
      class: 'histogram',
      viewBox: `0 -1 ${width} ${height + 2}`,
      preserveAspectRatio: 'none',
      role: 'img',
      'aria-label': label,
    },
    svg('path', { class: 'grid', d: `M0 ${height}H${width}` }),
    ...shape.bars.map(({ isOutside, ...bar }) =>
      svg('rect', { class: isOutside ? 'bar outside' : 'bar', ...bar }),
    ),
    shape.outline === '' ? null : svg('path', { class: 'outline', d: shape.outline }),
  )
}
