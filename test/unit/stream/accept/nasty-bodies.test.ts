// Any bytes at all give at least one call, never an exception; what is refused has a fixed reason.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode } from '../../../../lib/stream/accept/decode.ts'
import { parseBody } from '../../../../lib/stream/accept/parse-json.ts'
import { parseWhen } from '../../../../lib/stream/accept/parse-when.ts'
import { REASONS } from '../../../../lib/stream/accept/rejection.ts'
import { BOUNDS, LATER_US } from './bounds.ts'

const GOOD = {
  function_uri: 'p/f',
  model: 'm',
  version: 'v1',
  request: { id: 'r', inputs: [[1]] },
  resp: { outputs: [0] },
  when: '2021-07-01 10:00:00.123456+00:00',
  microsec: 5,
}

/** The reason and path of the only call, or its kind if it is taken. */
function outcomeOf(body: string | Uint8Array): string {
  const calls = decode(Buffer.from(body as string), LATER_US, BOUNDS)
  assert.equal(calls.length, 1)
  const [call] = calls
  if (call?.kind !== 'invalid' && call?.kind !== 'unknown') return call?.kind ?? ''
  const { reason, path } = call.rejection
  return `${call.kind} ${reason} ${path}`.trim()
}

function changed(change: Record<string, unknown>): string {
  return JSON.stringify({ ...GOOD, ...change })
}

const CASES: readonly (readonly [string, string])[] = [
  ['', 'unknown empty-body'],
  [' \n', 'unknown empty-body'],
  ['null', 'unknown not-an-object'],
  ['[]', 'unknown not-an-object'],
  ['7', 'unknown not-an-object'],
  ['{"a":', 'unknown not-json'],
  ['{"a": NaNcy}', 'unknown not-json'],
  [changed({ function_uri: undefined }), 'unknown missing function_uri'],
  [changed({ model: null }), 'unknown missing model'],
  [changed({ model: 7 }), 'unknown wrong-type model'],
  [changed({ model: 'm'.repeat(513) }), 'unknown too-long model'],
  [changed({ endpoint_id: '../../etc' }), 'unknown bad-endpoint-id endpoint_id'],
  [changed({ endpoint_id: '..' }), 'unknown bad-endpoint-id endpoint_id'],
  [changed({ endpoint_id: '' }), 'unknown bad-endpoint-id endpoint_id'],
  [changed({ when: undefined }), 'invalid missing when'],
  [changed({ when: 'yesterday' }), 'invalid bad-time when'],
  [changed({ when: '2021-02-30 10:00:00' }), 'invalid bad-time when'],
  [changed({ when: '1999-12-31 23:59:59' }), 'invalid time-before-2000 when'],
  [changed({ when: '2026-11-24 00:10:01' }), 'invalid time-ahead when'],
  [changed({ when: '2026-11-24 00:10:00' }), 'prediction'],
  [changed({ request: { inputs: [[1]] } }), 'invalid missing request.id'],
  [changed({ request: { id: 0, inputs: [[1]] } }), 'prediction'],
  [changed({ microsec: null }), 'invalid missing microsec'],
  [changed({ microsec: -1 }), 'invalid out-of-range microsec'],
  [changed({ microsec: 2 ** 53 }), 'invalid out-of-range microsec'],
  [changed({ microsec: '5' }), 'invalid wrong-type microsec'],
  [changed({ request: { id: 'r' } }), 'invalid missing request.inputs'],
  [changed({ request: { id: 'r', inputs: 'x' } }), 'invalid wrong-type request.inputs'],
  [changed({ request: { id: 'r', inputs: [] } }), 'prediction'],
  [changed({ resp: { outputs: 5 } }), 'invalid wrong-type resp.outputs'],
  [changed({ labels: [] }), 'invalid wrong-type labels'],
  [changed({ labels: { a: 'x'.repeat(4097) } }), 'invalid too-long labels.a'],
  [changed({ error: 'boom', when: undefined }), 'error'],
  [changed({ headers: 'x', values: [] }), 'invalid wrong-type headers'],
  [changed({ kind: 'batch_complete' }), 'notice'],
]

test('each kind of bad event is refused by its reason, at its field', () => {
  for (const [body, expected] of CASES) {
    assert.equal(outcomeOf(body), expected, body.slice(0, 200))
  }
})

test('Python tokens are read as values that are not finite, and left alone inside texts', () => {
  const parsed = parseBody(Buffer.from('\uFEFF{"a": [NaN, -Infinity, 1], "b": "NaN \\" Infinity"}'))
  assert.deepEqual(parsed, {
    ok: true,
    value: {
      a: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1],
      b: 'NaN " Infinity',
    },
  })
})

test('megabytes of brackets, quotes or tokens end quickly and are refused', () => {
  const size = 4 << 20
  assert.equal(outcomeOf(Buffer.alloc(size, '[')), 'unknown too-deep')
  assert.equal(outcomeOf(Buffer.alloc(size, '"')), 'unknown not-json')
  assert.equal(outcomeOf(Buffer.alloc(size, '\\"')), 'unknown not-json')
  assert.equal(outcomeOf(Buffer.alloc(size, 'NaN')), 'unknown not-json')
  assert.equal(outcomeOf(Buffer.alloc(size, 0xff)), 'unknown not-json')
})

test('deep labels are refused, also in a small body', () => {
  const deep = JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)
  assert.equal(outcomeOf(changed({ labels: { deep } })), 'invalid too-deep labels.deep')
})

test('any bytes, and any JSON in any field, give calls and known reasons', () => {
  const fields = Object.keys({ ...GOOD, labels: 0, metrics: 0, headers: 0, values: 0, error: 0 })
  const bodies = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .tuple(fc.constantFrom(...fields), fc.jsonValue())
      .map(([field, value]) => Buffer.from(changed({ [field]: value }))),
  )
  fc.assert(
    fc.property(bodies, (body) => {
      for (const call of decode(body, LATER_US, BOUNDS)) {
        if (call.kind === 'invalid' || call.kind === 'unknown') {
          assert(REASONS.includes(call.rejection.reason))
        }
      }
    }),
    { numRuns: 1000 },
  )
})

test('times: any form gives the same microsecond, and no day that is not in the calendar', () => {
  const expected = Date.parse('2021-07-01T10:00:00.123Z') * 1000
  for (const form of [
    '2021-07-01 10:00:00.123000+00:00',
    '2021-07-01T10:00:00.123Z',
    '2021-07-01 10:00:00.123',
    '2021-07-01 12:00:00.123+02:00',
    '2021-07-01 05:30:00.1230009-0430',
  ]) {
    assert.equal(parseWhen(form), expected, form)
  }
  for (const form of ['', '2021-13-01 00:00:00', '2021-02-29 00:00:00', '2021-07-01 24:00:00']) {
    assert(Number.isNaN(parseWhen(form)), form)
  }
  assert(Number.isNaN(parseWhen('2021-02-29 10:00:00.123456+00:00')))
  const times = fc.date({
    min: new Date('2000-01-01'),
    max: new Date('2100-01-01'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(times, fc.integer({ min: 0, max: 999 }), (time, us) => {
      const iso = time.toISOString()
      const server = `${iso.slice(0, 10)} ${iso.slice(11, 23)}${String(us).padStart(3, '0')}+00:00`
      assert.equal(parseWhen(server), time.getTime() * 1000 + us)
      assert.equal(parseWhen(iso), time.getTime() * 1000)
    }),
  )
})
