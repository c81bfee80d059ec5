// Names and types come from the record, else from the first row; columns only grow and a type that is
// decided stays.
import assert from 'node:assert'
import { test } from 'node:test'
import { EndpointSchema } from '../../../../lib/stream/compute/endpoint-schema.ts'

function schemaOf(record: Record<string, string>): EndpointSchema {
  const schema = new EndpointSchema()
  schema.learnRecord(new Map(Object.entries(record)))
  return schema
}

test('names of the record, with its label columns taken off their end', () => {
  const schema = schemaOf({ feature_names: '["a", "b", "label"]', label_columns: '["label"]' })
  assert.deepEqual(schema.featureNames, ['a', 'b'])
  assert.deepEqual(schema.labelNames, ['label'])
  assert.deepEqual(schema.namesForRecord, { features: null, labels: null })
})

test('label_names is read before label_columns, and an empty list says nothing (D29)', () => {
  const schema = schemaOf({ label_names: '["y"]', label_columns: '["z"]', feature_names: '[]' })
  assert.deepEqual(schema.labelNames, ['y'])
  assert.deepEqual(schema.featureNames, [])
  assert.deepEqual(schemaOf({ label_names: '[]', label_columns: '["z"]' }).labelNames, ['z'])
})

test('what cannot be read in a record says nothing', () => {
  for (const feature_names of ['', '{', 'null', '{"a":1}', '[1,2]', '["a","a"]', '["a",null]']) {
    assert.deepEqual(schemaOf({ feature_names, feature_stats: '[1' }).featureNames, [])
  }
})

test('a later record adds columns, drops none and moves the values to them', () => {
  const schema = schemaOf({ feature_names: '["a", "b"]' })
  assert.equal(schema.learnRecord(new Map([['feature_names', '["b", "c"]']])), true)
  assert.deepEqual(schema.fields, ['a', 'b', 'c'])
  assert.deepEqual(schema.inputFields, [1, 2])
  assert.equal(schema.learnRecord(new Map([['feature_names', '["b", "c"]']])), false)
})

test('generated names survive a registration that empties the record (D22)', () => {
  const schema = new EndpointSchema()
  schema.nameFeatures(['f0', 'f1'])
  schema.nameLabels(null, 1)
  schema.learnRecord(new Map([['feature_names', '[]']]))
  assert.deepEqual(schema.featureNames, ['f0', 'f1'])
  assert.deepEqual(schema.namesForRecord, { features: ['f0', 'f1'], labels: ['p0'] })
})

test('types come from feature_stats: a mean or a histogram is a number', () => {
  const stats = {
    n: { count: 2, mean: 1 },
    b: { count: 2, unique: 2, hist: [[1], [0, 1]] },
    t: { unique: 3 },
  }
  const schema = schemaOf({
    feature_names: '["n", "b", "t", "x", "__proto__"]',
    feature_stats: JSON.stringify(stats),
  })
  assert.deepEqual(schema.kinds, ['double', 'double', 'text', null, null])
})

test('labels are named p0, p1, ... beside names that are taken, and grow with longer predictions', () => {
  const schema = schemaOf({ label_names: '["p1"]' })
  schema.nameLabels(null, 3)
  assert.deepEqual(schema.labelNames, ['p1', 'p1_', 'p2'])
  schema.nameLabels(['x', 'y'], 2)
  assert.deepEqual(schema.labelNames, ['p1', 'p1_', 'p2'])
  const named = new EndpointSchema()
  named.nameLabels(['x', 'y'], 2)
  assert.deepEqual(named.labelNames, ['x', 'y'])
})
