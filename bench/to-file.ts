import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { openLineFile, openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { createParquetSink } from '../lib/store/parquet/parquet-sink.ts'
import { Spool } from '../lib/stream/accept/spool.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import type { Clock, Store } from '../lib/stream/ports.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { FIRST_AT_MS, makeEvents } from './events.ts'
import { cpuUsOf, type Figure, figureOf } from './support.ts'

const EVENTS = 40_000
const ROUNDS = 5
const silent = (): void => undefined

/** CPU per event of all threads, from its bytes to the finished file, the spool's write included. */
export interface ToFileResult {
  readonly parseUs: Figure
  readonly toFileUs: Figure
  readonly toFileOverJsonParse: number
}

/** Records and metrics are taken and dropped; files are written by the worker. 4 endpoints. */
export async function measureToFile(): Promise<ToFileResult> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-file-'))
  const bodies = makeEvents({ count: EVENTS, endpointCount: 4, featureCount: 20 })
  const parquet = createParquetSink({
    root: join(folder, 'parquet'),
    workerPath: resolve('dist/parquet-worker.js'),
  })
  const pipeline = await openPipeline(folder, parquet)
  try {
    await parquet.warmUp()
    const runs = { parse: [] as number[], toFile: [] as number[] }
    for (let round = -2; round < ROUNDS; round++) {
      const parseUs = cpuUsOf(() => {
        for (const body of bodies) JSON.parse(body.toString('utf8'))
      })
      const before = process.cpuUsage()
      for (const [index, body] of bodies.entries()) {
        pipeline.accept(body, null, CLOCK.nowUs())
        if (index % 1000 === 0) await wait(0) // as events come: the worker and timers have their turn
      }
      await pipeline.flushAll()
      const { user, system } = process.cpuUsage(before)
      if (round < 0) continue
      runs.parse.push(parseUs / EVENTS)
      runs.toFile.push((user + system) / EVENTS)
    }
    const [parseUs, toFileUs] = [figureOf(runs.parse), figureOf(runs.toFile)]
    return { parseUs, toFileUs, toFileOverJsonParse: toFileUs.least / parseUs.least }
  } finally {
    await pipeline.close()
    await parquet.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const CLOCK: Clock = {
  nowUs: () => (FIRST_AT_MS + 1_000_000) * 1000,
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

function openPipeline(
  folder: string,
  parquet: ReturnType<typeof createParquetSink>,
): Promise<Pipeline> {
  return Pipeline.open({
    log: '00000000-0000-4000-8000-000000000000',
    settings: streamSettings(parseConfig({})),
    spool: new Spool(openSegmentFolder(join(folder, 'spool')), {
      segmentBytes: 64 * 1024 * 1024,
      syncEvery: false,
    }),
    deadLetterFile: openLineFile(folder, 'dead-letters.jsonl'),
    deadLetterLines: [],
    store: STORE,
    parquet,
    clock: CLOCK,
    random: Math.random,
    telemetry: new Telemetry({ debug: silent, info: silent, warn: silent, error: silent }),
  })
}

/** Takes everything: what a store costs is measured with stores. */
const STORE: Pick<Store, 'kv' | 'tsdb' | 'claims' | 'records'> = {
  kv: { write: async () => ({ kind: 'written' }) },
  tsdb: { write: async () => ({ kind: 'written' }) },
  claims: { list: async () => [], create: async () => true },
  records: { read: async () => new Map() },
}
