import { partOf } from './name-hash.ts'

/** A record as a shard holds it. */
export interface StreamRecord {
  readonly data: Buffer
  readonly clientInfo: string | undefined
  readonly partitionKey: string | undefined
  /** Nanoseconds since 1970 UTC. */
  readonly arrivedAt: bigint
}

/** The records of a stream by shard. A record's sequence number is its index in the shard, from 1. */
export class Stream {
  readonly retentionHours: number
  readonly #shards: StreamRecord[][]
  #putCount = 0

  constructor(shardCount: number, retentionHours: number) {
    this.retentionHours = retentionHours
    this.#shards = Array.from({ length: shardCount }, () => [])
  }

  get shardCount(): number {
    return this.#shards.length
  }

  /** Adds shards up to a count; shards are never taken away. */
  grow(shardCount: number): void {
    while (this.#shards.length < shardCount) this.#shards.push([])
  }

  /** The records of a shard; none of one that does not exist. */
  records(shardId: number): readonly StreamRecord[] {
    return this.#shards[shardId] ?? []
  }

  /** The shard of a record that names none: by its key, or one after the other. */
  shardFor(partitionKey: string | undefined): number {
    if (partitionKey !== undefined) return partOf(partitionKey, this.shardCount)
    return this.#putCount++ % this.shardCount
  }

  /** Appends to an existing shard; answers the sequence number. */
  append(shardId: number, record: StreamRecord): number {
    return this.#shards[shardId]?.push(record) ?? 0
  }
}
