// Metric rows come out as they went in, and leave when their endpoint's batch is full or old; a full one
// does not hold up or reset the others.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Endpoint } from '../../../../lib/stream/compute/endpoint.ts'
import { MetricBatches } from '../../../../lib/stream/deliver/metric-batches.ts'
import type { MetricRow } from '../../../../lib/stream/ports.ts'
import { testEndpoints } from '../../../support/test-endpoints.ts'

const { endpoints } = testEndpoints(4)
const [A, B] = endpoints as [Endpoint, Endpoint]

function rowsOf({ endpointId }: Endpoint, atMs: number, count = 1): readonly MetricRow[] {
  return Array.from({ length: count }, (_, index) => ({
    endpointId,
    recordType: `type ${index}`,
    atMs,
    names: ['x'],
    values: [atMs],
  }))
}

test('every row comes out once, those of an endpoint in their order (property)', () => {
  const adds = fc.array(
    fc.record({ endpoint: fc.constantFrom(...endpoints), count: fc.integer({ min: 1, max: 3 }) }),
  )
  fc.assert(
    fc.property(adds, fc.integer({ min: 1, max: 4 }), fc.nat(5), (given, samplesMax, takeEvery) => {
      const batches = new MetricBatches({ samplesMax, ageMsMax: 3 })
      const added: MetricRow[] = []
      const taken: MetricRow[] = []
      const take = (nowMs: number): number => {
        const rows = batches.takeDue(nowMs, 2)
        assert(rows.length <= 2)
        taken.push(...rows)
        assert.equal(batches.rowCount, added.length - taken.length)
        return rows.length
      }
      for (const [nowMs, { endpoint, count }] of given.entries()) {
        const rows = rowsOf(endpoint, nowMs, count)
        batches.add(endpoint, rows, nowMs)
        added.push(...rows)
        if (takeEvery > 0 && nowMs % takeEvery === 0) take(nowMs)
      }
      while (take(Number.POSITIVE_INFINITY) > 0);
      const ofEndpoint = (rows: readonly MetricRow[], id: string): readonly MetricRow[] =>
        rows.filter(({ endpointId }) => endpointId === id)
      for (const { endpointId } of endpoints) {
        assert.deepEqual(ofEndpoint(taken, endpointId), ofEndpoint(added, endpointId))
      }
    }),
  )
})

test('a batch is due when it holds so many samples, each with all of its rows', () => {
  const batches = new MetricBatches({ samplesMax: 2, ageMsMax: 1000 })
  batches.add(A, rowsOf(A, 1, 3), 0)
  batches.add(B, rowsOf(B, 1), 0)
  assert.deepEqual(batches.takeDue(0, 100), [])
  batches.add(A, rowsOf(A, 2, 3), 0)
  assert.deepEqual(batches.takeDue(0, 100), [...rowsOf(A, 1, 3), ...rowsOf(A, 2, 3)])
  assert.deepEqual(batches.takeDue(999, 100), [])
  assert.equal(batches.rowCount, 1)
})

test('a batch is due by the age of its first sample; a full one does not reset the others', () => {
  const batches = new MetricBatches({ samplesMax: 2, ageMsMax: 1000 })
  batches.add(A, rowsOf(A, 1), 0)
  batches.add(B, rowsOf(B, 2), 500)
  batches.add(B, rowsOf(B, 3), 900)
  batches.add(B, rowsOf(B, 4), 950)
  assert.deepEqual(batches.takeDue(999, 100), [...rowsOf(B, 2), ...rowsOf(B, 3)])
  assert.deepEqual(batches.takeDue(1000, 100), rowsOf(A, 1))
  assert.deepEqual(batches.takeDue(1949, 100), [])
  assert.deepEqual(batches.takeDue(1950, 100), rowsOf(B, 4))
})
