import assert from 'node:assert'
import type { NewRecord, SpoolRecord } from '../../lib/stream/accept/spool-format.ts'
import { parseCheckpointName } from '../../lib/stream/checkpoint-format.ts'
import type { EventLog } from '../../lib/stream/event-log.ts'
import type { LogStore, SegmentDisk, StoredLog } from '../../lib/stream/ports.ts'

/** How far a history had come when a checkpoint was taken of it. */
interface Cut {
  readonly history: History
  readonly recordCount: number
}

/** The records that one owner of a shard has applied, behind the checkpoint that it began with. */
export class History {
  readonly #base: Cut | null
  readonly #records: SpoolRecord[] = []
  /** By the offset of a checkpoint: records that it holds. */
  readonly #counts = new Map<number, number>()

  constructor(base: Cut | null) {
    this.#base = base
  }

  /** Everything that its state comes of, oldest first: what earlier owners had applied as well. */
  get whole(): readonly SpoolRecord[] {
    if (this.#base === null) return this.#records
    const { history, recordCount } = this.#base
    return [...history.#upTo(recordCount), ...this.#records]
  }

  #upTo(recordCount: number): readonly SpoolRecord[] {
    const own = this.#records.slice(0, recordCount)
    if (this.#base === null) return own
    const { history, recordCount: countBefore } = this.#base
    return [...history.#upTo(countBefore), ...own]
  }

  /** Where it was when the checkpoint of that offset was begun. */
  cutAt(offset: number): Cut {
    const recordCount = this.#counts.get(offset)
    if (recordCount === undefined) throw new Error(`No checkpoint of ${offset} was taken.`)
    return { history: this, recordCount }
  }

  /** A log that does the same, and has what enters it noted down. */
  recording(log: EventLog): EventLog {
    const records = this.#records
    return {
      redelivers: log.redelivers,
      redeliveredMax: log.redeliveredMax,
      newestArrivedUs: log.newestArrivedUs,
      get nextOffset() {
        return log.nextOffset
      },
      get bytes() {
        return log.bytes
      },
      get segmentId() {
        return log.segmentId
      },
      get isHalfFull() {
        return log.isHalfFull
      },
      get isFull() {
        return log.isFull
      },
      open: (onDamage, fromOffset) => log.open(onDamage, fromOffset),
      skipTo: (offset) => log.skipTo(offset),
      append: (record) => {
        const offset = log.append(record)
        records.push({ ...record, offset })
        return offset
      },
      removeBefore: (offset) => log.removeBefore(offset),
      syncLater: () => log.syncLater(),
      close: () => log.close(),
    }
  }

  /** A folder that does the same, and has noted down when a checkpoint is begun. */
  watching(disk: SegmentDisk): SegmentDisk {
    return {
      list: () => disk.list(),
      read: (name, from, to) => disk.read(name, from, to),
      size: (name) => disk.size(name),
      open: (name) => {
        const parsed = parseCheckpointName(name)
        if (parsed?.isPending === true) this.#counts.set(parsed.offset, this.#records.length)
        return disk.open(name)
      },
      keepAside: (name, bytes) => disk.keepAside(name, bytes),
      salt: () => disk.salt(),
      remove: (name) => disk.remove(name),
      rename: (from, to) => disk.rename(from, to),
    }
  }
}

/** Which history each stored checkpoint comes of. */
export class Histories {
  readonly #cuts = new WeakMap<Uint8Array, Cut>()

  /** A store that does the same for one owner of a log, whose history begins when it takes the log over. */
  owned(store: LogStore): { readonly store: LogStore; readonly history: () => History } {
    let history: History | null = null
    const known = (): History => history ?? assert.fail('the log was not taken over')
    const owned: LogStore = {
      takeOver: async (log) => {
        const taken = await store.takeOver(log)
        history = new History(this.#cutOf(taken))
        return taken
      },
      look: (log) => store.look(log),
      writeCheckpoint: (log, checkpoint) => {
        this.#cuts.set(checkpoint.bytes, known().cutAt(checkpoint.offset))
        return store.writeCheckpoint(log, checkpoint)
      },
    }
    return { store: owned, history: known }
  }

  #cutOf({ checkpoint }: StoredLog): Cut | null {
    if (checkpoint === null) return null
    return this.#cuts.get(checkpoint.bytes) ?? assert.fail('nobody has stored that checkpoint')
  }
}

/** Records as a log that is read from its beginning to its end. */
export function historyLog(records: readonly SpoolRecord[]): EventLog {
  let next = 0
  const offsetOf = (index: number): number => records[index]?.offset ?? -1
  return {
    redelivers: true,
    redeliveredMax: 0,
    nextOffset: offsetOf(records.length - 1) + 1,
    newestArrivedUs: 0,
    bytes: 0,
    segmentId: 0,
    isHalfFull: false,
    isFull: false,
    open: () => ({
      get nextOffset() {
        return offsetOf(next - 1) + 1
      },
      next: () => records[next++] ?? null,
    }),
    skipTo: () => undefined,
    append: (record: NewRecord) => {
      throw new Error(`Nothing is to be added to a history: ${record.kind}.`)
    },
    removeBefore: () => undefined,
    syncLater: async () => undefined,
    close: () => undefined,
  }
}
