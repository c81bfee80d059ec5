import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { computeSlowly, type SlowResult, type SlowSettings } from '../../slow/slow-computation.ts'
import {
  type SlowHappening,
  type SlowTraining,
  type SlowWindow,
  slowQuality,
  slowWindows,
} from '../../slow/slow-drift.ts'
import type { Cell, Rows, Shown } from './shown.ts'

const SETTINGS: SlowSettings = {
  sampleWindow: 10,
  countWindows: [
    { name: '5m', seconds: 300 },
    { name: '1h', seconds: 3600 },
  ],
  countPeriodSeconds: 30,
  avgWindows: [
    { name: '5m', seconds: 300 },
    { name: '1h', seconds: 3600 },
  ],
  avgPeriodSeconds: 30,
  tsdbTimeoutSeconds: 300,
  defaultVersion: 'latest',
  project: 'demo',
  whenSkewSeconds: 600,
}

/** An endpoint of the demo, with all that is slowly computed of it. */
interface DemoEndpoint {
  readonly id: string
  readonly record: Readonly<Record<string, string | number | boolean>>
  readonly training: SlowTraining
  readonly happenings: readonly SlowHappening[]
  readonly windows: readonly SlowWindow[]
}

/** What the dashboards must show of the demo, by a slow computation from its events and training sets alone. */
export class DemoExpected {
  readonly slow: SlowResult
  readonly #endpoints: ReadonlyMap<string, DemoEndpoint>

