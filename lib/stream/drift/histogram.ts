// Counts of the current values of one (log, endpoint), in panes by event time: the 12 of a window, and one
// more, so that a window can still be summed while the next pane is filled.
//
// Layout. `counters` is one typed array: pane after pane, and in a pane one run of counters per known
// feature (window-counts.ts). It starts with one byte a counter. No counter of a pane can exceed the pane's
// rows, so one comparison a row is enough: before the 256th row of a pane all counters become two
// bytes wide, before the 65,536th four. `numbers` is one array too, because each typed array that a row touches
// is a miss of the CPU's cache or two: the plan (bin-plan.ts), the rows of each pane, and in each pane four
// doubles per numeric feature, its moments. For 20 features of 20 bins: 20 x 32 + 13 x 8 +
// 13 x (20 x 24 x 1 + 20 x 32) = 15.3 KB, 21.5 KB from 256 rows a pane on, 34.0 KB from 65,536 (218 rows a
// second in panes of 5 minutes). Pane p, counted since 1970, lies at p modulo 13.
//
// Checkpoint: [signature, newest pane, new texts, pane, ...]; a pane is [number, rows, [gap, count, ...],
// [place, 4 moments, ...]], where gap is how many counters of 0 come before a counter that is not.
import assert from 'node:assert'
import { type BinEdges, binAt, binsAt, PLAN, unitsAt, writeBinPlan } from './bin-plan.ts'
import { ABSENT, type Binding } from './binding.ts'
import { type DriftRow, isUnseen, ODD, ODD_KINDS, oddKind, valueAt } from './odd-values.ts'
import {
  addMoments,
  clearMoments,
  MOMENTS,
  type PaneLayout,
  type WindowCounts,
} from './window-counts.ts'

/** Panes of a window. */
export const PANES = 12
/** Panes that are kept. */
const RING = PANES + 1
/** Larger moves are taken for as large as this, so that sums stay finite and exact enough. */
const Z_MAX = 1e6
/** New texts longer than this are only counted together. */
const TEXT_CHARS_MAX = 128
const NO_PANE = -1

/** A pane of a checkpoint: number, rows, counters, moments. */
type PaneState = readonly [number, number, readonly number[], readonly number[]]
/** Per place with new texts: its index, then which text each of its counters counts. */
type TextsState = readonly (readonly [number, readonly (string | null)[]])[]
export type PanesState = readonly [string, number, TextsState, ...PaneState[]]

/** The panes of one (log, endpoint). Of a row older than all of them only what is no good is taken note of. */
export class DriftPanes {
  readonly layout: PaneLayout
  /** Width of a pane, whole microseconds. */
  readonly paneUs: number
  /** Values that were no good since somebody cleared it: place x ODD_KINDS + kind -> how many. */
  readonly odd = new Map<number, number>()
  #newest = NO_PANE
  #counters: Uint8Array | Uint16Array | Uint32Array
  readonly #numbers: Float64Array
  readonly #bins: BinEdges
  readonly #counterCount: number
  readonly #momentCount: number
  /** Where in the numbers the rows of the panes lie, and their moments. */
  readonly #rows: number
  readonly #moments: number
  /** Rows that a pane can take before its counters must be wider. */
  #rowsMax = 0xff
  /** Per place: the text that each of its counters of new texts counts. */
  readonly #newTexts = new Map<number, (string | null)[]>()

