// Counts of the current values of one (log, endpoint), in 12 panes by event time.
//
// Layout. `counters` is one typed array: pane after pane, and in a pane one run of counters per known
// feature (window-counts.ts). It starts with one byte a counter. No counter of a pane can exceed the pane's
// rows, so one comparison a row is enough: before the 256th row of a pane all counters become two
// bytes wide, before the 65,536th four. `moments` holds four doubles per numeric feature and pane. For 20
// features of 20 bins: 12 x (20 x 24 x 1 + 20 x 32) = 13.4 KB, 19.2 KB from 256 rows a pane on, 30.7 KB from
// 65,536 (218 rows a second in panes of 5 minutes). Pane p, counted since 1970, lies at p modulo 12.
//
// Checkpoint: [signature, newest pane, new texts, pane, ...]; a pane is [number, rows, [gap, count, ...],
// [place, 4 moments, ...]], where gap is how many counters of 0 come before a counter that is not.
import assert from 'node:assert'
import { cleanName } from '../compute/clean-name.ts'
import type { NumericFeature } from './reference.ts'
import {
  addMoments,
  clearMoments,
  type FeaturePlace,
  MOMENTS,
  type PaneLayout,
  type WindowCounts,
} from './window-counts.ts'

export const PANES = 12
/** Larger moves are taken for as large as this, so that sums stay finite and exact enough. */
const Z_MAX = 1e6
/** New texts longer than this are only counted together. */
const TEXT_CHARS_MAX = 128
const NO_PANE = -1

/** A row as it was read: numbers (NaN = none) and texts (null = none) by field, and the prediction's values. */
export interface DriftRow {
  readonly features: Float64Array
  readonly featureTexts: readonly (string | null)[]
  readonly predictions: readonly (number | string | null)[]
}

/** Per place of a layout: the field of a row, -2 - i for the i-th predicted value, ABSENT for neither. */
export type Binding = Int32Array
const ABSENT = -1

/** Finds a reference's columns by name, as they are or as MLRun's API cleans them; predictions are features too. */
export function bindColumns(
  layout: PaneLayout,
  { fields, labels }: { readonly fields: readonly string[]; readonly labels: readonly string[] },
): Binding {
  const sources = new Map<string, number>()
  const add = (name: string, source: number): void => {
    if (!sources.has(name)) sources.set(name, source)
  }
  fields.forEach(add)
  labels.forEach((name, index) => {
    add(name, -2 - index)
  })
  for (const [name, source] of [...sources]) add(cleanName(name), source)
  return Int32Array.from(layout.places, ({ feature: { name } }) => {
    return sources.get(name) ?? sources.get(cleanName(name)) ?? ABSENT
  })
}

/**
 * Bin of a number: -1 below the first edge, binCount above the last one, which itself is in the last bin.
 *
 * @param edges  of all features; those of this one begin at feature.firstEdge
 * @param value  not NaN
 */
export function binOf(edges: Float64Array, feature: NumericFeature, value: number): number {
  const { firstEdge, binCount, binsPerUnit } = feature
  const least = edges[firstEdge] ?? 0
  const most = edges[firstEdge + binCount] ?? 0
  if (value < least) return -1
  if (value >= most) return value > most ? binCount : binCount - 1
  if (binsPerUnit === 0) return binSearch(edges, feature, value)
  // The reading of the reference has made sure that the guess is one bin off at most; edges decide.
  const guess = Math.floor((value - least) * binsPerUnit)
  const bin = guess < binCount ? guess : binCount - 1
  if (value < (edges[firstEdge + bin] ?? 0)) return bin - 1
  return value >= (edges[firstEdge + bin + 1] ?? 0) ? bin + 1 : bin
}

/** The same for any edges, of a value from the first edge to below the last. */
export function binSearch(edges: Float64Array, feature: NumericFeature, value: number): number {
  let [low, high] = [0, feature.binCount - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (value >= (edges[feature.firstEdge + middle] ?? 0)) low = middle
    else high = middle - 1
  }
  return low
}

