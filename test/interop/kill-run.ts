import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { flush, type Status } from '../contract/books.ts'
import { type Deployment, deploy, settingsFor } from '../contract/deployment.ts'
import type { StreamEvent } from './kill-events.ts'
import type { KillStore, StoreProcess } from './kill-stores.ts'
import { KillTally } from './kill-tally.ts'
import { KillableWorker, type KillPlan } from './kill-worker.ts'
import { Seeded } from './seeded.ts'
import type { WriteKind, WritePoint } from './store-gate.ts'
import { StreamSource } from './stream-source.ts'

type Env = Readonly<Record<string, string>>

export const SHARD_COUNT = 4
/** Shards that never change their worker. */
export const SETTLED_SHARDS: readonly [readonly number[], readonly number[]] = [[0], [1]]
const MOVING_SHARDS = [2, 3] as const

/**
 * Small segments, small batches and frequent looks: something is being written at any moment. Metrics of
 * silence, which time alone brings, are as far away as their timeout.
 */
const BUSY: Env = {
  SAMPLE_WINDOW: '3',
  SPOOL_SEGMENT_BYTES: '32768',
  PARQUET_BATCHING_MAX_EVENTS: '150',
  PARQUET_BATCHING_TIMEOUT_SECS: '1',
  TSDB_BATCHING_MAX_EVENTS: '1',
  TSDB_BATCHING_TIMEOUT_SECS: '600',
  KV_BATCHING_TIMEOUT_SECS: '0.05',
  FLUSH_INTERVAL_MS: '10',
  // A killed worker comes again, and its spool is not to be somebody else's by then.
  SPOOL_ADOPT_INTERVAL_MS: '86400000',
}
/** Nothing is delivered for a while, so that the spool grows long. */
const IDLE: Env = {
  PARQUET_BATCHING_MAX_EVENTS: '100000',
  PARQUET_BATCHING_TIMEOUT_SECS: '3600',
  TSDB_BATCHING_MAX_EVENTS: '100000',
  TSDB_BATCHING_TIMEOUT_SECS: '3600',
  KV_BATCHING_TIMEOUT_SECS: '60',
}
/** The stream keeps what is not delivered. Lost shards are noticed soon. */
const DELIVERED: Env = { ACK: 'delivered', SPOOL_ADOPT_INTERVAL_MS: '300' }
const NOTICED_MS = 1_000
const BACKLOG_EVENTS = 1_500
/** About as long as a replay of these and a start take. */
const REPLAY_US = 15_000
const EVENT_US = 900
const APPLY_US = 40
const START_US = 350_000
const RECOVERIES_MAX = 4
/** Of workers that are killed again while they start. */
const KILLED_AGAIN_SHARE = 0.12
const LOOK_MS = 5

/** How a run is made. */
export interface RunOptions {
  /** Of the place in the store. */
  readonly name: string
  readonly seed: number
  /** With ACK=delivered: events by which commits lag; 0, the default, is ACK=spooled. */
  readonly window?: number
}

/** Two workers of one function, their stream, and all that outlives them. */
export class KillRun {
  readonly deployment: Deployment
  readonly source: StreamSource
  readonly store: KillStore
  readonly tally = new KillTally()
  readonly workers: readonly [KillableWorker, KillableWorker]
  readonly #random: Seeded

  private constructor(parts: {
    readonly deployment: Deployment
    readonly source: StreamSource
    readonly store: KillStore
    readonly ways: readonly [Way, Way]
    readonly random: Seeded
  }) {
    const { deployment, source, store, ways, random } = parts
    this.deployment = deployment
    this.source = source
    this.store = store
    this.#random = random
    const { window } = source
    const acknowledgement = window > 0 ? { ...DELIVERED, ACK_WINDOW_SIZE: String(window) } : {}
    const settings = { ...settingsFor(deployment), ...BUSY, ...acknowledgement, ...store.env }
    const worker = (way: Way, shards: readonly number[]): KillableWorker => {
      const own = new Seeded(random.between(0, 2 ** 31))
      const all = { deployment, settings, source, store, way, tally: this.tally, random: own }
      return new KillableWorker(all, shards)
    }
    const [first, second] = SETTLED_SHARDS
    this.workers = [worker(ways[0], [...first, 2]), worker(ways[1], [...second, 3])]
  }

  /** Starts both workers on empty folders, in a place of their own in the store. */
  static async begin(
    stores: StoreProcess,
    { name, seed, window = 0 }: RunOptions,
  ): Promise<KillRun> {
    const deployment = deploy({ withStore: false })
    mkdirSync(join(deployment.data, 'parquet'))
    const store = await stores.place(name, deployment)
    const source = new StreamSource({ kind: store.trigger, seed, shardCount: SHARD_COUNT, window })
    const ways = [await store.openWay(), await store.openWay()] as const
    const random = new Seeded(seed)
    const run = new KillRun({ deployment, source, store, ways, random })
    for (const worker of run.workers) await worker.start()
    return run
  }