  /** @param windowMs  DRIFT_WINDOW, a multiple of 12 ms */
  constructor(layout: PaneLayout, windowMs: number) {
    assert(windowMs > 0 && windowMs % PANES === 0)
    this.layout = layout
    this.paneUs = (windowMs / PANES) * 1000
    this.#counters = new Uint8Array(layout.counterCount * RING)
    this.#counterCount = layout.counterCount
    this.#momentCount = layout.momentCount
    this.#bins = layout.bins
    this.#rows = layout.places.length * PLAN
    this.#moments = this.#rows + RING
    this.#numbers = new Float64Array(this.#moments + layout.momentCount * RING)
    writeBinPlan(
      this.#numbers,
      layout.reference,
      layout.places.map(({ feature }) => feature),
    )
    for (let ring = 0; ring < RING; ring++) clearMoments(this.#momentsOf(ring))
  }

  /** Equal for panes that can be summed, and read each other's checkpoints. */
  get signature(): string {
    return `${this.layout.signature}/${this.paneUs}`
  }

  /** The pane of a time, counted since 1970. */
  paneOf(atUs: number): number {
    return Math.floor(atUs / this.paneUs)
  }

  /** Bytes of the arrays. */
  get bytes(): number {
    return this.#counters.byteLength + this.#numbers.byteLength
  }

  /**
   * Counts a row; allocates nothing but for a text that was never seen.
   *
   * @param atUs  event time, microseconds since 1970 UTC
   * @returns     false if the row is older than the window and is in no pane
   */
  add(row: DriftRow, binding: Binding, atUs: number): boolean {
    const ring = this.#ringFor(atUs)
    if (ring < 0) {
      this.#noteLate(row, binding)
      return false
    }
    this.#countRow(ring)
    const plan = this.#numbers
    let counter = ring * this.#counterCount
    let moments = this.#moments + ring * this.#momentCount
    for (let index = 0; index < binding.length; index++) {
      const source = binding[index] ?? ABSENT
      const binCount = binsAt(plan, index * PLAN)
      if (binCount === 0) {
        // Texts: the object says where its counters end; numbers have two open bins and two counters more.
        const place = this.layout.places[index]
        if (place === undefined) break
        const base = counter - place.firstCounter
        if (source !== ABSENT) this.#addAnyText(index, base, valueAt(row, source))
        counter = base + place.wrongType + 1
        continue
      }
      if (source !== ABSENT) {
        const value = source >= 0 ? row.features[source] : row.predictions[-2 - source]
        if (typeof value !== 'number' || Number.isNaN(value)) {
          const kind = typeof valueAt(row, source) === 'string' ? ODD.wrongType : ODD.missing
          this.#increment(counter + binCount + (kind === ODD.wrongType ? 3 : 2))
          this.#noteOdd(index, kind)
        } else {
          const units = unitsAt(plan, index * PLAN, value)
          const bin = binAt(plan, index * PLAN, this.#bins, { value, units })
          this.#increment(counter + 1 + bin)
          if (bin < 0 || bin === binCount) this.#noteOdd(index, ODD.outOfRange)
          this.#addMoments(moments, units, value)
        }
      }
      counter += binCount + 4
      moments += MOMENTS
    }
    return true
  }

  #addMoments(moments: number, units: number, value: number): void {
    const sums = this.#numbers
    const z = Math.max(-Z_MAX, Math.min(Z_MAX, units))
    sums[moments] = (sums[moments] ?? 0) + z
    sums[moments + 1] = (sums[moments + 1] ?? 0) + z * z
    if (value < (sums[moments + 2] ?? 0)) sums[moments + 2] = value
    if (value > (sums[moments + 3] ?? 0)) sums[moments + 3] = value
  }

  /** Counts a value whose row was refused because a text stood in the place of a number. */
  addWrongType(placeIndex: number, atUs: number): boolean {
    const ring = this.#ringFor(atUs)
    const place = this.layout.places[placeIndex]
    assert(place !== undefined)
    this.#noteOdd(placeIndex, ODD.wrongType)
    if (ring < 0) return false
    this.#countRow(ring)
    this.#increment(ring * this.#counterCount + place.wrongType)
    return true
  }

  /** Takes note of a late row's values that are no good. */
  #noteLate(row: DriftRow, binding: Binding): void {
    for (const [index, source] of binding.entries()) {
      const place = this.layout.places[index]
      if (source === ABSENT || place === undefined) continue
      const kind = oddKind(this.layout, place, valueAt(row, source))
      if (kind !== null) this.#noteOdd(index, kind)
    }
  }

