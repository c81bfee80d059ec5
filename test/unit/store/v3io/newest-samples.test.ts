// Claim: exactly the values are called late that a table drops which takes only what is newer than its
// series. Shown against such a table of a few lines.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { NewestSamples } from '../../../../lib/store/v3io/newest-samples.ts'
import type { MetricRow } from '../../../../lib/stream/ports.ts'

const anyRow: fc.Arbitrary<MetricRow> = fc
  .record({
    endpointId: fc.constantFrom('a', 'b'),
    recordType: fc.constantFrom('base_metrics', 'custom_metrics'),
    atMs: fc.nat(9),
    names: fc.subarray(['x', 'y', 'z', '__proto__'], { minLength: 1 }),
  })
  .map((row) => ({ ...row, values: row.names.map(() => 1) }))

test('late is what a table drops that takes nothing older', () => {
  fc.assert(
    fc.property(fc.array(anyRow, { maxLength: 40 }), fc.nat(40), (rows, layeredFrom) => {
      const newestMs = new Map<string, number>()
      let samples = new NewestSamples()
      for (const [position, row] of rows.entries()) {
        // A layer on top must know what the one below knows.
        if (position === layeredFrom) samples = new NewestSamples(samples)
        const late = samples.lateMetrics(row)
        const taken = row.names.filter((name, index) => {
          const series = `${row.endpointId} ${row.recordType} ${name}`
          const isLate = row.atMs <= (newestMs.get(series) ?? -1)
          assert.equal(late?.has(index) ?? false, isLate)
          if (!isLate) newestMs.set(series, row.atMs)
          return !isLate
        })
        if (taken.length > 0) samples.add({ ...row, names: taken })
      }
    }),
    { numRuns: 1_000 },
  )
})
