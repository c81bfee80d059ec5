import type { Applied } from './applied.ts'
import type { Pipeline } from './pipeline.ts'
import type { StreamPosition } from './ports.ts'
import { type Status, sumOfStatus } from './status.ts'

/**
 * The logs that a process owns: its own spool, those of processes that are gone, whose events are
 * delivered and counted here, and shards of streams.
 */
export class Logs {
  readonly #own: Pipeline
  readonly #all: Pipeline[]

  constructor(own: Pipeline) {
    this.#own = own
    this.#all = [own]
  }

  /** Takes in another log: its events count and are delivered with all others. */
  adopt(pipeline: Pipeline): void {
    this.#all.push(pipeline)
  }

  /** Leaves a log to another process. */
  drop(pipeline: Pipeline): void {
    const index = this.#all.indexOf(pipeline)
    if (index > 0) this.#all.splice(index, 1)
  }

  /** See Pipeline.accept. */
  accept(body: Uint8Array, position: StreamPosition | null, arrivedAtUs: number): Applied {
    return this.#own.accept(body, position, arrivedAtUs)
  }

  /** When the newest event of any log arrived, microseconds since 1970 UTC; 0 for none. */
  get newestArrivedUs(): number {
    return Math.max(...this.#all.map(({ newestArrivedUs }) => newestArrivedUs))
  }

  /** Why no event may come in at this moment; null when it may. */
  get holdReason(): string | null {
    for (const pipeline of this.#all) {
      // Nothing comes into another one, so while it is read again it holds up nobody.
      if (pipeline !== this.#own && !pipeline.isLive) continue
      const { holdReason } = pipeline
      if (holdReason !== null) return holdReason
    }
    return null
  }

  /** See Pipeline.tick. */
  tick(): void {
    for (const pipeline of this.#all) pipeline.tick()
  }

  /** Writes everything that there is to say by now; settles when it is written or refused. */
  async flushAll(): Promise<void> {
    await Promise.all(this.#all.map((pipeline) => pipeline.flushAll()))
  }

  /** The same for the logs that are not being read again: of others all that is to be safe is in the spool. */
  async flushLive(): Promise<void> {
    const live = this.#all.filter(({ isLive }) => isLive)
    await Promise.all(live.map((pipeline) => pipeline.flushAll()))
  }

  /** See Pipeline.learn. */
  async learn(endpointId: string): Promise<void> {
    await Promise.all(this.#all.map((pipeline) => pipeline.learn(endpointId)))
  }

  /** See Pipeline.sync. */
  async sync(): Promise<void> {
    await Promise.all(this.#all.map((pipeline) => pipeline.sync()))
  }

  /** What there is to say of all of them together. */
  status(): Status {
    return sumOfStatus(this.#all.map((pipeline) => pipeline.status()))
  }

  /** See Pipeline.close. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map((pipeline) => pipeline.close()))
  }
}
