import { streamSettings } from '../../handler/stream-settings.ts'
import { parseConfig } from '../../lib/config/parse.ts'
import type { LogEndpoints } from '../../lib/stream/compute/endpoint-merge.ts'
import { inOrder } from '../../lib/stream/deliver/in-order.ts'
import { errorCode } from '../../lib/stream/errors.ts'
import { Logs } from '../../lib/stream/logs.ts'
import { Pipeline } from '../../lib/stream/pipeline.ts'
import type { StreamPosition } from '../../lib/stream/ports.ts'
import { type OpenShard, Shards } from '../../lib/stream/shards.ts'
import { spoolLog } from '../../lib/stream/spool-log.ts'
import { takeShard } from '../../lib/stream/take-shard.ts'
import { Telemetry } from '../../lib/stream/telemetry.ts'
import { memoryDisk } from './memory-disk.ts'
import type { MemoryStore } from './memory-store.ts'
import { nextTurns, TEST_LOG, type TestClock } from './test-pipeline.ts'

/** What became of an event that was handed to a worker: `held` has no answer yet. */
export type Handed = 'acknowledged' | 'unacknowledged' | 'held'

/** A worker of a function with ACK=delivered, on a store in memory and a disk that nobody keeps. */
export class ShardWorker {
  readonly logs: Logs
  readonly shards: Shards
  isDead = false
  /** It has ended itself: another owner has claimed rows of its own, or has its shard for too long. */
  hasEnded = false

  private constructor(logs: Logs, shards: Shards) {
    this.logs = logs
    this.shards = shards
  }

  /**
   * @param env       settings; ACK_WINDOW_SIZE among them
   * @param markDisk  what was noted down of deaths
   */
  static async start(
    store: MemoryStore,
    clock: TestClock,
    env: Readonly<Record<string, string>>,
    { markDisk = memoryDisk(), deadLetterLines = [] as string[] } = {},
  ): Promise<ShardWorker> {
    const config = parseConfig({ ...env, ACK: 'delivered' })
    const silent = (): void => undefined
    const telemetry = new Telemetry({ debug: silent, info: silent, warn: silent, error: silent })
    const tables: LogEndpoints[] = []
    let worker: ShardWorker | null = null
    // What a process asks for after its death it never hears of, and it is not done.
    const alive = <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) => {
      return (...args: Args): Promise<T> =>
        worker?.isDead === true ? new Promise<T>(() => undefined) : call(...args)
    }
    const own = {
      kv: inOrder({ write: alive(store.kv.write) }),
      tsdb: { write: alive(store.tsdb.write) },
      claims: { list: alive(store.claims.list), create: alive(store.claims.create) },
      ledger: { write: alive(store.ledger.write) },
      records: { read: alive(store.records.read) },
      logs: {
        takeOver: alive(store.logs.takeOver),
        look: alive(store.logs.look),
        writeCheckpoint: alive(store.logs.writeCheckpoint),
      },
    }
    const shared = {
      settings: streamSettings(config),
      store: own,
      parquet: { write: alive(store.parquet.write), has: alive(store.parquet.has) },
      deadLetterFile: {
        append: (line: string) => void deadLetterLines.push(line),
        sync: silent,
        close: silent,
      },
      deadLetterLines: [],
      tables,
      clock,
      random: () => 0.5,
      telemetry,
    }
    const parts = spoolLog(memoryDisk(), { segmentBytes: 4096, syncEvery: false, epoch: 1 })
    const pipeline = await Pipeline.open({ ...shared, ...parts, log: TEST_LOG })
    const open = async (shard: string, onLost: () => void): Promise<OpenShard> => {
      const name = logOf(shard)
      const { log, checkpoints, parts } = await takeShard({
        name,
        window: config.ackWindowSize,
        store: own.logs,
        clock,
        random: () => 0.5,
        telemetry,
        onLost,
      })
      const opened = await Pipeline.open({
        ...shared,
        ...parts,
        log: name,
        markDisk,
        isStillOwner: async () => {
          if (!(await parts.isStillOwner())) return false
          // Where a process would fail its assertion and end.
          if (worker !== null) worker.isDead = worker.hasEnded = true
          return new Promise<never>(() => undefined)
        },
      })
      return { pipeline: opened, log, checkpoints }
    }
    const logs = new Logs(pipeline)
    const look = (shard: string) => own.logs.look(logOf(shard))
    worker = new ShardWorker(logs, new Shards({ logs, telemetry, look, open }))
    return worker
  }

  /** Hands an event over, as the handler does; one that is held is to be handed over again. */
  async hand(body: Uint8Array, position: StreamPosition, arrivedAtUs: number): Promise<Handed> {
    let shard = this.shards.at(position)
    if (shard === null) {
      const preparing = this.shards.prepare(position).then(
        () => true,
        (error: unknown) => {
          if (errorCode(error) === 'ERR_ASSERTION') this.isDead = this.hasEnded = true
          else if (errorCode(error) !== 'shard-elsewhere') throw error
          return false
        },
      )
      const isReady = await Promise.race([preparing, nextTurns().then(() => false)])
      shard = isReady ? this.shards.at(position) : null
    }
    if (shard === null || this.isDead) return 'held'
    shard.pipeline.accept(body, position, arrivedAtUs)
    return shard.log.mayAcknowledge(position.offset) ? 'acknowledged' : 'unacknowledged'
  }
}

/** Name of a shard's log. */
export function logOf(shard: string): string {
  return `log-${shard.replace(/[^a-z0-9]/g, '-')}`
}
