import { FaultBook } from './fault-book.ts'
import type { Calls, CrashPlan, GateParts } from './gate.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'
import { nextTurn, Scheduler } from './scheduler.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedStore } from './simulated-store.ts'
import { Trace } from './trace.ts'

/** A run that needs more steps than that does not end. */
const STEPS_MAX = 30_000

/** What all processes of a run share, and the one loop that moves it. */
export class World {
  readonly scenario: Scenario
  readonly random: Random
  readonly scheduler = new Scheduler()
  readonly clock = new SimulatedClock(this.scheduler)
  readonly trace = new Trace()
  readonly faults: FaultBook
  readonly store: SimulatedStore
  readonly calls: Calls = { count: 0, effects: [], writes: [] }
  /** Processes that died. */
  deathCount = 0
  /** From then on nothing goes wrong any more. */
  isHealed = false
  /** Events that were made so far. */
  eventCount = 0
  #stepCount = 0
  #failure: unknown = null
  /** Which calls are the last ones of their process; none by default. */
  crashes: CrashPlan = { sideOf: () => null }

  constructor(scenario: Scenario, random: Random, faults: FaultBook = new FaultBook()) {
    this.scenario = scenario
    this.random = random
    this.faults = faults
    this.store = new SimulatedStore(random, faults, this.scheduler)
  }

  /** What the gates of all processes share. */
  get gateParts(): GateParts {
    const { random, scheduler, trace, faults, calls, crashes } = this
    return { random, scheduler, trace, faults, calls, crashes }
  }

  /** Takes note of something that must never happen; the run ends with it. */
  fail(error: unknown): void {
    this.#failure ??= error ?? new Error('It failed without a reason.')
  }

  /** Adds a line of what is no port call to the trace. */
  tell(what: string): void {
    this.trace.add(`${this.scheduler.nowMs} -- ${what}`)
  }

  /**
   * Lets simulated time go on.
   *
   * @throws  the first failure; or that it takes too long, or that nothing is left that could happen
   */
  async goOnUntil(isDone: () => boolean, what: string): Promise<void> {
    while (!isDone()) {
      if (this.#stepCount++ > STEPS_MAX) throw new Error(`Too many steps until ${what}.`)
      if (!this.scheduler.step()) throw new Error(`Nothing is left to happen until ${what}.`)
      await nextTurn()
      if (this.#failure !== null) throw this.#failure
    }
  }

  /** Lets an amount of simulated time pass. */
  async pass(ms: number): Promise<void> {
    let isOver = false
    this.scheduler.after(ms, () => {
      isOver = true
    })
    await this.goOnUntil(() => isOver, `${ms} ms are over`)
  }
}
