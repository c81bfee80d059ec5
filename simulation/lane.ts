import assert from 'node:assert'
import type { StreamPosition } from '../lib/stream/ports.ts'
import { type EventSource, isAhead, makeEvent, plainEvent, type SentEvent } from './events.ts'
import { isDiskTrouble, type SimulatedLog } from './simulated-log.ts'
import type { World } from './world.ts'

const RETRY_MS = 250
const GAP_MS_MAX = 1200
const HOUR_US = 3_600_000_000

/** What a lane gives its events to, and where they come from. */
export interface LaneParts {
  readonly world: World
  readonly log: SimulatedLog
  readonly sources: readonly [EventSource, ...EventSource[]]
  /** Name of the stream's shard; null for events that are pushed and have no position. */
  readonly shard: string | null
  readonly eventCount: number
}

/**
 * One shard of a stream, or a client: gives its events in order, each again and again until it is answered.
 * A shard goes back to events that were answered when a process begins, as a stream does that had not heard of
 * all answers yet.
 */
export class EventLane {
  readonly sent: SentEvent[] = []
  /** Events that were answered at least once. */
  answeredCount = 0
  #eventCount: number
  #next = 0
  #isIdle = true
  readonly #parts: LaneParts

  constructor(parts: LaneParts) {
    this.#parts = parts
    this.#eventCount = parts.eventCount
  }

  get isDone(): boolean {
    return this.#next === this.#eventCount
  }

  /** Begins to send, or goes on. */
  run(): void {
    if (!this.#isIdle || this.isDone) return
    this.#isIdle = false
    this.#again(GAP_MS_MAX)
  }

  #again(delayMsMax: number): void {
    const { scheduler, random } = this.#parts.world
    scheduler.after(random.integer(0, delayMsMax), () => this.#step())
  }

  #step(): void {
    if (this.isDone) {
      this.#isIdle = true
      return
    }
    this.#again(this.#give() ? GAP_MS_MAX : RETRY_MS)
  }

  /** A process has begun, or the shard has moved: some events come once more. */
  goBack(): void {
    const { world, shard } = this.#parts
    if (shard === null || this.#next === 0) return
    const count = Math.min(world.random.integer(1, 4), this.#next)
    world.tell(`${shard} goes back by ${count}`)
    this.#next -= count
    this.run()
  }

  /** One more event, about which nothing is odd. */
  addPlain(): void {
    const { world, sources } = this.#parts
    this.sent[this.#eventCount] = plainEvent(world.eventCount++, world.clock.nowUs(), sources[0])
    this.#eventCount++
    this.run()
  }

  /** Whether the event was answered. */
  #give(): boolean {
    const { world, log, shard } = this.#parts
    const { pipeline } = log
    if (pipeline === null) return false
    if (pipeline.holdReason !== null) {
      world.faults.count(pipeline.isLive ? 'answer held' : 'answer held while catching up')
      return false
    }
    const event = this.sent[this.#next] ?? this.#make()
    const position: StreamPosition | null = shard === null ? null : { shard, offset: this.#next }
    const again = this.#next < this.answeredCount
    world.tell(`${log.name} event ${event.requestId} ${shard ?? ''}${again ? ' again' : ''}`)
    try {
      const { isLive } = pipeline
      const { outcome } = pipeline.accept(event.body, position, world.clock.nowUs())
      if (log.pipeline !== pipeline) return false // it has died before it could answer
      if (!isLive) world.faults.count('event came while catching up')
      if (again) {
        world.faults.count('event delivered again')
        const expected = isLive ? 'duplicate' : 'spooled'
        assert.equal(outcome, expected, 'a redelivered event is a duplicate')
      }
    } catch (error) {
      if (log.pipeline !== pipeline) return false
      if (isDiskTrouble(error)) world.faults.count('event given again after an error')
      else world.fail(error)
      return false
    }
    this.#next++
    this.answeredCount = Math.max(this.answeredCount, this.#next)
    return true
  }

  #make(): SentEvent {
    const { world, sources } = this.#parts
    const { random, clock, faults, scenario } = world
    const { hasLateEvents: hasLate, aheadMsMax } = scenario
    const nowUs = clock.nowUs()
    const event = makeEvent(world.eventCount++, nowUs, {
      random,
      sources,
      spread: { hasLate, aheadMsMax },
    })
    this.sent[this.#next] = event
    const before = this.sent[this.#next - 1]
    if (event.shape === 'batch') faults.count('batch event')
    if (event.shape === 'error') faults.count('error event')
    if (nowUs - event.atUs > HOUR_US) faults.count('late event')
    if (isAhead(event, nowUs, 2_000_000)) faults.count('event ahead of time')
    const hour = (atUs: number): number => Math.floor(atUs / HOUR_US)
    if (before !== undefined && hour(before.atUs) !== hour(event.atUs)) {
      faults.count('hour of event time changed')
    }
    return event
  }
}
