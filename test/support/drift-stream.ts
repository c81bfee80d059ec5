import assert from 'node:assert'
import { seededRandom } from '../../bench/support.ts'
import type { Attribute, MetricRow } from '../../lib/stream/ports.ts'
import { normal, numberStats, type Random } from './drift-data.ts'
import type { MemoryStore } from './memory-store.ts'
import { call, SERVING_ID, servingEvent } from './serving-event.ts'
import { nextTurns, type TestPipeline } from './test-pipeline.ts'

export const PANE_MS = 300_000
export const WINDOW_MS = 12 * PANE_MS
const TICK_US = 30_000_000
/** An hour's beginning. */
export const START_MS = Date.parse('2026-11-02T08:00:00Z')

/** A row of the features a and b at a time. */
export interface TimedRow {
  readonly atMs: number
  readonly values: readonly (number | string | null)[]
}

/** A training set of so many rows of the features a and b. */
export function trainingSet(random: Random, count = 400): Readonly<Record<'a' | 'b', number[]>> {
  const draw = (): number[] => Array.from({ length: count }, () => normal(random))
  return { a: draw(), b: draw() }
}

/** Lets a store have a record as a registration makes it. */
export function putRecord(
  store: MemoryStore,
  training: Readonly<Record<string, readonly number[]>>,
  more: Readonly<Record<string, string>> = {},
): void {
  const stats = Object.entries(training).map(([name, values]) => [name, numberStats(values, true)])
  const texts = {
    feature_stats: JSON.stringify(Object.fromEntries(stats)),
    feature_names: JSON.stringify(Object.keys(training)),
    label_names: '["y"]',
    ...more,
  }
  const item = new Map<string, Attribute>()
  for (const [name, value] of Object.entries(texts)) item.set(name, { type: 'string', value })
  store.items.set(SERVING_ID, item)
}

/** Gives rows to a pipeline, one event each at its time; between them the timer ticks every half minute. */
export async function play(test: TestPipeline, rows: readonly TimedRow[]): Promise<void> {
  for (const { atMs, values } of rows) {
    await tickTo(test, atMs)
    test.accept(eventOf({ atMs, values }))
    await nextTurns()
  }
}

export function eventOf({ atMs, values }: TimedRow): object {
  const when = `${new Date(atMs).toISOString().slice(0, -1).replace('T', ' ')}000+00:00`
  return servingEvent({ when, ...call('r', [values]) })
}

/** Moves the clock on, with a tick at every half minute. */
export async function tickTo(test: TestPipeline, atMs: number): Promise<void> {
  await tickAll([test], atMs)
}

/** The same for the logs of one process, which have one clock. */
export async function tickAll(tests: readonly TestPipeline[], atMs: number): Promise<void> {
  const [first] = tests
  assert(first)
  const { clock } = first
  for (;;) {
    const nextUs = (Math.floor(clock.timeUs / TICK_US) + 1) * TICK_US
    if (nextUs > atMs * 1000) break
    clock.timeUs = nextUs
    for (const { pipeline } of tests) pipeline.tick()
    await nextTurns()
    await nextTurns()
  }
  clock.timeUs = Math.max(clock.timeUs, atMs * 1000)
}

/** Rows of one record type in the store, by time. */
export function metricRows(store: MemoryStore, recordType: string): readonly MetricRow[] {
  return [...store.rows.values()]
    .filter((row) => row.recordType === recordType)
    .sort((one, other) => one.atMs - other.atMs)
}

/** A metric row's values by name. */
export function valuesOf({ names, values }: MetricRow): Readonly<Record<string, number | string>> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
}

/** An attribute of the endpoint's record as JSON, undefined if it has none. */
export function jsonOf(store: MemoryStore, name: string): unknown {
  const value = store.items.get(SERVING_ID)?.get(name)?.value
  return typeof value === 'string' ? JSON.parse(value) : undefined
}

/** Total variation distance of rows from training values, on 20 bins and two open ones, by definition. */
export function slowTvd(training: readonly number[], current: readonly number[]): number {
  const { hist } = numberStats(training, true) as { hist: [number[], number[]] }
  const [, edges] = hist
  const shares = (values: readonly number[]): number[] => {
    const counts = new Array<number>(22).fill(0)
    for (const value of values)
      counts[slowBin(edges, value)] = (counts[slowBin(edges, value)] ?? 0) + 1
    return counts.map((count) => count / values.length)
  }
  const [t, u] = [shares(training), shares(current)]
  return t.reduce((sum, share, bin) => sum + Math.abs(share - (u[bin] ?? 0)), 0) / 2
}

function slowBin(edges: readonly number[], value: number): number {
  const [least = 0, most = 0] = [edges[0], edges.at(-1)]
  if (value < least) return 0
  if (value > most) return 21
  if (value === most) return 20
  return edges.filter((edge) => edge <= value).length
}

/** A row each 20 s for two hours and a half; feature a moves by two sigmas with the second hour. */
export function drifting(
  random: () => number,
  movesAtMs = START_MS + WINDOW_MS,
): readonly TimedRow[] {
  const rows: TimedRow[] = []
  for (let atMs = START_MS; atMs < START_MS + 2.5 * WINDOW_MS; atMs += 20_000) {
    const moved = atMs >= movesAtMs ? 2 : 0
    rows.push({ atMs, values: [normal(random) + moved, normal(random)] })
  }
  return rows
}

/** What they are compared with. */
export const training = trainingSet(seededRandom(5))

/** Numbers of a feature. */
export function column(rows: readonly TimedRow[], feature: number): number[] {
  return rows.flatMap(({ values }) => {
    const value = values[feature]
    return typeof value === 'number' ? [value] : []
  })
}
