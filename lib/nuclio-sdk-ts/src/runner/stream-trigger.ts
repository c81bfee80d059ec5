import type { WireResponse } from '../wire.ts'
import type { ByteSource } from './byte-source.ts'
import { CommitMarks, type CommitRules } from './commit-marks.ts'
import { readLines } from './input-lines.ts'
import { type CommittedOffsets, memoryOffsetStore, type OffsetStore } from './offset-store.ts'
import { Pace } from './pace.ts'
import { streamEvent } from './wire-events.ts'
import { isWorkerDeath, type WorkerPool } from './worker-pool.ts'

/** Settings of a stream trigger. A line of the input is the body of an event. */
export interface StreamTriggerOptions extends CommitRules {
  /** The topic or stream path in the events, and the key in the offset store. Default `events`. */
  readonly topic?: string
  /** The trigger's name in the events. Default `stream`. */
  readonly name?: string
  /** Which trigger of Nuclio the events look like. Default `kafka-cluster`. */
  readonly kind?: 'kafka-cluster' | 'v3io-stream'
  /** How many shards the lines are dealt to; shard s belongs to worker s mod workers. Default 1. */
  readonly shardCount?: number
  /** The shard of a line, 0 to shardCount - 1; `index` counts the lines. Default in turn. */
  readonly shardOf?: (line: Buffer, index: number) => number
  /** The timestamp of a line's event, in ms since 1970 (cut to seconds). Default now. */
  readonly timestampMsOf?: (line: Buffer) => number
  /** Plays the lines at the pace of their own times. Default as fast as they are answered. */
  readonly pace?: {
    /** A line's time in ms; lines without one (NaN) go out at once. */
    readonly eventTimeMsOf: (line: Buffer) => number
    /** 2 plays twice as fast. > 0 */
    readonly speed: number
  }
  /** Default: in memory, so that a new runner starts from the beginning. */
  readonly offsetStore?: OffsetStore
  /** Default 1,000, as Nuclio has it. */
  readonly commitIntervalMs?: number
  /** Told of every answer, in the order of each worker. */
  readonly onAnswer?: (delivery: Delivery) => void
}

/** One event that was answered. */
export interface Delivery {
  readonly shard: number
  readonly offset: number
  readonly body: Buffer
  readonly response: WireResponse
}

/** What came of a stream. */
export interface StreamResult {
  /** Answers, those of redelivered events included. */
  readonly answerCount: number
  /** How often a worker's death took delivery back to the committed offset. */
  readonly rewindCount: number
  readonly committed: CommittedOffsets
}

/** A stream that is being played. */
export interface StreamTrigger {
  /**
   * Settles when the last line was answered and committed, or after `stop`. Rejects when a worker
   * was given up, the input cannot be read or the offsets cannot be kept.
   */
  readonly done: Promise<StreamResult>
  /** Delivers no more, lets the events in hand finish and commits. */
  stop(): Promise<void>
}

/** Plays the lines of a source to the pool's workers, each with a static share of the shards. */
export function playStream(
  { pool, workerCount, source }: StreamPlace,
  options: StreamTriggerOptions,
): StreamTrigger {
  const player = new StreamPlayer({ pool, workerCount, source }, options)
  const done = player.play()
  // A caller may wait for `done` much later, or only call stop; it still gets the rejection there.
  done.catch(() => {})
  return {
    done,
    stop: async () => {
      player.cancel()
      await done.catch(() => {}) // told by done
    },
  }
}

/** What a stream plays on. */
export interface StreamPlace {
  readonly pool: WorkerPool
  readonly workerCount: number
  readonly source: ByteSource
}

class StreamPlayer {
  readonly #place: StreamPlace
  readonly #options: StreamTriggerOptions
  readonly #topic: string
  readonly #shardCount: number
  readonly #store: OffsetStore
  readonly #pace: Pace | null
  #marks = new CommitMarks(new Map(), {})
  #cancel: () => void = () => {}
  readonly #cancelled: Promise<void>
  #isCancelled = false
  #committing: Promise<void> = Promise.resolve()
  #failure: unknown
  #answerCount = 0
  #rewindCount = 0
  /** Workers that have delivered their share to the end. */
  readonly #finished = new Set<number>()

