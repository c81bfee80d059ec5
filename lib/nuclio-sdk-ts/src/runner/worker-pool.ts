import { randomUUID } from 'node:crypto'
import type { WireEvent, WireResponse } from '../wire.ts'
import { RunnerError, runnerErrorCode } from './runner-error.ts'
import type { Worker } from './worker.ts'
import type { WorkerExit } from './worker-output.ts'

/** When a dead worker is started again. */
export interface RestartPolicy {
  /** First wait; doubles with every death in a row. */
  readonly backoffMsMin: number
  readonly backoffMsMax: number
  /** Deaths in a row without one answered event after which a worker is given up. */
  readonly deathsMax: number
}

/** What a pool needs from its owner. */
export interface WorkerPoolOptions {
  readonly workerCount: number
  readonly restart: RestartPolicy
  readonly start: (workerIndex: number) => Promise<Worker>
  readonly onExit: (exit: WorkerExit) => void
}

/** Which worker an event goes to, and how long it may wait for it. */
export interface Claim {
  /** Any free worker when left out. */
  readonly workerIndex?: number
  /** Only this life of the worker: once it has died the claim fails with `worker_exited`. */
  readonly life?: string
  /** For ever when left out; then the claim fails with `no_worker_available`. */
  readonly waitMsMax?: number
}

interface Slot {
  readonly workerIndex: number
  worker: Worker | undefined
  /** A new uuid for each process that serves this slot; '' while there is none. */
  life: string
  isBusy: boolean
  deathCount: number
  isGivenUp: boolean
  /** The start under way, if any. */
  starting: Promise<void>
  restartTimer: NodeJS.Timeout | undefined
  /** Settles when the life in hand ends. */
  ended: Promise<void>
}

interface Waiter {
  readonly claim: Claim
  grant(slot: Slot): void
  refuse(error: RunnerError): void
}

