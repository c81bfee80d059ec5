// MLRun's drift measures, recorded from its batch job of 2021 and its histogram distances of 2024, are ours
// within 1e-9; where a histogram is all zero ours has none, and each threshold has its own key (D32).
import assert from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  driftMeasure,
  driftStatus,
  type MlrunMeasures,
  mlrunMeasures,
  parseThresholds,
  summarise,
} from '../../lib/stream/drift/measures.ts'

type Histograms = Readonly<Record<string, readonly number[]>>

interface Golden {
  readonly cases: readonly {
    readonly name: string
    readonly t_counts: readonly number[]
    readonly u_counts: readonly number[]
    readonly mlrun_2021: MlrunMeasures
    readonly mlrun_2024: MlrunMeasures
  }[]
  readonly whole_endpoint_2021: readonly {
    readonly name: string
    readonly feature_hist: Histograms
    readonly current_hist: Histograms
    readonly monitor_configuration?: object
    readonly drift_result?: Readonly<Record<string, MlrunMeasures | number>>
    readonly drift_status?: string
    readonly drift_measure?: number
  }[]
}

const golden: Golden = JSON.parse(
  readFileSync('test/golden/mlrun/histogram_distance.json', 'utf8'),
) as Golden

function assertNear(actual: object | null, expected: object, name: string): void {
  for (const [key, value] of Object.entries(expected)) {
    const own = Number(Reflect.get(actual ?? {}, key))
    assert(Math.abs(own - value) <= 1e-9 * Math.max(1, Math.abs(value)), `${name} ${key} ${own}`)
  }
}

for (const { name, t_counts, u_counts, ...recorded } of golden.cases) {
  test(name, () => {
    const measures = mlrunMeasures(t_counts, u_counts)
    if (t_counts.every((count) => count === 0)) return assert.equal(measures, null)
    assertNear(measures, recorded.mlrun_2021, '2021')
    assertNear(measures, recorded.mlrun_2024, '2024')
  })
}

for (const endpoint of golden.whole_endpoint_2021) {
  const { name, feature_hist, current_hist, drift_result } = endpoint
  test(`whole endpoint: ${name}`, () => {
    const common = Object.keys(feature_hist).filter((feature) => feature in current_hist)
    const measures = common.map((feature) => {
      const own = mlrunMeasures(feature_hist[feature] ?? [], current_hist[feature] ?? [])
      assert(own !== null)
      assertNear(own, drift_result?.[feature] as object, feature)
      return own
    })
    const summary = summarise(measures)
    // The original fails.
    if (common.length === 0) return assert.equal(summary, null)
    assert(summary !== null)
    const sums = Object.entries(drift_result ?? {}).filter(([, value]) => typeof value === 'number')
    assert.equal(sums.length, 6)
    assertNear(summary, Object.fromEntries(sums), name)
    const measure = driftMeasure(summary)
    assertNear({ measure }, { measure: endpoint.drift_measure }, name)
    const thresholds = parseThresholds(JSON.stringify(endpoint.monitor_configuration))
    const isD32 = name.includes('bug_possible_drift_used_for_both')
    const expected = isD32 ? 'POSSIBLE_DRIFT' : endpoint.drift_status
    assert.equal(driftStatus(measure, thresholds), expected)
  })
}
