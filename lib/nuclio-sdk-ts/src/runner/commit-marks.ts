import { NO_ACK_HEADER } from '../answer.ts'
import type { WireResponse } from '../wire.ts'
import type { CommittedOffsets } from './offset-store.ts'

/** How answers become committed offsets. */
export interface CommitRules {
  /** Commits lag behind the answers by so many events; Nuclio's trigger attribute. Default 0. */
  readonly ackWindowSize?: number
  /**
   * Whether the no-ack header is heeded; Nuclio's trigger setting. Nuclio's default is 'disable',
   * this runner's is 'enable': a function that sends the header wants it.
   */
  readonly explicitAckMode?: 'enable' | 'disable'
}

/**
 * Per shard the offset up to which events count as handled. An answer of any status marks its event
 * and all before it, less the window; one with the no-ack header marks nothing. Marks only grow,
 * until a worker's death takes them back to what is committed.
 * Source: Nuclio 1.14.1, Kafka trigger.
 */
export class CommitMarks {
  readonly #ackWindowSize: number
  readonly #heedsNoAck: boolean
  readonly #marked: Map<number, number>
  readonly #committed: Map<number, number>

  constructor(committed: CommittedOffsets, rules: CommitRules) {
    this.#ackWindowSize = rules.ackWindowSize ?? 0
    this.#heedsNoAck = (rules.explicitAckMode ?? 'enable') === 'enable'
    this.#marked = new Map(committed)
    this.#committed = new Map(committed)
  }

  /** Takes note of an answer. */
  onAnswer(shard: number, offset: number, { headers }: Pick<WireResponse, 'headers'>): void {
    if (this.#heedsNoAck && headers[NO_ACK_HEADER] === true) return
    const next = offset + 1 - this.#ackWindowSize
    if (next > this.markOf(shard)) this.#marked.set(shard, next)
  }

  /** The next offset to commit; 0 for a shard without any. */
  markOf(shard: number): number {
    return this.#marked.get(shard) ?? 0
  }

  /** The committed offset: where delivery starts after a restart; 0 for a shard without any. */
  committedOf(shard: number): number {
    return this.#committed.get(shard) ?? 0
  }

  /** Forgets the marks of a shard that are not committed. */
  rewind(shard: number): void {
    if (this.#marked.has(shard)) this.#marked.set(shard, this.committedOf(shard))
  }

  /** The shards whose marks have moved since they were committed. */
  takeDue(): CommittedOffsets {
    return new Map([...this.#marked].filter(([shard, mark]) => mark > this.committedOf(shard)))
  }

  /** Says that these offsets are durable now. */
  onCommitted(offsets: CommittedOffsets): void {
    for (const [shard, offset] of offsets) this.#committed.set(shard, offset)
  }

  /** All committed offsets. */
  get committed(): CommittedOffsets {
    return new Map(this.#committed)
  }
}
