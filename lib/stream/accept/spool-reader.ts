import type { LogReader } from '../event-log.ts'
import type { SegmentDisk } from '../ports.ts'
import { asBuffer } from './as-buffer.ts'
import { type OnDamage, setAside } from './damage.ts'
import {
  decodeHeaderCopy,
  type FoundFrame,
  findFrame,
  HEADER_COPY_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  type SpoolRecord,
  segmentName,
  zerosStart,
} from './spool-format.ts'

/** A segment that is on the disk. */
export interface KnownSegment {
  readonly id: number
  /** Null when neither copy of it is whole. */
  readonly header: SegmentHeader | null
  /** Of a closed segment. */
  bytes: number
  /** Up to here it is read. Of one that this process writes: the end of its last whole frame. */
  end: number
}

/** What a reader reads. */
export interface SpoolReaderParts {
  readonly disk: SegmentDisk
  /** The spool's own, oldest first, which become more; none that is to be read goes away. */
  readonly segments: readonly KnownSegment[]
  readonly onDamage: OnDamage
  /** Records before it are passed over. */
  readonly fromOffset: number
  /** So much of a segment is read at once, more only for a longer record. Default: READ_BYTES. */
  readonly readBytes?: number | undefined
}

/** Enough to be rare; larger ones are memory that the collector is told of each time. */
const READ_BYTES = 1024 * 1024

const NOTHING = Buffer.alloc(0)

/**
 * Reads the records of a spool in order, a segment at a time. What the process itself appends meanwhile
 * follows in its turn, read back from the disk.
 */
export class SpoolReader implements LogReader {
  readonly #parts: SpoolReaderParts
  #nextOffset = 0
  /** Of the segment that was read last. */
  #lastId = 0
  #segment: KnownSegment | null = null
  /** Records of the segment that are at or behind this one were given up. */
  #endOffset = Number.POSITIVE_INFINITY
  /** What was read of the segment, and where that begins in it. */
  #bytes: Buffer = NOTHING
  #start = 0
  /** Where to go on in the segment. */
  #at = 0

  constructor(parts: SpoolReaderParts) {
    this.#parts = parts
  }

  get nextOffset(): number {
    return Math.max(this.#nextOffset, this.#parts.fromOffset)
  }

  next(): SpoolRecord | null {
    for (;;) {
      const segment = this.#segment ?? this.#enter()
      if (segment === null) return null
      const record = this.#readFrom(segment)
      if (record === null) {
        if (!this.#hasLater(segment)) return null
        this.#lastId = segment.id
        this.#segment = null
      } else if (record.offset < this.#endOffset) {
        this.#nextOffset = record.offset + 1
        if (record.offset >= this.#parts.fromOffset) return record
      }
    }
  }

  #hasLater({ id }: KnownSegment): boolean {
    return (this.#parts.segments.at(-1)?.id ?? 0) > id
  }

  #enter(): KnownSegment | null {
    const { segments, fromOffset } = this.#parts
    for (const [index, segment] of segments.entries()) {
      if (segment.id <= this.#lastId) continue
      const next = segments.slice(index + 1).find(({ header }) => header !== null)
      this.#endOffset = next?.header?.firstOffset ?? Number.POSITIVE_INFINITY
      if (this.#endOffset <= fromOffset) continue
      this.#nextOffset = Math.max(this.#nextOffset, segment.header?.firstOffset ?? 0)
      this.#segment = segment
      this.#bytes = NOTHING
      this.#start = this.#at = 0
      return segment
    }
    return null
  }

  /** The next whole frame of the segment, null for none; what is none is kept aside. */
  #readFrom(segment: KnownSegment): SpoolRecord | null {
    if (this.#at === segment.end) return null
    if (this.#at === this.#start + this.#bytes.length) this.#load(segment, this.#readBytes)
    const { header } = segment
    if (header !== null && this.#at === 0) this.#at = this.#framesStart(segment)
    let found = this.#find(header)
    // The frame may go on behind what was read, however long it is.
    for (let size = this.#readBytes; found === null && this.#isCut(segment); size *= 2) {
      this.#load(segment, size)
      found = this.#find(header)
    }
    const at = this.#at - this.#start
    const damageEnd = found?.start ?? at + zerosStart(this.#bytes.subarray(at), header)
    if (damageEnd > at) this.#setAside(segment, at, damageEnd)
    this.#at = this.#start + (found?.end ?? this.#bytes.length)
    return found?.record ?? null
  }

  get #readBytes(): number {
    return this.#parts.readBytes ?? READ_BYTES
  }

  /** Reads the segment from where to go on. */
  #load({ id, end }: KnownSegment, size: number): void {
    const { disk } = this.#parts
    this.#bytes = asBuffer(disk.read(segmentName(id), this.#at, Math.min(this.#at + size, end)))
    this.#start = this.#at
  }

  #isCut({ end }: KnownSegment): boolean {
    return this.#start + this.#bytes.length < end
  }

  #find(header: SegmentHeader | null): FoundFrame | null {
    if (header === null) return null
    const start = this.#at - this.#start
    return findFrame(this.#bytes, { start, seeds: header.seeds, offsetMin: this.#nextOffset })
  }

  /** Where frames begin; a damaged copy of the header is kept aside. */
  #framesStart(segment: KnownSegment): number {
    // The second copy was torn while the segment was begun, so that there are no frames.
    if (segment.end < SEGMENT_HEADER_BYTES) return HEADER_COPY_BYTES
    for (const start of [0, HEADER_COPY_BYTES]) {
      if (decodeHeaderCopy(this.#bytes, start) !== null) continue
      this.#setAside(segment, start, start + HEADER_COPY_BYTES)
    }
    return SEGMENT_HEADER_BYTES
  }

  #setAside({ id }: KnownSegment, start: number, end: number): void {
    const { disk, onDamage } = this.#parts
    const bytes = this.#bytes.subarray(start, end)
    onDamage(setAside(disk, { segment: segmentName(id), start: this.#start + start, bytes }))
  }
}
