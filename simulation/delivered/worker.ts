import type { LogEndpoints } from '../../lib/stream/compute/endpoint-merge.ts'
import { inOrder } from '../../lib/stream/deliver/in-order.ts'
import { errorCode, errorMessage, StreamError } from '../../lib/stream/errors.ts'
import { Logs } from '../../lib/stream/logs.ts'
import { Pipeline } from '../../lib/stream/pipeline.ts'
import type { Clock, StreamPosition } from '../../lib/stream/ports.ts'
import type { ShardLog } from '../../lib/stream/shard-log.ts'
import { type OpenShard, Shards } from '../../lib/stream/shards.ts'
import { spoolLog } from '../../lib/stream/spool-log.ts'
import { takeShard } from '../../lib/stream/take-shard.ts'
import { Telemetry } from '../../lib/stream/telemetry.ts'
import { memoryDisk } from '../../test/support/memory-disk.ts'
import { type CrashSide, Gate } from '../gate.ts'
import { type ProcessSettings, streamSettingsOf } from '../scenario.ts'
import { repeat } from '../simulated-log.ts'
import type { StorePorts } from '../simulated-store.ts'
import type { History } from './history.ts'
import type { DeliveredWorld } from './world.ts'
import { watchedPorts } from './zombies.ts'

const TICK_MS = 1000
const nothing = (): void => undefined

/** What became of an event that was handed over. `held`: it has no answer yet. */
export type Given = 'acknowledged' | 'unacknowledged' | 'held'

/** A shard in the hands of a process. */
export interface OwnedShard {
  readonly pipeline: Pipeline
  readonly log: ShardLog
  readonly history: History
  readonly epoch: number
}

/** One process of a function with ACK=delivered. What it has on its disk dies with it. */
export class WorkerProcess {
  /** Those that it takes to be its own, by their logs' names. */
  readonly owned = new Map<string, OwnedShard>()
  readonly #world: DeliveredWorld
  readonly #gate: Gate
  readonly #settings: ProcessSettings
  readonly #ports: StorePorts
  readonly #clock: Clock
  readonly #telemetry: Telemetry
  readonly #tables: LogEndpoints[] = []
  #ready: { readonly logs: Logs; readonly shards: Shards } | null = null
  /** It looks whether a shard is its own. */
  #isPreparing = false
  /** Whose event it holds: until that is answered it takes no other one. */
  #holder: object | null = null

