import assert from 'node:assert'
import { errorCode, StreamError } from '../errors.ts'
import type { EventLog } from '../event-log.ts'
import type { SegmentDisk, SegmentFile } from '../ports.ts'
import { asBuffer } from './as-buffer.ts'
import { type OnDamage, setAside } from './damage.ts'
import type { FrameSeeds, NewRecord } from './spool-format.ts'
import {
  AHEAD_BYTES,
  decodeHeaderCopy,
  encodeFrame,
  encodeSegmentHeader,
  frameBytes,
  HEADER_COPY_BYTES,
  isKnownFormat,
  lastFrame,
  SEGMENT_HEADER_BYTES,
  segmentIdOf,
  segmentName,
  zerosStart,
} from './spool-format.ts'
import { type KnownSegment, SpoolReader } from './spool-reader.ts'
import { useAndClose } from './use-and-close.ts'

/** How a spool writes. */
export interface SpoolOptions {
  /** A segment is closed when it holds so many bytes; more than SEGMENT_HEADER_BYTES. */
  readonly segmentBytes: number
  /** Size at which no more may come in; at half of it the oldest rows are written early. Default: none. */
  readonly bytesMax?: number
  /** Whether each record is made to survive a power cut before append() returns. */
  readonly syncEvery: boolean
  /** Zeros are written ahead up to multiples of it, within `segmentBytes`; 1: none. Default: AHEAD_BYTES. */
  readonly aheadBytes?: number
  /** What is read of a segment at once. Default: 1 MiB. */
  readonly readBytes?: number
}

const ZEROS = new Uint8Array(AHEAD_BYTES)

/** The append-only log of one worker's raw events; it gives each record its offset. */
export class Spool implements EventLog {
  readonly redelivers = false
  readonly redeliveredMax = 0
  readonly #disk: SegmentDisk
  readonly #options: SpoolOptions
  #scratch = Buffer.allocUnsafe(64 * 1024)
  #segment: SegmentFile | null = null
  #segmentId = 0
  #seeds: FrameSeeds = { header: 0, payload: 0 }
  /** Where the last frame of the open segment ends. */
  #segmentSize = 0
  /** Bytes of its file, with the zeros after the frames. */
  #fileSize = 0
  /** Bytes of all segments but the open one. */
  #closedBytes = 0
  /** Segments on the disk, oldest first, the open one last. */
  readonly #segments: KnownSegment[] = []
  #nextOffset = 0
  #newestArrivedUs = 0
  #hasUnsynced = false
  /** Set when a failed append could not be undone: the next append goes to a new segment. */
  #isTailTorn = false
  /** Offset of the oldest frame that was given up since the last record. */
  #givenUpOffset = Number.POSITIVE_INFINITY

  constructor(disk: SegmentDisk, options: SpoolOptions) {
    assert(options.segmentBytes > SEGMENT_HEADER_BYTES)
    this.#disk = disk
    this.#options = options
  }

  /** The offset that the next record will get; all records have lower ones. */
  get nextOffset(): number {
    return this.#nextOffset
  }

  /** When the newest record had arrived that open() met, microseconds since 1970 UTC; 0 for none. */
  get newestArrivedUs(): number {
    return this.#newestArrivedUs
  }

  /** The number of the segment that the newest record is in; 0 before the first append. */
  get segmentId(): number {
    return this.#segment === null ? 0 : this.#segmentId
  }

  /**
   * Bytes of all segments on the disk, once it is open. After writes that failed it may be too high, by a
   * frame and what is written ahead of it; after the next start it is exact again.
   */
  get bytes(): number {
    return this.#closedBytes + (this.#segment === null ? 0 : this.#fileSize)
  }

