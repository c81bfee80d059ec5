import type { Clock, LogStore } from './ports.ts'
import { ShardLog } from './shard-log.ts'
import type { LogParts } from './spool-log.ts'
import { StoredCheckpoints } from './stored-checkpoints.ts'
import type { Telemetry } from './telemetry.ts'

/** What it takes to become the owner of a shard's log. */
export interface ShardOwnerParts {
  /** Name of the log. */
  readonly name: string
  /** Offsets by which the stream's commits lag behind what was answered, >= 1. */
  readonly window: number
  readonly store: LogStore
  readonly clock: Clock
  readonly random: () => number
  readonly telemetry: Telemetry
  /** When another worker has taken the log over since. */
  readonly onLost: () => void
}

/** A shard's log in the hands of its newest owner. */
export interface TakenShard {
  readonly log: ShardLog
  readonly checkpoints: StoredCheckpoints
  /** What a pipeline needs of it; its crash marks are kept elsewhere. */
  readonly parts: Omit<LogParts, 'markDisk'>
  readonly epoch: number
  /** Of the checkpoint that the log begins with, null for none. */
  readonly storedOffset: number | null
}

/**
 * Takes over the log of a shard: from now on no earlier owner can store anything of it.
 *
 * @throws StreamError `store-unavailable`
 */
export async function takeShard({
  name,
  window,
  store,
  onLost,
  ...surroundings
}: ShardOwnerParts): Promise<TakenShard> {
  const taken = await store.takeOver(name)
  const storedOffset = taken.checkpoint?.offset ?? null
  const log = new ShardLog(window, storedOffset ?? -1)
  const checkpoints = new StoredCheckpoints({
    ...surroundings,
    log: name,
    store,
    taken,
    onStored: (offset) => log.stored(offset),
    onLost,
  })
  const parts = {
    spool: log,
    epoch: taken.epoch,
    checkpointDisk: checkpoints,
    isStillOwner: () => checkpoints.check(),
  }
  return { log, checkpoints, parts, epoch: taken.epoch, storedOffset }
}