  constructor() {
    const lines = readFileSync('examples/events-2021.jsonl', 'utf8').split('\n')
    this.slow = computeSlowly(lines, SETTINGS)
    const arrivals = arrivalsOf(lines)
    const rowCount = arrivals.filter(({ isError }) => !isError).length
    assert.equal(rowCount, this.slow.predictions.length, 'every row is accepted')
    this.#endpoints = new Map(
      [...this.slow.endpoints].map(([id, { record }]) => [
        id,
        this.#endpointOf(id, record, arrivals),
      ]),
    )
  }

  /** Ids of the endpoints. */
  get ids(): readonly string[] {
    return [...this.#endpoints.keys()]
  }

  /** Name of an endpoint's model with its version. */
  modelOf(id: string): string {
    return String(this.#endpoint(id).record['model'])
  }

  #endpointOf(
    id: string,
    record: DemoEndpoint['record'],
    arrivals: readonly Arrival[],
  ): DemoEndpoint {
    const [model = ''] = String(record['model']).split(':')
    const training = trainingOf(`train-${model}.csv`)
    const rows = this.slow.predictions
      .filter(({ endpoint_id }) => endpoint_id === id)
      .map(({ timestampUs, named_features, prediction }) => ({
        atMs: timestampUs / 1000,
        values: [...Object.values(named_features), prediction?.[0] ?? null].map(numberOrNull),
      }))
    const values = rows.values()
    const happenings = arrivals
      .filter((arrival) => arrival.model === model)
      .map((arrival) => ({
        ...arrival,
        values: arrival.isError ? null : (values.next().value?.values ?? null),
      }))
    return { id, record, training, happenings, windows: slowWindows(training, happenings) }
  }

  #endpoint(id: string): DemoEndpoint {
    const endpoint = this.#endpoints.get(id)
    assert(endpoint, `the demo has an endpoint ${id}`)
    return endpoint
  }

  /** A number over the records of all endpoints. */
  total(of: (record: DemoEndpoint['record']) => number): Shown {
    const all = [...this.#endpoints.values()].map(({ record }) => of(record))
    return { kind: 'number', value: all.reduce((sum, value) => sum + value, 0) }
  }

  /** A number of an endpoint at the end: of its record, or of its last window. */
  newest(id: string, name: string): number {
    const endpoint = this.#endpoint(id)
    if (name === 'drift_status') return cellOf(endpoint, name) === 'NO_DRIFT' ? 0 : Number.NaN
    const [measure] = name.split('_mean')
    if (measure === 'tvd' || measure === 'hellinger' || measure === 'kld') {
      const features = endpoint.windows.at(-1)?.features ?? []
      return features.reduce((sum, feature) => sum + feature[measure], 0) / features.length
    }
    return Number(cellOf(endpoint, name))
  }

  /** Mean latency of the last hour, each endpoint as often as it has predicted. */
  meanLatency(): Shown {
    let [sum, count] = [0, 0]
    for (const { record } of this.#endpoints.values()) {
      const predictions = Number(record['predictions_count_1h'])
      sum += Number(record['latency_avg_1h']) * predictions
      count += predictions
    }
    return { kind: 'number', value: sum / count }
  }

  /** Columns of the records, of one endpoint or of all. */
  endpoints(titles: Readonly<Record<string, string>>, id: string | null): Shown {
    const chosen = [...this.#endpoints.values()].filter((one) => id === null || one.id === id)
    const rows = chosen.map((endpoint) =>
      Object.fromEntries(
        Object.entries(titles).map(([title, name]) => [title, cellOf(endpoint, name)]),
      ),
    )
    return { kind: 'rows', rows }
  }

  /** Every feature of an endpoint, in its training set and in the last window. */
  features(id: string): Shown {
    const rows: Rows = (this.#endpoint(id).windows.at(-1)?.features ?? []).map((feature) => ({
      Feature: feature.name,
      'Actual Min': feature.actual.min,
      'Actual Mean': feature.actual.mean,
      'Actual Max': feature.actual.max,
      'Expected Min': feature.expected.min,
      'Expected Mean': feature.expected.mean,
      'Expected Max': feature.expected.max,
      TVD: feature.tvd,
      Hellinger: feature.hellinger,
      KLD: feature.kld,
    }))
    return { kind: 'rows', rows }
  }

  /** Distances of the last window as sums and means. */
  distances(id: string): Shown {
    const last = this.#endpoint(id).windows.at(-1)
    assert(last)
    const row: Record<string, number> = {}
    for (const [title, measure] of [
      ['TVD', 'tvd'],
      ['Hellinger', 'hellinger'],
      ['KLD', 'kld'],
    ] as const) {
      const sum = last.features.reduce((total, feature) => total + feature[measure], 0)
      row[`${title} (sum)`] = sum
      row[`${title} (mean)`] = sum / last.features.length
    }
    return { kind: 'rows', rows: [row] }
  }

  /** Metrics of the stream: of one endpoint by metric, or one metric by endpoint. */
  metrics(recordType: string, names: readonly string[] | null, id: string | null): Shown {
    const series = new Map<string, [number, number][]>()
    for (const { time, endpoint_id, record_type, metric, value } of this.slow.metrics) {
      if (record_type !== recordType || (id !== null && endpoint_id !== id)) continue
      const name = recordType === 'endpoint_features' ? this.#named(endpoint_id, metric) : metric
      if ((names !== null && !names.includes(name)) || typeof value !== 'number') continue
      add(series, id === null ? endpoint_id : name, [Date.parse(time), value])
    }
    return { kind: 'series', series }
  }

  /** The names that the training set gives to what events leave without one. */
  #named(id: string, metric: string): string {
    const { training, record } = this.#endpoint(id)
    const names = [...training.keys()]
    if (/^f\d+$/.test(metric)) return names[Number(metric.slice(1))] ?? metric
    const [label] = JSON.parse(String(record['label_names'])) as string[]
    return metric === label ? (names.at(-1) ?? metric) : metric
  }

  /** Means of the distances at the end of each window. */
  driftMeasures(id: string): Shown {
    const series = new Map<string, [number, number][]>()
    for (const { endMs, features } of this.#endpoint(id).windows) {
      for (const measure of ['tvd', 'hellinger', 'kld'] as const) {
        const sum = features.reduce((total, feature) => total + feature[measure], 0)
        add(series, `${measure}_mean`, [endMs, sum / features.length])
      }
    }
    return { kind: 'series', series }
  }

  /** Total variation distance of each feature at the end of each window. */
  driftFeatures(id: string): Shown {
    const series = new Map<string, [number, number][]>()
    for (const { endMs, features } of this.#endpoint(id).windows) {
      for (const { name, tvd } of features) add(series, name, [endMs, tvd])
    }
    return { kind: 'series', series }
  }

  /** By minute. */
  quality(id: string): Shown {
    const { training, happenings } = this.#endpoint(id)
    const series = new Map<string, [number, number][]>()
    for (const minute of slowQuality(training, happenings)) {
      const { endMs } = minute
      add(series, 'rows', [endMs, minute.rows])
      add(series, 'missing', [endMs, minute.missing])
      add(series, 'out_of_range', [endMs, minute.outOfRange])
      // Recorded values are numbers all.
      for (const name of ['wrong_type', 'unseen']) add(series, name, [endMs, 0])
    }
    return { kind: 'series', series }
  }

  /** Every endpoint is without drift by MLRun's thresholds at these times. */
  statuses(times: ReadonlyMap<string, readonly number[]>): Shown {
    const series = new Map(
      [...times].map(([id, all]) => {
        const points = all.map((atMs): [number, number] => {
          const window = this.#endpoint(id).windows.find(({ endMs }) => endMs === atMs)
          assert(window && measureOf(window) < 0.5)
          return [atMs, 0]
        })
        return [id, points] as const
      }),
    )
    return { kind: 'series', series }
  }
}

