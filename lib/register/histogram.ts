import assert from 'node:assert'
import type { Histogram } from './training-profile.ts'

/** Of a registration. Source: MLRun 0.6.2, `default_num_bins`. */
export const BIN_COUNT = 20

/**
 * Counts numbers in bins of equal width from `min` to `max`, the last one closed. All numbers equal:
 * the bins go from 0.5 below to 0.5 above. Source: numpy.histogram, whose edges and counts these are.
 */
export class HistogramCounter {
  readonly #edges: readonly number[]
  readonly #counts: number[]
  readonly #first: number
  readonly #binsPerUnit: number

  private constructor(edges: readonly number[]) {
    const [first = 0] = edges
    const last = edges.at(-1) ?? 0
    this.#edges = edges
    this.#first = first
    this.#counts = edges.slice(1).map(() => 0)
    this.#binsPerUnit = this.#counts.length / (last - first)
  }

  /**
   * For numbers from min to max; null where doubles are too coarse for so many bins, or the range is not
   * finite.
   */
  static over(min: number, max: number, binCount = BIN_COUNT): HistogramCounter | null {
    const edges = edgesOf(min, max, binCount)
    const isUsable = edges.every(
      (edge, index) => Number.isFinite(edge) && (index === 0 || edge > (edges[index - 1] ?? edge)),
    )
    return isUsable ? new HistogramCounter(edges) : null
  }

  /** Takes a number from min to max. */
  add(value: number): void {
    const last = this.#counts.length - 1
    let bin = Math.min(Math.floor((value - this.#first) * this.#binsPerUnit), last)
    // What was rounded may be on the wrong side of an edge.
    while (bin > 0 && value < (this.#edges[bin] ?? value)) bin--
    while (bin < last && value >= (this.#edges[bin + 1] ?? value)) bin++
    const count = this.#counts[bin]
    assert(count !== undefined, 'only numbers in the range are counted')
    this.#counts[bin] = count + 1
  }

  histogram(): Histogram {
    return { counts: this.#counts, edges: this.#edges }
  }
}

/** numpy.linspace(first, last, binCount + 1), operation by operation. */
function edgesOf(min: number, max: number, binCount: number): readonly number[] {
  const [first, last] = min === max ? [min - 0.5, max + 0.5] : [min, max]
  const step = (last - first) / binCount
  return Array.from({ length: binCount + 1 }, (_, index) =>
    index === binCount ? last : index * step + first,
  )
}
