import assert from 'node:assert'
import type { Config } from '../lib/config/fields.ts'
import type { Environment } from '../lib/config/parse.ts'
import { parquetPath } from '../lib/config/paths.ts'
import { suspiciousNames } from '../lib/config/suspicious-names.ts'
import type { RecordStore } from '../lib/register/registration.ts'
import { ensureWritable } from '../lib/store/disk/ensure-writable.ts'
import { inOrder } from '../lib/stream/deliver/in-order.ts'
import { errorMessage } from '../lib/stream/errors.ts'
import { Logs } from '../lib/stream/logs.ts'
import type { Pipeline } from '../lib/stream/pipeline.ts'
import type { StoreReader } from '../lib/stream/ports.ts'
import { Shards } from '../lib/stream/shards.ts'
import { type LogPort, Telemetry } from '../lib/stream/telemetry.ts'
import { adoptOne } from './adoption.ts'
import { type EventClock, triggerClock, wallClock } from './clocks.ts'
import { type OwnedLog, openLog } from './open-log.ts'
import { openPipeline } from './open-pipeline.ts'
import { openShard, shardLogName } from './open-shard.ts'
import { type OpenStore, openParquet, openStore } from './open-store.ts'

/** Everything that the handler works with. */
export interface Service {
  readonly logs: Logs
  /** Null where events are acknowledged when they are in the spool. */
  readonly shards: Shards | null
  /** Before anything is written into them: fails when another process has taken one over. */
  readonly checkLogs: () => void
  readonly clock: EventClock
  readonly reader: StoreReader
  /** Where registrations are written, in turn with the records of the stream. */
  readonly registry: RecordStore
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
  // Between logs of one process, so that a record never goes back to what an older flush said.
  const kv = inOrder(store.kv)
  const registry = { records: store.records, kv, defaultVersion: config.defaultVersion }
  const surroundings = {
    config,
    store: { ...store, kv },
    parquet,
    clock,
    telemetry,
    tables: [],
  }
  const open = (log: OwnedLog): Promise<Pipeline> => openPipeline(log, surroundings)
  const own = await openLog(paths.spool)
  const owned = new Map([[own.log, own]])
  const pipeline = await open(own)
  const logs = new Logs(pipeline)
  clock.resumeAt(logs.newestArrivedUs)
  // In the background, while events come in; a rejection is our bug and ends us.
  void pipeline.catchUp()
  // The first file is slower when this fails, and says why; nothing is lost.
  parquet.warmUp().catch((error: unknown) => {
    log.warn('The Parquet worker did not start yet.', { reason: errorMessage(error) })
  })
  const checkLogs = (): void => {
    for (const { lock, folder } of owned.values()) {
      if (lock.check()) continue
      // The process ends: its state is not that of the log any more.
      assert.fail(`${folder} was taken over by another process, as this one had stood still`)
    }
  }
  repeat(clock, config.flushIntervalMs, () => {
    checkLogs()
    logs.tick()
  })
  const adoption = { spoolPath: paths.spool, logs, owned, open, telemetry }
  const shards =
    config.ack === 'delivered'
      ? new Shards({
          logs,
          telemetry,
          look: (shard) => store.logs.look(shardLogName(config.project, shard)),
          open: (shard, onLost) => openShard(shard, onLost, surroundings),
        })
      : null
  repeat(clock, config.spoolAdoptIntervalMs, async () => {
    await adoptOne(adoption)
    await shards?.checkAll()
  })
  if (config.spoolSync === 'background') {
    repeat(clock, config.spoolSyncIntervalMs, () => logs.sync())
  }
  telemetry.started({ store: storeName, log: own.log, spool: paths.spool })
  const { reader } = store
  return { logs, shards, checkLogs, clock, reader, registry, storeName, telemetry, paths }
}

/** Calls again and again, never while an earlier call is under way. A failure is our bug and ends us. */
function repeat(clock: EventClock, periodMs: number, call: () => void | Promise<void>): void {
  clock.after(periodMs, async () => {
    await call()
    repeat(clock, periodMs, call)
  })
}
