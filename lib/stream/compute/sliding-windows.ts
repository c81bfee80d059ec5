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

/**
 * Sliding sums over event time, one ring of buckets per endpoint.
 *
 * With period p, buckets start at the epoch: b(t) = floor(t / p). A window of length w covers the
 * buckets b with b(now) - w/p < b <= b(now). A row older than the longest window is late: it is not
 * added. Sums are taken from the ring when they are read, because a running sum of floats does not
 * come back to 0.
 *
 * Layout of a slab: bucketCount x SLAB_ENDPOINTS doubles each, an endpoint's ring in one piece;
 * bucket b lies at b modulo bucketCount; `newest` holds the newest bucket of each endpoint.
 */
export class SlidingWindows {
  readonly #windowBuckets: readonly number[]
  readonly #periodUs: number
  readonly #bucketCount: number
  readonly #keepsSums: boolean
  readonly #slabs: Slab[] = []

  /** @param keepsSums  false where only counts are wanted: that halves the memory */
  constructor({ windows, periodMs }: WindowLayout, { keepsSums }: { keepsSums: boolean }) {
    assert(windows.length > 0 && windows.every(({ ms }) => ms > 0 && ms % periodMs === 0))
    this.#windowBuckets = windows.map(({ ms }) => ms / periodMs)
    this.#periodUs = periodMs * 1000
    this.#bucketCount = Math.max(...this.#windowBuckets)
    this.#keepsSums = keepsSums
  }

  /**
   * Adds a row's count and value in the bucket of its time.
   *
   * @param slot  the endpoint's place, 0, 1, 2, ...
   * @param atUs  event time, microseconds since 1970 UTC
   * @returns     false if the row is older than the longest window and was not added
   */
  add(slot: number, atUs: number, { count, sum }: { count: number; sum: number }): boolean {
    const slab = this.#slabFor(slot)
    const index = slot % SLAB_ENDPOINTS
    const bucket = Math.floor(atUs / this.#periodUs)
    const newest = slab.newest[index] ?? NO_BUCKET
    if (newest !== NO_BUCKET && bucket <= newest - this.#bucketCount) return false
    if (bucket > newest) this.#advance(slab, index, bucket)
    const at = index * this.#bucketCount + (bucket % this.#bucketCount)
    slab.counts[at] = (slab.counts[at] ?? 0) + count
    if (this.#keepsSums) slab.sums[at] = (slab.sums[at] ?? 0) + sum
    return true
  }

  /** Moves an endpoint's newest bucket on to a time without adding a row; never back. */
  advanceTo(slot: number, atUs: number): void {
    const slab = this.#slabFor(slot)
    const bucket = Math.floor(atUs / this.#periodUs)
    const index = slot % SLAB_ENDPOINTS
    if (bucket > (slab.newest[index] ?? NO_BUCKET)) this.#advance(slab, index, bucket)
  }

  /** Clears the buckets that were passed, all of the ring at most. */
  #advance(slab: Slab, index: number, bucket: number): void {
    const newest = slab.newest[index] ?? NO_BUCKET
    const passed = newest === NO_BUCKET ? 0 : Math.min(bucket - newest, this.#bucketCount)
    const ring = index * this.#bucketCount
    for (let step = 0; step < passed; step++) {
      const at = ring + ((bucket - step) % this.#bucketCount)
      slab.counts[at] = 0
      if (this.#keepsSums) slab.sums[at] = 0
    }
    slab.newest[index] = bucket
  }

  /**
   * Sums of every window, as seen at a time.
   *
   * @param nowUs  the newest event's time of the endpoint, or later
   * @returns      one entry per window, in the order of the layout; count >= 0; sum is
   *               0 where sums are not kept
   */
  read(slot: number, nowUs: number): readonly { readonly count: number; readonly sum: number }[] {
    const slab = this.#slabFor(slot)
    const index = slot % SLAB_ENDPOINTS
    const newest = slab.newest[index] ?? NO_BUCKET
    const now = Math.max(Math.floor(nowUs / this.#periodUs), newest)
    // Oldest bucket that is still in the ring, and that any window reaches.
    const oldest = Math.max(newest - this.#bucketCount + 1, now - this.#bucketCount + 1, 0)
    const totals = this.#windowBuckets.map(() => ({ count: 0, sum: 0 }))
    const ring = index * this.#bucketCount
    let place = newest % this.#bucketCount
    for (let bucket = newest; bucket >= oldest; bucket--) {
      const count = slab.counts[ring + place] ?? 0
      const sum = this.#keepsSums ? (slab.sums[ring + place] ?? 0) : 0
      place = place === 0 ? this.#bucketCount - 1 : place - 1
      if (count === 0 && sum === 0) continue
      const age = now - bucket
      for (let window = 0; window < totals.length; window++) {
        const total = totals[window]
        if (total === undefined || age >= (this.#windowBuckets[window] ?? 0)) continue
        total.count += count
        total.sum += sum
      }
    }
    return totals
  }

  /** An endpoint's ring as plain values: its newest bucket, and what is in the ring up to it. */
  toState(slot: number): readonly unknown[] {
    const slab = this.#slabFor(slot)
    const from = (slot % SLAB_ENDPOINTS) * this.#bucketCount
    const ring = (values: Float64Array): readonly number[] => [
      ...values.subarray(from, from + this.#bucketCount),
    ]
    const newest = slab.newest[slot % SLAB_ENDPOINTS] ?? NO_BUCKET
    return [newest, ring(slab.counts), this.#keepsSums ? ring(slab.sums) : []]
  }

  #slabFor(slot: number): Slab {
    const number = Math.floor(slot / SLAB_ENDPOINTS)
    while (this.#slabs.length <= number) {
      this.#slabs.push({
        counts: new Float64Array(this.#bucketCount * SLAB_ENDPOINTS),
        sums: new Float64Array(this.#keepsSums ? this.#bucketCount * SLAB_ENDPOINTS : 0),
        newest: new Float64Array(SLAB_ENDPOINTS).fill(NO_BUCKET),
      })
    }
    const slab = this.#slabs[number]
    assert(slab !== undefined)
    return slab
  }
}

interface Slab {
  readonly counts: Float64Array
  readonly sums: Float64Array
  readonly newest: Float64Array
}

/** Events per second over a window; the original divided the 5 minute count by 600 (D5). */
export function predictionsPerSecond({ count, ms }: { count: number; ms: number }): number {
  return (count * 1000) / ms
}

/** Mean of a window, or null where no row stands behind it. */
export function meanOf({ count, sum }: { count: number; sum: number }): number | null {
  return count === 0 ? null : sum / count
}
