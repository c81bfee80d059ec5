// Every event that real servers pushed is understood, and ids are those of the original.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { decode, endpointCandidates } from '../../../../lib/stream/accept/decode.ts'
import { endpointIdOf } from '../../../../lib/stream/accept/endpoint-id.ts'
import type { Call } from '../../../../lib/stream/accept/event.ts'
import { BOUNDS, LATER_US } from './bounds.ts'

function callsOf(event: unknown): readonly Call[] {
  return decode(Buffer.from(JSON.stringify(event)), LATER_US, BOUNDS)
}

/** How many calls of each kind a file of events has. */
function kindsOf(path: string): Record<string, number> {
  const kinds: Record<string, number> = {}
  for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
    for (const { kind } of decode(Buffer.from(line), LATER_US, BOUNDS)) {
      kinds[kind] = (kinds[kind] ?? 0) + 1
    }
  }
  return kinds
}

const ids: {
  cases: {
    function_uri: string
    versioned_model: string
    endpoint_id?: string
    error?: string
  }[]
} = JSON.parse(readFileSync('test/golden/mlrun/endpoint_ids.json', 'utf8'))

test('endpoint ids are those of the original; where it throws there is none', () => {
  assert(ids.cases.length > 10)
  for (const { function_uri, versioned_model, endpoint_id, error } of ids.cases) {
    const id = endpointIdOf(function_uri, versioned_model)
    assert.equal(id, error === undefined ? endpoint_id : null, `${function_uri} ${versioned_model}`)
  }
})

test('a model without version may be registered under two ids; the setting says which comes first', () => {
  const source = { functionUri: 'proj/fn:v1', model: 'mdl', version: '', endpointId: '' }
  const none = 'b2400e29e25c1c7eb2f0bf879a776cc0e1c27ead'
  const latest = '8e71d989c691d9987d869359c98fe3d0073989e6'
  const idsOf = (version: string): string[] =>
    endpointCandidates(source, version).map(({ endpointId }) => endpointId)
  assert.deepEqual(idsOf('latest'), [latest, none])
  assert.deepEqual(idsOf(''), [none, latest])
  const versioned = endpointCandidates({ ...source, version: 'v1' }, 'latest')
  assert.deepEqual(versioned, [
    { endpointId: 'f5724128e42ce7188e9dc770039af34c1e8726ce', model: 'mdl:v1' },
  ])
  assert.deepEqual(endpointCandidates({ ...source, functionUri: 'fn' }, 'latest'), [])
})

test('what MLRun 0.6.5 pushed in the recorded cases is taken', () => {
  const golden: { cases: { name: string; pushed: unknown[] }[] } = JSON.parse(
    readFileSync('test/golden/mlrun/serving_events.json', 'utf8'),
  )
  for (const { name, pushed } of golden.cases) {
    for (const { kind } of pushed.flatMap(callsOf)) {
      assert(kind === 'prediction' || kind === 'error', `${name}: ${kind}`)
    }
  }
})

test('the recorded streams of both generations hold nothing that is refused', () => {
  const { error, ...rest } = kindsOf('examples/events-2021.jsonl')
  assert.equal(error, 75)
  assert.deepEqual(Object.keys(rest), ['prediction'])
  const modern = kindsOf('examples/events-1.12.jsonl')
  assert.deepEqual(modern, { prediction: 1776, error: 18 })
})

test('a row of a sampled event stands for its share of the whole', () => {
  const event = {
    function_uri: 'p/f',
    model: 'm',
    endpoint_id: 'e1',
    request: { inputs: [[1], [2], [3]] },
    resp: { id: 0, outputs: [1, 2, 3] },
    when: '2026-11-02 08:00:00+00:00',
    microsec: null,
    sampling_percentage: 50,
    effective_sample_count: 3,
  }
  const [call] = callsOf(event)
  assert(call?.kind === 'prediction')
  assert.equal(call.rowWeight, 2)
  assert.equal(call.requestId, '0')
  assert(Number.isNaN(call.latencyUs))
  const [whole] = callsOf({ ...event, sampling_percentage: 100, effective_sample_count: undefined })
  assert(whole?.kind === 'prediction' && whole.rowWeight === 1)
})

test('a bad entry of a batch does not cost its neighbours, and base fields reach each call (D4)', () => {
  const good = [{ id: 'a', inputs: [[1]] }, { outputs: [0] }, '2021-07-01T10:00:00Z', 5]
  const event = {
    function_uri: 'p/f',
    model: 'm',
    version: 'v1',
    labels: { env: 'prod' },
    headers: ['request', 'resp', 'when', 'microsec'],
    values: [good, 7, good.slice(1), [...good.slice(0, 3), null], good],
  }
  const calls = callsOf(event)
  assert.deepEqual(
    calls.map((call) => (call.kind === 'invalid' ? call.rejection.reason : call.kind)),
    ['prediction', 'row-not-a-list', 'row-length', 'missing', 'prediction'],
  )
  const [first] = calls
  assert(first?.kind === 'prediction' && first.labels?.['env'] === 'prod' && first.call === 0)
})

test('notices of MLRun 1.x are known by their kind', () => {
  assert.deepEqual(callsOf({ kind: 'nop_event' }), [{ kind: 'notice', notice: 'nop_event' }])
})
