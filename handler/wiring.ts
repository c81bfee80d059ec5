import { join } from 'node:path'
import type { Config } from '../lib/config/fields.ts'
import type { Environment } from '../lib/config/parse.ts'
import { parquetPath } from '../lib/config/paths.ts'
import { suspiciousNames } from '../lib/config/suspicious-names.ts'
import { ensureWritable } from '../lib/store/disk/ensure-writable.ts'
import { readLines } from '../lib/store/disk/read-lines.ts'
import { openLineFile, openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { Spool } from '../lib/stream/accept/spool.ts'
import { errorMessage, StreamError } from '../lib/stream/errors.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import type { StoreReader } from '../lib/stream/ports.ts'
import { type LogPort, Telemetry } from '../lib/stream/telemetry.ts'
import { type EventClock, triggerClock, wallClock } from './clocks.ts'
import { openLog } from './open-log.ts'
import { type OpenStore, openParquet, openStore } from './open-store.ts'
import { streamSettings } from './stream-settings.ts'

/** Everything that the handler works with. */
export interface Service {
  readonly pipeline: Pipeline
  readonly clock: EventClock
  readonly reader: StoreReader
  readonly storeName: OpenStore['name']
  readonly telemetry: Telemetry
  readonly paths: {
    readonly parquet: string
    readonly spool: string
    readonly deadLetters: string
  }
}

/** What surrounds a service besides its settings. */
export interface ServiceSurroundings {
  /** Where lines go. */
  readonly log: LogPort
  readonly env: Environment
  /** The HTTP port under which others reach this process, if there is one. */
  readonly port: number | null
}

/**
 * Opens disk, store and Parquet worker, takes a log over and starts the timers.
 *
 * @throws StreamError
 */
export async function openService(
  config: Config,
  { log, env, port }: ServiceSurroundings,
): Promise<Service> {
  const telemetry = new Telemetry(log)
  if (config.ack === 'delivered') {
    const message = 'This version has no ACK=delivered yet: set ACK to spooled.'
    throw new StreamError('bad-config', message)
  }
  const names = suspiciousNames(env)
  if (names.length > 0) telemetry.suspiciousSettings({ names })
  const clock = config.clock === 'trigger' ? triggerClock() : wallClock()
  const paths = {
    parquet: parquetPath(config),
    spool: config.spoolPath,
    deadLetters: config.deadLetterPath,
  }
  ensureWritable(paths.deadLetters)
  const parquet = openParquet(config)
  // The store first: a data folder that is in use is told of before anything else is touched.
  const {
    store,
    name: storeName,
    setOwnerFacts,
  } = await openStore(config, (message, fields) => {
    telemetry.storeWarning(message, fields)
  })
  if (port !== null) setOwnerFacts({ port })
  const own = await openLog(paths.spool)
  const deadLetterName = `${own.log}.jsonl`
  const spoolDisk = openSegmentFolder(own.folder)
  const pipeline = await Pipeline.open({
    log: own.log,
    settings: streamSettings(config),
    checkpointDisk: spoolDisk,
    spool: new Spool(spoolDisk, {
      segmentBytes: config.spoolSegmentBytes,
      syncEvery: config.spoolSync === 'every',
    }),
    deadLetterFile: openLineFile(paths.deadLetters, deadLetterName),
    deadLetterLines: readLines(join(paths.deadLetters, deadLetterName)),
    store,
    parquet,
    clock,
    random: Math.random,
    telemetry,
  })
  clock.resumeAt(pipeline.newestArrivedUs)
  // The first file is slower when this fails, and says why; nothing is lost.
  parquet.warmUp().catch((error: unknown) => {
    log.warn('The Parquet worker did not start yet.', { reason: errorMessage(error) })
  })
  repeat(clock, config.flushIntervalMs, () => pipeline.tick())
  if (config.spoolSync === 'background') {
    repeat(clock, config.spoolSyncIntervalMs, () => pipeline.sync())
  }
  telemetry.started({ store: storeName, log: own.log, spool: paths.spool })
  return { pipeline, clock, reader: store.reader, storeName, telemetry, paths }
}

/** Calls again and again, never while an earlier call is under way. A failure is our bug and ends us. */
function repeat(clock: EventClock, periodMs: number, call: () => void | Promise<void>): void {
  clock.after(periodMs, async () => {
    await call()
    repeat(clock, periodMs, call)
  })
}
