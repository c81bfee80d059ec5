import type { DemoExpected } from './demo-expected.ts'
import { inBuckets, type Shown } from './shown.ts'

/** What the end of the recorded stream shows, which no record of a slow computation has. */
export interface DemoFacts {
  /** Points of `alarmed_features` by endpoint. */
  readonly alarmed: ReadonlyMap<string, readonly (readonly [number, number])[]>
}

type Expect = (demo: DemoExpected, id: string, facts: DemoFacts) => Shown

const MODELS = {
  'Endpoint ID': 'endpoint_id',
  Function: 'function_uri',
  Model: 'model',
  'Model Class': 'model_class',
  'First Request': 'first_request',
  'Last Request': 'last_request',
  'Predictions/s (5 Minute Average)': 'predictions_per_second',
  'Average Latency (1 Hour)': 'latency_avg_1h',
  Accuracy: 'accuracy',
  Errors: 'error_count',
  'Drift Status': 'drift_status',
}

const INFO = {
  'Endpoint ID': 'endpoint_id',
  Model: 'model',
  Function: 'function_uri',
  'Model Class': 'model_class',
  'Predictions/s (5 Minute Average)': 'predictions_per_second',
  'Average Latency (1 Hour)': 'latency_avg_1h',
  'First Request': 'first_request',
  'Last Request': 'last_request',
}

const STATUS = {
  'Endpoint ID': 'endpoint_id',
  Model: 'model',
  'Last Request': 'last_request',
  'Drift Status': 'drift_status',
}

const BASE = 'base_metrics'

/** By dashboard and panel, for every family alike. */
export const EXPECTED: Readonly<Record<string, Expect>> = {
  'overview/6': (demo) => ({ kind: 'number', value: demo.ids.length }),
  'overview/8': (demo) => demo.total((record) => Number(record['predictions_per_second'])),
  'overview/10': (demo) => demo.meanLatency(),
  'overview/12': (demo) => demo.total((record) => Number(record['error_count'])),
  'overview/13': () => ({ kind: 'number', value: 0 }),
  'overview/22': (demo) => demo.endpoints(MODELS, null),
  'overview/18': (demo) => demo.metrics(BASE, ['predictions_per_second'], null),
  'overview/19': (demo) => demo.metrics(BASE, ['latency_avg_1h'], null),
  'overview/20': (demo) => demo.metrics(BASE, ['error_count'], null),
  'overview/21': (demo, _id, { alarmed }) =>
    demo.statuses(new Map([...alarmed].map(([id, points]) => [id, points.map(([atMs]) => atMs)]))),
  'details/12': (demo, id) => demo.endpoints(INFO, id),
  'details/21': (demo, id) => demo.distances(id),
  'details/14': (demo, id) => demo.features(id),
  'details/16': (demo, id) => demo.metrics('endpoint_features', null, id),
  'performance/5': (demo, id) => demo.driftMeasures(id),
  'performance/6': (demo, id) => demo.metrics(BASE, ['latency_avg_5m', 'latency_avg_1h'], id),
  'performance/2': (demo, id) => demo.metrics(BASE, ['predictions_per_second'], id),
  'performance/7': (demo, id) =>
    demo.metrics(BASE, ['predictions_count_5m', 'predictions_count_1h'], id),
  'performance/8': (demo, id) => demo.metrics(BASE, ['error_count'], id),
  'performance/4': (demo, id) => demo.metrics('custom_metrics', null, id),
  'drift/1': (demo) => demo.endpoints(STATUS, null),
  'drift/2': (_demo, _id, { alarmed }) => ({ kind: 'series', series: alarmed }),
  'drift/3': (demo, id) => demo.driftMeasures(id),
  'drift/4': (demo, id) => demo.driftFeatures(id),
  'drift/5': (demo, id) => demo.features(id),
  'drift/6': (demo, id) => demo.quality(id),
}

/** The same with series as a source makes them: means over spans, unless it gives single values. */
export function asSeen(shown: Shown, spanMs: number | null): Shown {
  if (shown.kind !== 'series' || spanMs === null) return shown
  return { kind: 'series', series: inBuckets(shown.series, spanMs) }
}
