// What is read ahead of an event is only read: neither the endpoint nor its windows change, at whatever time the
// event is said to be.
import assert from 'node:assert'
import { test } from 'node:test'
import { type Endpoint, NO_TIME } from '../../../lib/stream/compute/endpoint.ts'
import { ClaimedRanges } from '../../../lib/stream/deliver/claimed-ranges.ts'
import { PredictionBatches } from '../../../lib/stream/deliver/prediction-batches.ts'
import { ReadAhead } from '../../../lib/stream/read-ahead.ts'
import { testEndpoints } from '../../support/test-endpoints.ts'

const LIMITS = { rowsMax: 10, ageMsMax: 1000, bytesMax: 1_000_000, openBytesMax: 1_000_000 }
const AT_US = 1_793_606_400_000_000

test('an endpoint is as it was before', () => {
  const { table, endpoints } = testEndpoints(2)
  const [idle, busy] = endpoints as [Endpoint, Endpoint]
  busy.observe(AT_US, AT_US)
  table.addRow(busy, AT_US, { weight: 1, latencyUs: 7 })
  const predictions = new PredictionBatches(LIMITS, new ClaimedRanges([]))
  const ahead = new ReadAhead({ table, predictions })
  const before = JSON.stringify(table.toState())
  for (const endpoint of [idle, busy]) {
    for (const atUs of [NO_TIME, 0, AT_US, AT_US + 86_400_000_000]) {
      ahead.read(endpoint.slot, atUs)
      assert(Number.isFinite(ahead.sum))
    }
  }
  assert.equal(JSON.stringify(table.toState()), before)
  assert.equal(predictions.rowCount, 0)
})