/** A pane of a checkpoint: number, rows, counters, moments. */
type PaneState = readonly [number, number, readonly number[], readonly number[]]
/** Per place with new texts: its index, then which text each of its counters counts. */
type TextsState = readonly (readonly [number, readonly (string | null)[]])[]
export type PanesState = readonly [string, number, TextsState, ...PaneState[]]

/** The panes of one (log, endpoint). A row older than the window is not counted. */
export class DriftPanes {
  readonly layout: PaneLayout
  readonly #paneUs: number
  #newest = NO_PANE
  #counters: Uint8Array | Uint16Array | Uint32Array
  readonly #moments: Float64Array
  readonly #rows = new Array<number>(PANES).fill(0)
  /** Rows that a pane can take before its counters must be wider. */
  #rowsMax = 0xff
  /** Per place: the text that each of its counters of new texts counts. */
  readonly #newTexts = new Map<number, (string | null)[]>()

  /** @param windowMs  DRIFT_WINDOW, a multiple of 12 ms */
  constructor(layout: PaneLayout, windowMs: number) {
    assert(windowMs > 0 && windowMs % PANES === 0)
    this.layout = layout
    this.#paneUs = (windowMs / PANES) * 1000
    this.#counters = new Uint8Array(layout.counterCount * PANES)
    this.#moments = new Float64Array(layout.momentCount * PANES)
    clearMoments(this.#moments)
  }

  /** Bytes of the arrays. */
  get bytes(): number {
    return this.#counters.byteLength + this.#moments.byteLength
  }

  /**
   * Counts a row; allocates nothing but for a text that was never seen.
   *
   * @param atUs  event time, microseconds since 1970 UTC
   * @returns     false if the row is older than the window and was not counted
   */
  add(row: DriftRow, binding: Binding, atUs: number): boolean {
    const ring = this.#ringFor(atUs)
    if (ring < 0) return false
    this.#countRow(ring)
    const { places, counterCount } = this.layout
    const base = ring * counterCount
    for (let index = 0; index < places.length; index++) {
      const place = places[index]
      const source = binding[index] ?? ABSENT
      if (place === undefined || source === ABSENT) continue
      const predicted = source < 0 ? (row.predictions[-2 - source] ?? null) : null
      if (place.feature.kind === 'numeric') {
        const value =
          source >= 0
            ? (row.features[source] ?? Number.NaN)
            : typeof predicted === 'number'
              ? predicted
              : Number.NaN
        if (!Number.isNaN(value)) {
          this.#addNumber(place, value, ring)
          continue
        }
        const isText = typeof (source >= 0 ? row.featureTexts[source] : predicted) === 'string'
        this.#increment(base + (isText ? place.wrongType : place.missing))
      } else {
        const text = source >= 0 ? (row.featureTexts[source] ?? null) : predicted
        const number = source >= 0 ? (row.features[source] ?? Number.NaN) : Number.NaN
        if (text !== null) this.#addText(index, base, String(text))
        else if (!Number.isNaN(number)) this.#addText(index, base, String(number))
        else this.#increment(base + place.missing)
      }
    }
    return true
  }

  /** Counts a value whose row was refused because a text stood in the place of a number. */
  addWrongType(placeIndex: number, atUs: number): boolean {
    const ring = this.#ringFor(atUs)
    const place = this.layout.places[placeIndex]
    if (ring < 0 || place === undefined) return false
    this.#countRow(ring)
    this.#increment(ring * this.layout.counterCount + place.wrongType)
    return true
  }

  /** Moves on to a time without a row, never back; panes that leave the window are emptied. */
  advanceTo(atUs: number): void {
    const pane = Math.floor(atUs / this.#paneUs)
    if (pane <= this.#newest) return
    const passed = this.#newest === NO_PANE ? 0 : Math.min(pane - this.#newest, PANES)
    for (let step = 0; step < passed; step++) this.#clear((pane - step) % PANES)
    if (passed > 0) this.#forgetTexts()
    this.#newest = pane
  }

  /**
   * Windows lie end to end since 1970. If a time is in a later one than the newest row, the newest row's
   * window is complete; it must be summed before a row of that time is added.
   *
   * @returns  the last pane of the completed window, or null
   */
  completedBy(atUs: number): number | null {
    if (this.#newest === NO_PANE) return null
    const window = Math.floor(this.#newest / PANES)
    const isLater = Math.floor(atUs / this.#paneUs / PANES) > window
    return isLater ? window * PANES + PANES - 1 : null
  }

  /** Adds the 12 panes up to `lastPane` (counted since 1970) to a window, which may hold those of other logs already. */
  sumInto(window: WindowCounts, lastPane: number): void {
    assert(window.layout.signature === this.layout.signature)
    const { counterCount, momentCount } = this.layout
    const oldest = Math.max(lastPane - PANES, this.#newest - PANES) + 1
    for (let pane = Math.max(0, oldest); pane <= Math.min(lastPane, this.#newest); pane++) {
      const ring = pane % PANES
      if (this.#rows[ring] === 0) continue
      window.rows += this.#rows[ring] ?? 0
      const base = ring * counterCount
      for (let at = 0; at < counterCount; at++) {
        window.counters[at] = (window.counters[at] ?? 0) + (this.#counters[base + at] ?? 0)
      }
      const from = ring * momentCount
      addMoments(window.moments, this.#moments.subarray(from, from + momentCount))
      for (const [index, texts] of this.#newTexts) this.#sumTexts(window, { index, texts, base })
    }
  }

  /** The panes as plain JSON values; a restored ring counts on as this one does. */
  toCheckpoint(): PanesState {
    const panes: PaneState[] = []
    for (let pane = Math.max(0, this.#newest - PANES + 1); pane <= this.#newest; pane++) {
      const ring = pane % PANES
      const rows = this.#rows[ring] ?? 0
      if (rows > 0) panes.push([pane, rows, this.#packCounters(ring), this.#packMoments(ring)])
    }
    const texts = [...this.#newTexts].map(([index, names]) => [index, [...names]] as const)
    return [this.#signature, this.#newest, texts, ...panes]
  }

  /**
   * Takes over the panes of a checkpoint; only before anything else was counted.
   *
   * @returns  false if they are of another reference or width: then nothing is taken over
   */
  restore([signature, newest, texts, ...panes]: PanesState): boolean {
    assert(this.#newest === NO_PANE)
    if (signature !== this.#signature) return false
    this.#newest = newest
    for (const [index, names] of texts) this.#newTexts.set(index, [...names])
    const { counterCount, momentCount } = this.layout
    for (const [pane, rows, counters, moments] of panes) {
      const ring = pane % PANES
      this.#rows[ring] = rows
      while (rows > this.#rowsMax) this.#widen()
      let at = ring * counterCount
      for (let index = 0; index + 1 < counters.length; index += 2) {
        at += counters[index] ?? 0
        this.#counters[at++] = counters[index + 1] ?? 0
      }
      for (let index = 0; index < moments.length; index += 1 + MOMENTS) {
        const place = ring * momentCount + (moments[index] ?? 0) * MOMENTS
        this.#moments.set(moments.slice(index + 1, index + 1 + MOMENTS), place)
      }
    }
    return true
  }

  get #signature(): string {
    return `${this.layout.signature}/${this.#paneUs}`
  }

  /** Where in the ring a time's pane lies, after moving on to it; -1 if it has left the window. */
  #ringFor(atUs: number): number {
    const pane = Math.floor(atUs / this.#paneUs)
    if (pane > this.#newest) this.advanceTo(atUs)
    return pane > this.#newest - PANES ? pane % PANES : -1
  }

  #countRow(ring: number): void {
    const rows = (this.#rows[ring] ?? 0) + 1
    this.#rows[ring] = rows
    if (rows > this.#rowsMax) this.#widen()
  }

  #increment(at: number): void {
    this.#counters[at] = (this.#counters[at] ?? 0) + 1
  }

  #addNumber(place: FeaturePlace, value: number, ring: number): void {
    const { feature } = place
    if (feature.kind !== 'numeric') return
    const { reference, counterCount, momentCount } = this.layout
    const bin = binOf(reference.edges, feature, value)
    this.#increment(ring * counterCount + place.firstCounter + 1 + bin)
    const moments = ring * momentCount + place.moments
    const far = (value - feature.mean) / feature.scale
    const z = Math.max(-Z_MAX, Math.min(Z_MAX, far))
    const sums = this.#moments
    sums[moments] = (sums[moments] ?? 0) + z
    sums[moments + 1] = (sums[moments + 1] ?? 0) + z * z
    if (value < (sums[moments + 2] ?? 0)) sums[moments + 2] = value
    if (value > (sums[moments + 3] ?? 0)) sums[moments + 3] = value
  }

  #addText(index: number, base: number, text: string): void {
    const place = this.layout.places[index]
    if (place === undefined) return
    const known = place.categories.get(text)
    this.#increment(base + place.firstCounter + (known ?? this.#newTextCounter(index, text)))
  }

  /** Which of the place's counters a new text has, a free one if it has none yet; the last one if there is none. */
  #newTextCounter(index: number, text: string): number {
    const place = this.layout.places[index]
    assert(place !== undefined)
    const { feature, newTextCount } = place
    const last = place.lastCounter - place.firstCounter
    if (newTextCount === 0 || text.length > TEXT_CHARS_MAX) return last
    let texts = this.#newTexts.get(index)
    if (texts === undefined) {
      texts = new Array<string | null>(newTextCount).fill(null)
      this.#newTexts.set(index, texts)
    }
    const slot = texts.indexOf(text)
    if (slot >= 0) return feature.binCount + slot
    const free = texts.indexOf(null)
    if (free < 0) return last
    texts[free] = text
    return feature.binCount + free
  }

  #clear(ring: number): void {
    const { counterCount, momentCount } = this.layout
    this.#rows[ring] = 0
    this.#counters.fill(0, ring * counterCount, (ring + 1) * counterCount)
    clearMoments(this.#moments.subarray(ring * momentCount, (ring + 1) * momentCount))
  }

  /** Frees the counters of new texts that no pane holds any more. */
  #forgetTexts(): void {
    const { counterCount, places } = this.layout
    for (const [index, texts] of this.#newTexts) {
      const place = places[index]
      if (place === undefined) continue
      const first = place.firstCounter + place.feature.binCount
      for (let slot = 0; slot < texts.length; slot++) {
        let rows = 0
        for (let ring = 0; ring < PANES; ring++) {
          rows += this.#counters[ring * counterCount + first + slot] ?? 0
        }
        if (rows === 0) texts[slot] = null
      }
      if (texts.every((text) => text === null)) this.#newTexts.delete(index)
    }
  }

  #sumTexts(
    window: WindowCounts,
    { index, texts, base }: { index: number; texts: readonly (string | null)[]; base: number },
  ): void {
    const place = this.layout.places[index]
    const sums = window.newTexts[index]
    if (place === undefined || sums === undefined) return
    const first = base + place.firstCounter + place.feature.binCount
    for (let slot = 0; slot < texts.length; slot++) {
      const [text, rows] = [texts[slot] ?? null, this.#counters[first + slot] ?? 0]
      if (text !== null && rows > 0) sums.set(text, (sums.get(text) ?? 0) + rows)
    }
  }

  #packCounters(ring: number): readonly number[] {
    const { counterCount } = this.layout
    const packed: number[] = []
    let gap = 0
    for (let at = 0; at < counterCount; at++) {
      const count = this.#counters[ring * counterCount + at] ?? 0
      if (count > 0) packed.push(gap, count)
      gap = count > 0 ? 0 : gap + 1
    }
    return packed
  }

  /** Moments of places that have values; the others' range is not finite, which JSON cannot say. */
  #packMoments(ring: number): readonly number[] {
    const { momentCount } = this.layout
    const packed: number[] = []
    for (let at = 0; at < momentCount; at += MOMENTS) {
      const from = ring * momentCount + at
      const moments = this.#moments.subarray(from, from + MOMENTS)
      if ((moments[2] ?? 0) <= (moments[3] ?? 0)) packed.push(at / MOMENTS, ...moments)
    }
    return packed
  }

  #widen(): void {
    const isByte = this.#rowsMax === 0xff
    this.#counters = isByte ? Uint16Array.from(this.#counters) : Uint32Array.from(this.#counters)
    this.#rowsMax = isByte ? 0xffff : 0xffff_ffff
  }
}
