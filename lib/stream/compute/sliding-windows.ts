import assert from 'node:assert'

/** Length of one aggregate, with the name that its columns carry (`5m`). */
export interface Window {
  readonly name: string
  readonly ms: number
}

/** The windows of one kind of aggregate and the width of their buckets. */
export interface WindowLayout {
  readonly windows: readonly Window[]
  readonly periodMs: number
}

/** Rings are kept in slabs of so many endpoints, so that growing copies nothing. */
const SLAB_ENDPOINTS = 256
/** No bucket yet: smaller than any bucket of a time since 1970. */
const NO_BUCKET = -1

/** A bucket: weight of its rows, how many rows have a latency, and the sum of those. */
const BUCKET_NUMBERS = 3

/** Where an endpoint's own numbers begin, and in what. */
export interface NumbersPlace {
  readonly numbers: Float64Array
  readonly at: number
}

/** What one window holds. */
export interface Total {
  /** Predictions that its rows stand for: as many as rows, unless the server samples. */
  readonly weight: number
  /** Rows that have a latency, and the sum of it in microseconds. */
  readonly count: number
  readonly sum: number
}

/**
 * Sliding sums over event time, one ring of buckets per endpoint.
 *
 * With period p, buckets start at the epoch: b(t) = floor(t / p). A window of length w covers the
 * buckets b with b(now) - w/p < b <= b(now). A row older than the longest window is late: it is not
 * added. Sums are taken from the ring when they are read, because a running sum of floats does not
 * come back to 0.
 *
 * Layout of a slab: per endpoint, in one piece, so that an event finds it all in the same few places of
 * memory: numbers of the owner's, the newest bucket, then the ring: weight, count and sum of each bucket;
 * bucket b lies at b modulo bucketCount.
 */
export class SlidingWindows {
  /** Windows from the shortest to the longest: buckets, and the place in the layout. */
  readonly #windows: readonly { readonly buckets: number; readonly place: number }[]
  readonly #periodUs: number
  readonly #bucketCount: number
  readonly #ownNumbers: number
  readonly #stride: number
  readonly #slabs: Float64Array[] = []
  readonly #noTotals: readonly Total[]

  /** @param ownNumbers  numbers per endpoint that are its owner's, see `place` */
  constructor({ windows, periodMs }: WindowLayout, ownNumbers = 0) {
    assert(windows.length > 0 && windows.every(({ ms }) => ms > 0 && ms % periodMs === 0))
    this.#windows = windows
      .map(({ ms }, place) => ({ buckets: ms / periodMs, place }))
      .sort((a, b) => a.buckets - b.buckets)
    this.#noTotals = windows.map(() => NO_TOTAL)
    this.#periodUs = periodMs * 1000
    this.#bucketCount = Math.max(...this.#windows.map(({ buckets }) => buckets))
    this.#ownNumbers = ownNumbers
    this.#stride = ownNumbers + 1 + this.#bucketCount * BUCKET_NUMBERS
  }

  /** Where the owner's numbers of an endpoint lie, all 0 at first. */
  place(slot: number): NumbersPlace {
    return { numbers: this.#slabFor(slot), at: (slot % SLAB_ENDPOINTS) * this.#stride }
  }

  /** Where the newest bucket of an endpoint stands in its slab; its ring follows. */
  #ringOf(slot: number): number {
    return (slot % SLAB_ENDPOINTS) * this.#stride + this.#ownNumbers
  }

