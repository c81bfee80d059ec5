/**
 * Memory while the V3IO store takes requests and answers none: events come in until they are held, and what
 * the process has gained is compared with what its settings and constants allow.
 */
import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { memoryUsage } from 'node:process'
import { setTimeout as wait } from 'node:timers/promises'
import { wallClock } from '../handler/clocks.ts'
import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { openV3io } from '../lib/store/v3io/open-v3io.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import { spoolLog } from '../lib/stream/spool-log.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { EventStream, makeEvents, STEP_US } from './events.ts'
import { ServerProcess } from './server-process.ts'
import { type Findings, figureOf, plain, withFolder } from './support.ts'

const ENDPOINTS = 100
const FEATURES = 20
const EVENTS_PER_TURN = 1_000
const EVENTS_MAX = 600_000
const HOUR_MS = 3_600_000
const OPEN_BYTES_MAX = 16 * 2 ** 20
const BATCH_BYTES_MAX = 2 ** 20
/** So many metric rows wait at most, which are about 100 MB (flusher.ts), and those of the last turn. */
const METRIC_ROWS_MAX = 100_000 + 3 * EVENTS_PER_TURN
const METRIC_ROW_BYTES = 1_000
/** Requests go on to time out and to be tried again for so long after events are held. */
const HELD_MS = 1_000
const TIMEOUT_MS = 100
/** Of the store, at once; each is one connection. */
const REQUESTS_MAX = 3 * 16
const silent = (): void => undefined

/**
 * Bytes gained when events are held, or after more tries of the requests if that is more, over the bound:
 * PARQUET_OPEN_BYTES_MAX for open batches and once more for cut ones, by one batch too many, and the metric
 * rows that wait.
 */
export function measureStoreHangs(): Promise<Findings> {
  return withFolder(async (folder) => {
    const server = await ServerProcess.start()
    const clock = wallClock()
    const store = openV3io({
      api: server.url,
      framesd: server.url,
      accessKey: 'key',
      container: 'projects',
      kvTable: 'bench/endpoints',
      tsdb: { container: 'projects', table: 'bench/events' },
      warn: silent,
      timeoutMs: TIMEOUT_MS,
    })
    const disk = openSegmentFolder(folder)
    const config = parseConfig({
      PARQUET_OPEN_BYTES_MAX: String(OPEN_BYTES_MAX),
      PARQUET_BATCHING_BYTES_MAX: String(BATCH_BYTES_MAX),
      KV_BATCHING_TIMEOUT_SECS: '0.1',
      TSDB_BATCHING_TIMEOUT_SECS: '0.1',
    })
    const pipeline = await Pipeline.open({
      tables: [],
      log: randomUUID(),
      settings: streamSettings(config),
      ...spoolLog(disk, {
        segmentBytes: config.spoolSegmentBytes,
        bytesMax: config.spoolBytesMax,
        syncEvery: false,
        epoch: 1,
      }),
      deadLetterFile: { append: silent, sync: silent, close: silent },
      deadLetterLines: [],
      store,
      // Never asked: a claim comes before a file, and none can be made.
      parquet: { write: async () => ({ kind: 'retry', reason: 'never' }), has: async () => false },
      clock,
      random: Math.random,
      telemetry: new Telemetry({ debug: silent, info: silent, warn: silent, error: silent }),
    })
    const bodies = makeEvents({
      count: EVENTS_PER_TURN,
      endpointCount: ENDPOINTS,
      featureCount: FEATURES,
    })
    const stream = new EventStream(bodies, Math.floor(Date.now() / HOUR_MS) * HOUR_MS * 1000)
    const takeAll = async (): Promise<void> => {
      const startUs = stream.restamp()
      for (const [index, body] of bodies.entries()) {
        pipeline.accept(body, null, startUs + index * STEP_US)
      }
      pipeline.tick()
      await new Promise((resolve) => setImmediate(resolve))
    }
    // Endpoints are known, and their records read, before the store falls silent.
    await takeAll()
    while (pipeline.status().events['waiting'] !== 0) await wait(10)
    await server.hang()
    const before = bytesNow()
    let count = 0
    for (; pipeline.holdReason === null && count < EVENTS_MAX; count += EVENTS_PER_TURN)
      await takeAll()
    assert(pipeline.holdReason !== null, `${count} events were taken and none was held`)
    const { metricRows } = pipeline.status().pending
    assert(metricRows <= METRIC_ROWS_MAX)
    const bytesMax = 2 * OPEN_BYTES_MAX + BATCH_BYTES_MAX + metricRows * METRIC_ROW_BYTES
    const heldBytes = bytesNow()
    const { requestCount } = await server.report()
    await wait(HELD_MS)
    const gained = Math.max(heldBytes, bytesNow()) - before
    const after = await server.report()
    assert(after.requestCount > requestCount, 'requests are tried again')
    assert(after.requestsMost <= REQUESTS_MAX)
    await store.close()
    await pipeline.close()
    await server.end()
    return { hangOverBounds: plain(figureOf([gained / bytesMax])) }
  })
}

function bytesNow(): number {
  const { gc } = globalThis
  assert(gc !== undefined, 'node was started with --expose-gc')
  gc()
  const { heapUsed, external } = memoryUsage()
  return heapUsed + external // buffers are a part of what is external
}
