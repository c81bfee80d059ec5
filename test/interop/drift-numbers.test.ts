// Claim: bins, distances and chances of the drift measurement are what numpy and scipy work out, and the bound
// that stands for a chance is never below scipy's exact one.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '../../bench/support.ts'
import { binAt, binEdges, PLAN, unitsAt, writeBinPlan } from '../../lib/stream/drift/bin-plan.ts'
import { moreMeasures } from '../../lib/stream/drift/measures.ts'
import {
  beyondBothEnds,
  beyondOneEnd,
  hypergeometricTwoSided,
  hypergeometricUpper,
  kolmogorovBound,
} from '../../lib/stream/drift/probability.ts'
import { countsOf, edgesOf } from '../../lib/stream/drift/reference.ts'
import { temporaryFolder } from '../contract/cli-child.ts'
import { draw, referenceOf, type SourceName } from '../support/drift-data.ts'
import { runPython } from './programs.ts'

const CASES = 150
const SOURCES: readonly SourceName[] = ['normal', 'exponential', 'integer', 'bool', 'cauchy']

/** Open bins first and last. */
function binsOf(source: SourceName, random: () => number) {
  const reference = referenceOf({ x: draw(source, 200, random) })
  const [feature] = reference.features
  if (feature?.kind !== 'numeric') throw new Error('a column of numbers')
  const plan = new Float64Array(PLAN)
  writeBinPlan(plan, reference, [feature])
  const bins = binEdges(reference, [feature])
  const edges = [...edgesOf(reference, feature)]
  const values = [...draw(source, 300, random).map((value) => 1.5 * Number(value)), ...edges]
  const counts = new Array<number>(feature.binCount + 2).fill(0)
  for (const value of values) {
    const bin = binAt(plan, 0, bins, { value, units: unitsAt(plan, 0, value) }) + 1
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const training = [0, ...countsOf(reference, feature), 0]
  return { edges, values, counts, training, scale: feature.scale }
}

test('numpy and scipy work out the same', async () => {
  const random = seededRandom(17)
  const upTo = (most: number): number => Math.floor(random() * (most + 1))
  const cases = Array.from({ length: CASES }, (_, index) => {
    const bins = binsOf(SOURCES[index % SOURCES.length] ?? 'normal', random)
    const { edges, counts, training, scale } = bins
    const sizes = { window: 1 + upTo(2_000), training: 2 + upTo(5_000) }
    const hits = Math.floor((sizes.window + sizes.training) * random() ** 3)
    const mean = (hits * sizes.window) / (sizes.window + sizes.training)
    const least = Math.max(0, hits - sizes.training)
    const most = Math.min(hits, sizes.window)
    const windowHits = Math.max(least, Math.min(most, Math.round(mean * 2 * random())))
    const samples = { ...sizes, windowHits, trainingHits: hits - windowHits }
    const beyond = { ...sizes, beyond: Math.min(sizes.window, upTo(12)) }
    const distance = { ...sizes, distance: random() }
    return {
      bins,
      measures: {
        edges,
        training,
        current: counts,
        scale,
        measures: moreMeasures(training, counts, { edges, scale }),
      },
      tails: {
        ...samples,
        upper: hypergeometricUpper(samples),
        twoSided: hypergeometricTwoSided(samples),
      },
      range: { ...beyond, one: beyondOneEnd(beyond), both: beyondBothEnds(beyond) },
      shares: { ...distance, bound: kolmogorovBound(distance) },
    }
  })
  const path = join(temporaryFolder(), 'cases.json')
  const kinds = ['bins', 'measures', 'tails', 'range', 'shares'] as const
  const byKind = kinds.map((kind) => [kind, cases.map((one) => one[kind])] as const)
  writeFileSync(path, JSON.stringify(Object.fromEntries(byKind)))
  await runPython('drift_numbers.py', [path])
})