/** Workers that take one event at a time, shared by all triggers in the order they asked. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #slots: readonly Slot[]
  #waiters: Waiter[] = []
  readonly #running = new Set<Promise<WireResponse>>()
  #isStopping = false

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.workerCount }, (_, workerIndex) => ({
      workerIndex,
      worker: undefined,
      life: '',
      isBusy: false,
      deathCount: 0,
      isGivenUp: false,
      starting: Promise.resolve(),
      restartTimer: undefined,
      ended: Promise.resolve(),
    }))
  }

  /** Pids of the workers that run now, by worker index; undefined for one that does not. */
  get pids(): readonly (number | undefined)[] {
    return this.#slots.map((slot) => slot.worker?.pid)
  }

  /** Starts all workers. Rejects when one does not start, without trying again. */
  async start(): Promise<void> {
    for (const slot of this.#slots) slot.starting = this.#startSlot(slot)
    await Promise.all(this.#slots.map((slot) => slot.starting))
  }

  /** Hands one event to a worker; rejects with a RunnerError when it cannot or the worker dies. */
  async run(event: WireEvent, claim: Claim = {}): Promise<WireResponse> {
    const slot = await this.#acquire(claim)
    let running: Promise<WireResponse> | undefined
    try {
      if (slot.worker === undefined) throw lostWorker(slot.workerIndex)
      running = slot.worker.execute(event)
      this.#running.add(running)
      const response = await running
      slot.deathCount = 0
      return response
    } finally {
      if (running !== undefined) this.#running.delete(running)
      slot.isBusy = false
      this.#serve()
    }
  }

  /** The life of a worker, once it runs; rejects when it was given up or the pool stops. */
  async lifeOf(workerIndex: number): Promise<{ life: string; ended: Promise<void> }> {
    const slot = await this.#acquire({ workerIndex })
    slot.isBusy = false
    const { life, ended } = slot
    this.#serve()
    return { life, ended }
  }

  /** Lets the events in hand finish, refuses those that wait, then stops every process. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true
    this.#refuse(() => true, new RunnerError('stopped', 'The runner was stopped.'))
    await waitAtMost(Promise.allSettled(this.#running), graceMs)
    await Promise.all(this.#slots.map((slot) => this.#stopSlot(slot, graceMs)))
  }

  async #stopSlot(slot: Slot, graceMs: number): Promise<void> {
    clearTimeout(slot.restartTimer)
    await waitAtMost(Promise.allSettled([slot.starting]), graceMs)
    await slot.worker?.stop(graceMs)
    await slot.ended
  }

  /** Whether a worker died so often that it is not started again. */
  isGivenUp(workerIndex: number): boolean {
    return this.#slots[workerIndex]?.isGivenUp ?? true
  }

  /** SIGKILL to all, for a process that is about to end itself. */
  killAll(): void {
    this.#isStopping = true
    for (const slot of this.#slots) slot.worker?.kill()
  }

  async #startSlot(slot: Slot): Promise<void> {
    const worker = await this.#options.start(slot.workerIndex)
    slot.worker = worker
    slot.life = randomUUID()
    slot.ended = worker.exited.then(({ exitCode, signal }) => {
      slot.worker = undefined
      slot.life = ''
      const restartInMs = this.#planRestart(slot)
      const { workerIndex } = slot
      this.#options.onExit({ workerIndex, pid: worker.pid, exitCode, signal, restartInMs })
    })
    if (this.#isStopping) worker.kill() // the pool stopped while this one was starting
    this.#serve()
  }

  /**
   * The wait until the next start, or null when there is none. Also fails the claims of the dead.
   */
  #planRestart(slot: Slot): number | null {
    this.#refuse(({ claim }) => isStale(claim, slot), lostWorker(slot.workerIndex))
    if (this.#isStopping) return null
    slot.deathCount++
    const { backoffMsMin, backoffMsMax, deathsMax } = this.#options.restart
    if (slot.deathCount > deathsMax) {
      slot.isGivenUp = true
      const isHopeless = this.#slots.every((each) => each.isGivenUp)
      this.#refuse(
        ({ claim }) => isHopeless || claim.workerIndex === slot.workerIndex,
        lostWorker(slot.workerIndex),
      )
      return null
    }
    const waitMs = Math.min(backoffMsMin * 2 ** (slot.deathCount - 1), backoffMsMax)
    slot.restartTimer = setTimeout(() => {
      // A failed start has reported itself through the worker's stderr; it counts as a death.
      slot.starting = this.#startSlot(slot).catch(() => {
        const restartInMs = this.#planRestart(slot)
        const { workerIndex } = slot
        this.#options.onExit({ workerIndex, pid: -1, exitCode: null, signal: null, restartInMs })
      })
    }, waitMs)
    return waitMs
  }

  #acquire(claim: Claim): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const { workerIndex, waitMsMax } = claim
      const wanted = workerIndex === undefined ? this.#slots : [this.#slots[workerIndex]]
      if (this.#isStopping) return reject(new RunnerError('stopped', 'The runner was stopped.'))
      if (wanted.every((slot) => slot === undefined || slot.isGivenUp || isStale(claim, slot))) {
        return reject(lostWorker(workerIndex ?? 0))
      }
      let timer: NodeJS.Timeout | undefined
      const waiter: Waiter = {
        claim,
        grant: (slot) => {
          clearTimeout(timer)
          resolve(slot)
        },
        refuse: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#waiters.push(waiter)
      this.#serve()
      if (waitMsMax === undefined || !this.#waiters.includes(waiter)) return
      timer = setTimeout(() => {
        const text = `No worker was free for ${waitMsMax} ms.`
        this.#refuse((each) => each === waiter, new RunnerError('no_worker_available', text))
      }, waitMsMax)
    })
  }

  #serve(): void {
    for (let index = 0; index < this.#waiters.length; ) {
      const waiter = this.#waiters[index]
      const slot = waiter && this.#freeSlotFor(waiter.claim)
      if (waiter === undefined || slot === undefined) {
        index++
        continue
      }
      this.#waiters.splice(index, 1)
      slot.isBusy = true
      waiter.grant(slot)
    }
  }

  #freeSlotFor({ workerIndex }: Claim): Slot | undefined {
    const slots =
      workerIndex === undefined ? this.#slots : this.#slots.slice(workerIndex, workerIndex + 1)
    return slots.find((slot) => !slot.isBusy && slot.worker !== undefined)
  }

  #refuse(isMeant: (waiter: Waiter) => boolean, error: RunnerError): void {
    const refused = this.#waiters.filter(isMeant)
    this.#waiters = this.#waiters.filter((waiter) => !refused.includes(waiter))
    for (const waiter of refused) waiter.refuse(error)
  }
}

/** Waits for a promise that never rejects, but not for ever. */
async function waitAtMost(settled: Promise<unknown>, waitMsMax: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, waitMsMax)
  })
  await Promise.race([settled, timeout])
  clearTimeout(timer)
}

function isStale({ workerIndex, life }: Claim, slot: Slot): boolean {
  return life !== undefined && workerIndex === slot.workerIndex && life !== slot.life
}

function lostWorker(workerIndex: number): RunnerError {
  return new RunnerError('worker_exited', `Worker ${workerIndex} ended before it had the event.`)
}

/** Whether a failed run means that the worker died, so that the event may be delivered again. */
export function isWorkerDeath(error: unknown): boolean {
  return runnerErrorCode(error) === 'worker_exited'
}
