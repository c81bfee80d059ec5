// What the tests of the slow computation share: settings, a server's events, and ways to look at a
// result. Times are seconds after 2021-07-01 10:00:00 UTC, which is an edge of every period used.
import assert from 'node:assert'
import { computeSlowly } from './slow-computation.ts'
import type { SlowEndpointResult, SlowMetric, SlowResult, SlowSettings } from './slow-parts.ts'

export const SETTINGS: SlowSettings = {
  sampleWindow: 1,
  countWindows: [
    { name: '5m', seconds: 300 },
    { name: '1h', seconds: 3600 },
  ],
  countPeriodSeconds: 30,
  avgWindows: [{ name: '5m', seconds: 300 }],
  avgPeriodSeconds: 30,
  tsdbTimeoutSeconds: 300,
  defaultVersion: 'latest',
  project: 'proj',
  whenSkewSeconds: 600,
}

const START_MS = Date.UTC(2021, 6, 1, 10)

/** `when` as a server writes it; `at(0)` is '2021-07-01 10:00:00.000000+00:00'. */
export function at(seconds: number): string {
  const iso = new Date(START_MS + seconds * 1000).toISOString()
  return `${iso.slice(0, 10)} ${iso.slice(11, 23)}000+00:00`
}

type Fields = Readonly<Record<string, unknown>>

const SERVER = { class: 'C', worker: 0, model: 'mdl', version: 'v1', function_uri: 'proj/fn:v1' }
/** The endpoint of `call` and `errorEvent`. */
export const ENDPOINT_ID = 'f5724128e42ce7188e9dc770039af34c1e8726ce'

/** A call of one row with one feature, as its line. */
export function call(seconds: number, changes: Fields = {}): string {
  return JSON.stringify({
    ...SERVER,
    request: { id: 'r', inputs: [[1]] },
    op: 'predict',
    resp: { id: 'r', outputs: [0] },
    when: at(seconds),
    microsec: 100,
    ...changes,
  })
}

/** A call with the given rows and outputs. */
export function rows(seconds: number, inputs: unknown, outputs: unknown): string {
  return call(seconds, { request: { id: 'r', inputs }, resp: { id: 'r', outputs } })
}

export function errorEvent(seconds: number, changes: Fields = {}): string {
  return JSON.stringify({ ...SERVER, op: 'predict', when: at(seconds), error: 'no', ...changes })
}

/** A batch whose calls have one row each, at the given times. */
export function batch(timesSeconds: readonly number[], changes: Fields = {}): string {
  const values = timesSeconds.map((seconds) => [
    { id: 'b', inputs: [[1]] },
    'predict',
    { id: 'b', outputs: [0] },
    at(seconds),
    100,
    {},
  ])
  const headers = ['request', 'op', 'resp', 'when', 'microsec', 'metrics']
  return JSON.stringify({ ...SERVER, headers, values, ...changes })
}

export function compute(lines: readonly string[], changes: Partial<SlowSettings> = {}): SlowResult {
  return computeSlowly(lines, { ...SETTINGS, ...changes })
}

export function endpointOf(result: SlowResult, id: string = ENDPOINT_ID): SlowEndpointResult {
  const endpoint = result.endpoints.get(id)
  assert(endpoint !== undefined, `no endpoint ${id}`)
  return endpoint
}

/** Seconds and value of one metric, in order of time. */
export function series(
  result: SlowResult,
  metric: string,
  endpointId: string = ENDPOINT_ID,
): readonly (readonly [number, number | string])[] {
  return result.metrics
    .filter((row) => row.metric === metric && row.endpoint_id === endpointId)
    .map((row) => [secondsOf(row), row.value])
}

/** The columns of one record type, over all times. */
export function columns(result: SlowResult, recordType: string): Fields {
  return Object.fromEntries(
    result.metrics
      .filter((row) => row.record_type === recordType)
      .map(({ metric, value }) => [metric, value]),
  )
}

function secondsOf({ time }: SlowMetric): number {
  return (Date.parse(time) - START_MS) / 1000
}