  get isHalfFull(): boolean {
    return this.bytes > (this.#options.bytesMax ?? Number.POSITIVE_INFINITY) / 2
  }

  get isFull(): boolean {
    return this.bytes >= (this.#options.bytesMax ?? Number.POSITIVE_INFINITY)
  }

  /**
   * Finds the end of the spool, whose last segment alone is read for that, and cuts what is no whole frame
   * there; to be called once, before the first append.
   *
   * @param onDamage    told of each range that was no whole frame, after it was kept aside
   * @param fromOffset  records before it are not to be read
   * @returns           reads what the spool holds, and what is appended later
   * @throws StreamError `path-unusable` for a segment of a newer format; the disk's error
   */
  open(onDamage: OnDamage, fromOffset = 0): SpoolReader {
    const disk = this.#disk
    const ids = disk
      .list()
      .map(segmentIdOf)
      .filter((id) => id > 0)
    ids.sort((a, b) => a - b)
    for (const id of ids) this.#segments.push(this.#look(id))
    this.#findEnd(onDamage)
    this.#closedBytes = this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#segmentId = ids.at(-1) ?? 0
    const { readBytes } = this.#options
    return new SpoolReader({ disk, segments: this.#segments, onDamage, fromOffset, readBytes })
  }

  #look(id: number): KnownSegment {
    const name = segmentName(id)
    const bytes = this.#disk.read(name, 0, SEGMENT_HEADER_BYTES)
    const header = decodeHeaderCopy(bytes, 0) ?? decodeHeaderCopy(bytes, HEADER_COPY_BYTES)
    if (header !== null && !isKnownFormat(header.format)) {
      const message = `The spool segment ${name} has format ${header.format}, which this version cannot read: start the version that wrote it, let it deliver everything, and then upgrade.`
      throw new StreamError('path-unusable', message)
    }
    const size = this.#disk.size(name)
    return { id, header: header?.segmentId === id ? header : null, bytes: size, end: size }
  }

  /** Of a segment whose header is lost nothing can be read, so that the end is in the last one before. */
  #findEnd(onDamage: OnDamage): void {
    const last = this.#segments.at(-1)
    if (last === undefined) return
    const index = this.#segments.findLastIndex(({ header }) => header !== null)
    for (const segment of this.#segments.slice(Math.max(index, 0))) this.#syncSegment(segment)
    const end = index < 0 ? 0 : this.#lookForEnd(index)
    const size = index === this.#segments.length - 1 ? end : 0
    if (size < last.end) this.#cutTail(last, size, onDamage)
  }

  /** Where the last whole frame of a segment ends; for the newest arrival segments before it may be read. */
  #lookForEnd(index: number): number {
    const ends: number[] = []
    for (const { id, header } of this.#segments.slice(0, index + 1).reverse()) {
      if (header === null) continue
      const found = lastFrame(asBuffer(this.#disk.read(segmentName(id))), header)
      if (ends.length === 0) this.#nextOffset = Math.max(this.#nextOffset, found.nextOffset)
      ends.push(found.end)
      this.#newestArrivedUs = found.newestArrivedUs
      if (found.newestArrivedUs > 0) break
    }
    return ends[0] ?? 0
  }

  /** What a killed process had appended and not synced is built upon as soon as it is read. */
  #syncSegment({ id }: KnownSegment): void {
    if (!this.#options.syncEvery) return
    const file = this.#disk.open(segmentName(id))
    useAndClose(file, () => file.sync())
  }

  /** What no whole frame follows any more is kept aside, unless it is zeros, so that the segment ends clean. */
  #cutTail(last: KnownSegment, size: number, onDamage: OnDamage): void {
    const segment = segmentName(last.id)
    const tail = this.#disk.read(segment, size)
    const bytes = tail.subarray(0, zerosStart(tail, last.header))
    if (bytes.length > 0) onDamage(setAside(this.#disk, { segment, start: size, bytes }))
    const file = this.#disk.open(segment)
    useAndClose(file, () => {
      file.truncate(size)
      file.sync()
    })
    last.bytes = last.end = size
  }

  /**
   * Removes segments all of whose records are before an offset. What the disk does not remove stays, and
   * is tried again by the next call.
   *
   * @throws the disk's error
   */
  removeBefore(offset: number): void {
    for (;;) {
      const [oldest, ...others] = this.#segments
      // Records of a segment are before the first one of the next whose header is whole.
      const next = others.find(({ header }) => header !== null)?.header ?? null
      // The newest always stays.
      if (oldest === undefined || next === null || next.firstOffset > offset) return
      this.#disk.remove(segmentName(oldest.id))
      this.#segments.shift()
      this.#closedBytes -= oldest.bytes
    }
  }

  /**
   * Lets the next record have at least that offset: for when a store knows of offsets whose records a
   * power cut took from the spool. Lasts only with the next append; never lowers an offset.
   *
   * @param offset  >= 0, whole, below 2^53 - 1
   */
  skipTo(offset: number): void {
    assert(Number.isSafeInteger(offset + 1), 'an offset is a whole number below 2^53 - 1')
    if (offset <= this.#nextOffset) return
    this.#nextOffset = offset
  }

  /**
   * Appends a record; when it returns, the record survives the death of this process.
   *
   * @returns  the record's offset in this log
   * @throws   the disk's error (ENOSPC, EIO, ...); then nothing was appended and it may be tried again
   */
  append(record: NewRecord): number {
    const size = frameBytes(record)
    const segment = this.#segmentFor(size)
    if (this.#scratch.length < size) this.#scratch = Buffer.allocUnsafe(size * 2)
    const offset = this.#nextOffset
    encodeFrame(record, this.#scratch, { offset, seeds: this.#seeds, size })
    try {
      segment.write(this.#scratch, size, this.#segmentSize)
      if (this.#segmentSize + size > this.#fileSize) this.#writeAhead(segment, size)
      if (this.#options.syncEvery) segment.sync()
    } catch (error) {
      this.#undoAppend(segment, size)
      throw error
    }
    this.#segmentSize += size
    const newest = this.#segments.at(-1)
    if (newest !== undefined) newest.end = this.#segmentSize
    this.#nextOffset = offset + 1
    this.#givenUpOffset = Number.POSITIVE_INFINITY
    this.#hasUnsynced = !this.#options.syncEvery
    return offset
  }

  /** The frame that was just written has made the file longer: lets the next ones find bytes to write over. */
  #writeAhead(segment: SegmentFile, size: number): void {
    const { segmentBytes, aheadBytes = AHEAD_BYTES } = this.#options
    const end = this.#segmentSize + size
    const aheadEnd = Math.min(Math.ceil(end / aheadBytes) * aheadBytes, segmentBytes)
    this.#fileSize = Math.max(end, aheadEnd)
    try {
      if (aheadEnd > end) segment.write(ZEROS, aheadEnd - end, end)
    } catch {
      // The frame is whole. Where room is missing, the next frame's own write tells of it.
    }
  }

  /** Takes off what a failed append left; if not even that works, the segment is given up. */
  #undoAppend(segment: SegmentFile, size: number): void {
    try {
      this.#cut(segment)
    } catch {
      // Torn, the frame is damage that a replay steps over. Whole, it is known by its offset, which is
      // not below that in the next segment's header.
      this.#isTailTorn = true
      this.#givenUpOffset = Math.min(this.#givenUpOffset, this.#nextOffset)
      this.#segmentSize += size
      this.#fileSize = Math.max(this.#fileSize, this.#segmentSize)
    }
  }

  #segmentFor(bytes: number): SegmentFile {
    const isFull = this.#segmentSize + bytes > this.#options.segmentBytes
    const isEmpty = this.#segmentSize <= SEGMENT_HEADER_BYTES
    if (this.#segment !== null && !this.#isTailTorn && (isEmpty || !isFull)) return this.#segment
    this.#leaveSegment()
    return this.#beginSegment(this.#segmentId + 1)
  }

  #beginSegment(segmentId: number): SegmentFile {
    const name = segmentName(segmentId)
    const salt = this.#disk.salt()
    const firstOffset = Math.min(this.#nextOffset, this.#givenUpOffset)
    const bytes = encodeSegmentHeader({ segmentId, firstOffset, salt })
    const header = decodeHeaderCopy(bytes, 0)
    assert(header !== null, 'it is whole')
    const segment = this.#disk.open(name)
    assert(segment.size() === 0, 'the spool was opened before the first append')
    try {
      segment.write(bytes, bytes.length, 0)
    } catch (error) {
      this.#discardSegment(segment, segmentId)
      throw error
    }
    this.#segment = segment
    this.#segmentId = segmentId
    this.#seeds = header.seeds
    this.#segmentSize = this.#fileSize = SEGMENT_HEADER_BYTES
    this.#isTailTorn = false
    this.#segments.push({ id: segmentId, header, bytes: 0, end: SEGMENT_HEADER_BYTES })
    return segment
  }

  #discardSegment(segment: SegmentFile, segmentId: number): void {
    try {
      segment.close()
      this.#disk.remove(segmentName(segmentId))
    } catch {
      // A torn header stays under that name, so the next segment takes another one.
      this.#segmentId = segmentId
      this.#closedBytes += SEGMENT_HEADER_BYTES
    }
  }

  /** Closes the segment before the next one begins; if it cannot be synced, it stays open. */
  #leaveSegment(): void {
    const segment = this.#segment
    if (segment === null) return
    this.#cutZeros(segment)
    this.#syncUnlessEvery(segment)
    this.#forgetSegment()
    segment.close()
  }

  #cut(segment: SegmentFile): void {
    segment.truncate(this.#segmentSize)
    this.#fileSize = this.#segmentSize
  }

  /** Of a segment that was given up the disk has just refused to cut anything. */
  #cutZeros(segment: SegmentFile): void {
    if (this.#isTailTorn || this.#fileSize === this.#segmentSize) return
    try {
      this.#cut(segment)
    } catch {
      // They are no damage, and are counted as long as they are there.
    }
  }

  /** With syncEvery all that was answered is synced already; what was given up need not be. */
  #syncUnlessEvery(segment: SegmentFile): void {
    if (!this.#options.syncEvery) segment.sync()
  }

  #forgetSegment(): void {
    this.#closedBytes += this.#fileSize
    const last = this.#segments.at(-1)
    if (last !== undefined) last.bytes = this.#fileSize
    this.#segment = null
    this.#hasUnsynced = false
  }

  /**
   * Makes what was appended so far survive a power cut, without blocking; resolves when it does. One call
   * at a time. Rejects with the disk's error; the next call tries again.
   */
  async syncLater(): Promise<void> {
    const segment = this.#segment
    if (segment === null || !this.#hasUnsynced) return
    this.#hasUnsynced = false
    try {
      await segment.syncLater()
    } catch (error) {
      // Closed before its turn came, and its number is nobody's or a socket's: then it was synced by that, or
      // that has told of its own failure.
      const isGone = ['EBADF', 'EINVAL'].includes(errorCode(error))
      if (this.#segment !== segment && isGone) return
      this.#hasUnsynced = true
      throw error
    }
  }

  /**
   * Syncs and ends the current segment; the next append begins another.
   *
   * @throws  the disk's error; the segment is closed all the same, but may not survive a power cut
   */
  close(): void {
    const segment = this.#segment
    if (segment === null) return
    this.#cutZeros(segment)
    this.#forgetSegment()
    useAndClose(segment, () => this.#syncUnlessEvery(segment))
  }
}
