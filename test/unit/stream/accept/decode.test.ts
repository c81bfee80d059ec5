// What a batch may be, and names that are special to JavaScript: each is an ordinary key of an event.
import assert from 'node:assert'
import { test } from 'node:test'
import { decode } from '../../../../lib/stream/accept/decode.ts'
import type { Call } from '../../../../lib/stream/accept/event.ts'
import { BOUNDS } from './bounds.ts'

const IN_2030_US = Date.parse('2030-01-01T00:00:00Z') * 1000
const BASE = { function_uri: 'p/f', model: 'm', version: 'v1' }
const ENTRY = [{ id: 'a', inputs: [[1]] }, { outputs: [0] }, '2021-07-01 10:00:00.5', 5]
const HEADERS = ['request', 'resp', 'when', 'microsec']

function callsOf(event: unknown, rowsMax = BOUNDS.rowsMax): readonly Call[] {
  return decode(Buffer.from(JSON.stringify(event)), IN_2030_US, { ...BOUNDS, rowsMax })
}

function outcomesOf(calls: readonly Call[]): readonly string[] {
  return calls.map((call) =>
    call.kind === 'invalid' || call.kind === 'unknown'
      ? `${call.call} ${call.kind} ${call.rejection.reason} ${call.rejection.path}`
      : call.kind,
  )
}

test('a batch that is none costs one call; one without endpoint is unknown call by call', () => {
  const outcomes = (change: object, rowsMax?: number): readonly string[] =>
    outcomesOf(callsOf({ ...BASE, headers: HEADERS, values: [ENTRY, ENTRY], ...change }, rowsMax))
  assert.deepEqual(outcomes({}), ['prediction', 'prediction'])
  assert.deepEqual(outcomes({ headers: [1] }), ['null invalid wrong-type headers'])
  assert.deepEqual(outcomes({ headers: null }), ['null invalid wrong-type headers'])
  assert.deepEqual(outcomes({ values: {} }), ['null invalid wrong-type values'])
  assert.deepEqual(outcomes({}, 1), ['null invalid too-many values'])
  assert.deepEqual(outcomes({ values: [] }), [])
  assert.deepEqual(outcomes({ model: 7, values: 7 }), ['null unknown wrong-type values'])
  const unnamed = outcomes({ model: undefined })
  assert.deepEqual(unnamed, ['0 unknown missing model', '1 unknown missing model'])
})

test("a row's own fields win over those beside it", () => {
  const headers = [...HEADERS, 'model', 'labels']
  const values = [[...ENTRY, 'own', { a: 1 }]]
  const [call] = callsOf({ ...BASE, labels: { b: 2 }, headers, values })
  assert(call?.kind === 'prediction')
  assert.equal(call.source.model, 'own')
  assert.deepEqual(call.labels, { a: 1 })
})

test('a header or label called __proto__ names nothing but itself', () => {
  const values = [[...ENTRY, { model: 'forged', error: 'forged' }]]
  const [call] = callsOf({ ...BASE, headers: [...HEADERS, '__proto__'], values })
  assert(call?.kind === 'prediction' && call.source.model === 'm')
  const labels: unknown = JSON.parse('{"__proto__": "a", "constructor": "b"}')
  const [labelled] = callsOf({ ...BASE, labels, headers: HEADERS, values: [ENTRY] })
  assert(labelled?.kind === 'prediction')
  assert.deepEqual(Object.keys(labelled.labels ?? {}), ['__proto__', 'constructor'])
  const [forged] = callsOf(JSON.parse('{"__proto__": {"function_uri": "p/f", "model": "m"}}'))
  assert(forged?.kind === 'unknown')
})