  /** Moves on to a time without a row, never back; panes that leave the window are emptied. */
  advanceTo(atUs: number): void {
    const pane = this.paneOf(atUs)
    if (pane <= this.#newest) return
    const passed = this.#newest === NO_PANE ? 0 : Math.min(pane - this.#newest, RING)
    for (let step = 0; step < passed; step++) this.#clear((pane - step) % RING)
    if (passed > 0) this.#forgetTexts()
    this.#newest = pane
  }

  /** Adds the 12 panes up to `lastPane` (counted since 1970) to a window, which may hold those of other logs already. */
  sumInto(window: WindowCounts, lastPane: number): void {
    assert(window.layout.signature === this.layout.signature)
    const counterCount = this.#counterCount
    const [sums, counters] = [window.counters, this.#counters]
    const oldest = Math.max(lastPane - PANES, this.#newest - RING) + 1
    for (let pane = Math.max(0, oldest); pane <= Math.min(lastPane, this.#newest); pane++) {
      const ring = pane % RING
      const rows = this.#rowsOf(ring)
      if (rows === 0) continue
      window.rows += rows
      const base = ring * counterCount
      for (let at = 0; at < counterCount; at++) {
        sums[at] = (sums[at] ?? 0) + (counters[base + at] ?? 0)
      }
      addMoments(window.moments, this.#momentsOf(ring))
      for (const [index, texts] of this.#newTexts) this.#sumTexts(window, { index, texts, base })
    }
  }

  /** The panes as plain JSON values; a restored ring counts on as this one does. */
  toCheckpoint(): PanesState {
    const panes: PaneState[] = []
    for (let pane = Math.max(0, this.#newest - RING + 1); pane <= this.#newest; pane++) {
      const ring = pane % RING
      const rows = this.#rowsOf(ring)
      if (rows > 0) panes.push([pane, rows, this.#packCounters(ring), this.#packMoments(ring)])
    }
    const texts = [...this.#newTexts].map(([index, names]) => [index, [...names]] as const)
    return [this.signature, this.#newest, texts, ...panes]
  }

  /**
   * Takes over the panes of a checkpoint; only before anything else was counted.
   *
   * @returns  false if they are of another reference or width: then nothing is taken over
   */
  restore([signature, newest, texts, ...panes]: PanesState): boolean {
    assert(this.#newest === NO_PANE)
    if (signature !== this.signature) return false
    this.#newest = newest
    for (const [index, names] of texts) this.#newTexts.set(index, [...names])
    for (const [pane, rows, counters, moments] of panes) {
      const ring = pane % RING
      this.#numbers[this.#rows + ring] = rows
      while (rows > this.#rowsMax) this.#widen()
      let at = ring * this.#counterCount
      for (let index = 0; index + 1 < counters.length; index += 2) {
        at += counters[index] ?? 0
        this.#counters[at++] = counters[index + 1] ?? 0
      }
      for (let index = 0; index < moments.length; index += 1 + MOMENTS) {
        const place = (moments[index] ?? 0) * MOMENTS
        this.#momentsOf(ring).set(moments.slice(index + 1, index + 1 + MOMENTS), place)
      }
    }
    return true
  }

  /** Where in the ring a time's pane lies, after moving on to it; -1 if it has left the window. */
  #ringFor(atUs: number): number {
    const pane = this.paneOf(atUs)
    if (pane > this.#newest) this.advanceTo(atUs)
    return pane > this.#newest - RING ? pane % RING : -1
  }

  #rowsOf(ring: number): number {
    return this.#numbers[this.#rows + ring] ?? 0
  }

  #momentsOf(ring: number): Float64Array {
    const from = this.#moments + ring * this.#momentCount
    return this.#numbers.subarray(from, from + this.#momentCount)
  }

  #countRow(ring: number): void {
    const rows = this.#rowsOf(ring) + 1
    this.#numbers[this.#rows + ring] = rows
    if (rows > this.#rowsMax) this.#widen()
  }

  #increment(at: number): void {
    this.#counters[at] = (this.#counters[at] ?? 0) + 1
  }

  #noteOdd(index: number, kind: number): void {
    const key = index * ODD_KINDS + kind
    this.odd.set(key, (this.odd.get(key) ?? 0) + 1)
  }

  #addAnyText(index: number, base: number, value: number | string | null): void {
    if (value !== null) this.#addText(index, base, String(value))
    else {
      this.#increment(base + (this.layout.places[index]?.missing ?? 0))
      this.#noteOdd(index, ODD.missing)
    }
  }

  #addText(index: number, base: number, text: string): void {
    const place = this.layout.places[index]
    if (place === undefined) return
    const known = place.categories.get(text)
    this.#increment(base + place.firstCounter + (known ?? this.#newTextCounter(index, text)))
    if (isUnseen(place, text)) this.#noteOdd(index, ODD.unseen)
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
    this.#numbers[this.#rows + ring] = 0
    this.#counters.fill(0, ring * this.#counterCount, (ring + 1) * this.#counterCount)
    clearMoments(this.#momentsOf(ring))
  }

  /** Frees the counters of new texts that no pane holds any more. */
  #forgetTexts(): void {
    const { places } = this.layout
    for (const [index, texts] of this.#newTexts) {
      const place = places[index]
      if (place === undefined) continue
      const first = place.firstCounter + place.feature.binCount
      for (let slot = 0; slot < texts.length; slot++) {
        let rows = 0
        for (let ring = 0; ring < RING; ring++) {
          rows += this.#counters[ring * this.#counterCount + first + slot] ?? 0
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
    const counterCount = this.#counterCount
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
    const packed: number[] = []
    const all = this.#momentsOf(ring)
    for (let at = 0; at < all.length; at += MOMENTS) {
      const moments = all.subarray(at, at + MOMENTS)
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
