import type { ProcessSettings } from '../scenario.ts'
import type { BrokerShard } from './broker.ts'
import { withOtherBatches } from './scenario.ts'
import { WorkerProcess } from './worker.ts'
import type { DeliveredWorld } from './world.ts'

const RESTART_MS_MAX = 3000
const MOVE_MS_MAX = 2500

/** The workers of a function, and who has which shard. */
export class Cluster {
  readonly shards: readonly BrokerShard[]
  /** Processes that began to take events. */
  startCount = 0
  readonly #world: DeliveredWorld
  /** Of each worker: the process that is there, or was last. */
  readonly #processes: WorkerProcess[] = []
  #settings: ProcessSettings

  constructor(world: DeliveredWorld, shards: readonly BrokerShard[]) {
    this.#world = world
    this.shards = shards
    this.#settings = world.scenario.settings
  }

  /** Those that are not dead. */
  get living(): readonly WorkerProcess[] {
    return this.#processes.filter(({ isDead }) => !isDead)
  }

  /** Begins a process for each worker, and gives the shards to them. */
  begin(): void {
    for (let index = 0; index < this.#world.scenario.workerCount; index++) this.#start(index)
    for (const shard of this.shards) this.assignLater(shard, 0)
  }

  #start(index: number): void {
    const world = this.#world
    const name = `w${index}`
    const onDeath = (): void => this.#onDeath(index)
    const process = new WorkerProcess(world, name, { settings: this.#settings, onDeath })
    this.#processes[index] = process
    process.start().then(
      () => {
        if (process.isReady) this.startCount++
      },
      (error: unknown) => {
        world.faults.count('start failed')
        world.tell(`${name} start failed: ${error}`)
        process.kill()
      },
    )
  }

  #onDeath(index: number): void {
    const { random, scheduler, scenario, faults } = this.#world
    this.#world.deathCount++
    faults.count('worker killed, its disk deleted')
    this.#world.tell(`w${index} is dead`)
    if (scenario.trouble?.changesLimits === true && random.chance(0.5)) {
      faults.count('batch limits changed')
      this.#settings = withOtherBatches(this.#settings, scenario, random)
    }
    const process = this.#processes[index]
    scheduler.after(random.integer(10, RESTART_MS_MAX), () => {
      if (this.#processes[index] === process) this.#start(index)
    })
    for (const shard of this.shards) {
      if (shard.owner === null && shard.hasSession) {
        shard.release()
        this.assignLater(shard, random.integer(0, MOVE_MS_MAX))
      }
    }
  }

  /** Gives a shard to some worker that is there; later, if none is. */
  assignLater(shard: BrokerShard, delayMs: number): void {
    const { scheduler, random } = this.#world
    scheduler.after(delayMs, () => {
      if (shard.hasSession) return
      const ready = this.living.filter(
        ({ isReady, isStandingStill }) => isReady && !isStandingStill,
      )
      const process = ready[random.integer(0, ready.length - 1)]
      if (process === undefined) this.assignLater(shard, random.integer(50, 500))
      else shard.assign(process)
    })
  }

  /** A rebalance takes a shard from its worker and gives it to another one, or to the same. */
  move(shard: BrokerShard, { isTold }: { readonly isTold: boolean }): void {
    const { random, faults } = this.#world
    if (!shard.hasSession) return
    faults.count(isTold ? 'shard moved' : 'shard moved, its owner not told')
    this.#world.tell(`${shard.name} is moved${isTold ? '' : ', its owner is not told'}`)
    if (isTold) shard.revoke()
    else shard.fence()
    this.assignLater(shard, random.integer(0, MOVE_MS_MAX))
  }

  /** Ends all processes and begins others. */
  openAnew(): void {
    for (const process of this.living) process.kill()
  }
}
