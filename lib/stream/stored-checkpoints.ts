import assert from 'node:assert'
import { checkpointName, parseCheckpointName } from './checkpoint-format.ts'
import { Lane, type LaneTask } from './deliver/lane.ts'
import { errorCode, errorMessage } from './errors.ts'
import type { Clock, LogStore, SegmentDisk, SegmentFile, StoredLog } from './ports.ts'
import type { Telemetry } from './telemetry.ts'

/** What the checkpoints of a log in a store need. */
export interface StoredCheckpointsParts {
  readonly log: string
  readonly store: LogStore
  /** What the store had when the log was taken over. */
  readonly taken: StoredLog
  readonly clock: Clock
  readonly random: () => number
  readonly telemetry: Telemetry
  /** A checkpoint is stored, and everything before it is delivered. */
  readonly onStored: (offset: number) => void
  /** The log has another owner. */
  readonly onLost: () => void
}

/**
 * The folder of a log's checkpoints, kept in memory: the one that the log begins with is copied to the
 * store, and counts when the store has it.
 */
export class StoredCheckpoints implements SegmentDisk {
  readonly #parts: StoredCheckpointsParts
  readonly #files = new Map<string, Uint8Array>()
  readonly #lane: Lane
  #unstored: { readonly offset: number; readonly bytes: Uint8Array } | null = null
  #isLost = false

  constructor(parts: StoredCheckpointsParts) {
    this.#parts = parts
    const { checkpoint } = parts.taken
    if (checkpoint !== null) {
      const name = checkpointName(checkpoint.offset, { isPending: false })
      this.#files.set(name, checkpoint.bytes)
    }
    const { clock, random, telemetry } = parts
    this.#lane = new Lane({
      next: () => this.#next(),
      clock,
      random,
      onRetry: (retry) => telemetry.sinkRetry({ sink: 'checkpoints', ...retry }),
    })
  }

  #next(): LaneTask | null {
    const checkpoint = this.#unstored
    if (checkpoint === null || this.#isLost) return null
    this.#unstored = null
    return { attempt: () => this.#store(checkpoint) }
  }

  async #store({ offset, bytes }: { offset: number; bytes: Uint8Array }): Promise<string | null> {
    const { log, store, taken, onStored } = this.#parts
    try {
      const isOurs = await store.writeCheckpoint(log, { epoch: taken.epoch, offset, bytes })
      if (isOurs) onStored(offset)
      else this.#lose()
      return null
    } catch (error) {
      if (errorCode(error) !== 'store-unavailable') throw error // a bug of ours
      return errorMessage(error)
    }
  }

  /** Looks whether the log is still ours; @throws StreamError `store-unavailable` */
  async check(): Promise<boolean> {
    const { log, store, taken } = this.#parts
    if (!this.#isLost && (await store.look(log)).epoch !== taken.epoch) this.#lose()
    return !this.#isLost
  }

  #lose(): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#parts.onLost()
  }

  /** Stores nothing more; what is under way comes to its end. */
  closeAll(): Promise<void> {
    return this.#lane.close()
  }

  list(): readonly string[] {
    return [...this.#files.keys()]
  }

  read(name: string, from?: number, to?: number): Uint8Array {
    return this.#bytesOf(name).subarray(from, to)
  }

  size(name: string): number {
    return this.#bytesOf(name).length
  }

  #bytesOf(name: string): Uint8Array {
    return this.#files.get(name) ?? new Uint8Array()
  }

  open(name: string): SegmentFile {
    this.#files.set(name, this.#bytesOf(name))
    // Joined when it is read: a checkpoint comes in many pieces.
    const pieces: Uint8Array[] = [this.#bytesOf(name)]
    const size = (): number => pieces.reduce((sum, piece) => sum + piece.length, 0)
    const keep = (): void => void this.#files.set(name, Buffer.concat(pieces))
    return {
      size,
      append: (bytes, count) => void pieces.push(Uint8Array.from(bytes.subarray(0, count))),
      write: () => assert.fail('a checkpoint is only appended to'),
      truncate: (length) => void pieces.splice(0, pieces.length, joined(pieces, length)),
      sync: keep,
      syncLater: async () => keep(),
      close: () => undefined,
    }
  }

  keepAside(name: string, bytes: Uint8Array): boolean {
    if (this.#files.has(name)) return false
    this.#files.set(name, Uint8Array.from(bytes))
    return true
  }

  salt(): Uint8Array {
    assert.fail('a checkpoint has no salt')
  }

  remove(name: string): void {
    this.#files.delete(name)
  }

  /** A checkpoint becomes the beginning of the log by getting its name. */
  rename(from: string, to: string): void {
    const bytes = this.#bytesOf(from)
    this.#files.delete(from)
    this.#files.set(to, bytes)
    const parsed = parseCheckpointName(to)
    if (parsed === null || parsed.isPending) return
    this.#unstored = { offset: parsed.offset, bytes }
    // It settles the store's trouble itself; a rejection is our bug and ends us.
    void this.#lane.run()
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  return Uint8Array.from(Buffer.concat(pieces).subarray(0, length))
}
