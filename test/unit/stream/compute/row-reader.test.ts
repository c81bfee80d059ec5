// A row is taken where it has a meaning and refused by reason where it has none; a refused row changes
// nothing, and what is taken comes out value by value.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { EndpointSchema } from '../../../../lib/stream/compute/endpoint-schema.ts'
import { RowReader } from '../../../../lib/stream/compute/row-reader.ts'

const BOUNDS = { featuresMax: 100, textCharsMax: 20 }
const FIRST = { row: 0, inputNames: null, outputNames: null }

function named(names: readonly string[]): EndpointSchema {
  const schema = new EndpointSchema()
  schema.nameFeatures(names)
  return schema
}

/** Why a row is refused, as `reason path`, or '' if it is taken. */
function reasonOf(schema: EndpointSchema, input: unknown, output: unknown): string {
  const rejection = new RowReader(BOUNDS).read(schema, input, output, { ...FIRST, row: 2 })
  return rejection === null ? '' : `${rejection.reason} ${rejection.path}`
}

test('rows that mean nothing are refused, each by its reason', () => {
  const typed = named(['a', 'b'])
  assert.equal(reasonOf(typed, [1, 'x'], 0), '')
  assert.equal(reasonOf(typed, [1], 0), 'row-length request.inputs[2]')
  assert.equal(reasonOf(typed, [1, 'x', 3], 0), 'row-length request.inputs[2]')
  assert.equal(reasonOf(typed, { a: 1 }, 0), 'row-names request.inputs[2]')
  assert.equal(reasonOf(typed, { a: 1, c: 2 }, 0), 'row-names request.inputs[2]')
  assert.equal(reasonOf(typed, null, 0), 'row-not-a-list request.inputs[2]')
  assert.equal(reasonOf(typed, 7, 0), 'row-not-a-list request.inputs[2]')
  assert.equal(reasonOf(typed, [1, [2]], 0), 'nested-value request.inputs[2][1]')
  assert.equal(reasonOf(typed, [{}, 'x'], 0), 'nested-value request.inputs[2][0]')
  assert.equal(reasonOf(typed, ['one', 'x'], 0), 'text-for-number request.inputs[2][0]')
  assert.equal(reasonOf(typed, [1, 'x'.repeat(21)], 0), 'too-long request.inputs[2][1]')
  assert.equal(reasonOf(typed, [1, 'x'], undefined), 'no-output resp.outputs[2]')
  assert.equal(reasonOf(typed, [1, 'x'], 'cat'), 'text-for-number resp.outputs[2][0]')
  assert.equal(reasonOf(typed, [1, 'x'], [[1]]), 'nested-value resp.outputs[2][0]')
  const wide = Array.from({ length: 101 }, () => 0)
  assert.equal(reasonOf(new EndpointSchema(), wide, 0), 'too-many request.inputs[2]')
})

test('a refused row leaves names and types as they were', () => {
  const schema = new EndpointSchema()
  assert.notEqual(reasonOf(schema, [1, 'x', [2]], 0), '')
  assert.notEqual(reasonOf(schema, [1, 2], [{}]), '')
  assert.deepEqual(schema.fields, [])
  assert.equal(schema.predictionKind, null)
  assert.deepEqual(schema.labelNames, [])
})

test('values by position and by name come out the same', () => {
  const byName = new RowReader(BOUNDS)
  const byPosition = new RowReader(BOUNDS)
  const schema = named(['a', '__proto__'])
  const row: unknown = JSON.parse('{"__proto__": 2, "a": true}')
  assert.equal(byName.read(schema, row, [0.5, null], FIRST), null)
  assert.equal(byPosition.read(schema, [true, 2], [0.5, null], FIRST), null)
  for (const reader of [byName, byPosition]) {
    assert.deepEqual([...reader.features.subarray(0, 2)], [1, 2])
    assert.deepEqual(reader.predictions, [0.5, null])
  }
})

