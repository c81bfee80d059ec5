import type { StreamPosition } from '../ports.ts'

/** Which events of a stream were applied: offsets of a shard only grow. */
export class ShardOffsets {
  /** Highest offset that was applied of each shard. */
  readonly #highest = new Map<string, number>()

  /** Takes note of an event; false when it, or a later one, was taken before: it is redelivered. */
  take({ shard, offset }: StreamPosition): boolean {
    if (offset <= (this.#highest.get(shard) ?? -1)) return false
    this.#highest.set(shard, offset)
    return true
  }

  /** Highest offset by shard, as plain values. */
  toState(): readonly (readonly [shard: string, offset: number])[] {
    return [...this.#highest]
  }

  /** Becomes what `toState` told of. */
  restore(state: readonly (readonly [shard: string, offset: number])[]): void {
    for (const [shard, offset] of state) this.#highest.set(shard, offset)
  }
}