/** What MLRun compares with its thresholds. */
function measureOf({ features }: SlowWindow): number {
  const sum = features.reduce((total, { tvd, hellinger }) => total + tvd + hellinger, 0)
  return sum / features.length / 2
}

function add(series: Map<string, [number, number][]>, name: string, point: [number, number]): void {
  const points = series.get(name)
  if (points === undefined) series.set(name, [point])
  else points.push(point)
}

/** A row or an error event as the file has it. */
interface Arrival {
  readonly model: string
  readonly atMs: number
  readonly clockMs: SlowHappening['clockMs']
  readonly isError: boolean
}

/** In the order of the file; the clock shows the full second after the newest time so far. */
function arrivalsOf(lines: readonly string[]): readonly Arrival[] {
  interface Event {
    readonly model: string
    readonly when?: string
    readonly error?: unknown
    readonly request?: { readonly inputs: readonly unknown[] }
    readonly values?: readonly (readonly [{ inputs: readonly unknown[] }, string, object, string])[]
  }
  const arrivals: Arrival[] = []
  let before = 0
  for (const line of lines.filter((text) => text !== '')) {
    const { model, when = '', error, request, values } = JSON.parse(line) as Event
    const isError = error !== undefined
    const calls = (
      values?.map(([asked, , , at]) => ({ at, rows: asked.inputs.length })) ?? [
        { at: when, rows: isError ? 1 : (request?.inputs.length ?? 0) },
      ]
    ).map(({ at, rows }) => ({ atMs: Date.parse(at.replace(' ', 'T')), rows }))
    const newestMs = Math.max(...calls.map(({ atMs }) => atMs))
    const after = Math.max(before, Math.ceil(newestMs / 1000) * 1000)
    for (const { atMs, rows } of calls) {
      const arrival = { model, atMs, clockMs: { before, after }, isError }
      arrivals.push(...new Array<Arrival>(rows).fill(arrival))
    }
    before = after
  }
  return arrivals
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

function cellOf({ record, windows }: DemoEndpoint, name: string): Cell {
  if (name === 'drift_status') {
    const last = windows.at(-1)
    assert(last && measureOf(last) < 0.5, 'no endpoint of the demo is beyond a threshold')
    return 'NO_DRIFT'
  }
  const value = record[name] ?? null
  return name.endsWith('_request') ? Date.parse(String(value).replace(' ', 'T')) : value
}

function trainingOf(file: string): SlowTraining {
  const [head = '', ...lines] = readFileSync(join('examples', file), 'utf8').trim().split('\n')
  const rows = lines.map((line) => line.split(',').map(Number))
  const names = head.trim().split(',')
  return new Map(names.map((name, at) => [name, rows.map((row) => row[at] ?? 0)]))
}
