import assert from 'node:assert'
import { errorCode, errorMessage, StreamError } from './errors.ts'
import type { Logs } from './logs.ts'
import type { Pipeline } from './pipeline.ts'
import type { StreamPosition } from './ports.ts'
import type { ShardLog } from './shard-log.ts'
import type { StoredCheckpoints } from './stored-checkpoints.ts'
import type { Telemetry } from './telemetry.ts'

/** A shard that this process owns. */
export interface OpenShard {
  readonly pipeline: Pipeline
  readonly log: ShardLog
  readonly checkpoints: StoredCheckpoints
}

/** What the shards of a process need. */
export interface ShardsParts {
  readonly logs: Logs
  readonly telemetry: Telemetry
  /** See LogStore.look; @throws StreamError `store-unavailable` */
  readonly look: (shard: string) => Promise<{ readonly offset: number | null }>
  /**
   * Takes a shard's log over; @throws StreamError `store-unavailable`, `path-unusable`
   *
   * @param onLost  when another worker has taken it over since
   */
  readonly open: (shard: string, onLost: () => void) => Promise<OpenShard>
}

/** A minute of the handler's tries. */
const WAITS_MAX = 240

/** The shards of streams whose events are acknowledged when they are delivered (ACK=delivered). */
export class Shards {
  readonly #parts: ShardsParts
  readonly #open = new Map<string, OpenShard>()
  /** Of each shard that was ours before: its first offset, and how often an event has come in vain since. */
  readonly #known = new Map<string, { readonly first: number; waits: number }>()

  constructor(parts: ShardsParts) {
    this.#parts = parts
  }

  /** The shard, if its next event may be applied at once: it goes on where the one before it was. */
  at({ shard, offset }: StreamPosition): OpenShard | null {
    const open = this.#open.get(shard)
    return open?.log.continuesAt(offset) === true ? open : null
  }

  /**
   * Makes sure that the shard is ours before an event is applied that does not follow the one before: the
   * shard may have been elsewhere meanwhile, and then its state here is too old.
   *
   * @throws StreamError `store-unavailable`, `path-unusable`, `shard-elsewhere`
   */
  async prepare({ shard, offset }: StreamPosition): Promise<void> {
    const known = this.#open.get(shard)
    const isOurs = known !== undefined && (await known.checkpoints.check())
    if (!isOurs) await this.#waitForTurn(shard, offset)
    const open = isOurs ? known : await this.#takeOver(shard)
    const first = Math.min(offset, this.#known.get(shard)?.first ?? offset)
    this.#known.set(shard, { first, waits: 0 })
    open.log.expect(offset)
  }

  /**
   * A shard that went elsewhere comes back with events from its checkpoint on, or from before. Others were
   * still on their way to us when it went: they are not ours any more, and come again where it is.
   */
  async #waitForTurn(shard: string, offset: number): Promise<void> {
    const known = this.#known.get(shard)
    if (known === undefined) return
    const { offset: stored } = await this.#parts.look(shard)
    if (offset <= (stored === null ? known.first : stored + 1)) return
    known.waits++
    // Whatever it is, the next process is given events from where the stream was told to go on.
    assert(
      known.waits <= WAITS_MAX,
      `shard ${shard} goes on at ${offset}, after ${stored} was stored`,
    )
    throw new StreamError('shard-elsewhere', `shard ${shard} is with another worker`)
  }

  async #takeOver(shard: string): Promise<OpenShard> {
    let isLost = false
    const open = await this.#parts.open(shard, () => {
      isLost = true
      this.#drop(shard, open)
    })
    this.#open.set(shard, open)
    this.#parts.logs.adopt(open.pipeline)
    if (isLost) this.#drop(shard, open)
    return open
  }

  /** Lets a shard go that another worker has: what is undelivered is delivered there. */
  #drop(shard: string, open: OpenShard): void {
    if (this.#open.get(shard) === open) this.#open.delete(shard)
    this.#parts.logs.drop(open.pipeline)
    this.#parts.telemetry.shardLost({ shard })
    // Their trouble is told by themselves; a rejection is our bug and ends us.
    void open.pipeline.close()
    void open.checkpoints.closeAll()
  }

  /** Looks whether the shards are still ours: no event comes of one that is elsewhere. */
  async checkAll(): Promise<void> {
    for (const { checkpoints } of [...this.#open.values()]) {
      try {
        await checkpoints.check()
      } catch (error) {
        if (errorCode(error) !== 'store-unavailable') throw error
        const retry = { sink: 'checkpoints', reason: errorMessage(error), attemptCount: 1 } as const
        this.#parts.telemetry.sinkRetry(retry)
      }
    }
  }
}
