import assert from 'node:assert'
import { errorCode, StreamError } from '../errors.ts'
import type { EventLog } from '../event-log.ts'
import type { SegmentDisk, SegmentFile } from '../ports.ts'
import { crc32 } from './crc32.ts'
import type { FrameSeeds, NewRecord, SegmentHeader, SpoolRecord } from './spool-format.ts'
import {
  decodeHeaderCopy,
  encodeFrame,
  encodeSegmentHeader,
  findFrame,
  frameBytes,
  frameSeeds,
  HEADER_COPY_BYTES,
  isKnownFormat,
  SEGMENT_HEADER_BYTES,
  segmentIdOf,
  segmentName,
} from './spool-format.ts'
import { useAndClose } from './use-and-close.ts'

/** How a spool writes. */
export interface SpoolOptions {
  /** A segment is closed when it holds so many bytes; more than SEGMENT_HEADER_BYTES. */
  readonly segmentBytes: number
  /** Size at which no more may come in; at half of it the oldest rows are written early. Default: none. */
  readonly bytesMax?: number
  /** Whether each record is made to survive a power cut before append() returns. */
  readonly syncEvery: boolean
}

/** Bytes that were no whole frame and now lie in a file of their own. */
export interface DamagedRange {
  readonly segment: string
  readonly start: number
  readonly bytes: number
  readonly keptAs: string
  /** Whether an earlier start has met the same damage and kept it. */
  readonly wasKeptBefore: boolean
}

type OnDamage = (range: DamagedRange) => void

/** A segment as a replay has read it. */
interface ReadSegment {
  readonly name: string
  readonly bytes: Uint8Array
  /** Null when neither copy of it is whole. */
  readonly header: SegmentHeader | null
  readonly isLast: boolean
}

/** A segment that is on the disk. */
interface KnownSegment {
  readonly id: number
  /** Null while its header is damaged. */
  readonly firstOffset: number | null
  /** Of a closed segment. */
  bytes: number
}

/** The append-only log of one worker's raw events; it gives each record its offset. */
export class Spool implements EventLog {
  readonly redelivers = false
  readonly #disk: SegmentDisk
  readonly #options: SpoolOptions
  #scratch = Buffer.allocUnsafe(64 * 1024)
  #segment: SegmentFile | null = null
  #segmentId = 0
  #seeds: FrameSeeds = { header: 0, payload: 0 }
  #segmentSize = 0
  /** Bytes of all segments but the open one. */
  #closedBytes = 0
  /** Segments on the disk, oldest first, the open one last. */
  #segments: KnownSegment[] = []
  #nextOffset = 0
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

  /** The number of the segment that the newest record is in; 0 before the first append. */
  get segmentId(): number {
    return this.#segment === null ? 0 : this.#segmentId
  }

  /**
   * Bytes of all segments on the disk, once replay() was read to its end. After an append that failed and
   * could not be undone it may be too high by that frame; after the next start it is exact again.
   */
  get bytes(): number {
    return this.#closedBytes + (this.#segment === null ? 0 : this.#segmentSize)
  }

