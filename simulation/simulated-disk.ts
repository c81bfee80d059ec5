import type { SegmentDisk, SegmentFile } from '../lib/stream/ports.ts'
import type { FaultBook } from './fault-book.ts'
import type { Gate } from './gate.ts'
import type { Random } from './random.ts'

/** What a disk does at present: it works, is full, or fails now and then. */
export type DiskState = 'well' | 'full' | 'bad'

/** A file as processes see it, and as a power cut may leave it. */
interface Content {
  bytes: Buffer
  /** What survives a power cut for certain. */
  durable: Buffer
  /** Up to here both are the same. */
  safeSize: number
}

const SEGMENT = /^\d{10}\.spool$/
const HEADER_BYTES = 64
const BAD_RATE = 0.25
/** What is written or lost as one: small beside the segments of a run, or about as large. */
const BLOCK_BYTES = [64, 512, 4096] as const

/**
 * A folder that outlives processes. What a process has written stays when it is killed; a power cut leaves of
 * what was not synced nothing, all, the begin, or any blocks of it, and may bring removed files back.
 * As with the real folder, opening and renaming a file make names durable, removing it does not.
 */
export class SimulatedDisk {
  state: DiskState = 'well'
  readonly #files = new Map<string, Content>()
  /** Removed since names were made durable for the last time. */
  readonly #ghosts = new Map<string, Content>()
  /** Segments that were removed, as they were: the log as a whole. */
  readonly #removedSegments = new Map<string, Uint8Array>()
  readonly #random: Random
  readonly #faults: FaultBook

  constructor(random: Random, faults: FaultBook) {
    this.#random = random
    this.#faults = faults
  }