  constructor(place: StreamPlace, options: StreamTriggerOptions) {
    this.#place = place
    this.#options = options
    this.#topic = options.topic ?? 'events'
    this.#shardCount = options.shardCount ?? 1
    this.#store = options.offsetStore ?? memoryOffsetStore()
    this.#pace = options.pace === undefined ? null : new Pace(options.pace.speed)
    this.#cancelled = new Promise((resolve) => {
      this.#cancel = resolve
    })
  }

  /** Makes every wait end. */
  cancel(): void {
    this.#isCancelled = true
    this.#cancel()
  }

  async play(): Promise<StreamResult> {
    const { workerCount, source } = this.#place
    const timer = setInterval(() => this.#commit(), this.#options.commitIntervalMs ?? 1_000)
    try {
      this.#marks = new CommitMarks(await this.#store.get(this.#topic), this.#options)
      // A worker without a shard has nothing to do.
      const players = Array.from({ length: Math.min(workerCount, this.#shardCount) }, (_, index) =>
        this.#playWorker(index).catch((error: unknown) => this.#fail(error)),
      )
      await Promise.all(players)
    } finally {
      clearInterval(timer)
      this.#commit()
      await this.#committing
      await source.close()
    }
    if (this.#failure !== undefined) throw this.#failure
    const [answerCount, rewindCount] = [this.#answerCount, this.#rewindCount]
    return { answerCount, rewindCount, committed: this.#marks.committed }
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.cancel()
  }

  /** Commits what is due, one commit after the other. */
  #commit(): void {
    this.#committing = this.#committing.then(async () => {
      const due = this.#marks.takeDue()
      if (due.size === 0) return
      await this.#store.set(this.#topic, due)
      this.#marks.onCommitted(due)
    })
    this.#committing = this.#committing.catch((error: unknown) => this.#fail(error))
  }

  /** Delivers a worker's share; from the committed offsets again whenever it dies. */
  async #playWorker(workerIndex: number): Promise<void> {
    for (let isFirst = true; !this.#isCancelled; isFirst = false) {
      if (!isFirst) await this.#rewind(workerIndex)
      try {
        const { life, ended } = await this.#place.pool.lifeOf(workerIndex)
        const isThrough = await this.#deliver({ workerIndex, life, ended })
        // Its unacknowledged events still hang on its life, as long as others play.
        if (isThrough && (await this.#isFinished({ workerIndex, ended }))) return
      } catch (error) {
        if (this.#isCancelled) return
        if (!isWorkerDeath(error) || this.#place.pool.isGivenUp(workerIndex)) throw error
      }
    }
  }

  async #rewind(workerIndex: number): Promise<void> {
    await this.#committing // a commit under way was due before the death
    this.#rewindCount++
    this.#finished.delete(workerIndex)
    for (let shard = workerIndex; shard < this.#shardCount; shard += this.#place.workerCount) {
      this.#marks.rewind(shard)
    }
  }

  /** Delivers what is not committed; false when the worker's end or a stop came before the last. */
  async #deliver({ workerIndex, life, ended }: WorkerLife): Promise<boolean> {
    const offsets = new Array<number>(this.#shardCount).fill(0)
    const interrupted = Promise.race([ended, this.#cancelled])
    let isInterrupted = false
    void interrupted.then(() => {
      isInterrupted = true
    })
    let index = 0
    for await (const line of readLines(this.#place.source, interrupted)) {
      const shard = this.#shardOf(line, index++)
      const offset = offsets[shard] ?? 0
      offsets[shard] = offset + 1
      if (shard % this.#place.workerCount !== workerIndex) continue
      if (offset < this.#marks.committedOf(shard)) continue
      await this.#waitForTime(line, interrupted)
      if (isInterrupted) return false
      const response = await this.#place.pool.run(
        streamEvent({
          body: line,
          kind: this.#options.kind ?? 'kafka-cluster',
          name: this.#options.name ?? 'stream',
          topic: this.#topic,
          shard,
          offset,
          id: life,
          timestampMs: this.#options.timestampMsOf?.(line) ?? Date.now(),
        }),
        { workerIndex, life },
      )
      this.#answerCount++
      this.#marks.onAnswer(shard, offset, response)
      this.#options.onAnswer?.({ shard, offset, body: line, response })
    }
    return !isInterrupted
  }

  /** True when every worker is through; false when this one died before that. */
  async #isFinished({ workerIndex, ended }: Omit<WorkerLife, 'life'>): Promise<boolean> {
    this.#finished.add(workerIndex)
    const playing = Math.min(this.#place.workerCount, this.#shardCount)
    if (this.#finished.size === playing) this.cancel()
    await Promise.race([ended, this.#cancelled])
    return this.#isCancelled
  }

  #shardOf(line: Buffer, index: number): number {
    const { shardOf } = this.#options
    if (shardOf === undefined) return index % this.#shardCount
    const shard = shardOf(line, index)
    if (Number.isInteger(shard) && shard >= 0 && shard < this.#shardCount) return shard
    throw new RangeError(`shardOf gave ${shard}; there are ${this.#shardCount} shards.`)
  }

  async #waitForTime(line: Buffer, interrupted: Promise<void>): Promise<void> {
    const { pace } = this.#options
    if (this.#pace === null || pace === undefined) return
    await this.#pace.waitFor(pace.eventTimeMsOf(line), interrupted)
  }
}

interface WorkerLife {
  readonly workerIndex: number
  readonly life: string
  readonly ended: Promise<void>
}
