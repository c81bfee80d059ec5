import { type EventSource, makeEvent, plainEvent, type SentEvent } from '../events.ts'
import type { WorkerProcess } from './worker.ts'
import type { DeliveredWorld } from './world.ts'

const RETRY_MS = 250
const GAP_MS_MAX = 1200
const COMMIT_MS = 1000
/** Events that were on their way to a worker when its shard went elsewhere. */
const ON_THE_WAY_MAX = 4
const LATE_WORD_MS_MAX = 20_000
/** What Nuclio leaves a handler in a rebalance: maxWaitHandlerDuringRebalance, by its default or raised. */
const HANDLER_MS: readonly [number, number] = [5_000, 13_000]

/** A worker's hold on a shard, from its assignment on until it goes elsewhere. */
interface Session {
  readonly process: WorkerProcess
  /** Of the event that is delivered next. */
  next: number
  /** Delivery may begin here after the next commit. */
  mark: number
  /** Infinite; or, of a shard that has gone elsewhere, where what is on the way ends. */
  end: number
  isOver: boolean
}

/**
 * A shard of the stream with its consumer group, as Nuclio reads it: an event at a time, each again and again
 * until it is answered; answers mark offsets, marks lag by the window, and are committed every second.
 */
export class BrokerShard {
  readonly name: string
  readonly sent: SentEvent[] = []
  /** Events that were answered at least once. */
  answeredCount = 0
  /** From here on it delivers to whoever has the shard next. */
  committed = 0
  /** Between two events at most, and at least. */
  gapsMs: { readonly min: number; readonly max: number } = { min: 0, max: GAP_MS_MAX }
  readonly #world: DeliveredWorld
  readonly #sources: readonly [EventSource, ...EventSource[]]
  #eventCount: number
  #session: Session | null = null
  /** Of owners before, who have not heard of it yet. */
  readonly #fenced = new Set<Session>()
  #hadBefore = new Set<WorkerProcess>()

  constructor(
    name: string,
    world: DeliveredWorld,
    sources: readonly [EventSource, ...EventSource[]],
  ) {
    this.name = name
    this.#world = world
    this.#sources = sources
    this.#eventCount = world.scenario.eventsPerLog
  }

  /** Who has it, null for nobody. */
  get owner(): WorkerProcess | null {
    return this.#session?.process.isDead === false ? this.#session.process : null
  }

  /** Whether it was given to somebody, who may be dead by now. */
  get hasSession(): boolean {
    return this.#session !== null
  }

  get eventCount(): number {
    return this.#eventCount
  }

  /** Whether whoever has it has been given, and has answered, all events. */
  get isDone(): boolean {
    return this.owner !== null && this.#session?.next === this.#eventCount
  }

  /** Offsets that are answered, and would come again by now even if nothing was left to commit. */
  get lag(): number {
    const { next, mark } = this.#session ?? { next: 0, mark: 0 }
    return next - Math.max(mark, this.committed)
  }

  /** The stream has that many events more. */
  addSome(count: number): void {
    this.#eventCount += count
  }

