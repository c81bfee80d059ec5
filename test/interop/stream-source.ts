/**
 * A stream as Nuclio reads one, with Kafka's rules or those of V3IO, with acknowledgement by each answer, or
 * by those answers that do not say otherwise and with a window (ACK=delivered):
 * a worker gets one event at a time, the next when the last was answered; an answer marks its event; once a
 * second the marks are committed. Marks die with the worker's process, commits do not: whoever reads a
 * shard next begins behind the last committed event, so the last second is delivered again, or nothing,
 * if the marks were committed just before. When shards move while all is well, marks are committed first.
 */
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { FunctionProcess, WireAnswer } from '../contract/function-process.ts'
import { kafka, type WireEvent } from '../contract/wire-events.ts'
import { eventAt, type StreamEvent } from './kill-events.ts'
import type { Seeded } from './seeded.ts'

/** What a trigger shows of itself in its events. */
export type TriggerKind = 'kafka-cluster' | 'v3io-stream'

/** Kafka's and V3IO's own. */
const COMMIT_MS = 1_000
const ARRIVAL_MS_MAX = 16
const LOOK_MS = 5
const NO_ACK = 'X-Nuclio-Stream-No-Ack'
/** Sequence numbers of V3IO begin with 1. */
const FIRST_OFFSET: Readonly<Record<TriggerKind, number>> = { 'kafka-cluster': 0, 'v3io-stream': 1 }

/** One shard; offsets are those of the next event, as Kafka counts. */
interface Shard {
  readonly id: number
  /** Survives everything. */
  committed: number
  /** Behind the last event that any worker was given: perhaps in its spool, answered or not. */
  given: number
}

/** An event that was given to a worker. */
export interface Given {
  readonly shard: number
  readonly offset: number
  readonly event: StreamEvent
  /** No worker was given it before. */
  readonly isNew: boolean
}

/** The stream and its broker. */
export class StreamSource {
  readonly kind: TriggerKind
  readonly seed: number
  /** Marks lag by so many events. */
  readonly window: number
  readonly #shards: readonly Shard[]
  readonly #firstOffset: number
  /** As long as it is on, new events arrive. */
  isOpen = true