  /** Every segment that there ever was, by name. */
  get segmentsEver(): ReadonlyMap<string, Uint8Array> {
    const now = [...this.#files].filter(([name]) => SEGMENT.test(name))
    return new Map([
      ...this.#removedSegments,
      ...now.map(([name, { bytes }]) => [name, bytes] as const),
    ])
  }

  /** Names of the files that are there now. */
  get names(): readonly string[] {
    return [...this.#files.keys()]
  }

  /** Offset of the record that the log begins after, -1 for the first record of all. */
  get beginning(): number {
    const offsets = this.names.map((name) => /^checkpoint-(\d+)\.jsonl$/.exec(name)?.[1] ?? '-1')
    return Math.max(-1, ...offsets.map(Number))
  }

  /** The machine has lost its power: nothing but what was synced is certain. */
  cutPower(): void {
    for (const [name, ghost] of this.#ghosts) {
      if (this.#files.has(name) || !this.#random.chance(0.5)) continue
      this.#faults.count('removed file came back')
      this.#files.set(name, ghost)
    }
    this.#ghosts.clear()
    for (const content of this.#files.values()) this.#loseUnsynced(content)
  }

  #loseUnsynced(content: Content): void {
    const { bytes, durable, safeSize } = content
    if (bytes.equals(durable)) return
    const left = this.#random.pick(['durable', 'all', 'part', 'blocks', 'blocks'])
    if (left === 'durable') content.bytes = durable
    else if (left === 'part') {
      content.bytes = bytes.subarray(0, this.#random.integer(safeSize, bytes.length))
    } else if (left === 'blocks' && bytes.length > safeSize) this.#loseBlocks(content)
    if (content.bytes.length < bytes.length) this.#faults.count('unsynced bytes lost')
    content.durable = content.bytes
    content.safeSize = content.bytes.length
  }

  /** The file has its length, and any of its blocks may hold what they held before, or zeros. */
  #loseBlocks(content: Content): void {
    const { bytes, durable, safeSize } = content
    const blockBytes = this.#random.pick(BLOCK_BYTES)
    content.bytes = Buffer.from(bytes)
    for (let start = safeSize; start < bytes.length; ) {
      const end = Math.min(Math.floor(start / blockBytes + 1) * blockBytes, bytes.length)
      if (this.#random.chance(0.5)) {
        content.bytes.fill(0, start, end)
        content.bytes.set(durable.subarray(start, end), start)
      }
      start = end
    }
    if (!content.bytes.equals(bytes)) this.#faults.count('unsynced bytes garbled')
  }

  /** The folder as one process reaches it. */
  through(gate: Gate): SegmentDisk {
    return {
      list: () => gate.now('list', () => this.#orFail(() => [...this.#files.keys()])),
      read: (name, from, to) =>
        gate.now(`read ${name}`, () =>
          this.#orFail(() => Uint8Array.from(this.#read(name).bytes.subarray(from, to))),
        ),
      size: (name) =>
        gate.now(`size ${name}`, () => this.#orFail(() => this.#read(name).bytes.length)),
      open: (name) => gate.now(`open ${name}`, () => this.#orFail(() => this.#open(name, gate))),
      keepAside: (name, bytes) =>
        gate.now(`keep aside ${name}`, () => this.#orFail(() => this.#keepAside(name, bytes))),
      salt: () => Uint8Array.from({ length: 8 }, () => this.#random.integer(0, 255)),
      remove: (name) => gate.now(`remove ${name}`, () => this.#orFail(() => this.#remove(name))),
      rename: (from, to) =>
        gate.now(`rename ${from} ${to}`, () => this.#orFail(() => this.#rename(from, to))),
    }
  }

  #orFail<T>(work: () => T): T {
    if (this.state === 'bad' && this.#random.chance(BAD_RATE)) this.#fail('EIO')
    return work()
  }

  #fail(code: 'EIO' | 'ENOSPC' | 'ENOENT' | 'EBADF'): never {
    if (code === 'EIO' || code === 'ENOSPC') this.#faults.count(code)
    throw Object.assign(new Error(`The simulated disk says ${code}.`), { code })
  }

  #read(name: string): Content {
    return this.#files.get(name) ?? this.#fail('ENOENT')
  }

  #keepAside(name: string, bytes: Uint8Array): boolean {
    this.#ghosts.clear()
    if (this.#files.has(name)) return false
    const kept = Buffer.from(bytes)
    this.#files.set(name, { bytes: kept, durable: kept, safeSize: kept.length })
    return true
  }

  #remove(name: string): void {
    const content = this.#read(name)
    this.#files.delete(name)
    this.#ghosts.set(name, content)
    if (!SEGMENT.test(name) || content.bytes.length <= HEADER_BYTES) return
    this.#faults.count('segment removed')
    this.#removedSegments.set(name, content.bytes)
  }

  #rename(from: string, to: string): void {
    const content = this.#read(from)
    this.#ghosts.clear()
    this.#files.delete(from)
    this.#files.set(to, content)
    if (/^checkpoint-\d+\.jsonl$/.test(to)) this.#faults.count('checkpoint became the beginning')
  }

  #open(name: string, gate: Gate): SegmentFile {
    this.#ghosts.clear()
    const none = Buffer.alloc(0)
    const content = this.#files.get(name) ?? { bytes: none, durable: none, safeSize: 0 }
    if (SEGMENT.test(name) && !this.#files.has(name)) this.#faults.count('segment begun')
    this.#files.set(name, content)
    let isOpen = true
    const write = (call: string, part: Uint8Array, at: number): void => {
      const bytes = Uint8Array.from(part)
      const inside = (): void => this.#writePart(content, bytes, at)
      const whole = (): void => {
        if (!isOpen) this.#fail('EBADF')
        this.#write(content, bytes, at)
      }
      gate.now(`${call} ${name} ${bytes.length}`, whole, inside)
    }
    const use = <T>(work: () => T): T => {
      if (!isOpen) this.#fail('EBADF')
      return this.#orFail(work)
    }
    const sync = (): void => {
      content.durable = content.bytes
      content.safeSize = content.bytes.length
    }
    return {
      size: () => gate.now(`size ${name}`, () => use(() => content.bytes.length)),
      append: (bytes, count) => write('append', bytes.subarray(0, count), content.bytes.length),
      write: (bytes, count, at) => write('write', bytes.subarray(0, count), at),
      truncate: (size) =>
        gate.now(`truncate ${name} ${size}`, () =>
          use(() => {
            content.bytes = content.bytes.subarray(0, size)
            content.safeSize = Math.min(content.safeSize, size)
          }),
        ),
      sync: () => gate.now(`sync ${name}`, () => use(sync)),
      syncLater: () => {
        const delays = { applyMs: this.#random.integer(0, 20), answerMs: 0 }
        return gate.later(`sync later ${name}`, delays, async () => use(sync))
      },
      close: () =>
        gate.now(`close ${name}`, () => {
          const wasOpen = isOpen
          isOpen = false // also where closing fails
          if (!wasOpen) this.#fail('EBADF')
          this.#orFail(() => undefined)
        }),
    }
  }

  #write(content: Content, bytes: Uint8Array, at: number): void {
    const isRefused =
      this.state === 'bad'
        ? this.#random.chance(BAD_RATE)
        : this.state === 'full' && at + bytes.length > content.bytes.length
    if (!isRefused) {
      put(content, bytes, at)
      return
    }
    if (this.#random.chance(0.7)) {
      this.#faults.count('short write')
      this.#writePart(content, bytes, at)
    }
    this.#fail(this.state === 'full' ? 'ENOSPC' : 'EIO')
  }

  /** Not always less than all: an error may come after the last byte. */
  #writePart(content: Content, bytes: Uint8Array, at: number): void {
    put(content, bytes.subarray(0, this.#random.integer(0, bytes.length)), at)
  }
}

function put(content: Content, bytes: Uint8Array, at: number): void {
  const { bytes: before } = content
  content.bytes = Buffer.concat([before.subarray(0, at), bytes, before.subarray(at + bytes.length)])
  content.safeSize = Math.min(content.safeSize, at)
}
