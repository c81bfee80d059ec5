/**
 * Workload: files of 10,000 rows with 20 features of full precision, ids and times that never
 * repeat, one endpoint with two labels; every file is made durable.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import type { Builder, Data, DataType } from 'apache-arrow'
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
import { packFile } from '../lib/store/parquet/parquet-pack.ts'
import { createParquetSink, type ParquetFileSink } from '../lib/store/parquet/parquet-sink.ts'
import { type PredictionFile, ROW } from '../lib/stream/ports.ts'
import {
  cpuUsOf,
  type Findings,
  interleave,
  medianRatioOf,
  PRODUCT,
  type Rounds,
  ratioOf,
  seededRandom,
  withFolder,
} from './support.ts'

const ROW_COUNT = 10_000
const FEATURE_COUNT = 20
/** One file is little CPU time; more of them make a round calmer. */
const FILES_PER_ROUND = 2
const STRIDE = ROW.features + FEATURE_COUNT

type Work = () => Promise<void>

/**
 * CPU microseconds a row, all threads: through the sink and its worker, over the same columns built by
 * Arrow's builders, value by value, in the main thread. Both encode with the same settings and make the
 * file durable.
 */
export async function measureParquetCost(rounds: Rounds): Promise<Findings> {
  return withSink(async (sink, root) => {
    const file = benchFile()
    const path = join(root, 'by-builders.parquet')
    const writeByBuilders = async (): Promise<void> =>
      writeDurably({ root, path, bytes: encodeTable(tableByBuilders(file)) })
    const usPerRow = (work: Work) => async (): Promise<number> => {
      const us = await cpuUsOf(async () => {
        for (let count = 0; count < FILES_PER_ROUND; count++) await work()
      })
      return us / (FILES_PER_ROUND * ROW_COUNT)
    }
    const { ours, builders } = await interleave(
      { ours: usPerRow(() => writeWith(sink, file)), builders: usPerRow(writeByBuilders) },
      rounds,
    )
    return { parquetOverArrowBuilder: ratioOf(ours, builders) }
  })
}

/**
 * The longest time, in milliseconds, that the main thread's event loop stands still while one file is
 * written: by the sink, over the same code in the main thread. The medians of the rounds are compared,
 * as this is wall time and no work but luck makes a gap shorter.
 */
export async function measureGap(rounds: Rounds): Promise<Findings> {
  return withSink(async (sink, root) => {
    const file = benchFile()
    const path = join(root, 'inline.parquet')
    const writeInline = async (): Promise<void> =>
      writeDurably({ root, path, bytes: encodeFile(packFile(file)) })
    const { ours, inline } = await interleave(
      { ours: () => gapMs(() => writeWith(sink, file)), inline: () => gapMs(writeInline) },
      rounds,
    )
    return { gapOverInline: medianRatioOf(ours, inline) }
  })
}

async function withSink(
  run: (sink: ParquetFileSink, root: string) => Promise<Findings>,
): Promise<Findings> {
  return withFolder(async (root) => {
    const sink = createParquetSink({ root, workerPath: join(PRODUCT, 'parquet-worker.js') })
    initSync({ module: readFileSync(join(PRODUCT, 'parquet_wasm_bg.wasm')) })
    try {
      await sink.warmUp()
      return await run(sink, root)
    } finally {
      await sink.close()
    }
  })
}

async function writeWith(sink: ParquetFileSink, file: PredictionFile): Promise<void> {
  const outcome = await sink.write(file)
  if (outcome.kind !== 'written') throw new Error(JSON.stringify(outcome))
}

/**
 * Watches the event loop by a timer of 1 ms, which is how an event would find it. Asking for turn
 * after turn instead would keep a CPU busy, and measure the scheduler when there are only two.
 */
async function gapMs(work: Work): Promise<number> {
  let longest = 0
  let isWatching = true
  const watch = async (): Promise<void> => {
    while (isWatching) {
      const before = performance.now()
      await wait(1)
      longest = Math.max(longest, performance.now() - before - 1)
    }
  }
  const watching = watch()
  await wait(5)
  longest = 0
  await work()
  await wait(3)
  isWatching = false
  await watching
  return longest
}

function benchFile(): PredictionFile {
  const random = seededRandom(ROW_COUNT)
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
    requestIds: rows.map((row) => `${Math.floor(random() * 2 ** 48).toString(16)}-4a5b-${row}`),
    lastRequests: rows.map(timeText),
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
  const builder = (type: DataType): Builder => makeBuilder({ type, nullValues: [null] })
  const columns = {
    timestamp: builder(new TimestampMicrosecond('UTC')),
    endpoint_id: builder(text),
    function_uri: builder(text),
    model: builder(text),
    model_class: builder(text),
    request_id: builder(text),
    first_request: builder(text),
    last_request: builder(text),
    latency: builder(new Int64()),
    error_count: builder(new Int64()),
    prediction: builder(new List(new Field('element', new Float64(), true))),
    labels: builder(entries(text)),
    entities: builder(entries(text)),
    metrics: builder(entries(new Float64())),
  }
  const features = file.featureNames.map(() =>
    makeBuilder({ type: new Float64(), nullValues: [null, Number.NaN] }),
  )
  const { numbers } = file
  for (let row = 0; row < file.rowCount; row++) {
    const at = row * STRIDE
    const identity = file.identities[numbers[at + ROW.identity] ?? 0]
    // This builder takes milliseconds.
    columns.timestamp.append(Math.floor((numbers[at + ROW.atUs] ?? 0) / 1000))
    columns.endpoint_id.append(file.claim.endpointId)
    columns.function_uri.append(identity?.functionUri)
    columns.model.append(identity?.model)
    columns.model_class.append(identity?.modelClass)
    columns.request_id.append(file.requestIds[row])
    columns.first_request.append(file.firstRequests[numbers[at + ROW.firstRequest] ?? 0])
    columns.last_request.append(file.lastRequests[row])
    columns.latency.append(BigInt(numbers[at + ROW.latencyUs] ?? 0))
    columns.error_count.append(BigInt(numbers[at + ROW.errorCount] ?? 0))
    columns.prediction.append([file.predictions[row]])
    columns.labels.append(file.labelSets[numbers[at + ROW.labels] ?? 0])
    columns.entities.append(null)
    columns.metrics.append(null)
    for (let index = 0; index < FEATURE_COUNT; index++) {
      features[index]?.append(numbers[at + ROW.features + index] ?? null)
    }
  }
  return tableOf(file, new Map(Object.entries(columns)), features)
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
