import assert from 'node:assert'
import { StreamError } from '../errors.ts'
import type { SegmentDisk, SegmentFile } from '../ports.ts'
import type { NewRecord, SpoolRecord } from './spool-format.ts'
import {
  decodeSegmentHeader,
  encodeFrame,
  encodeSegmentHeader,
  frameBytes,
  isKnownFormat,
  readFrame,
  SEGMENT_HEADER_BYTES,
  segmentIdOf,
  segmentName,
  segmentSeed,
} from './spool-format.ts'

/** How a spool writes. */
export interface SpoolOptions {
  /** A segment is closed when it holds so many bytes, > 0. */
  readonly segmentBytes: number
  /** Whether each record is made to survive a power cut before append() returns. */
  readonly syncEvery: boolean
}

/** Bytes that were no whole frame and now lie in a file of their own. */
export interface DamagedRange {
  readonly segment: string
  readonly start: number
  readonly bytes: number
  readonly keptAs: string
}

/** The append-only log of one worker's raw events; it gives each record its offset. */
export class Spool {
  readonly #disk: SegmentDisk
  readonly #options: SpoolOptions
  #scratch = Buffer.allocUnsafe(64 * 1024)
  #segment: SegmentFile | null = null
  #segmentId = 0
  #seed = 0
  #segmentSize = 0
  #nextOffset = 0
  #hasUnsynced = false
  /** Set when a failed append could not be undone: the next append goes to a new segment. */
  #isTailTorn = false

  constructor(disk: SegmentDisk, options: SpoolOptions) {
    assert(options.segmentBytes > SEGMENT_HEADER_BYTES)
    this.#disk = disk
    this.#options = options
  }

  /** The offset that the next record will get; as many records were appended so far. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /**
   * Every record that is in the spool, in order; to be read to its end before the first append.
   *
   * @param onDamage  told of each range that was no whole frame, after it was kept aside
   * @throws StreamError `path-unusable` for a segment of a newer format
   */
  *replay(onDamage: (range: DamagedRange) => void): Generator<SpoolRecord, void, undefined> {
    const ids = this.#disk
      .list()
      .map(segmentIdOf)
      .filter((id) => id > 0)
    ids.sort((a, b) => a - b)
    for (const [index, id] of ids.entries()) {
      yield* this.#replaySegment(id, index === ids.length - 1, onDamage)
    }
    this.#segmentId = Math.max(this.#segmentId, ids.at(-1) ?? 0)
  }

  *#replaySegment(
    segmentId: number,
    isLast: boolean,
    onDamage: (range: DamagedRange) => void,
  ): Generator<SpoolRecord, void, undefined> {
    const name = segmentName(segmentId)
    const bytes = this.#disk.read(name)
    const header = decodeSegmentHeader(bytes)
    if (header !== null && !isKnownFormat(header.format)) {
      const message = `The spool segment ${name} has format ${header.format}, which this version cannot read: start the version that wrote it, let it deliver everything, and then upgrade.`
      throw new StreamError('path-unusable', message)
    }
    const seed = segmentSeed(segmentId)
    let at = header === null ? 0 : SEGMENT_HEADER_BYTES
    while (at < bytes.length) {
      const found = findFrame(bytes, { start: at, seed, offsetMin: this.#nextOffset })
      const damageEnd = found?.start ?? bytes.length
      if (damageEnd > at) {
        const keptAs = this.#disk.keepAside(`${name}.damaged`, bytes.subarray(at, damageEnd))
        onDamage({ segment: name, start: at, bytes: damageEnd - at, keptAs })
        if (found === null && isLast) this.#cutTail(name, at)
      }
      if (found === null) return
      yield found.record
      this.#nextOffset = found.record.offset + 1
      at = found.end
    }
  }

  /** What follows no whole frame any more is kept aside already, so that the segment can be closed clean. */
  #cutTail(name: string, size: number): void {
    const file = this.#disk.open(name)
    file.truncate(size)
    file.sync()
    file.close()
  }

  /**
   * Appends a record; when it returns, the record survives the death of this process.
   *
   * @returns  the record with its offset in this log
   * @throws   the disk's error (ENOSPC, EIO, ...); then nothing was appended and it may be tried again
   */
  append(record: NewRecord): SpoolRecord {
    const size = frameBytes(record)
    const segment = this.#segmentFor(size)
    if (this.#scratch.length < size) this.#scratch = Buffer.allocUnsafe(size * 2)
    const offset = this.#nextOffset
    encodeFrame(record, this.#scratch.subarray(0, size), { offset, seed: this.#seed })
    try {
      segment.append(this.#scratch, size)
      if (this.#options.syncEvery) segment.sync()
    } catch (error) {
      this.#undoAppend(segment)
      throw error
    }
    this.#segmentSize += size
    this.#nextOffset = offset + 1
    this.#hasUnsynced = !this.#options.syncEvery
    return { ...record, offset }
  }

  /** Takes off what a failed append left; if not even that works, the segment is given up. */
  #undoAppend(segment: SegmentFile): void {
    try {
      segment.truncate(this.#segmentSize)
    } catch {
      // The torn frame stays as damage that a replay steps over; its offset is used again after it.
      this.#isTailTorn = true
    }
  }

  #segmentFor(bytes: number): SegmentFile {
    const isFull = this.#segmentSize + bytes > this.#options.segmentBytes
    const isEmpty = this.#segmentSize <= SEGMENT_HEADER_BYTES
    if (this.#segment !== null && !this.#isTailTorn && (isEmpty || !isFull)) return this.#segment
    this.#closeSegment()
    const segmentId = this.#segmentId + 1
    const name = segmentName(segmentId)
    const segment = this.#disk.open(name)
    const header = encodeSegmentHeader(segmentId, this.#nextOffset)
    try {
      segment.append(header, header.length)
    } catch (error) {
      segment.close()
      this.#disk.remove(name)
      throw error
    }
    this.#segment = segment
    this.#segmentId = segmentId
    this.#seed = segmentSeed(segmentId)
    this.#segmentSize = SEGMENT_HEADER_BYTES
    this.#isTailTorn = false
    return segment
  }

  #closeSegment(): void {
    if (this.#segment === null) return
    this.#segment.sync()
    this.#segment.close()
    this.#segment = null
  }

  /** Makes what was appended so far survive a power cut, without blocking; resolves when it does. */
  async syncLater(): Promise<void> {
    if (this.#segment === null || !this.#hasUnsynced) return
    this.#hasUnsynced = false
    await this.#segment.syncLater()
  }

  /** Ends the current segment; the next append begins another. */
  close(): void {
    this.#closeSegment()
  }
}

/** The first whole frame at or after a place whose offset is not below one that was read before. */
function findFrame(
  bytes: Uint8Array,
  { start, seed, offsetMin }: { start: number; seed: number; offsetMin: number },
): ReturnType<typeof readFrame> {
  for (let at = start; at < bytes.length; at++) {
    const found = readFrame(bytes, { start: at, seed })
    if (found !== null && found.record.offset >= offsetMin) return found
  }
  return null
}
