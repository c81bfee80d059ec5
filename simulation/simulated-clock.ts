import type { Scheduler } from './scheduler.ts'

/** Some seconds before an hour ends, so that events cross it. */
const BEGIN_US = Date.parse('2026-11-02T08:59:56Z') * 1000

/** The time of day of a run; it may be set, and timers go on as if it was not. */
export class SimulatedClock {
  readonly #scheduler: Scheduler
  #setByMs = 0
  #newestUs = 0
  #frozenUs: number | null = null

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Whole microseconds since 1970 UTC. */
  nowUs(): number {
    if (this.#frozenUs !== null) return this.#frozenUs
    const nowUs = BEGIN_US + (this.#scheduler.nowMs + this.#setByMs) * 1000
    this.#newestUs = Math.max(this.#newestUs, nowUs)
    return nowUs
  }

  /** Sets the clock forward, or back. */
  jump(byMs: number): void {
    this.#setByMs += byMs
  }

  /** Stands still from now on. */
  freeze(): void {
    this.#frozenUs = this.nowUs()
  }

  /** Goes on after it stood still. */
  setGoing(): void {
    this.#frozenUs = null
  }

  /** Never earlier than it ever was. */
  catchUp(): void {
    const behindUs = this.#newestUs - this.nowUs()
    if (behindUs > 0) this.jump(Math.ceil(behindUs / 1000))
  }
}
