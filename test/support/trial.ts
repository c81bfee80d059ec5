import assert from 'node:assert'
import fc from 'fast-check'
import { Spool } from '../../lib/stream/accept/spool.ts'
import type { SpoolRecord } from '../../lib/stream/accept/spool-format.ts'
import type { StreamPosition } from '../../lib/stream/ports.ts'
import { type EventPlan, RECORD_BEFORE, type SentEvent, sendAt } from './any-events.ts'
import { type Fault, FrailProcess, nextTurn, type World } from './frail-process.ts'
import { memoryDisk } from './memory-disk.ts'
import { memoryStore } from './memory-store.ts'
import { readSpool } from './read-spool.ts'
import { testClock } from './test-pipeline.ts'

export type Env = Readonly<Record<string, string>>
export type EventRecord = Extract<SpoolRecord, { kind: 'event' }>

/** What happens next. */
export type Step =
  | { readonly kind: 'send'; readonly count: number }
  | { readonly kind: 'redeliver'; readonly back: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'tick' | 'flush' | 'die at append' }
  | { readonly kind: 'go on'; readonly which: number; readonly fault: Fault }
  | { readonly kind: 'go on well'; readonly count: number }
  | {
      readonly kind: 'die'
      readonly reaches: readonly boolean[]
      readonly faults: readonly Fault[]
    }

/** Steps with some faults, and pauses up to a length. */
export function anySteps({
  faults,
  waitMsMax,
}: {
  readonly faults: readonly Fault[]
  readonly waitMsMax: number
}): fc.Arbitrary<readonly Step[]> {
  const fault = fc.constantFrom(...faults)
  const step = <K extends Step['kind'], T extends object>(
    kind: K,
    rest: { readonly [N in keyof T]: fc.Arbitrary<T[N]> },
  ): fc.Arbitrary<{ kind: K } & T> => fc.record(rest).map((values) => ({ kind, ...(values as T) }))
  const any: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: step('send', { count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 2, arbitrary: step('redeliver', { back: fc.nat(5) }) },
    { weight: 2, arbitrary: step('wait', { ms: fc.oneof(fc.nat(90_000), fc.nat(waitMsMax)) }) },
    { weight: 3, arbitrary: step('tick', {}) },
    { weight: 2, arbitrary: step('flush', {}) },
    { weight: 6, arbitrary: step('go on', { which: fc.nat(9), fault }) },
    { weight: 4, arbitrary: step('go on well', { count: fc.nat(30) }) },
    { weight: 1, arbitrary: step('die at append', {}) },
    {
      weight: 2,
      arbitrary: step('die', {
        reaches: fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }),
        faults: fc.array(fault, { maxLength: 6 }),
      }),
    },
  )
  return fc.array(any, { maxLength: 60, size: 'max' })
}

/** A world in which nothing has happened but that somebody has registered an endpoint. */
export function newWorld(): World {
  const store = memoryStore()
  const [id, attributes] = RECORD_BEFORE
  store.items.set(id, new Map(attributes))
  return { store, disk: memoryDisk(), deadLetterLines: [], clock: testClock() }
}

/** Sends events through one process after the other, and holds each to what can be said at once. */
export class Trial {
  readonly world: World
  /** Bodies of events that were answered, in order. */
  readonly answered: string[] = []
  /** Body -> event, answered or not. */
  readonly sent = new Map<string, SentEvent>()
  readonly #env: Env
  readonly #plans: readonly EventPlan[]
  readonly #positions: { readonly position: StreamPosition; readonly body: Uint8Array }[] = []
  #flushes: Promise<void>[] = []
  #failure: unknown = null
  #process: FrailProcess

  private constructor(env: Env, plans: readonly EventPlan[], started: [World, FrailProcess]) {
    this.#env = env
    this.#plans = plans
    this.world = started[0]
    this.#process = started[1]
  }

  static async begin(env: Env, plans: readonly EventPlan[]): Promise<Trial> {
    const world = newWorld()
    const process = await FrailProcess.start(world, env, () => 'none')
    assert(process !== null)
    return new Trial(env, plans, [world, process])
  }

  get pipeline(): FrailProcess['pipeline'] {
    return this.#process.pipeline
  }