test('null and what is not finite are missing; a missing value decides no type', () => {
  const reader = new RowReader(BOUNDS)
  const schema = new EndpointSchema()
  assert.equal(reader.read(schema, [null, Number.POSITIVE_INFINITY, 3], null, FIRST), null)
  assert.deepEqual([...reader.features.subarray(0, 3)], [Number.NaN, Number.NaN, 3])
  assert.deepEqual(schema.kinds, [null, null, 'double'])
  assert.equal(reader.isPredictionNull, true)
  assert.equal(schema.predictionKind, null)
  assert.equal(reader.read(schema, ['red', 1.5, 3], 'cat', FIRST), null)
  assert.deepEqual(reader.featureTexts, ['red', null, null])
  assert.deepEqual(schema.kinds, ['text', 'double', 'double'])
  assert.deepEqual([reader.predictions, reader.isPredictionNull], [['cat'], false])
})

test('a number fits a text column, spelled as JavaScript spells it', () => {
  const reader = new RowReader(BOUNDS)
  const schema = named(['colour'])
  assert.equal(reader.read(schema, ['red'], 'cat', FIRST), null)
  assert.equal(reader.read(schema, [1e21], 1, FIRST), null)
  assert.deepEqual([reader.featureTexts, reader.predictions], [['1e+21'], ['1']])
})

test('names: the event says them, else f0, f1, ...; outputs likewise', () => {
  const schema = new EndpointSchema()
  const place = { row: 0, inputNames: ['x', 'y'], outputNames: ['u'] }
  assert.equal(new RowReader(BOUNDS).read(schema, [1, 2], 3, place), null)
  assert.deepEqual([schema.featureNames, schema.labelNames], [['x', 'y'], ['u']])
  const unnamed = new EndpointSchema()
  assert.equal(new RowReader(BOUNDS).read(unnamed, [1, 2], [3, 4], FIRST), null)
  assert.deepEqual(
    [unnamed.featureNames, unnamed.labelNames],
    [
      ['f0', 'f1'],
      ['p0', 'p1'],
    ],
  )
})

test('what a row says does not depend on the rows before it (property)', () => {
  const value = fc.oneof(fc.double(), fc.boolean(), fc.constant(null))
  const rows = fc.array(fc.array(value, { minLength: 3, maxLength: 3 }), { minLength: 1 })
  fc.assert(
    fc.property(rows, (inputs) => {
      const shared = new RowReader(BOUNDS)
      const schema = named(['a', 'b', 'c'])
      for (const input of inputs) {
        const alone = new RowReader(BOUNDS)
        assert.equal(shared.read(schema, input, 0, FIRST), null)
        assert.equal(alone.read(named(['a', 'b', 'c']), input, 0, FIRST), null)
        assert.deepEqual([...shared.features.subarray(0, 3)], [...alone.features.subarray(0, 3)])
      }
    }),
  )
})

test('every row of the recorded serving events is taken', () => {
  const reader = new RowReader({ featuresMax: 2000, textCharsMax: 4096 })
  const schemas = new Map<string, EndpointSchema>()
  let rowCount = 0
  for (const line of readFileSync('examples/events-2021.jsonl', 'utf8').trim().split('\n')) {
    const event: {
      model: string
      request?: { inputs: unknown[] }
      resp?: { outputs: unknown[] }
    } = JSON.parse(line)
    if (event.request === undefined || event.resp === undefined) continue
    const schema = schemas.get(event.model) ?? new EndpointSchema()
    schemas.set(event.model, schema)
    for (const [row, input] of event.request.inputs.entries()) {
      const problem = reader.read(schema, input, event.resp.outputs[row], { ...FIRST, row })
      assert.equal(problem, null)
      const values = [...reader.features.subarray(0, schema.fields.length)]
      // Some events have a null where a measurement was missing.
      assert.deepEqual(
        values,
        (input as unknown[]).map((value) => value ?? Number.NaN),
      )
      rowCount++
    }
  }
  assert(rowCount >= 4784)
})
