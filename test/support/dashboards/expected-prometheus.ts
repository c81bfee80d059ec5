import assert from 'node:assert/strict'
import type { DemoExpected } from './demo-expected.ts'
import type { Scrape } from './scrape.ts'

/** A sample that a query gives: its labels without a name, and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What no slow computation has. */
export interface ScrapeFacts {
  readonly scrape: Scrape
  /** Alarmed features at the end, by endpoint. */
  readonly alarmed: ReadonlyMap<string, number>
}

/** What a panel's queries are expected to give, in their order. */
type Expect = (demo: DemoExpected, id: string, facts: ScrapeFacts) => readonly (readonly Sample[])[]

const MODELS = [
  'first_request',
  'last_request',
  'predictions_per_second',
  'latency_avg_1h',
  'error_count',
  'drift_status',
]
const INFO = ['predictions_per_second', 'latency_avg_1h', 'first_request', 'last_request']
const DISTANCES = ['tvd_mean', 'hellinger_mean', 'kld_mean']

/** By dashboard and panel. The scrape's counters have grown evenly for an hour, its gauges have stood still. */
export const EXPECTED_PROMETHEUS: Readonly<Record<string, Expect>> = {
  'overview/6': (demo) => [one(demo.ids.length)],
  'overview/8': (demo) => [one(sumOf(demo, 'predictions_per_second'))],
  'overview/10': (demo) => {
    const shown = demo.meanLatency()
    assert(shown.kind === 'number')
    return [one(shown.value)]
  },
  'overview/12': (demo) => [one(sumOf(demo, 'error_count'))],
  'overview/13': () => [one(0)],
  'overview/22': (demo) => ofAll(demo, MODELS),
  'overview/18': (demo) => ofAll(demo, ['predictions_per_second']),
  'overview/19': (demo) => ofAll(demo, ['latency_avg_1h']),
  'overview/20': (demo) => ofAll(demo, ['error_count']),
  'overview/21': (demo) => ofAll(demo, ['drift_status']),
  'details/12': (demo, id) => ofOne(demo, id, INFO),
  'details/21': (demo, id) => ofOne(demo, id, DISTANCES),
  'performance/5': (demo, id) => ofOne(demo, id, ['hellinger_mean', 'kld_mean', 'tvd_mean']),
  'performance/6': (demo, id) => ofOne(demo, id, ['latency_avg_5m', 'latency_avg_1h']),
  'performance/2': (demo, id) => ofOne(demo, id, ['predictions_per_second']),
  'performance/7': (demo, id) => ofOne(demo, id, ['predictions_count_5m', 'predictions_count_1h']),
  'performance/8': (demo, id) => ofOne(demo, id, ['error_count']),
  'drift/1': (demo) => ofAll(demo, ['last_request', 'drift_status']),
  'drift/2': (demo, _id, { alarmed }) => [
    demo.ids.map((id) => ({
      labels: { endpoint_id: id, model: demo.modelOf(id) },
      value: alarmed.get(id) ?? Number.NaN,
    })),
  ],
  'drift/3': (demo, id) => ofOne(demo, id, DISTANCES),
  'pipeline/1': ({ slow }) => {
    const { accepted, error, ignored, rejected } = slow.events
    return [rates('outcome', { accepted, error, ignored, rejected, duplicate: 0 })]
  },
  'pipeline/2': ({ slow }) => {
    return [rates('outcome', { accepted: slow.predictions.length, rejected: 0 })]
  },
  'pipeline/3': (_demo, _id, { scrape }) => [bySink(scrape, 'sink_buffered_rows', 1)],
  'pipeline/4': (_demo, _id, { scrape }) => [bySink(scrape, 'sink_written_rows_total', 1 / HOUR)],
  'pipeline/5': (_demo, _id, { scrape }) => [bySink(scrape, 'sink_refused_rows_total', 1)],
  'pipeline/6': () => [one(0)],
  'pipeline/7': (_demo, _id, { scrape }) => [one(scrape.sum('catching_up'))],
}

const HOUR = 3600

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }]
}

function sumOf(demo: DemoExpected, name: string): number {
  return demo.ids.reduce((sum, id) => sum + demo.newest(id, name), 0)
}

function ofOne(demo: DemoExpected, id: string, names: readonly string[]): readonly Sample[][] {
  const labels = { endpoint_id: id, model: demo.modelOf(id) }
  return names.map((name) => [{ labels, value: demo.newest(id, name) }])
}

function ofAll(demo: DemoExpected, names: readonly string[]): readonly Sample[][] {
  return names.map((name) => demo.ids.flatMap((id) => ofOne(demo, id, [name]).flat()))
}

function rates(label: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([name, count]) => ({
    labels: { [label]: name },
    value: count / HOUR,
  }))
}

function bySink(scrape: Scrape, name: string, factor: number): readonly Sample[] {
  return ['kv', 'tsdb', 'parquet'].map((sink) => ({
    labels: { sink },
    value: scrape.sum(name, `sink="${sink}"`) * factor,
  }))
}
