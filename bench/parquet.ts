/**
 * Workload: files of 10,000 rows with 20 features of full precision, ids and times that never
 * repeat, one endpoint with two labels; every file is made durable. Needs dist/parquet-worker.js
 * and dist/parquet_wasm_bg.wasm; run in the project's folder. Read the ratios: both sides of each
 * are measured in the same run, in turns, after a warm-up.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Builder, Data } from 'apache-arrow'
import {
  Field,
  Float64,
  Int64,
  List,
  Map_,
  makeBuilder,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow'
import { initSync } from 'parquet-wasm/esm'
import { writeDurably } from '../lib/store/parquet/durable-file.ts'
import { encodeFile, encodeTable } from '../lib/store/parquet/parquet-encode.ts'
import { packFile, packTexts } from '../lib/store/parquet/parquet-pack.ts'
import { createParquetSink, type ParquetFileSink } from '../lib/store/parquet/parquet-sink.ts'
import { textAt } from '../lib/stream/deliver/text-column.ts'
import { type PredictionFile, ROW } from '../lib/stream/ports.ts'

const ROW_COUNT = 10_000
const FEATURE_COUNT = 20
const STRIDE = ROW.features + FEATURE_COUNT
const REPEATS = 7
/** Files a sample of CPU time: one file is only a few ticks of the system's clock for it. */
const SAMPLE_FILES = 10

/** One measured value of two ways to do the same, and the first as a share of the second. */
export interface Comparison {
  readonly ours: number
  readonly other: number
  readonly ratio: number
}

/**
 * CPU microseconds a row, all threads, least of 7: `ours` through the sink and its worker, `other`
 * with the same columns built by Arrow's builders, value by value, in the main thread. Both encode
 * with the same settings and make the file durable. Goal: ratio <= 0.6.
 */
export async function parquetCostPerRow(): Promise<Comparison> {
  return withSink(async (sink, root) => {
    const file = benchFile()
    const path = join(root, 'by-builders.parquet')
    const writeByBuilders = async (): Promise<void> =>
      writeDurably({ root, path, bytes: encodeTable(tableByBuilders(file)) })
    const { ours, other } = await inTurns(cpuUsPerRow, {
      ours: () => writeWith(sink, file),
      other: writeByBuilders,
    })
    return comparison(Math.min(...ours), Math.min(...other))
  })
}

/**
 * The longest time, in milliseconds, that the main thread's event loop stands still while one file
 * is written, median of 7: `ours` by the sink, `other` by the same code in the main thread. Goal:
 * ratio <= 0.15.
 */
export async function longestGap(): Promise<Comparison> {
  return withSink(async (sink, root) => {
    const file = benchFile()
    const path = join(root, 'inline.parquet')
    const writeInline = async (): Promise<void> =>
      writeDurably({ root, path, bytes: encodeFile(packFile(file)) })
    const { ours, other } = await inTurns(gapMs, {
      ours: () => writeWith(sink, file),
      other: writeInline,
    })
    return comparison(median(ours), median(other))
  })
}

async function withSink<T>(run: (sink: ParquetFileSink, root: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'parquet-bench-'))
  const sink = createParquetSink({ root, workerPath: resolve('dist/parquet-worker.js') })
  initSync({ module: readFileSync(resolve('dist/parquet_wasm_bg.wasm')) })
  try {
    await sink.warmUp()
    return await run(sink, root)
  } finally {
    await sink.close()
    rmSync(root, { recursive: true })
  }
}

async function writeWith(sink: ParquetFileSink, file: PredictionFile): Promise<void> {
  const outcome = await sink.write(file)
  if (outcome.kind !== 'written') throw new Error(JSON.stringify(outcome))
}

type Work = () => Promise<void>

async function inTurns(
  measure: (work: Work) => Promise<number>,
  works: Record<'ours' | 'other', Work>,
) {
  const ours: number[] = []
  const other: number[] = []
  for (let count = 0; count < 3; count++) {
    await works.ours()
    await works.other()
  }
  for (let count = 0; count < REPEATS; count++) {
    ours.push(await measure(works.ours))
    other.push(await measure(works.other))
  }
  return { ours, other }
}

async function cpuUsPerRow(work: Work): Promise<number> {
  const before = process.cpuUsage()
  for (let count = 0; count < SAMPLE_FILES; count++) await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / (SAMPLE_FILES * ROW_COUNT)
}

/**
 * Watches the event loop by a timer of 1 ms, which is how an event would find it. Asking for turn
 * after turn instead would keep a CPU busy, and measure the scheduler when there are only two.
 */
async function gapMs(work: Work): Promise<number> {
  const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
  let longest = 0
  let isWatching = true
  const watch = async (): Promise<void> => {
    while (isWatching) {
      const before = performance.now()
      await pause(1)
      longest = Math.max(longest, performance.now() - before - 1)
    }
  }
  const watching = watch()
  await pause(5)
  longest = 0
  await work()
  await pause(3)
  isWatching = false
  await watching
  return longest
}

