import type { FaultBook } from './fault-book.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Trace } from './trace.ts'

/** Where in a port call the process dies. `inside`: a write is done in part; else the same as `after`. */
export type CrashSide = 'before' | 'inside' | 'after'

/** Where in a run a process dies. */
export interface Crash {
  /** 1, 2, ... for all calls of a run. */
  readonly call: number
  readonly side: CrashSide
}

/** Decides which calls are the last ones of their process. */
export interface CrashPlan {
  /**
   * Of the call that comes now.
   *
   * @param callNumber  1, 2, ... for all calls of a run
   * @param call        what is called
   * @param log         whose process makes it
   */
  sideOf(callNumber: number, call: string, log: string): CrashSide | null
}

/** Calls of all processes of a run so far. */
export interface Calls {
  count: number
  /** Numbers of those that change something outside, so that a death after them is another one. */
  readonly effects: number[]
  /** Numbers of those that can be done in part. */
  readonly writes: number[]
}

const LATE_MS_MAX = 60
const EFFECT =
  /^(?:open|append|write|truncate|sync|rename|remove|keep aside|dead letter|kv|tsdb|claim|file|take over|checkpoint)/

/** What the gates of all processes of a run share. */
export interface GateParts {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly trace: Trace
  readonly faults: FaultBook
  readonly calls: Calls
  readonly crashes: CrashPlan
}

interface Flight {
  readonly number: number
  readonly apply: () => Promise<unknown>
  isApplied: boolean
}

/**
 * The way of one process to the world. Every port call goes through it, is counted, and may be the
 * last thing that the process does: then calls that do not wait throw EDEAD, and all others are never
 * answered.
 *
 * A second owner of the same log would be a second gate on the same disk and store.
 */
export class Gate {
  readonly #parts: GateParts
  readonly #log: string
  readonly #onDeath: (side: CrashSide) => void
  readonly #flights = new Set<Flight>()
  #isDead = false
  #stillUntilMs = 0

  /** @param onDeath  told when a call was the last one */
  constructor(parts: GateParts, log: string, onDeath: (side: CrashSide) => void) {
    this.#parts = parts
    this.#log = log
    this.#onDeath = onDeath
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /**
   * A call that is answered at once.
   *
   * @param inside  does a part of it, for a death in the middle
   */
  now<T>(name: string, effect: () => T, inside: (() => void) | null = null): T {
    this.#failIfDead()
    const side = this.#enter(name)
    if (inside !== null) this.#parts.calls.writes.push(this.#parts.calls.count)
    if (side === 'before') this.#end(side)
    else if (side === 'inside' && inside !== null) {
      inside()
      this.#end(side)
    }
    this.#failIfDead()
    const result = effect()
    if (side !== null) this.#end('after')
    this.#failIfDead()
    return result
  }

  /**
   * A call that is done after a while and answered after another one.
   *
   * @param apply  does it, and gives the answer
   */
  later<T>(
    name: string,
    delays: { readonly applyMs: number; readonly answerMs: number },
    apply: () => Promise<T>,
  ): Promise<T> {
    const { scheduler, trace, faults, calls } = this.#parts
    return new Promise((resolve, reject) => {
      if (this.#isDead) return
      const side = this.#enter(name)
      if (side !== null) {
        if (side !== 'before') void settled(apply())
        this.#end(side === 'before' ? 'before' : 'after')
        return
      }
      const flight = { number: calls.count, apply, isApplied: false }
      this.#flights.add(flight)
      scheduler.after(delays.applyMs, () => {
        if (this.#isDead) return
        flight.isApplied = true
        const result = apply()
        void settled(result)
        this.#whenAwake(delays.answerMs, () => {
          this.#flights.delete(flight)
          if (this.#isDead) return
          trace.add(`${scheduler.nowMs} ${this.#log} ${name} answered`)
          const isOvertaking = [...this.#flights].some(({ number }) => number < flight.number)
          if (isOvertaking) faults.count('answers out of order')
          result.then(resolve, reject)
        })
      })
    })
  }

  /** A timer, which may be late; both its beginning and its end count as calls. */
  timer(ms: number, call: () => void): () => void {
    if (this.#isDead) return () => undefined
    const isLast = this.#enter('timer') !== null
    if (isLast) {
      this.#end('after')
      return () => undefined
    }
    const { random } = this.#parts
    return this.#whenAwake(ms + random.integer(0, LATE_MS_MAX), () => {
      if (this.#isDead) return
      if (this.#enter('timer fires') !== null) this.#end('before')
      else call()
    })
  }

  /** Has the process stand still: it hears of nothing, while what it has asked for is done. */
  standStill(ms: number): void {
    this.#stillUntilMs = this.#parts.scheduler.nowMs + ms
  }

  get isStandingStill(): boolean {
    return this.#parts.scheduler.nowMs < this.#stillUntilMs
  }

  /** Calls later, and not before the process goes on if it stands still then; the answer cancels it. */
  #whenAwake(ms: number, call: () => void): () => void {
    const { scheduler } = this.#parts
    let cancel = scheduler.after(ms, () => {
      const leftMs = this.#stillUntilMs - scheduler.nowMs
      if (leftMs <= 0) call()
      else cancel = this.#whenAwake(leftMs, call)
    })
    return () => cancel()
  }

  /** Ends the process from outside. Calls that are under way reach the store, or do not. */
  kill(): void {
    this.#isDead = true
    const { random, faults } = this.#parts
    for (const { apply, isApplied } of this.#flights) {
      if (isApplied || !random.chance(0.5)) continue
      faults.count('call reached the store after death')
      void settled(apply())
    }
    this.#flights.clear()
  }

  #enter(name: string): CrashSide | null {
    const { calls, crashes, scheduler, trace } = this.#parts
    calls.count++
    if (EFFECT.test(name)) calls.effects.push(calls.count)
    const side = crashes.sideOf(calls.count, name, this.#log)
    trace.add(
      `${scheduler.nowMs} ${this.#log} ${calls.count} ${name}${side ? ` dies ${side}` : ''}`,
    )
    return side
  }

  #end(side: CrashSide): void {
    this.kill()
    this.#onDeath(side)
  }

  #failIfDead(): void {
    if (this.#isDead) throw Object.assign(new Error('The process is dead.'), { code: 'EDEAD' })
  }
}

/** The answer is looked at by others, or by nobody any more. */
async function settled(result: Promise<unknown>): Promise<void> {
  await result.catch(() => undefined)
}