  constructor(options: {
    readonly kind: TriggerKind
    readonly seed: number
    readonly shardCount: number
    readonly window: number
  }) {
    this.window = options.window
    this.kind = options.kind
    this.seed = options.seed
    this.#firstOffset = FIRST_OFFSET[options.kind]
    this.#shards = Array.from({ length: options.shardCount }, (_, id) => {
      return { id, committed: this.#firstOffset, given: this.#firstOffset }
    })
  }

  shard(id: number): Shard {
    const shard = this.#shards[id]
    assert(shard !== undefined)
    return shard
  }

  /** Every event that was given to a worker so far. */
  get given(): readonly StreamEvent[] {
    return this.#shards.flatMap(({ id, given }) =>
      Array.from({ length: given - this.#firstOffset }, (_, index) =>
        eventAt(this.seed, { shard: id, offset: this.#firstOffset + index }),
      ),
    )
  }

  /** Given and not committed: whoever else gets the shard counts them a second time (ACK=spooled). */
  uncommitted(shardId: number): readonly StreamEvent[] {
    const { committed, given } = this.shard(shardId)
    return Array.from({ length: given - committed }, (_, index) =>
      eventAt(this.seed, { shard: shardId, offset: committed + index }),
    )
  }

  lineOf({ shard, offset, event: { body } }: Given): WireEvent {
    const event = kafka(body, { shard, offset })
    if (this.kind === 'kafka-cluster') return event
    const trigger = { kind: 'v3io-stream', name: 'model-endpoints' }
    return { ...event, trigger, headers: {}, topic: '', path: 'projects/demo/stream' }
  }
}

/** One worker's reading of its shards, from its start to its end. */
export class Session {
  readonly #source: StreamSource
  readonly #random: Seeded
  /** Shard -> offset of the next event, and the mark. */
  readonly #reads: { readonly shard: Shard; next: number; marked: number }[]
  readonly #timer: NodeJS.Timeout
  #ended: Promise<void> = Promise.resolve()
  #isOver = false
  #turn = 0
  /** The event that was given and is not answered. */
  inHand: Given | null = null
  /** New events come at once, as in a backlog. */
  isHurried = false
  givenCount = 0
  /** Called when an event has been written to the worker's socket. */
  onGiven: () => void = () => undefined
  /** Called when its answer was read. */
  onAnswered: () => void = () => undefined

  constructor(source: StreamSource, shards: readonly number[], random: Seeded) {
    this.#source = source
    this.#random = random
    this.#reads = shards.map((id) => {
      const shard = source.shard(id)
      return { shard, next: shard.committed, marked: shard.committed }
    })
    this.#timer = setInterval(() => this.#commit(), COMMIT_MS)
  }

  /** Whether each event that any worker was ever given of these shards was answered to this one. */
  get isCaughtUp(): boolean {
    return this.#reads.every(({ shard, next }) => next >= shard.given)
  }

  /** Begins to give events to a process that is ready. */
  deliverTo(process: FunctionProcess): void {
    this.#ended = this.#deliver(process)
    this.#ended.catch(() => undefined) // told by `ended`
  }

  async #deliver(process: FunctionProcess): Promise<void> {
    while (!this.#isOver) {
      const read = this.#nextRead()
      if (read === null) {
        await wait(LOOK_MS)
        continue
      }
      const { shard, next: offset } = read
      const isNew = offset >= shard.given
      const event = eventAt(this.#source.seed, { shard: shard.id, offset })
      this.inHand = { shard: shard.id, offset, event, isNew }
      shard.given = Math.max(shard.given, offset + 1)
      const written = process.send(this.#source.lineOf(this.inHand))
      this.givenCount++
      this.onGiven()
      await written
      const answer = await this.#answer(process)
      if (answer === null) return
      this.inHand = null
      read.next = offset + 1
      this.onAnswered()
      if (this.#isOver) return // its mark dies with the process
      if (answer.headers[NO_ACK] !== true) {
        read.marked = Math.max(read.marked, read.next - this.#source.window)
      }
      if (isNew && !this.isHurried) await wait(this.#random.between(0, ARRIVAL_MS_MAX))
    }
  }

  /** The shards take turns; redelivered events come before new ones. */
  #nextRead() {
    const { length } = this.#reads
    const inTurn = this.#reads.map((_, index) => this.#reads[(this.#turn + index) % length])
    this.#turn++
    const isBehind = (read: (typeof inTurn)[number]): boolean =>
      read !== undefined && read.next < read.shard.given
    return inTurn.find(isBehind) ?? (this.#source.isOpen ? inTurn[0] : undefined) ?? null
  }

  /** Null where it was killed before. */
  async #answer(process: FunctionProcess): Promise<WireAnswer | null> {
    try {
      const [answer] = await process.answersOfLast(1)
      assert.equal(answer?.status_code, 200)
      assert.equal(answer?.body, '')
      return answer
    } catch (error) {
      if (this.#isOver) return null
      throw error
    }
  }

  #commit(): void {
    for (const { shard, marked } of this.#reads) {
      shard.committed = Math.max(shard.committed, marked)
    }
  }

  /** The worker is killed at this moment: nothing new is given to it. */
  die(): void {
    this.#isOver = true
    clearInterval(this.#timer)
  }

  /** It so happened that all that was answered was committed before the marks were lost. */
  commitLast(): void {
    const { window } = this.#source
    // With a window an answer may have said that its event is to be kept.
    if (window === 0) for (const read of this.#reads) read.marked = read.next
    this.#commit()
  }

  /** Settles when no event is given any more. */
  ended(): Promise<void> {
    return this.#ended
  }

  /** Ends as in a rebalance: the event in hand is answered, and all marks are committed. */
  async finish(): Promise<void> {
    while (!this.isCaughtUp || this.inHand !== null) await wait(LOOK_MS)
    // Nothing else runs between this and the loop's next look.
    this.#isOver = true
    clearInterval(this.#timer)
    await this.#ended
    this.#commit()
  }
}