  get isHalfFull(): boolean {
    return this.bytes > (this.#options.bytesMax ?? Number.POSITIVE_INFINITY) / 2
  }

  get isFull(): boolean {
    return this.bytes >= (this.#options.bytesMax ?? Number.POSITIVE_INFINITY)
  }

  /**
   * Every record that is in the spool, in order; to be read to its end before the first append.
   *
   * @param fromOffset  records before it are passed over
   * @param onDamage    told of each range that was no whole frame, after it was kept aside
   * @throws StreamError `path-unusable` for a segment of a newer format
   */
  *replay(onDamage: OnDamage, fromOffset = 0): Generator<SpoolRecord, void, undefined> {
    const ids = this.#disk
      .list()
      .map(segmentIdOf)
      .filter((id) => id > 0)
    ids.sort((a, b) => a - b)
    const lastId = ids.at(-1) ?? 0
    this.#closedBytes = 0
    // Read already; where their offsets end is known only with the next whole header.
    let waiting: ReadSegment[] = []
    for (const id of ids) {
      const segment = this.#readSegment(id, id === lastId)
      this.#closedBytes += segment.bytes.length
      const firstOffset = segment.header?.firstOffset ?? null
      this.#segments.push({ id, firstOffset, bytes: segment.bytes.length })
      if (segment.header !== null) {
        const range = { from: fromOffset, end: segment.header.firstOffset }
        for (const one of waiting) yield* this.#replaySegment(one, range, onDamage)
        waiting = []
      }
      waiting.push(segment)
    }
    const range = { from: fromOffset, end: Number.POSITIVE_INFINITY }
    for (const { name } of waiting) this.#syncSegment(name)
    for (const one of waiting) yield* this.#replaySegment(one, range, onDamage)
    this.#segmentId = Math.max(this.#segmentId, lastId)
  }

  /** What a killed process had appended and not synced is built upon as soon as it is read. */
  #syncSegment(name: string): void {
    if (!this.#options.syncEvery) return
    const file = this.#disk.open(name)
    useAndClose(file, () => file.sync())
  }

  #readSegment(id: number, isLast: boolean): ReadSegment {
    const name = segmentName(id)
    const bytes = this.#disk.read(name)
    const header = decodeHeaderCopy(bytes, 0) ?? decodeHeaderCopy(bytes, HEADER_COPY_BYTES)
    if (header !== null && !isKnownFormat(header.format)) {
      const message = `The spool segment ${name} has format ${header.format}, which this version cannot read: start the version that wrote it, let it deliver everything, and then upgrade.`
      throw new StreamError('path-unusable', message)
    }
    return { name, bytes, header: header?.segmentId === id ? header : null, isLast }
  }

  /** The records of a segment in a range of offsets; those at its end and behind it were given up. */
  *#replaySegment(
    segment: ReadSegment,
    range: { readonly from: number; readonly end: number },
    onDamage: OnDamage,
  ): Generator<SpoolRecord, void, undefined> {
    const { bytes, header } = segment
    let at = header === null ? 0 : this.#framesStart(segment, header, onDamage)
    while (at < bytes.length) {
      const found =
        header === null
          ? null
          : findFrame(bytes, { start: at, seeds: header.seeds, offsetMin: this.#nextOffset })
      const damageEnd = found?.start ?? bytes.length
      if (damageEnd > at) this.#setAside(segment, { start: at, end: damageEnd }, onDamage)
      if (found === null) {
        if (segment.isLast) this.#cutTail(segment, at)
        return
      }
      at = found.end
      if (found.record.offset >= range.end) continue
      if (found.record.offset >= range.from) yield found.record
      this.#nextOffset = found.record.offset + 1
    }
  }

  /** Takes over what the header says, keeps a damaged copy of it aside. */
  #framesStart(segment: ReadSegment, header: SegmentHeader, onDamage: OnDamage): number {
    this.#nextOffset = Math.max(this.#nextOffset, header.firstOffset)
    // The second copy was torn while the segment was begun, so that there are no frames.
    if (segment.bytes.length < SEGMENT_HEADER_BYTES) return HEADER_COPY_BYTES
    for (const start of [0, HEADER_COPY_BYTES]) {
      if (decodeHeaderCopy(segment.bytes, start) === null) {
        this.#setAside(segment, { start, end: start + HEADER_COPY_BYTES }, onDamage)
      }
    }
    return SEGMENT_HEADER_BYTES
  }

  #setAside(
    { name, bytes }: ReadSegment,
    { start, end }: { start: number; end: number },
    onDamage: OnDamage,
  ): void {
    const damaged = bytes.subarray(start, end)
    const sum = crc32(damaged).toString(16).padStart(8, '0')
    const keptAs = `${name}.damaged-${start}-${damaged.length}-${sum}`
    const wasKeptBefore = !this.#disk.keepAside(keptAs, damaged)
    onDamage({ segment: name, start, bytes: damaged.length, keptAs, wasKeptBefore })
  }

  /** What follows no whole frame any more is kept aside already, so that the segment ends clean. */
  #cutTail({ name, bytes }: ReadSegment, size: number): void {
    const file = this.#disk.open(name)
    useAndClose(file, () => {
      file.truncate(size)
      file.sync()
    })
    this.#closedBytes -= bytes.length - size
    const last = this.#segments.at(-1)
    if (last !== undefined) last.bytes = size
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
      const next = others.find(({ firstOffset }) => firstOffset !== null)
      // The newest always stays.
      if (oldest === undefined || next === undefined) return
      if (next.firstOffset === null || next.firstOffset > offset) return
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
      segment.append(this.#scratch, size)
      if (this.#options.syncEvery) segment.sync()
    } catch (error) {
      this.#undoAppend(segment, size)
      throw error
    }
    this.#segmentSize += size
    this.#nextOffset = offset + 1
    this.#givenUpOffset = Number.POSITIVE_INFINITY
    this.#hasUnsynced = !this.#options.syncEvery
    return offset
  }

  /** Takes off what a failed append left; if not even that works, the segment is given up. */
  #undoAppend(segment: SegmentFile, size: number): void {
    try {
      segment.truncate(this.#segmentSize)
    } catch {
      // Torn, the frame is damage that a replay steps over. Whole, it is known by its offset, which is
      // not below that in the next segment's header.
      this.#isTailTorn = true
      this.#givenUpOffset = Math.min(this.#givenUpOffset, this.#nextOffset)
      this.#segmentSize += size
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
    const header = encodeSegmentHeader({ segmentId, firstOffset, salt })
    const segment = this.#disk.open(name)
    assert(segment.size() === 0, 'the replay was read to its end before the first append')
    try {
      segment.append(header, header.length)
    } catch (error) {
      this.#discardSegment(segment, segmentId)
      throw error
    }
    this.#segment = segment
    this.#segmentId = segmentId
    this.#seeds = frameSeeds(segmentId, salt)
    this.#segmentSize = SEGMENT_HEADER_BYTES
    this.#isTailTorn = false
    this.#segments.push({ id: segmentId, firstOffset, bytes: 0 })
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
    this.#syncUnlessEvery(segment)
    this.#forgetSegment()
    segment.close()
  }

  /** With syncEvery all that was answered is synced already; what was given up need not be. */
  #syncUnlessEvery(segment: SegmentFile): void {
    if (!this.#options.syncEvery) segment.sync()
  }

  #forgetSegment(): void {
    this.#closedBytes += this.#segmentSize
    const last = this.#segments.at(-1)
    if (last !== undefined) last.bytes = this.#segmentSize
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
      // Closed before its turn came: then it was synced by that, or that has told of its own failure.
      if (this.#segment !== segment && errorCode(error) === 'EBADF') return
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
    this.#forgetSegment()
    useAndClose(segment, () => this.#syncUnlessEvery(segment))
  }
}
