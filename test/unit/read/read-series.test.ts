// Claim: a range comes in as many points as a panel shows, and where all series together are too many, in as many as an
// answer may hold, over the whole range; only what fits in no way is refused.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { ANSWER_POINTS_MAX, readSeries } from '../../../lib/read/read-series.ts'
import { BucketMeans } from '../../../lib/store/v3io/bucket-means.ts'
import type { SeriesPoint, SeriesQuery } from '../../../lib/stream/ports.ts'

const HOUR_MS = 3_600_000
const FROM_MS = Date.parse('2026-11-02T00:00:00.000Z')

/** A row every three seconds of an hour, of so many endpoints. */
function sourcesOf(endpointCount: number, asked: SeriesQuery[]): Parameters<typeof readSeries>[0] {
  const series = async (query: SeriesQuery): Promise<readonly SeriesPoint[]> => {
    asked.push(query)
    const means = new BucketMeans(query.bucketMs ?? 1)
    for (let second = 0; second < 3600; second += 3) {
      const atMs = FROM_MS + second * 1000
      for (let endpoint = 0; endpoint < endpointCount; endpoint++) {
        const names = { endpointId: `e${endpoint}`, recordType: 'base_metrics', metric: 'm' }
        means.add({ atMs, ...names, value: second })
      }
    }
    const all = [...means.points()].sort((one, other) => one.atMs - other.atMs)
    return all.slice(-query.limit)
  }
  const nothing = async () => []
  return {
    reader: { series, endpoints: nothing, ledger: nothing, claims: nothing },
    records: { read: async () => new Map() },
    project: 'p',
    tables: { endpoints: { container: '', path: '' }, metrics: { container: '', path: '' } },
    nowMs: FROM_MS + HOUR_MS,
  }
}

async function pointsOf(endpointCount: number, pointsMax: number): Promise<readonly SeriesPoint[]> {
  const range = { fromMs: FROM_MS, toMs: FROM_MS + HOUR_MS }
  const read = await readSeries(sourcesOf(endpointCount, []), { ...range, pointsMax })
  assert(read.ok)
  return read.value
}

test('one series has at most as many points as are shown, over the whole range', async () => {
  for (const pointsMax of [2, 3, 100, 700, 1199, 10_000]) {
    const points = await pointsOf(1, pointsMax)
    assert(points.length <= pointsMax && points.length >= Math.min(1200, pointsMax) / 2)
    assert.equal(points[0]?.atMs, FROM_MS)
  }
})

test('many series come over longer spans of time, and still over the whole range', async () => {
  const points = await pointsOf(200, 2_000)
  assert(points.length <= ANSWER_POINTS_MAX && points.length > ANSWER_POINTS_MAX / 10)
  assert.equal(points[0]?.atMs, FROM_MS)
  assert((points.at(-1)?.atMs ?? 0) > FROM_MS + 0.95 * HOUR_MS)
})

test('without a beginning the newest single values are read', async () => {
  const asked: SeriesQuery[] = []
  await readSeries(sourcesOf(1, asked), { fromMs: null, toMs: null, pointsMax: 5 })
  assert.deepEqual(asked, [{ limit: ANSWER_POINTS_MAX }])
})

test('more series than points are refused with a sentence', async () => {
  const asked: SeriesQuery[] = []
  const sources = sourcesOf(1, asked)
  const endless = Array.from({ length: ANSWER_POINTS_MAX + 1 }, () => ({
    atMs: FROM_MS,
    endpointId: 'e',
    recordType: 'r',
    metric: 'm',
    value: 1,
  }))
  const reader = { ...sources.reader, series: async () => endless }
  const range = { fromMs: FROM_MS, toMs: FROM_MS + HOUR_MS, pointsMax: 5 }
  const read = await readSeries({ ...sources, reader }, range)
  assert(!read.ok)
  assert.match(read.refusal.message, /^That is more than 200000 points: name an endpoint/)
})
