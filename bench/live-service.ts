import assert from 'node:assert'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { NuclioEvent } from 'nuclio-sdk-ts'
import { wallClock } from '../handler/clocks.ts'
import { takeFromStream } from '../handler/ingest.ts'
import { streamSettings } from '../handler/stream-settings.ts'
import type { Service } from '../handler/wiring.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { createParquetSink, type ParquetFileSink } from '../lib/store/parquet/parquet-sink.ts'
import { Logs } from '../lib/stream/logs.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import { spoolLog } from '../lib/stream/spool-log.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { emptyParquet, emptyStore, settled } from './bench-pipeline.ts'
import type { EventStream } from './events.ts'
import { cpuUsOf, PRODUCT } from './support.ts'

/** What is taken in SPOOL_SYNC_INTERVAL_MS, 10 ms, when nothing but this is done. */
const EVENTS_PER_SYNC = 1_000
const HOUR_MS = 3_600_000
const silent = (): void => undefined
type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** The function's own service on a real spool, with real Parquet files if wanted; its store takes all and keeps none. */
export class LiveService {
  /** Begin of the hour, so that no batch is cut by the clock. */
  readonly startUs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS * 1000
  readonly #service: Service
  /** Null where files are not kept. */
  readonly #parquet: ParquetFileSink | null
  /** The wrapper makes one for each event; here that would be no work of the function. */
  readonly #event = streamEvent()
  #offset = 0

  private constructor(service: Service, parquet: ParquetFileSink | null) {
    this.#service = service
    this.#parquet = parquet
  }

  /**
   * Opens it below an empty folder, with the settings' defaults.
   *
   * @param keepsFiles  false: what is to be a Parquet file counts as written
   */
  static async open(folder: string, { keepsFiles = true } = {}): Promise<LiveService> {
    const config = parseConfig({})
    const clock = wallClock()
    const telemetry = new Telemetry({ debug: silent, info: silent, warn: silent, error: silent })
    const paths = { parquet: join(folder, 'parquet'), spool: join(folder, 'spool') }
    const workerPath = join(PRODUCT, 'parquet-worker.js')
    const parquet = keepsFiles ? createParquetSink({ root: paths.parquet, workerPath }) : null
    const store = emptyStore()
    const spoolDisk = openSegmentFolder(paths.spool)
    const pipeline = await Pipeline.open({
      tables: [],
      log: randomUUID(),
      settings: streamSettings(config),
      ...spoolLog(spoolDisk, {
        segmentBytes: config.spoolSegmentBytes,
        bytesMax: config.spoolBytesMax,
        syncEvery: false,
        epoch: 1,
      }),
      deadLetterFile: { append: silent, sync: silent, close: silent },
      deadLetterLines: [],
      store,
      parquet: parquet ?? emptyParquet(),
      clock,
      random: Math.random,
      telemetry,
    })
    const service: Service = {
      logs: new Logs(pipeline),
      shards: null,
      checkLogs: () => undefined,
      clock,
      reader: store.reader,
      registry: { ...store, defaultVersion: config.defaultVersion },
      storeName: 'postgres',
      telemetry,
      paths: { ...paths, deadLetters: folder },
    }
    return new LiveService(service, parquet)
  }

  /** Starts the Parquet worker. */
  async warmUp(): Promise<void> {
    await this.#parquet?.warmUp()
  }

  /** Events that were taken and had nothing wrong, and rows that are in files. */
  get counts(): { readonly accepted: number; readonly parquetRows: number } {
    const { events, written } = this.#service.logs.status()
    return { accepted: events['accepted'] ?? 0, parquetRows: written.parquetRows }
  }

  /**
   * Takes all events of a stream, each with its next time.
   *
   * @param thenWait  what else is measured, after the last event
   * @returns         the CPU time of that in microseconds, all threads
   */
  async takeAll(stream: EventStream, thenWait?: () => Promise<void>): Promise<number> {
    stream.restamp()
    const us = await cpuUsOf(async () => {
      for (const [index, body] of stream.bodies.entries()) {
        this.#event.body = body
        this.#event.offset = this.#offset++
        const answer = takeFromStream(this.#event, this.#service)
        assert(answer === '', 'no answer is held')
        if (index % EVENTS_PER_SYNC === 0) await this.#service.logs.sync()
      }
      await thenWait?.()
    })
    // What the timer does is no part of taking events; its writes to this store end at once.
    this.#service.logs.tick()
    await settled()
    return us
  }

  /** Writes everything that waits. */
  flushAll(): Promise<void> {
    return this.#service.logs.flushAll()
  }

  async close(): Promise<void> {
    await this.#service.logs.close()
    await this.#parquet?.close()
  }
}

/** As the wrapper hands over a message of a Kafka topic. */
function streamEvent(): Writable<NuclioEvent> {
  return {
    body: Buffer.alloc(0),
    content_type: '',
    'content-type': '',
    trigger: { kind: 'kafka-cluster', name: 'model-endpoints' },
    id: '188a90c1-80a1-4dfc-9cb1-0f4d49cef74d',
    shard_id: 0,
    offset: 0,
    path: 'events',
    topic: 'events',
    headers: {},
    fields: null,
    method: '',
    url: '',
    type: '',
    type_version: '',
    version: '',
    timestamp: new Date(0),
    size: 0,
    num_shards: 0,
  }
}
