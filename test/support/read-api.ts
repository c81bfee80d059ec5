import { strict as assert } from 'node:assert'
import type { NuclioEvent } from 'nuclio-sdk-ts'
import { ReadApi } from '../../handler/read-api.ts'
import type { ReadAccess } from '../../handler/who-may-read.ts'
import type { Attribute, MetricRow, Store, StoreReader } from '../../lib/stream/ports.ts'

/** When the requests of a test are made: a minute after the recorded rows. */
export const NOW_MS = Date.parse('2021-02-28T21:03:00.000Z')

/** A status page that is told from others by its text. */
export const PAGE = { html: '<!doctype html>page', policy: "default-src 'none'", etag: '"e1"' }

/** An answer as a client sees it. */
export interface Seen {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly contentType: string
  readonly text: string
  /** Of an answer that is JSON. */
  readonly json: unknown
}

/** What a test may choose of a read API. */
export interface ReadApiOptions {
  readonly access?: ReadAccess
  readonly project?: string
  readonly nowMs?: number
  readonly reader?: StoreReader
  readonly troubles?: string[]
  readonly readMsMax?: number
}

/** The read API over a store, as the function has it. */
export function readApiOf(
  store: Pick<Store, 'reader' | 'records'>,
  {
    access = { kind: 'none' },
    project = 'iris',
    nowMs = NOW_MS,
    reader = store.reader,
    troubles = [],
    readMsMax = 10_000,
  }: ReadApiOptions = {},
): ReadApi {
  return new ReadApi({
    access,
    sources: {
      reader,
      records: store.records,
      project,
      tables: {
        endpoints: { container: 'projects', path: `${project}/model-endpoints/endpoints` },
        metrics: { container: 'projects', path: `${project}/model-endpoints/events` },
      },
    },
    nowMs: () => nowMs,
    readMsMax,
    status: () => ({
      pending: { records: 1, metricRows: 2, parquetRows: 3 },
      written: { records: 4, metricRows: 5, metricValues: 6, parquetFiles: 7, parquetRows: 8 },
      refused: { records: 0, metricRows: 0, metricValues: 0, parquetFiles: 0, parquetRows: 0 },
      catchingUp: false,
    }),
    page: () => PAGE,
    onTrouble: (reason) => troubles.push(reason),
  })
}

/** A request. */
export interface Request {
  readonly method?: string
  readonly path: string
  readonly fields?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** JSON unless it is bytes or text. */
  readonly body?: unknown
}

/** Asks as Nuclio would. */
export async function ask(api: ReadApi, request: Request): Promise<Seen> {
  const { method = request.body === undefined ? 'GET' : 'POST', path, fields = {} } = request
  const event = {
    method,
    path,
    fields,
    headers: request.headers ?? {},
    body: bytesOf(request.body),
    trigger: { kind: 'http', name: 'http' },
  } as unknown as NuclioEvent
  return seen(await api.answer(event))
}

function bytesOf(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0)
  if (Buffer.isBuffer(body)) return body
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function seen(answer: unknown): Seen {
  assert(typeof answer === 'object' && answer !== null && 'body' in answer && 'status' in answer)
  const { status, headers, contentType, body } = answer as unknown as {
    readonly status: number
    readonly headers: Readonly<Record<string, unknown>>
    readonly contentType: string
    readonly body: string | object
  }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const isJson = contentType === 'application/json'
  return { status, headers, contentType, text, json: isJson ? JSON.parse(text) : undefined }
}

const STATS = { count: 30, mean: 5.9, std: 0.8, min: 4.7, max: 7.9 }
const HIST = [
  [4, 4],
  [1, 2, 3],
]

/** The record `test.test_id` of test/golden/grafana, in any project. */
export const GOLDEN_RECORD: Readonly<Record<string, string | number>> = {
  endpoint_id: 'test.test_id',
  model: 'test-model',
  function_uri: 'test3/v2-model-server',
  model_class: 'ClassifierModel',
  labels: 'null',
  first_request: '2021-02-28 21:02:58.642108',
  last_request: '2021-02-28 21:02:58.642108',
  error_count: 0,
  drift_status: 'NO_DRIFT',
  feature_names: '["f0", "f1"]',
  feature_stats: JSON.stringify({ f0: { ...STATS, hist: HIST }, f1: { ...STATS, hist: HIST } }),
  current_stats: JSON.stringify({
    f0: { count: 100, mean: 2.861, std: 1.4, min: 1, max: 5.1, hist: HIST },
  }),
  drift_measures: JSON.stringify({
    f0: { tvd: 0.4, hellinger: 0.381, kld: 1.377 },
    tvd_sum: 1.756,
    tvd_mean: 0.439,
    hellinger_sum: 1.78,
    hellinger_mean: 0.445,
    kld_sum: 9.134,
    kld_mean: 2.283,
  }),
}

/** Writes a record. */
export async function writeRecord(
  { kv }: Pick<Store, 'kv'>,
  record: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const attributes = new Map<string, Attribute>()
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'string') attributes.set(name, { type: 'string', value })
    else if (typeof value === 'boolean') attributes.set(name, { type: 'boolean', value })
    else attributes.set(name, { type: Number.isInteger(value) ? 'int' : 'double', value })
  }
  const outcome = await kv.write([{ endpointId: String(record['endpoint_id']), attributes }])
  assert.deepEqual(outcome, { kind: 'written' })
}

/** Writes rows of metrics. */
export async function writeRows(
  { tsdb }: Pick<Store, 'tsdb'>,
  rows: readonly (Pick<MetricRow, 'endpointId' | 'recordType' | 'atMs'> & {
    readonly values: Readonly<Record<string, number | string>>
  })[],
): Promise<void> {
  const outcome = await tsdb.write(
    rows.map(({ values, ...row }) => ({
      ...row,
      names: Object.keys(values),
      values: Object.values(values),
    })),
  )
  assert.deepEqual(outcome, { kind: 'written' })
}

/** Everything that test/golden/grafana says is in the store. */
export async function writeGolden(store: Pick<Store, 'kv' | 'tsdb'>): Promise<void> {
  await writeRecord(store, { ...GOLDEN_RECORD, project: 'test3' })
  await writeRecord(store, {
    endpoint_id: 'e2',
    project: 'test3',
    model: 'm2:v1',
    function_uri: 'test3/f2',
    error_count: 3,
  })
  const at = (minute: number): number => Date.parse(`2021-02-28T21:0${minute}:00.000Z`)
  await writeRows(
    store,
    [0, 1, 2].map((minute) => ({
      endpointId: 'test.test_id',
      recordType: 'endpoint_features',
      atMs: at(minute),
      values: { f0: minute, f1: minute + 1 },
    })),
  )
}

/** What MLRun's own job does not write of a feature. */
export const NOT_MEASURED = Object.fromEntries(
  [
    ...[
      'psi',
      'jensen_shannon',
      'ks',
      'wasserstein',
      'p',
      'alarm_since',
      'alarm_test',
      'direction',
    ],
    ...['shift_sigmas', 'cause', 'cause_text', 'missing', 'wrong_type', 'out_of_range', 'unseen'],
    'reason',
  ].map((name) => [name, null]),
)

/** What it does not write of an endpoint. */
export const NO_WINDOW = Object.fromEntries(
  [
    'alarmed_features',
    'alarmed_names',
    'odd_values',
    'rows',
    'features',
    'window_end',
    'reason',
  ].map((name) => [name, null]),
)
