// The main promise, end to end: recorded serving events go through the built function under the local
// runner, and what other readers then find in the tables and the Parquet files is, row by row and value
// by value, what a slow computation written from the documents alone comes to.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import { computeSlowly, type SlowResult, type SlowSettings } from '../slow/slow-computation.ts'
import { withoutVersion } from '../support/record-versions.ts'

type Row = Readonly<Record<string, unknown>>

const DEFAULTS: SlowSettings = {
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

const RUNS: readonly {
  readonly name: string
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  readonly settings: SlowSettings
}[] = [
  { name: '5,001 events of 2021', file: 'events-2021.jsonl', env: {}, settings: DEFAULTS },
  { name: '1,794 events of MLRun 1.12', file: 'events-1.12.jsonl', env: {}, settings: DEFAULTS },
  {
    name: 'other windows, periods, samples and batches',
    file: 'events-2021.jsonl',
    env: {
      SAMPLE_WINDOW: '3',
      AGGREGATE_COUNT_WINDOWS: '2m,40m',
      AGGREGATE_COUNT_PERIOD: '10s',
      AGGREGATE_AVG_WINDOWS: '1m,10m,1h',
      AGGREGATE_AVG_PERIOD: '20s',
      TSDB_BATCHING_TIMEOUT_SECS: '25',
      TSDB_BATCHING_MAX_EVENTS: '3',
      PARQUET_BATCHING_MAX_EVENTS: '100',
      DEFAULT_VERSION: '',
    },
    settings: {
      ...DEFAULTS,
      sampleWindow: 3,
      countWindows: [
        { name: '2m', seconds: 120 },
        { name: '40m', seconds: 2400 },
      ],
      countPeriodSeconds: 10,
      avgWindows: [
        { name: '1m', seconds: 60 },
        { name: '10m', seconds: 600 },
        { name: '1h', seconds: 3600 },
      ],
      avgPeriodSeconds: 20,
      tsdbTimeoutSeconds: 25,
      defaultVersion: '',
    },
  },
]

/** Plays a file with the command line and reads back everything that was written. */
async function play(file: string, env: Readonly<Record<string, string>>) {
  const data = mkdtempSync(join(tmpdir(), 'demo-exact-'))
  try {
    const args = ['dist/cli.js', 'run', '--once', '--input', join('examples', file), '--data', data]
    const run = spawnSync(process.execPath, args, { env: { ...process.env, ...env } })
    assert.equal(run.status, 0, run.stderr.toString())
    const store = await openEmbedded({ folder: join(data, 'store') })
    const records = await store.reader.endpoints()
    const series = await store.reader.series({ limit: 10_000_000 })
    await store.close()
    return { records, series, predictions: await readPredictions(join(data, 'parquet')) }
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

async function readPredictions(root: string): Promise<readonly Row[]> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.parquet')).map((name) => join(root, name))
  const rows = files.map((path) => {
    const file = new Uint8Array(readFileSync(path)).buffer
    const parsers = { timestampFromMicroseconds: (us: bigint) => us }
    return parquetReadObjects({ file, compressors, parsers }) as Promise<Row[]>
  })
  return (await Promise.all(rows)).flat()
}

function assertSamePredictions(found: readonly Row[], { predictions }: SlowResult): void {
  const expected = predictions.map(({ timestampUs, ...rest }) => ({
    ...rest,
    timestamp: timestampUs,
  }))
  assert.equal(found.length, expected.length)
  const ours = sorted(found.map(plain))
  for (const [index, row] of sorted(expected.map(plain)).entries()) {
    assert.deepEqual(ours[index], row)
  }
}

/** One order for both sides: rows of one call differ in their features. */
function sorted(rows: readonly Row[]): readonly Row[] {
  const keyed = rows.map((row) => ({ key: `${String(row['request_id'])} ${textOf(row)}`, row }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1))
  return keyed.map(({ row }) => row)
}

function textOf(row: Row): string {
  return JSON.stringify([row['named_features'], row['prediction']])
}

/** Numbers for bigints, plain objects for maps, null for what is absent. */
function plain(value: unknown): never
function plain(value: Row): Row
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value === undefined) return null
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item as Row))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
}

function assertSameSeries(
  found: Awaited<ReturnType<typeof play>>['series'],
  { metrics }: SlowResult,
): void {
  const ours = new Map(
    found.map(({ atMs, endpointId, recordType, metric, value }) => [
      [new Date(atMs).toISOString(), endpointId, recordType, metric].join(' '),
      value,
    ]),
  )
  assert.equal(ours.size, found.length)
  for (const { time, endpoint_id, record_type, metric, value } of metrics) {
    const key = [time, endpoint_id, record_type, metric].join(' ')
    assertNear(ours.get(key), value, key)
    ours.delete(key)
  }
  assert.deepEqual([...ours.keys()], [], 'nothing else is there')
}

function assertSameRecords(
  found: Awaited<ReturnType<typeof play>>['records'],
  { endpoints }: SlowResult,
): void {
  assert.equal(found.length, endpoints.size)
  for (const whole of found) {
    const record = withoutVersion(whole)
    const id = String(record.get('endpoint_id'))
    const expected = endpoints.get(id)?.record
    assert(expected !== undefined, id)
    assert.deepEqual([...record.keys()].sort(), Object.keys(expected).sort())
    for (const [name, value] of Object.entries(expected)) {
      assertNear(record.get(name), value, `${id} ${name}`)
    }
  }
}

/** Sums of weights and latencies may differ in their last bit, by the order in which they are added. */
function assertNear(found: unknown, expected: unknown, about: string): void {
  if (typeof found !== 'number' || typeof expected !== 'number') {
    assert.deepEqual(found, expected, about)
    return
  }
  const isNear = Math.abs(found - expected) <= 1e-12 * Math.abs(expected)
  assert(isNear, `${about}: ${found} and not ${expected}`)
}

for (const { name, file, env, settings } of RUNS) {
  test(`${name}: tables and files are what the slow computation gives`, async () => {
    const lines = readFileSync(join('examples', file), 'utf8').split('\n')
    const expected = computeSlowly(lines, settings)
    const { records, series, predictions } = await play(file, env)
    assertSameRecords(records, expected)
    assertSameSeries(series, expected)
    assertSamePredictions(predictions, expected)
  })
}

test('two readings of the same file give the same tables', async () => {
  const [first, second] = [await play('events-1.12.jsonl', {}), await play('events-1.12.jsonl', {})]
  assert.deepEqual(second.records.map(withoutVersion), first.records.map(withoutVersion))
  assert.deepEqual(second.series, first.series)
  assert.deepEqual(sorted(second.predictions), sorted(first.predictions))
})
