// What the store said of an endpoint comes back from the log as it was, less what state does not depend on;
// two records count as the same when they name and type the columns alike.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decodeRead,
  digestOf,
  type EndpointRead,
  encodeRead,
} from '../../../../lib/stream/accept/endpoint-read.ts'

const NAMING = [
  'feature_names',
  'label_names',
  'label_columns',
  'feature_stats',
  'monitor_configuration',
]
const KEPT = [...NAMING, 'first_request', 'error_count']
const OTHERS = ['timestamp', 'predictions_count_5m', '__proto__', 'constructor', 'labels']

const anyText = fc.string({ unit: 'binary' })
const anyAttribute = fc.oneof(
  anyText,
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const anyRecord = fc
  .array(fc.tuple(fc.constantFrom(...KEPT, ...OTHERS), anyAttribute))
  .map((entries) => new Map(entries))
const anyRead: fc.Arbitrary<EndpointRead> = fc.record({
  source: fc.record(
    { functionUri: anyText, model: anyText, version: anyText, endpointId: anyText },
    { noNullPrototype: true },
  ),
  endpointId: anyText,
  model: anyText,
  record: fc.option(anyRecord),
})

test('a read comes back from its JSON, with the attributes that count (property)', () => {
  fc.assert(
    fc.property(anyRead, (read) => {
      const { record } = read
      const kept =
        record === null ? null : new Map([...record].filter(([name]) => KEPT.includes(name)))
      // JSON knows no -0, which no attribute needs.
      for (const [name, value] of kept ?? []) if (Object.is(value, -0)) kept?.set(name, 0)
      const json = encodeRead(read)
      assert.deepStrictEqual(sorted(decodeRead(json)), sorted({ ...read, record: kept }))
      // As bytes of the log, too.
      assert.equal(Buffer.from(json).toString('utf8'), json)
    }),
  )
})

function sorted(read: EndpointRead | null): unknown {
  return read && { ...read, record: read.record && [...read.record].sort() }
}

test('records are the same when all that names or types columns is (property)', () => {
  fc.assert(
    fc.property(anyRecord, anyRecord, (a, b) => {
      const namingOf = (record: typeof a): unknown =>
        NAMING.map((name) => (Object.is(record.get(name), -0) ? 0 : record.get(name)))
      const isSame = JSON.stringify(namingOf(a)) === JSON.stringify(namingOf(b))
      assert.equal(digestOf(a) === digestOf(b), isSame)
      assert.equal(digestOf(a), digestOf(new Map([...a].reverse())))
      assert.notEqual(digestOf(a), digestOf(null))
    }),
  )
})

test('no record is not an empty record', () => {
  assert.equal(digestOf(null), '')
  const read = { source: { functionUri: 'p/f', model: 'm', version: '', endpointId: '' } }
  const rest = { endpointId: 'id', model: 'm:latest' }
  assert.equal(decodeRead(encodeRead({ ...read, ...rest, record: null }))?.record, null)
  assert.deepEqual(
    decodeRead(encodeRead({ ...read, ...rest, record: new Map() }))?.record,
    new Map(),
  )
})

test('JSON of another shape is no read, and odd attributes are left out', () => {
  for (const json of [
    '1',
    '[]',
    '{}',
    '{"source":{}}',
    '{"source":{},"endpoint_id":1,"model":"m"}',
  ]) {
    assert.equal(decodeRead(json), null)
  }
  const json = '{"source":{},"endpoint_id":"i","model":"m","record":{"feature_names":null,"x":[1]}}'
  assert.deepEqual(decodeRead(json)?.record, new Map())
})
