// Changes of an endpoint between two writes become one, and are due by the age of the first of them.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Endpoint } from '../../../../lib/stream/compute/endpoint.ts'
import { ChangedEndpoints } from '../../../../lib/stream/deliver/changed-endpoints.ts'
import { LogPlace, NOTHING_WAITS } from '../../../../lib/stream/deliver/log-place.ts'
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

test('changes between takings are noted as a list would note them, whatever the slot (property)', () => {
  const many = testEndpoints(1_500).endpoints
  const steps = fc.array(
    fc.oneof(
      fc.record({ index: fc.constantFrom(0, 1, 2, 1_023, 1_024, 1_499) }),
      fc.record({ countMax: fc.integer({ min: 1, max: 3 }) }),
    ),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(steps, (given) => {
      const place = new LogPlace()
      const changed = new ChangedEndpoints(5, place)
      let waiting: { index: number; at: number }[] = []
      for (const [at, step] of given.entries()) {
        place.offset = at
        if ('index' in step) {
          const { index } = step
          changed.add(many[index] as Endpoint, at)
          if (!waiting.some((one) => one.index === index)) waiting.push({ index, at })
        } else {
          const due = waiting.slice(0, step.countMax).filter((one) => at - one.at >= 5)
          waiting = waiting.slice(due.length)
          const taken = changed.takeDue(at, step.countMax).map(({ slot }) => slot)
          assert.deepEqual(
            taken,
            due.map(({ index }) => index),
          )
        }
        assert.equal(changed.count, waiting.length)
        assert.equal(changed.oldestOffset, waiting[0]?.at ?? NOTHING_WAITS)
      }
    }),
  )
})