  async take(step: Step): Promise<void> {
    await this.#do(step)
    await nextTurn()
    if (this.#failure !== null) throw this.#failure
    if (this.#process.isDead) await this.#restart([], null)
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send':
        for (let count = 0; count < step.count; count++) this.#send()
        return
      case 'redeliver':
        return this.#redeliver(step.back)
      case 'wait':
        this.world.clock.timeUs += step.ms * 1000
        return
      case 'tick':
        return this.pipeline.tick()
      case 'flush': {
        const flush = this.pipeline.flushAll()
        this.#flushes.push(flush)
        // It is waited for at the end, and fails the trial at once.
        flush.catch((error: unknown) => {
          this.#failure = error
        })
        return
      }
      case 'go on':
        this.#process.goOn(step.which, step.fault)
        return
      case 'go on well':
        return this.#goOnWell(step.count)
      case 'die at append':
        this.#process.diesAtAppend = true
        return
      case 'die': {
        const state = this.pipeline.encodeState()
        this.#process.die(step.reaches)
        return this.#restart(step.faults, state)
      }
    }
  }

  #send(): void {
    const plan = this.#plans[this.answered.length]
    if (plan === undefined || this.#process.isDead || this.pipeline.holdReason !== null) return
    const nowUs = this.world.clock.timeUs
    const event = sendAt(plan, this.answered.length, nowUs)
    const body = Buffer.from(event.body).toString()
    this.sent.set(body, event)
    const position = plan.isOfShard ? { shard: 's/0', offset: this.#positions.length } : null
    try {
      this.pipeline.accept(event.body, position, nowUs)
    } catch (error) {
      if (this.#process.isDead) return // it is sent again
      throw error
    }
    this.answered.push(body)
    if (position !== null) this.#positions.push({ position, body: event.body })
  }

  #redeliver(back: number): void {
    const before = this.#positions.at(-1 - back)
    if (before === undefined) return
    try {
      const { body, position } = before
      const { outcome } = this.pipeline.accept(body, position, this.world.clock.timeUs)
      assert.equal(outcome, 'duplicate')
    } catch (error) {
      if (!this.#process.isDead) throw error
    }
  }

  async #goOnWell(count: number): Promise<void> {
    for (let step = 0; step < count && this.#process.goOn(0, 'none'); step++) await nextTurn()
  }

  /** @param stateBefore  of the process that has died, if it had applied all that it had spooled */
  async #restart(faults: readonly Fault[], stateBefore: string | null): Promise<void> {
    const left = [...faults]
    const nextFault = (): Fault => left.shift() ?? 'none'
    this.#flushes = []
    for (;;) {
      const process = await FrailProcess.start(this.world, this.#env, nextFault)
      if (process === null) continue
      this.#process = process
      if (stateBefore !== null) assert.equal(process.pipeline.encodeState(), stateBefore)
      return
    }
  }

  /** Sends what is left, and then lets everything be written. */
  async finish(): Promise<void> {
    this.#process.diesAtAppend = false
    await this.#settle(Promise.all(this.#flushes))
    while (this.answered.length < this.#plans.length) {
      this.#send()
      if (this.pipeline.holdReason !== null) await this.#settle(this.pipeline.flushAll())
    }
    await this.#settle(this.pipeline.flushAll())
  }

  /** Another process takes over and has nothing more to write. */
  async startOnceMore(): Promise<void> {
    this.#process.die()
    await this.#restart([], null)
    await this.#settle(this.pipeline.flushAll())
  }

  async #settle(work: Promise<unknown>): Promise<void> {
    let isSettled = false
    const settled = work.finally(() => {
      isSettled = true
    })
    settled.catch(() => undefined) // it is awaited below
    for (await nextTurn(); !isSettled; await nextTurn()) {
      assert(this.#process.goOn(0, 'none'), 'it waits for nothing, and yet goes not on')
    }
    await settled
  }

  /** The same events through one process that meets no trouble. */
  async withoutTrouble(): Promise<Trial> {
    const other = await Trial.begin(this.#env, [])
    for (const { body, position, arrivedAtUs } of eventsIn(this.world)) {
      other.world.clock.timeUs = arrivedAtUs
      other.pipeline.accept(body, position, arrivedAtUs)
      await nextTurn()
      await other.#goOnWell(Number.POSITIVE_INFINITY)
    }
    other.world.clock.timeUs = this.world.clock.timeUs
    await other.finish()
    return other
  }
}

/** Every event that was ever in the log. */
export function eventsIn({ disk }: World): readonly EventRecord[] {
  const whole = memoryDisk()
  for (const [name, bytes] of [...disk.removed, ...disk.files]) {
    if (name.endsWith('.spool')) whole.files.set(name, Uint8Array.from(bytes))
  }
  const spool = new Spool(whole, { segmentBytes: 1024 * 1024, syncEvery: false })
  const records = [...readSpool(spool, () => assert.fail('a whole log has no damage'))]
  return records.flatMap((record) => (record.kind === 'event' ? [record] : []))
}
