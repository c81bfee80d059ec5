import { edgesOf, type KnownFeature, type KnownReference } from './reference.ts'

// What counting a number needs of its feature, as four doubles beside each other: an endpoint's features are
// gone through with each of its rows, and with many endpoints nothing of that is in the CPU's cache.

/** Doubles per feature. */
export const PLAN = 4
const LEAST = 0
const MOST = 1
/** Mean width of a bin; the step of the edges where these are even. */
const UNIT = 2
/** Number of bins, 0 for texts; whether the edges are even; the place of the first one. */
const SHAPE = 3
const BINS_MASK = 0x7f
const EVEN = 0x80
const FIRST_EDGE_SHIFT = 8

/**
 * Where bins have several widths, a feature's range is cut into cells of one width, so many times as many as it has
 * bins: most of them lie in one bin.
 */
const CELLS_PER_BIN = 4
/** Set for a cell that has an edge in it, so that the edges decide. */
const HAS_EDGE = 0x80

/** The edges of features whose bins have several widths, and what finds a bin among them. */
export interface BinEdges {
  readonly edges: Float64Array
  /**
   * CELLS_PER_BIN per edge, in the order of the edges: how many inner edges of the feature lie in earlier cells, which
   * is the bin of the cell, and HAS_EDGE. Empty where all features have even edges.
   */
  readonly cells: Uint8Array
}

/** The numbers of features, in their order, written from a place of an array on. */
export function writeBinPlan(
  plan: Float64Array,
  reference: KnownReference,
  features: readonly KnownFeature[],
): void {
  for (const [index, feature] of features.entries()) {
    if (feature.kind !== 'numeric') continue
    const { firstEdge, binCount } = feature
    const edges = edgesOf(reference, feature)
    const [least = 0, most = 0] = [edges[0], edges[binCount]]
    const shape = (firstEdge << FIRST_EDGE_SHIFT) | (feature.isEven ? EVEN : 0) | binCount
    plan.set([least, most, (most - least) / binCount, shape], index * PLAN)
  }
}

/** How many bins the feature at a place of the plan has; 0 for texts. */
export function binsAt(plan: Float64Array, at: number): number {
  return (plan[at + SHAPE] ?? 0) & BINS_MASK
}

/** A value counted in mean bins from the first edge on. */
export function unitsAt(plan: Float64Array, at: number, value: number): number {
  return (value - (plan[at + LEAST] ?? 0)) / (plan[at + UNIT] ?? 1)
}

/** What finds bins among edges that are not even. */
export function binEdges(reference: KnownReference, features: readonly KnownFeature[]): BinEdges {
  const { edges } = reference
  const areEven = features.every((feature) => feature.kind !== 'numeric' || feature.isEven)
  const cells = new Uint8Array(areEven ? 0 : edges.length * CELLS_PER_BIN)
  for (const feature of areEven ? [] : features) {
    if (feature.kind !== 'numeric' || feature.isEven) continue
    const { binCount, firstEdge } = feature
    const own = edgesOf(reference, feature)
    const [least = 0, most = 0] = [own[0], own[binCount]]
    const unit = (most - least) / binCount
    const end = firstEdge * CELLS_PER_BIN + binCount * CELLS_PER_BIN
    for (const edge of own.subarray(1, binCount)) {
      const first = cellOf(firstEdge, binCount, (edge - least) / unit)
      cells[first] = (cells[first] ?? 0) | HAS_EDGE
      for (let cell = first + 1; cell < end; cell++) cells[cell] = (cells[cell] ?? 0) + 1
    }
  }
  return { edges, cells }
}

/** Never falls while the value grows, so that an edge in an earlier cell is below a value. */
function cellOf(firstEdge: number, binCount: number, units: number): number {
  const cell = Math.min(Math.floor(units * CELLS_PER_BIN), binCount * CELLS_PER_BIN - 1)
  return firstEdge * CELLS_PER_BIN + cell
}

/**
 * Bin of a number: -1 below the first edge, their number above the last one, which itself is in the last bin.
 *
 * @param at     the feature's place in the plan, a multiple of PLAN
 * @param value  not NaN
 * @param units  of it (unitsAt)
 */
export function binAt(
  plan: Float64Array,
  at: number,
  edges: BinEdges,
  { value, units }: { readonly value: number; readonly units: number },
): number {
  const least = plan[at + LEAST] ?? 0
  const most = plan[at + MOST] ?? 0
  const shape = plan[at + SHAPE] ?? 0
  const last = (shape & BINS_MASK) - 1
  if (value < least) return -1
  if (value >= most) return value > most ? last + 1 : last
  if ((shape & EVEN) === 0) return binAmong(shape, edges, { value, units })
  // A quotient is one bin off at most; the edges, as they were made, decide.
  const step = plan[at + UNIT] ?? 0
  const bin = Math.min(Math.floor(units), last)
  if (value < least + bin * step) return bin - 1
  return bin < last && value >= least + (bin + 1) * step ? bin + 1 : bin
}

/** The same for any edges, of a value from the first edge to below the last. */
function binAmong(
  shape: number,
  { edges, cells }: BinEdges,
  { value, units }: { readonly value: number; readonly units: number },
): number {
  const binCount = shape & BINS_MASK
  const firstEdge = shape >> FIRST_EDGE_SHIFT
  const cell = cells[cellOf(firstEdge, binCount, units)] ?? 0
  if (cell < HAS_EDGE) return cell
  let bin = cell - HAS_EDGE
  while (bin < binCount - 1 && value >= (edges[firstEdge + bin + 1] ?? 0)) bin++
  return bin
}
