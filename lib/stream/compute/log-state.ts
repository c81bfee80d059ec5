import { Counters, type CountersState, restoreCounters } from './counters.ts'
import { ShardOffsets } from './shard-offsets.ts'

/** What is known of a log besides its endpoints, as plain values. */
export interface LogStateCheckpoint {
  readonly newestArrivedUs: number
  readonly counters: CountersState
  /** Highest offset that was applied of each shard of a stream. */
  readonly shards: readonly (readonly [shard: string, offset: number])[]
}

/** What is known of a log besides its endpoints. */
export class LogState {
  readonly counters = new Counters()
  readonly shardOffsets = new ShardOffsets()
  /** Arrival of the newest event that was applied, microseconds since 1970 UTC; 0 for none. */
  newestArrivedUs = 0

  /** The same for a checkpoint. */
  toCheckpoint(): LogStateCheckpoint {
    return {
      newestArrivedUs: this.newestArrivedUs,
      counters: this.counters.toState(),
      shards: this.shardOffsets.toState(),
    }
  }

  /** Becomes what a checkpoint tells of; only before the first record. */
  restore({ newestArrivedUs, counters, shards }: LogStateCheckpoint): void {
    this.newestArrivedUs = newestArrivedUs
    restoreCounters(this.counters, counters)
    this.shardOffsets.restore(shards)
  }
}
