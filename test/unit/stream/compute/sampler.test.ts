// Every endpoint's first of n rows is sampled, whatever the others do: the recorded input of the
// original with the answers that follow from the rule.
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isSampled } from '../../../../lib/stream/compute/sampler.ts'

interface SampleCase {
  readonly window_size: number
  readonly input?: readonly (readonly [string, number])[]
  readonly ours_emitted_ids?: readonly number[]
}

const golden: { cases: readonly SampleCase[] } = JSON.parse(
  readFileSync('test/golden/mlrun/sample_window.json', 'utf8'),
)

for (const { window_size: sampleWindow, input, ours_emitted_ids: expected } of golden.cases) {
  if (input === undefined || expected === undefined) continue
  test(`the first of every ${sampleWindow} rows of each endpoint`, () => {
    const rowsSeen = new Map<string, number>()
    const sampled = input.flatMap(([endpoint, id]) => {
      const rowsBefore = rowsSeen.get(endpoint) ?? 0
      rowsSeen.set(endpoint, rowsBefore + 1)
      return isSampled(rowsBefore, sampleWindow) ? [id] : []
    })
    assert.deepEqual(sampled, expected)
  })
}

test('a window of 1 samples every row, of 0 none is asked for', () => {
  assert(isSampled(0, 1) && isSampled(1, 1) && isSampled(2, 1))
  assert.throws(() => isSampled(0, 0), assert.AssertionError)
})