  /**
   * @param name      of its worker
   * @param onDeath   told of the death, whatever it comes of
   */
  constructor(
    world: DeliveredWorld,
    name: string,
    { settings, onDeath }: { readonly settings: ProcessSettings; readonly onDeath: () => void },
  ) {
    this.#world = world
    this.#settings = settings
    this.#gate = new Gate(world.gateParts, name, (side) => {
      this.#countDeath(side)
      onDeath()
    })
    this.#onDeath = onDeath
    this.#clock = {
      nowUs: () => world.clock.nowUs(),
      after: (ms, call) => this.#gate.timer(ms, call),
    }
    const tell = (message: string): void => world.tell(`${name} ${message}`)
    this.#telemetry = new Telemetry({ debug: nothing, info: tell, warn: tell, error: tell })
    const { store, parquet } = watchedPorts(world.store.through(this.#gate), world, (log) =>
      this.owned.get(log),
    )
    this.#ports = { store: { ...store, kv: inOrder(store.kv) }, parquet }
  }

  readonly #onDeath: () => void

  #countDeath(side: CrashSide): void {
    const { faults } = this.#world
    if (this.#ready === null) faults.count('killed while starting')
    if (side === 'before') faults.count('killed before a call')
    else if (side === 'after') faults.count('killed after a call')
    else faults.count('killed inside a write')
  }

  get isDead(): boolean {
    return this.#gate.isDead
  }

  /** Whether it can take events. */
  get isReady(): boolean {
    return this.#ready !== null && !this.isDead
  }

  get isStandingStill(): boolean {
    return this.#gate.isStandingStill
  }

  standStill(ms: number): void {
    this.#gate.standStill(ms)
  }

  /** Ends it from outside. */
  kill(): void {
    if (this.isDead) return
    this.#gate.kill()
    this.#onDeath()
  }

  /** It has ended itself, as a process does whose assertion fails. */
  #end(why: string): void {
    if (this.isDead) return
    this.#world.faults.count('worker ended itself')
    this.#world.tell(`ends: ${why}`)
    this.kill()
  }

  /** Begins to take events when its own spool is open, which stays empty. */
  async start(): Promise<void> {
    const pipeline = await Pipeline.open({
      ...this.#shared('spool'),
      ...spoolLog(memoryDisk(), { segmentBytes: 4096, syncEvery: false, epoch: 1 }),
      deadLetterFile: { append: nothing, sync: nothing, close: nothing },
      deadLetterLines: [],
    })
    if (this.isDead) return
    const logs = new Logs(pipeline)
    const shards = new Shards({
      logs,
      telemetry: this.#telemetry,
      look: (shard) => this.#ports.store.logs.look(shard),
      open: (shard, onLost) => this.#open(shard, onLost),
    })
    this.#ready = { logs, shards }
    repeat(this.#clock, TICK_MS, () => {
      try {
        logs.tick()
      } catch (error) {
        if (!this.isDead) this.#world.fail(error)
      }
    })
    repeat(this.#clock, this.#world.scenario.lookMs, () => shards.checkAll())
  }

  #shared(log: string) {
    return {
      ...this.#ports,
      log,
      settings: streamSettingsOf(this.#settings),
      tables: this.#tables,
      clock: this.#clock,
      random: () => this.#world.random.next(),
      telemetry: this.#telemetry,
    }
  }

  /** As handler/open-shard.ts does it; a shard's log has the shard's name. */
  async #open(shard: string, onLost: () => void): Promise<OpenShard> {
    const { scenario, random, histories } = this.#world
    const { store, history } = histories.owned(this.#ports.store.logs)
    const { log, checkpoints, parts, epoch } = await takeShard({
      name: shard,
      window: scenario.window,
      store,
      clock: this.#clock,
      random: () => random.next(),
      telemetry: this.#telemetry,
      onLost: () => {
        this.owned.delete(shard)
        onLost()
      },
    })
    const lines = this.#world.linesOf(shard)
    const pipeline = await Pipeline.open({
      ...this.#shared(shard),
      spool: history().recording(log),
      epoch,
      checkpointDisk: history().watching(checkpoints),
      markDisk: memoryDisk(),
      deadLetterFile: lines.through(this.#gate),
      deadLetterLines: [...lines.lines],
      isStillOwner: async () => {
        if (!(await parts.isStillOwner())) return false
        this.#end('another owner has claimed rows of its own')
        return new Promise<never>(nothing)
      },
    })
    this.owned.set(shard, { pipeline, log, history: history(), epoch })
    this.#world.tell(`${shard} is taken over, epoch ${epoch}`)
    return { pipeline, log, checkpoints }
  }

  /**
   * Hands an event over, as the handler does; one that is held is to be handed over again.
   *
   * @param giver   who gives it; while its event is held nobody else can give one
   * @param onNews  called when it has become clear whose the shard is
   */
  give(
    { position, body }: { readonly position: StreamPosition; readonly body: Uint8Array },
    giver: object,
    onNews: () => void,
  ): Given {
    if (this.#ready === null || this.isDead || this.isStandingStill) return 'held'
    if (this.#isPreparing || (this.#holder !== null && this.#holder !== giver)) return 'held'
    this.#holder = giver
    const { logs, shards } = this.#ready
    const shard = shards.at(position)
    if (shard === null) {
      this.#isPreparing = true
      shards.prepare(position).then(
        () => this.#prepared(onNews),
        (error: unknown) => this.#notPrepared(error),
      )
      return 'held'
    }
    if (logs.holdReason !== null) {
      this.#world.faults.count('answer held')
      return 'held'
    }
    try {
      shard.pipeline.accept(body, position, this.#clock.nowUs())
    } catch (error) {
      if (!this.isDead) this.#world.fail(error)
    }
    // It has died before it could answer.
    if (this.isDead) return 'held'
    this.#holder = null
    return shard.log.mayAcknowledge(position.offset) ? 'acknowledged' : 'unacknowledged'
  }

  /** Whether an event of that giver has no answer yet. */
  holds(giver: object): boolean {
    return this.#holder === giver
  }

  #prepared(onNews: () => void): void {
    this.#isPreparing = false
    onNews()
  }

  #notPrepared(error: unknown): void {
    this.#isPreparing = false
    if (error instanceof StreamError) {
      if (error.code === 'shard-elsewhere') this.#world.faults.count('event of a shard elsewhere')
    } else if (errorCode(error) === 'ERR_ASSERTION' && /goes on at/.test(errorMessage(error))) {
      this.#end('a shard is elsewhere for too long')
    } else this.#world.fail(error)
  }

  /** Somebody tells it that an endpoint's record was changed. */
  learn(endpointId: string): void {
    this.#ready?.logs.learn(endpointId).catch((error: unknown) => this.#world.fail(error))
  }

  /** Writes what there is; settles when it is written. */
  async flushAll(): Promise<void> {
    await this.#ready?.logs.flushAll()
  }
}