  /** One more event of each source, about which nothing is odd. */
  addPlain(): void {
    const { world, sources } = { world: this.#world, sources: this.#sources }
    for (const source of sources) {
      const event = plainEvent(world.eventCount++, world.clock.nowUs(), source)
      this.sent[this.#eventCount++] = event
    }
  }

  /** Gives the shard to a worker: it is delivered what was not committed. */
  assign(process: WorkerProcess): void {
    const { faults } = this.#world
    if (this.#hadBefore.has(process)) faults.count('shard came back')
    // A consumer hears of the end of one assignment before the next one begins.
    for (const old of this.#fenced) if (old.process === process) this.#end(old)
    this.#hadBefore.add(process)
    const session: Session = {
      process,
      next: this.committed,
      mark: this.committed,
      end: Number.POSITIVE_INFINITY,
      isOver: false,
    }
    this.#session = session
    this.#world.tell(`${this.name} is assigned, from ${this.committed} on`)
    this.#again(session, GAP_MS_MAX)
    this.#commitLater(session)
  }

  /** Takes it from its worker, who is told by the end of events: marks are committed, or not in time. */
  revoke(): void {
    const session = this.#session
    this.#session = null
    if (session === null) return
    if (this.#world.random.chance(0.7)) this.#commit(session)
    this.#end(session)
  }

  /** Its worker is gone; nothing of it is committed any more. */
  release(): void {
    this.#session = null
  }

  /** Takes it from a worker that does not hear of it yet: some events are still on their way. */
  fence(): void {
    const session = this.#session
    this.#session = null
    if (session === null) return
    const { random, scheduler } = this.#world
    session.end = Math.min(session.next + random.integer(0, ON_THE_WAY_MAX), this.#eventCount)
    this.#fenced.add(session)
    scheduler.after(random.integer(0, LATE_WORD_MS_MAX), () => this.#end(session))
  }

  /** Nothing more is read for it; an event that is held has some time left, and then its process is killed. */
  #end(session: Session): void {
    const { random, scheduler, faults } = this.#world
    if (session.isOver) return
    session.isOver = true
    this.#fenced.delete(session)
    scheduler.after(random.pick(HANDLER_MS), () => {
      if (session.process.isDead || !session.process.holds(session)) return
      faults.count('killed with an event in hand')
      session.process.kill()
    })
  }

  #commitLater(session: Session): void {
    this.#world.scheduler.after(COMMIT_MS, () => {
      // The stream takes no commit of a worker that it has given up.
      if (session !== this.#session || session.process.isDead) return
      this.#commit(session)
      this.#commitLater(session)
    })
  }

  #commit({ mark }: Session): void {
    this.committed = Math.max(this.committed, mark)
  }

  #again(session: Session, delayMsMax: number, delayMsMin = 0): void {
    const { scheduler, random } = this.#world
    scheduler.after(random.integer(delayMsMin, delayMsMax), () => this.#step(session))
  }

  #step(session: Session): void {
    if (session.process.isDead || session.next >= session.end) return
    if (session.isOver && !session.process.holds(session)) return
    if (session.next >= this.#eventCount) this.#again(session, RETRY_MS * 2, RETRY_MS)
    else if (this.#give(session)) this.#again(session, this.gapsMs.max, this.gapsMs.min)
    else this.#again(session, RETRY_MS)
  }

  /** Whether the event was answered. */
  #give(session: Session): boolean {
    const { name, sent } = this
    const { faults, scenario } = this.#world
    const offset = session.next
    const event = sent[offset] ?? this.#make(offset)
    // What has become clear holds for this event: it is given before another one can be.
    const tryNow = (): void => {
      if (session.next === offset) this.#give(session)
    }
    const position = { shard: name, offset }
    const given = session.process.give({ position, body: event.body }, session, tryNow)
    if (given === 'held') return false
    this.#world.tell(`${name} event ${offset} ${event.requestId} ${given}`)
    if (offset < this.answeredCount) faults.count('event delivered again')
    if (session !== this.#session) faults.count('zombie took an event')
    session.next = offset + 1
    this.answeredCount = Math.max(this.answeredCount, session.next)
    if (given === 'acknowledged') {
      session.mark = Math.max(session.mark, offset + 1 - scenario.window)
    }
    return true
  }

  #make(offset: number): SentEvent {
    const { random, clock, scenario, faults } = this.#world
    const event = makeEvent(this.#world.eventCount++, clock.nowUs(), {
      random,
      sources: this.#sources,
      spread: { hasLate: scenario.hasLateEvents, aheadMsMax: scenario.aheadMsMax },
    })
    this.sent[offset] = event
    if (event.shape === 'batch') faults.count('batch event')
    if (event.shape === 'error') faults.count('error event')
    return event
  }
}
