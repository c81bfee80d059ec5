import assert from 'node:assert'
import { isAbsolute, relative } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parquetPath } from '../../../../lib/store/parquet/parquet-path.ts'

// A claim's path is the documented one, stays below the root whatever the names, and is nobody
// else's.

const claim = {
  log: '3f0c',
  endpointId: 'endpoint.1',
  hour: 444_444,
  number: 7,
  firstOffset: 0,
  lastOffset: 9,
}

test('the path names endpoint, UTC hour, log and number', () => {
  assert.equal(
    parquetPath('/data', claim),
    '/data/key=endpoint.1/year=2020/month=09/day=13/hour=12/3f0c-000007.parquet',
  )
})

test('hours before 1970, in early years and large numbers have their place', () => {
  assert.match(parquetPath('r', { ...claim, hour: -1 }), /year=1969\/month=12\/day=31\/hour=23\//)
  const year7 = Date.UTC(2007, 0) / 3.6e6 - (2000 / 400) * 146_097 * 24
  assert.match(
    parquetPath('r', { ...claim, hour: year7 }),
    /year=0007\/month=01\/day=01\/hour=00\//,
  )
  assert.match(parquetPath('r', { ...claim, number: 12_345_678 }), /3f0c-12345678\.parquet$/)
})

test('names that could lead elsewhere, or hide the file, are a bug of ours', () => {
  const bad = ['', '../x', 'a/b', 'a\\b', 'a\0', 'a\n', 'é', 'x'.repeat(129)]
  for (const name of bad) {
    assert.throws(() => parquetPath('/data', { ...claim, endpointId: name }), assert.AssertionError)
  }
  for (const name of [...bad, '.', '..', '.hidden', '_hidden']) {
    assert.throws(() => parquetPath('/data', { ...claim, log: name }), assert.AssertionError)
  }
  for (const number of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => parquetPath('/data', { ...claim, number }), assert.AssertionError)
  }
  for (const hour of [0.5, Number.NaN, 1e9, -1e9]) {
    assert.throws(() => parquetPath('/data', { ...claim, hour }), assert.AssertionError)
  }
})

test('every allowed claim lies below the root, and two claims never share a path', () => {
  const claims = fc.record({
    log: fc.stringMatching(/^[A-Za-z0-9-][A-Za-z0-9._-]{0,127}$/),
    endpointId: fc.stringMatching(/^[A-Za-z0-9._-]{1,128}$/),
    hour: fc.integer({ min: 0, max: 1_000_000 }),
    number: fc.integer({ min: 1, max: 9_999_999 }),
    firstOffset: fc.constant(0),
    lastOffset: fc.constant(0),
  })
  fc.assert(
    fc.property(claims, claims, (one, other) => {
      const path = relative('/data/root', parquetPath('/data/root', one))
      assert.ok(!path.startsWith('..') && !isAbsolute(path))
      assert.equal(path.split('/').length, 6)
      const areSame = JSON.stringify(one) === JSON.stringify(other)
      assert.equal(path === relative('/data/root', parquetPath('/data/root', other)), areSame)
    }),
  )
})
