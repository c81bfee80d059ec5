// Changes of an endpoint between two writes become one, and are due by the age of the first of them.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { ChangedEndpoints } from '../../../../lib/stream/deliver/changed-endpoints.ts'
import { testEndpoints } from '../../../support/test-endpoints.ts'

const { endpoints } = testEndpoints(5)

test('every endpoint that changed is taken once, in the order of first changes (property)', () => {
  const changes = fc.array(fc.tuple(fc.constantFrom(...endpoints), fc.nat(100)))
  fc.assert(
    fc.property(changes, fc.integer({ min: 1, max: 3 }), (given, countMax) => {
      const changed = new ChangedEndpoints(1000)
      let nowMs = 0
      for (const [endpoint, laterMs] of given) {
        nowMs += laterMs
        changed.add(endpoint, nowMs)
      }
      const expected = [...new Set(given.map(([endpoint]) => endpoint))]
      assert.equal(changed.count, expected.length)
      const taken = []
      while (changed.count > 0) {
        const some = changed.takeDue(Number.POSITIVE_INFINITY, countMax)
        assert(some.length > 0 && some.length <= countMax)
        taken.push(...some)
      }
      assert.deepEqual(
        taken.map(({ slot }) => slot),
        expected.map(({ slot }) => slot),
      )
      assert.deepEqual(changed.takeDue(Number.POSITIVE_INFINITY, countMax), [])
    }),
  )
})

test('a change waits for its age, counted from the first one, and a later one waits anew', () => {
  const [a, b] = endpoints
  assert(a !== undefined && b !== undefined)
  const changed = new ChangedEndpoints(2000)
  changed.add(a, 10_000)
  changed.add(b, 11_000)
  changed.add(a, 11_999)
  assert.deepEqual(changed.takeDue(11_999, 10), [])
  assert.deepEqual(changed.takeDue(12_000, 10), [a])
  assert.deepEqual(changed.takeDue(12_999, 10), [])
  changed.add(a, 12_999)
  assert.deepEqual(changed.takeDue(13_000, 10), [b])
  assert.deepEqual(changed.takeDue(14_999, 10), [a])
})
