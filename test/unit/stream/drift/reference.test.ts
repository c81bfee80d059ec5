// Claim: statistics as MLRun wrote them are understood, and whatever else stands in a record is unknown with a
// reason, never an exception.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  countsOf,
  edgesOf,
  type FeatureReason,
  parseReference,
} from '../../../../lib/stream/drift/reference.ts'
import { layoutOf } from '../../../../lib/stream/drift/window-counts.ts'

function known(text: string) {
  const reference = parseReference(text)
  assert(reference.kind === 'known')
  return reference
}

test('recorded statistics: every column is what it is', () => {
  const { cases } = JSON.parse(readFileSync('test/golden/mlrun/feature_stats.json', 'utf8')) as {
    readonly cases: readonly { readonly name: string; readonly stats: object }[]
  }
  const [mixed] = cases
  const reference = known(JSON.stringify(mixed?.stats))
  const seen = reference.features.map((feature) => {
    if (feature.kind === 'unknown') return [feature.name, feature.reason]
    if (feature.kind === 'categorical') {
      return [feature.name, feature.categories, feature.isComplete, feature.uniqueCount]
    }
    const { name, rows, missingRows, hasHistogram, isConstant } = feature
    return [name, rows, missingRows, hasHistogram, isConstant]
  })
  assert.deepEqual(seen, [
    ['sepal length (cm)', 60, 0, true, false],
    ['ints', 60, 0, true, false],
    ['const', 60, 0, true, true],
    // Six of its values are missing: no histogram, but a range.
    ['with_nan', 54, 6, false, false],
    ['cat', ['a'], false, 3],
    ['label', 60, 0, true, false],
  ])
  const ints = reference.features[1]
  assert(ints?.kind === 'numeric')
  assert.equal(edgesOf(reference, ints).length, 21)
  assert.deepEqual([...countsOf(reference, ints)].slice(0, 4), [12, 0, 0, 4])
  for (const { stats } of cases) known(JSON.stringify(stats))
})

test('a record without usable statistics is unknown as a whole', () => {
  const reasons = [undefined, '', '{', 'null', '[]', '7', '{}', '\u0000', 'NaN'].map((text) => {
    const reference = parseReference(text)
    return reference.kind === 'unknown' ? reference.reason : 'known'
  })
  const none = 'not-an-object'
  assert.deepEqual(reasons, [
    'absent',
    'absent',
    'not-json',
    none,
    none,
    none,
    'no-features',
    'not-json',
    none,
  ])
  const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`f${index}`, {}]))
  assert.deepEqual(parseReference(JSON.stringify(many)), { kind: 'unknown', reason: 'too-many' })
})

const BAD: readonly (readonly [string, FeatureReason])[] = [
  ['null', 'not-an-object'],
  ['[1]', 'not-an-object'],
  ['{}', 'no-histogram'],
  ['{"count":5,"mean":1}', 'no-histogram'],
  ['{"count":1,"min":1,"max":2}', 'no-rows'],
  ['{"count":5,"min":NaN,"max":2}', 'no-histogram'],
  ['{"hist":null}', 'bad-histogram'],
  ['{"hist":[[1],[0,1],[2]]}', 'bad-histogram'],
  ['{"hist":[[],[]]}', 'bad-histogram'],
  ['{"hist":[[1,2],[0,1]]}', 'bad-histogram'],
  ['{"hist":["ab",[0,1,2]]}', 'bad-histogram'],
  ['{"hist":[[1,-2],[0,1,2]]}', 'bad-counts'],
  ['{"hist":[[1,0.5],[0,1,2]]}', 'bad-counts'],
  ['{"hist":[[1,"2"],[0,1,2]]}', 'bad-counts'],
  ['{"hist":[[1,1e99],[0,1,2]]}', 'bad-counts'],
  ['{"hist":[[1,NaN],[0,1,2]]}', 'bad-counts'],
  ['{"hist":[[0,0],[0,1,2]]}', 'no-rows'],
  ['{"count":4,"hist":[[1,2],[0,1,2]]}', 'count-mismatch'],
  ['{"hist":[[4294967295,1],[0,1,2]]}', 'count-mismatch'],
  ['{"hist":[[1,2],[0,1,Infinity]]}', 'bad-edges'],
  ['{"hist":[[1,2],[0,1,1e999]]}', 'bad-edges'],
  ['{"hist":[[1,2],[-1.7e308,0,1.7e308]]}', 'bad-edges'],
  ['{"min":-1,"hist":[[1,2],[0,1,2]]}', 'bad-edges'],
  ['{"hist":[[1,2],[0,2,1]]}', 'edges-not-increasing'],
  ['{"hist":[[1,2],[1e17,1e17,1e17]]}', 'edges-not-increasing'],
  ['{"count":0,"unique":0,"top":null,"freq":null}', 'no-rows'],
  ['{"count":5,"unique":2,"top":7,"freq":3}', 'bad-categories'],
  ['{"count":5,"unique":2,"top":"a","freq":0}', 'bad-counts'],
  ['{"count":5,"unique":2,"top":"a","freq":9}', 'count-mismatch'],
  ['{"count":5,"categories":[[2,3],["a","a"]]}', 'bad-categories'],
  ['{"count":5,"categories":[[2],["a","b"]]}', 'bad-categories'],
]

for (const [column, reason] of BAD) {
  test(`${column} is unknown: ${reason}, and hurts no other column`, () => {
    const good = '{"count":3,"hist":[[1,2],[0,1,2]]}'
    const reference = known(`{"a":${good},"__proto__":${column},"b":${good}}`)
    const kinds = reference.features.map(({ name, kind }) => [name, kind])
    assert.deepEqual(kinds, [
      ['a', 'numeric'],
      ['__proto__', 'unknown'],
      ['b', 'numeric'],
    ])
    const bad = reference.features[1]
    assert.equal(bad?.kind === 'unknown' ? bad.reason : '', reason)
    assert.equal(layoutOf(reference).places.length, 2)
  })
}

test('the empty bins that MLRun from 1.6 on puts at both ends are taken off', () => {
  const max = Number.MAX_VALUE
  const reference = known(
    JSON.stringify({
      x: {
        hist: [
          [0, 1, 2, 0],
          [-max, 0, 1, 2, max],
        ],
      },
    }),
  )
  const [feature] = reference.features
  assert(feature?.kind === 'numeric')
  assert.deepEqual([...edgesOf(reference, feature)], [0, 1, 2])
})

test('texts are left alone where tokens of Python are mended', () => {
  const reference = known('{"NaN":{"count":2,"std":NaN,"hist":[[1,1],[0,1,2]]},"a\\"NaN":null}')
  assert.deepEqual(
    reference.features.map(({ name }) => name),
    ['NaN', 'a"NaN'],
  )
})

test('any JSON at all: a reference or a reason', () => {
  const column = fc.oneof(
    fc.jsonValue(),
    fc.record({ count: fc.jsonValue(), hist: fc.tuple(fc.jsonValue(), fc.jsonValue()) }),
    fc.record({ hist: fc.tuple(fc.array(fc.nat(9)), fc.array(fc.double())) }),
    fc.record({ count: fc.nat(9), unique: fc.jsonValue(), top: fc.string(), freq: fc.nat(9) }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), column), fc.string(), (stats, noise) => {
      const reference = parseReference(JSON.stringify(stats))
      if (reference.kind === 'known') layoutOf(reference)
      parseReference(noise)
    }),
    { numRuns: 2_000 },
  )
})
