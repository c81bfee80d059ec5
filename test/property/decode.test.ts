// Any bytes give at least one call and never an exception; only a batch that lists no calls has none.
// A batch gives one call per entry, and what one entry is does not change what its neighbours are.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode } from '../../lib/stream/accept/decode.ts'
import type { Call } from '../../lib/stream/accept/event.ts'
import { REASONS } from '../../lib/stream/accept/rejection.ts'

const ARRIVED_AT_US = Date.parse('2030-01-01T00:00:00Z') * 1000
const BOUNDS = {
  rowsMax: 1000,
  textCharsMax: 4096,
  nameCharsMax: 512,
  labelsMax: 64,
  whenSkewMaxUs: 600_000_000,
}
const REQUEST = { id: 'r', inputs: [[1, 2]] }
const RESP = { id: 'r', outputs: [0] }
const WHEN = '2021-07-01 10:00:00.123456+00:00'
const BASE = { function_uri: 'p/f', model: 'm', version: 'v1' }
const EVENT = { ...BASE, request: REQUEST, resp: RESP, when: WHEN, microsec: 5, metrics: { a: 1 } }
const HEADERS = ['request', 'resp', 'when', 'microsec']
const ENTRY = [REQUEST, RESP, WHEN, 5]

function decoded(body: string | Uint8Array): readonly Call[] {
  return decode(Buffer.from(body as string), ARRIVED_AT_US, BOUNDS)
}

function checkCalls(calls: readonly Call[]): void {
  for (const call of calls) {
    if (call.kind === 'invalid' || call.kind === 'unknown') {
      assert(REASONS.includes(call.rejection.reason))
    } else if (call.kind === 'prediction') {
      assert(Number.isSafeInteger(call.atUs))
      assert(Number.isNaN(call.latencyUs) || Number.isSafeInteger(call.latencyUs))
      assert(call.rowWeight >= 0 && Number.isFinite(call.rowWeight))
    }
  }
}

test('any bytes give at least one call (property)', () => {
  const text = fc.constantFrom(JSON.stringify(EVENT), '{"headers": ["a"], "values": [[NaN]]}')
  const cut = fc
    .tuple(text, fc.nat(400), fc.uint8Array({ maxLength: 3 }))
    .map(([all, at, more]) => {
      const bytes = Buffer.from(all)
      return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + 1)])
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), cut), (body) => {
      const calls = decoded(body)
      assert(calls.length >= 1)
      checkCalls(calls)
    }),
    { numRuns: 2000 },
  )
})

test('any value in any field gives one call, also with huge texts and odd numbers (property)', () => {
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.constantFrom(
      'x'.repeat(5000),
      -0,
      1e308,
      2 ** 53,
      -1,
      '',
      '\u0000',
      '..',
      [[]],
      [null],
      [{}],
    ),
    fc.constant(JSON.parse('{"__proto__": {"id": 1, "inputs": [[1]], "outputs": [1]}}')),
  )
  const fields = fc.constantFrom(
    ...Object.keys(EVENT),
    ...['endpoint_id', 'labels', 'class', 'error', 'kind', 'sampling_percentage'],
    ...['effective_sample_count', '__proto__', 'constructor'],
  )
  const change = fc.dictionary(fields, values, { noNullPrototype: true, maxKeys: 3 })
  fc.assert(
    fc.property(change, (fieldsOf) => {
      const event = JSON.stringify({ ...EVENT, ...fieldsOf })
      const calls = decoded(event)
      assert.equal(calls.length, 1)
      checkCalls(calls)
    }),
    { numRuns: 2000 },
  )
})

test('a batch gives one call per entry, each what it is without its neighbours (property)', () => {
  const entries = fc.oneof(fc.constant(ENTRY), fc.jsonValue({ maxDepth: 2 }))
  const position = fc.tuple(fc.nat(3), fc.jsonValue({ maxDepth: 2 }))
  const oneOff = position.map(([at, value]) =>
    ENTRY.map((own, index) => (index === at ? value : own)),
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(entries, oneOff), { maxLength: 8 }), (values) => {
      const batch = (list: readonly unknown[]): readonly Call[] =>
        decoded(JSON.stringify({ ...BASE, headers: HEADERS, values: list }))
      const calls = batch(values)
      assert.equal(calls.length, values.length)
      checkCalls(calls)
      for (const [index, value] of values.entries()) {
        const [alone] = batch([value])
        assert.equal(calls[index]?.kind, alone?.kind)
        if (value === ENTRY) assert.equal(alone?.kind, 'prediction')
      }
    }),
    { numRuns: 500 },
  )
})