function comparison(ours: number, other: number): Comparison {
  return { ours, other, ratio: ours / other }
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

/** Pseudo-random numbers in [0, 1) with all bits in use (splitmix32 twice), from a fixed seed. */
function randomNumbers(): () => number {
  let state = 42
  const next32 = (): number => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  return () => ((next32() >>> 5) * 2 ** 26 + (next32() >>> 6)) / 2 ** 53
}

function benchFile(): PredictionFile {
  const random = randomNumbers()
  const startUs = Date.UTC(2026, 0, 2, 3) * 1000
  const rows = Array.from({ length: ROW_COUNT }, (_, row) => row)
  const timeText = (row: number): string => `2026-01-02 03:00:00.${String(100_000 + row)}+00:00`
  const numbers = new Float64Array(ROW_COUNT * STRIDE)
  for (const row of rows) {
    const fixed = [startUs + row, Math.floor(random() * 1e5), row % 3, row, 0, 0, 0, 0, 1]
    numbers.set(fixed, row * STRIDE)
    const features = Array.from({ length: FEATURE_COUNT }, random)
    numbers.set(features, row * STRIDE + ROW.features)
  }
  return {
    claim: {
      log: 'bench',
      endpointId: '0123456789abcdef0123456789abcdef01234567',
      hour: Math.floor(startUs / 3.6e9),
      number: 1,
      firstOffset: 0,
      lastOffset: ROW_COUNT - 1,
    },
    rowCount: ROW_COUNT,
    featureNames: Array.from({ length: FEATURE_COUNT }, (_, index) => `feature ${index}`),
    featureKinds: Array.from({ length: FEATURE_COUNT }, () => 'double'),
    predictionKind: 'double',
    identities: [{ functionUri: 'project/function:v1', model: 'iris:v1', modelClass: 'Forest' }],
    labelSets: [
      new Map([
        ['team', 'blue'],
        ['stage', 'production'],
      ]),
    ],
    firstRequests: [timeText(0)],
    numbers,
    predictions: Float64Array.from(rows, random),
    requestIds: packTexts(
      rows.map((row) => `${Math.floor(random() * 2 ** 48).toString(16)}-4a5b-${row}`),
    ),
    lastRequests: packTexts(rows.map(timeText)),
    featureTexts: new Map(),
    extras: new Map(),
  }
}

/** The same table as `arrowTable`, each value appended to its column's builder. */
function tableByBuilders(file: PredictionFile): Table {
  const text = new Utf8()
  const entries = (value: Utf8 | Float64): Map_ =>
    new Map_(
      new Field('entries', new Struct([new Field('key', text), new Field('value', value, true)])),
    )
  const types = {
    timestamp: new TimestampMicrosecond('UTC'),
    endpoint_id: text,
    function_uri: text,
    model: text,
    model_class: text,
    request_id: text,
    first_request: text,
    last_request: text,
    latency: new Int64(),
    error_count: new Int64(),
    prediction: new List(new Field('element', new Float64(), true)),
    labels: entries(text),
    entities: entries(text),
    metrics: entries(new Float64()),
  }
  const columns = new Map<string, Builder>(
    Object.entries(types).map(([name, type]) => [name, makeBuilder({ type, nullValues: [null] })]),
  )
  const features = file.featureNames.map(() =>
    makeBuilder({ type: new Float64(), nullValues: [null, Number.NaN] }),
  )
  for (let row = 0; row < file.rowCount; row++) {
    for (const [name, value] of Object.entries(rowOf(file, row))) columns.get(name)?.append(value)
    const at = row * STRIDE + ROW.features
    features.forEach((builder, index) => {
      builder.append(file.numbers[at + index] ?? null)
    })
  }
  return tableOf(file, columns, features)
}

function rowOf(file: PredictionFile, row: number): Record<string, unknown> {
  const at = row * STRIDE
  const number = (column: number): number => file.numbers[at + column] ?? 0
  const identity = file.identities[number(ROW.identity)]
  return {
    timestamp: Math.floor(number(ROW.atUs) / 1000), // this builder takes milliseconds
    endpoint_id: file.claim.endpointId,
    function_uri: identity?.functionUri,
    model: identity?.model,
    model_class: identity?.modelClass,
    request_id: textAt(file.requestIds, row),
    first_request: file.firstRequests[number(ROW.firstRequest)],
    last_request: textAt(file.lastRequests, row),
    latency: BigInt(number(ROW.latencyUs)),
    error_count: BigInt(number(ROW.errorCount)),
    prediction: [file.predictions[row]],
    labels: file.labelSets[number(ROW.labels)],
    entities: null,
    metrics: null,
  }
}

function tableOf(
  file: PredictionFile,
  columns: ReadonlyMap<string, Builder>,
  features: readonly Builder[],
): Table {
  const fields: Field[] = []
  const children: Data[] = []
  const add = (name: string, data: Data): void => {
    fields.push(new Field(name, data.type, true))
    children.push(data)
  }
  for (const [name, builder] of columns) add(name, builder.finish().flush())
  const type = new Struct(file.featureNames.map((name) => new Field(name, new Float64(), true)))
  const featureData = features.map((builder) => builder.finish().flush())
  add(
    'named_features',
    makeData({ type, length: file.rowCount, nullCount: 0, children: featureData }),
  )
  const rows = makeData({ type: new Struct(fields), length: file.rowCount, nullCount: 0, children })
  const schema = new Schema(fields)
  return new Table(schema, new RecordBatch(schema, rows))
}
