/**
 * Memory while the V3IO store takes requests and answers none: events come in until they are held, and what
 * the process has gained is compared with what its settings and constants allow.
 */
import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { memoryUsage } from 'node:process'
import { wallClock } from '../handler/clocks.ts'
import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { openV3io } from '../lib/store/v3io/open-v3io.ts'
import { Spool } from '../lib/stream/accept/spool.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
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
/** Metric rows wait in memory up to their number, which is about so much (flusher.ts). */
const METRIC_BYTES_MAX = 100 * 2 ** 20
/** Open batches and cut ones each have the bound of PARQUET_OPEN_BYTES_MAX. */
const BYTES_MAX = 2 * OPEN_BYTES_MAX + METRIC_BYTES_MAX
/** Of the store, at once; each is one connection. */
const REQUESTS_MAX = 3 * 16
const silent = (): void => undefined

/** Bytes gained until events are held, over the bound. */
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
    })
    const disk = openSegmentFolder(folder)
    const config = parseConfig({
      PARQUET_OPEN_BYTES_MAX: String(OPEN_BYTES_MAX),
      PARQUET_BATCHING_BYTES_MAX: '1MiB',
    })
    const pipeline = await Pipeline.open({
      log: randomUUID(),
      settings: streamSettings(config),
      checkpointDisk: disk,
      spool: new Spool(disk, { segmentBytes: config.spoolSegmentBytes, syncEvery: false }),
      deadLetterFile: { append: silent, close: silent },
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
    while (pipeline.status().events['waiting'] !== 0)
      await new Promise((resolve) => setTimeout(resolve, 10))
    await server.hang()
    const before = bytesNow()
    let count = 0
    for (; pipeline.holdReason === null && count < EVENTS_MAX; count += EVENTS_PER_TURN)
      await takeAll()
    assert(pipeline.holdReason !== null, `${count} events were taken and none was held`)
    const gained = bytesNow() - before
    assert((await server.report()).requestsMost <= REQUESTS_MAX)
    await store.close()
    await pipeline.close()
    await server.end()
    return { hangOverBounds: plain(figureOf([gained / BYTES_MAX])) }
  })
}

function bytesNow(): number {
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = memoryUsage()
  return heapUsed + external + arrayBuffers
}