  /** Kills one worker at a moment of the seed's choice, and starts it again. */
  async killOnce(): Promise<void> {
    const worker = this.#random.of(this.workers)
    await worker.kill(this.#plan(this.#random))
    const [isKilledAgain, delayUs] = [this.#random.next(), this.#random.between(0, START_US)]
    if (isKilledAgain < KILLED_AGAIN_SHARE) await worker.killInStart(delayUs)
    await worker.start()
  }

  #plan(random: Seeded): KillPlan {
    const kind = random.next()
    const after = random.between(1, 6)
    const event = random.between(1, 12)
    if (kind < 0.2) return { on: 'event', after: event, delayUs: random.between(0, EVENT_US) }
    if (kind < 0.4 && this.source.window > 0) return { on: 'answer', after: event, delayUs: 0 }
    if (kind < 0.4) return { on: 'spool', delayUs: random.between(0, APPLY_US) }
    if (kind < 0.45) return { on: 'answer', after: event, delayUs: 0 }
    if (kind < 0.6) {
      const delayUs = random.between(0, 1) * random.between(0, 1_500)
      return { on: 'any write', point: random.of(['asked', 'answered']), after, delayUs }
    }
    if (kind < 0.75) {
      return { on: 'claim', point: 'answered', after: 1, delayUs: random.between(0, 5_000) }
    }
    if (kind < 0.92) {
      const on = random.of<WriteKind>(['claim', 'records', 'metrics', ...this.#fileWrites()])
      const point = random.of<WritePoint>(['asked', 'answered'])
      return { on, point, after: random.between(1, 2), delayUs: random.between(0, 1_000) }
    }
    return { on: 'time', delayUs: random.between(0, 300_000) }
  }

  /** Where files are no objects of the store, their writing is not seen from there. */
  #fileWrites(): readonly 'file'[] {
    return this.store.trigger === 'v3io-stream' ? ['file'] : []
  }

  /** Lets a worker's spool grow long, and kills it as it reads it again, as often as it may be. */
  async killInRecovery(): Promise<void> {
    // Of its own, because how often it is asked depends on what was hit.
    const random = new Seeded(this.#random.between(0, 2 ** 31))
    const worker = random.of(this.workers)
    await worker.kill({ on: 'time', delayUs: 0 })
    await worker.start(IDLE)
    const { session } = worker
    session.isHurried = true
    await until(() => session.givenCount >= BACKLOG_EVENTS)
    await worker.kill({ on: 'event', after: 1, delayUs: random.between(0, EVENT_US) })
    for (let count = 0; count < RECOVERIES_MAX && !worker.mustStart; count++) {
      await worker.killInRecovery(random.between(0, REPLAY_US))
    }
    await worker.start()
  }

  /** Deals the moving shards out anew while both workers are well. */
  async rebalance(): Promise<void> {
    const [first, second] = this.workers
    await Promise.all([first.session.finish(), second.session.finish()])
    const isOfFirst = MOVING_SHARDS.map(() => this.#random.next() < 0.5)
    const dealt = (wanted: boolean): readonly number[] =>
      MOVING_SHARDS.filter((_, index) => isOfFirst[index] === wanted)
    first.rejoin([...SETTLED_SHARDS[0], ...dealt(true)])
    second.rejoin([...SETTLED_SHARDS[1], ...dealt(false)])
  }

  /**
   * Kills a worker; before it is there again the other one has its moving shards.
   *
   * @returns  the events that may count twice by now: given to the one, not committed, given to the other
   */
  async killAndMove(): Promise<readonly StreamEvent[]> {
    const [worker, other] = this.#random.next() < 0.5 ? this.workers : this.workers.toReversed()
    assert(worker !== undefined && other !== undefined)
    await worker.kill(this.#plan(this.#random))
    const isMoving = (shard: number): boolean => MOVING_SHARDS.some((one) => one === shard)
    const moved = worker.shards.filter(isMoving)
    await other.session.finish()
    const twice =
      this.source.window > 0 ? [] : moved.flatMap((shard) => this.source.uncommitted(shard))
    other.rejoin([...other.shards, ...moved])
    worker.shards = worker.shards.filter((shard) => !isMoving(shard))
    await worker.start()
    return twice
  }

  /** Lets everything be answered and written; the books of both workers. */
  async finish(): Promise<readonly Status[]> {
    this.source.isOpen = false
    for (const { session } of this.workers) {
      await until(() => session.isCaughtUp && session.inHand === null)
    }
    // A shard that went elsewhere is no longer in the books of the worker that had it.
    if (this.source.window > 0) await wait(NOTICED_MS)
    return [await flush(this.workers[0].process), await flush(this.workers[1].process)]
  }

  /** Starts both workers once more; their books. */
  async startOnceMore(): Promise<readonly Status[]> {
    for (const worker of this.workers) {
      await worker.end()
      await worker.start()
    }
    return await this.finish()
  }

  /** Ends both workers and the way to the store. */
  async end(): Promise<void> {
    for (const worker of this.workers) await worker.end()
    await this.store.close()
  }
}

type Way = Awaited<ReturnType<KillStore['openWay']>>

const WAIT_MS_MAX = 60_000

async function until(isSo: () => boolean): Promise<void> {
  const endMs = Date.now() + WAIT_MS_MAX
  while (!isSo()) {
    assert(Date.now() < endMs, 'it does not come')
    await wait(LOOK_MS)
  }
}