  /** Reads a number of the bucket of a time (read-ahead.ts). */
  touch(slot: number, atUs: number): number {
    const bucket = Math.floor(atUs / this.#periodUs)
    const at = this.#ringOf(slot) + 1 + (bucket % this.#bucketCount) * BUCKET_NUMBERS
    return this.#slabFor(slot)[at] ?? 0
  }

  /**
   * Adds a row in the bucket of its time.
   *
   * @param slot  the endpoint's place, 0, 1, 2, ...
   * @param atUs  event time, microseconds since 1970 UTC
   * @param row   latencyUs NaN: the row has none
   * @returns     false if the row is older than the longest window and was not added
   */
  add(
    slot: number,
    atUs: number,
    { weight, latencyUs }: { readonly weight: number; readonly latencyUs: number },
  ): boolean {
    const slab = this.#slabFor(slot)
    const ring = this.#ringOf(slot)
    const bucket = Math.floor(atUs / this.#periodUs)
    const newest = slab[ring] ?? NO_BUCKET
    if (newest !== NO_BUCKET && bucket <= newest - this.#bucketCount) return false
    if (bucket > newest) this.#advance(slab, ring, bucket)
    const at = ring + 1 + (bucket % this.#bucketCount) * BUCKET_NUMBERS
    slab[at] = (slab[at] ?? 0) + weight
    if (Number.isNaN(latencyUs)) return true
    slab[at + 1] = (slab[at + 1] ?? 0) + 1
    slab[at + 2] = (slab[at + 2] ?? 0) + latencyUs
    return true
  }

  /** Moves an endpoint's newest bucket on to a time without adding a row; never back. */
  advanceTo(slot: number, atUs: number): void {
    const slab = this.#slabFor(slot)
    const ring = this.#ringOf(slot)
    const bucket = Math.floor(atUs / this.#periodUs)
    if (bucket > (slab[ring] ?? NO_BUCKET)) this.#advance(slab, ring, bucket)
  }

  /** Clears the buckets that were passed, all of the ring at most. */
  #advance(slab: Float64Array, ring: number, bucket: number): void {
    const newest = slab[ring] ?? NO_BUCKET
    const passed = newest === NO_BUCKET ? 0 : Math.min(bucket - newest, this.#bucketCount)
    for (let step = 0; step < passed; step++) {
      const at = ring + 1 + ((bucket - step) % this.#bucketCount) * BUCKET_NUMBERS
      slab.fill(0, at, at + BUCKET_NUMBERS)
    }
    slab[ring] = bucket
  }

  /**
   * Sums of every window, as seen at a time.
   *
   * @param nowUs  the newest event's time of the endpoint, or later
   * @returns      one entry per window, in the order of the layout
   */
  read(slot: number, nowUs: number): readonly Total[] {
    const slab = this.#slabFor(slot)
    const ring = this.#ringOf(slot) + 1
    const newest = slab[ring - 1] ?? NO_BUCKET
    const now = Math.max(Math.floor(nowUs / this.#periodUs), newest)
    const totals = this.#noTotals.slice()
    const bucketCount = this.#bucketCount
    let place = newest === NO_BUCKET ? 0 : newest % bucketCount
    let bucket = newest
    let weight = 0
    let count = 0
    let sum = 0
    // From the newest bucket back: what a window holds, every longer one holds too.
    for (const window of this.#windows) {
      const oldest = Math.max(now - window.buckets + 1, newest - bucketCount + 1, 0)
      for (; bucket >= oldest; bucket--) {
        const at = ring + place * BUCKET_NUMBERS
        weight += slab[at] ?? 0
        count += slab[at + 1] ?? 0
        sum += slab[at + 2] ?? 0
        place = place === 0 ? bucketCount - 1 : place - 1
      }
      totals[window.place] = { weight, count, sum }
    }
    return totals
  }

  /** An endpoint's ring as plain values: its newest bucket, and what is in the ring up to it. */
  toState(slot: number): readonly number[] {
    const ring = this.#ringOf(slot)
    return [...this.#slabFor(slot).subarray(ring, ring + this.#stride - this.#ownNumbers)]
  }

  /**
   * An endpoint's ring for a checkpoint: its newest bucket, then bucket, weight, count and sum of each
   * one that holds anything. Buckets are numbered since 1970, so that a ring of another length reads it.
   */
  toCheckpoint(slot: number): readonly number[] {
    const slab = this.#slabFor(slot)
    const ring = this.#ringOf(slot)
    const newest = slab[ring] ?? NO_BUCKET
    const numbers = [newest]
    if (newest === NO_BUCKET) return numbers
    for (let bucket = Math.max(newest - this.#bucketCount + 1, 0); bucket <= newest; bucket++) {
      const at = ring + 1 + (bucket % this.#bucketCount) * BUCKET_NUMBERS
      const [weight = 0, count = 0, sum = 0] = slab.subarray(at, at + BUCKET_NUMBERS)
      if (weight !== 0 || count !== 0 || sum !== 0) numbers.push(bucket, weight, count, sum)
    }
    return numbers
  }

  /** Puts a ring of a checkpoint into the place of an endpoint that has none yet; the period is the same. */
  restore(slot: number, [newest = NO_BUCKET, ...buckets]: readonly number[]): void {
    const slab = this.#slabFor(slot)
    const ring = this.#ringOf(slot)
    slab[ring] = newest
    for (let index = 0; index + 3 < buckets.length; index += 1 + BUCKET_NUMBERS) {
      const [bucket = 0, ...values] = buckets.slice(index, index + 1 + BUCKET_NUMBERS)
      if (bucket <= newest - this.#bucketCount) continue
      slab.set(values, ring + 1 + (bucket % this.#bucketCount) * BUCKET_NUMBERS)
    }
  }

  #slabFor(slot: number): Float64Array {
    const number = Math.floor(slot / SLAB_ENDPOINTS)
    while (this.#slabs.length <= number) {
      const slab = new Float64Array(this.#stride * SLAB_ENDPOINTS)
      for (let ring = this.#ownNumbers; ring < slab.length; ring += this.#stride) {
        slab[ring] = NO_BUCKET
      }
      this.#slabs.push(slab)
    }
    const slab = this.#slabs[number]
    assert(slab !== undefined)
    return slab
  }
}

/** Of a window without rows. */
export const NO_TOTAL: Total = { weight: 0, count: 0, sum: 0 }

/** Events per second over a window; the original divided the 5 minute count by 600 (D5). */
export function predictionsPerSecond({ count, ms }: { count: number; ms: number }): number {
  return (count * 1000) / ms
}

/** The same over the shortest of some windows; 0 for none. */
export function shortestRate(
  windows: readonly { readonly count: number; readonly ms: number }[],
): number {
  let [shortest] = windows
  for (const window of windows) {
    if (shortest !== undefined && window.ms < shortest.ms) shortest = window
  }
  return shortest === undefined ? 0 : predictionsPerSecond(shortest)
}

/** Mean of a window, or null where no row stands behind it. */
export function meanOf({ count, sum }: { count: number; sum: number }): number | null {
  return count === 0 ? null : sum / count
}
