// What an endpoint remembers of its events: stamps that no two rows share, first and last request by event
// time in the spelling that was received, stream time that goes on with the clock.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { Endpoint, NO_TIME } from '../../../../lib/stream/compute/endpoint.ts'
import { NUMBERS } from '../../../../lib/stream/compute/endpoint-numbers.ts'

function newEndpoint(): Endpoint {
  const source = { functionUri: 'p/f', model: 'm', version: 'v1', endpointId: '' }
  const place = { numbers: new Float64Array(NUMBERS), at: 0 }
  return new Endpoint({ endpointId: 'id', model: 'm:v1', source, slot: 0, place })
}

test('rows of equal times follow each other by a millisecond, however they come in calls (property)', () => {
  // Calls in order of time: k rows at the same `when`, stamped when + 0 .. when + k - 1.
  const calls = fc.array(fc.record({ stepMs: fc.nat(3), rows: fc.integer({ min: 1, max: 5 }) }))
  fc.assert(
    fc.property(calls, (steps) => {
      const endpoint = newEndpoint()
      const stamps: number[] = []
      let whenMs = 1_000
      for (const { stepMs, rows } of steps) {
        whenMs += stepMs
        for (let row = 0; row < rows; row++) stamps.push(endpoint.takeStamp(whenMs + row))
      }
      assert.equal(new Set(stamps).size, stamps.length, 'no two rows share a stamp')
    }),
  )
})

test('three rows of one time are stamped 0, 1 and 2 ms later; a later time begins anew', () => {
  const endpoint = newEndpoint()
  assert.deepEqual(
    [5_000, 5_000, 5_000, 5_001, 9_000, 8_000].map((ms) => endpoint.takeStamp(ms)),
    [5_000, 5_001, 5_002, 5_003, 9_000, 8_000],
  )
})

test('a row at the stamp of an idle row makes way for it', () => {
  const endpoint = newEndpoint()
  endpoint.idleStampMs = 30_000
  assert.equal(endpoint.takeStamp(30_000), 30_001)
})

test('first and last request are the earliest and the latest by time, as they were spelled (D28)', () => {
  const endpoint = newEndpoint()
  assert.deepEqual([endpoint.timestamp, endpoint.firstRequest, endpoint.lastRequest], ['', '', ''])
  const at = Date.parse('2026-11-02T08:00:00Z') * 1000
  endpoint.recordRequest('2026-11-02 08:00:00.000000+00:00', at)
  endpoint.recordRequest('2026-11-02T09:00:01+01:00', at + 1_000_000)
  endpoint.recordRequest('2026-11-02 07:59:59.500000+00:00', at - 500_000)
  assert.equal(endpoint.timestamp, '2026-11-02 07:59:59.500000+00:00')
  assert.equal(endpoint.firstRequest, '2026-11-02 07:59:59.500000+00:00')
  assert.equal(endpoint.lastRequest, '2026-11-02T09:00:01+01:00')
})

test('stream time is the newest event time and goes on with the clock, never back', () => {
  const endpoint = newEndpoint()
  assert.equal(endpoint.streamTimeUs(5), NO_TIME)
  endpoint.observe(1_000, 1_200)
  endpoint.observe(900, 1_300)
  assert.equal(endpoint.newestUs, 1_000)
  assert.equal(endpoint.streamTimeUs(1_250), 1_050)
  assert.equal(endpoint.streamTimeUs(1_100), 1_000)
})

test('the class of the model server is kept while events name none; equal labels are kept once', () => {
  const endpoint = newEndpoint()
  const { source } = endpoint
  endpoint.describe(source, 'Server', { team: 'a', nested: [1] })
  const texts = endpoint.labelTexts
  assert.deepEqual(
    texts,
    new Map([
      ['team', 'a'],
      ['nested', '[1]'],
    ]),
  )
  endpoint.describe(source, '', { team: 'a', nested: [1] })
  assert.deepEqual(endpoint.identity, { functionUri: 'p/f', model: 'm:v1', modelClass: 'Server' })
  endpoint.describe(source, 'Server', { team: 'a' })
  const flat = endpoint.labelTexts
  endpoint.describe(source, 'Server', { team: 'a' })
  assert.equal(endpoint.labelTexts, flat, 'the same object for the same labels')
  endpoint.describe(source, 'Server', null)
  assert.equal(endpoint.labels, null)
})
