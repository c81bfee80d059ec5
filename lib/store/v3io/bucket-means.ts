import type { SeriesPoint } from '../../stream/ports.ts'

/** Values of one series in one span of time. */
interface Bucket {
  readonly first: SeriesPoint
  atMs: number
  sum: number
  count: number
}

/** Means of the numbers of each series over spans of time (SeriesQuery.bucketMs); memory is that of the means. */
export class BucketMeans {
  readonly #bucketMs: number
  /** Endpoint, record type and metric as JSON -> span -> values. */
  readonly #series = new Map<string, Map<number, Bucket>>()

  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs
  }

  add(point: SeriesPoint): void {
    const { atMs, endpointId, recordType, metric, value } = point
    if (typeof value !== 'number') return
    const key = JSON.stringify([endpointId, recordType, metric])
    let buckets = this.#series.get(key)
    if (buckets === undefined) {
      buckets = new Map()
      this.#series.set(key, buckets)
    }
    const span = Math.floor(atMs / this.#bucketMs)
    const bucket = buckets.get(span)
    if (bucket === undefined) {
      buckets.set(span, { first: point, atMs, sum: value, count: 1 })
      return
    }
    bucket.atMs = Math.min(bucket.atMs, atMs)
    bucket.sum += value
    bucket.count++
  }

  /** The means so far, in no order. */
  *points(): Generator<SeriesPoint> {
    for (const buckets of this.#series.values()) {
      for (const { first, atMs, sum, count } of buckets.values()) {
        yield { ...first, atMs, value: sum / count }
      }
    }
  }
}
