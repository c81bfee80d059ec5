/**
 * Format 2 of the spool: an append-only log of what came in, in segments.
 *
 * Constraints: a frame is written by one synchronous append before the event is answered, so that a
 * killed process loses nothing that was answered; a frame that was torn, moved, copied or made up by
 * a sender must not pass for a whole one; after damage the next whole frame can be found, in time
 * linear in the segment. Numbers are little-endian, "double" is a whole number in a 64-bit float.
 *
 * Segment `0000000001.spool`:
 *   0   32  header
 *   32  32  the same header once more
 *   64      frames, then zeros to the end of the file, or none
 * Header (in any later format these 32 bytes keep their places, so that it is recognised):
 *   0   4   magic 'MMSP'
 *   4   4   format, 2 (1: no zeros after the frames, so that such are damage; else the same)
 *   8   4   id of the segment, > 0: the number in its name
 *   12  8   first offset (double): records of earlier segments are below it, those of this one are not
 *   20  8   salt: random bytes, different for each segment, known to nobody who sends events
 *   28  4   CRC-32 of bytes 0 to 27
 * Frame:
 *   0   4   head sum: CRC-32 of bytes 4 to 19, seeded with CRC-32 of the segment's id (4 bytes), which is
 *           seeded with bytes 0 to 3 of the salt
 *   4   4   payload sum: CRC-32 of the payload, seeded likewise with bytes 4 to 7 of the salt
 *   8   4   length of the payload, >= 9, so that zeros are never a frame
 *   12  8   offset of the record in the log (double): 0, 1, 2, ..., with gaps where some were skipped
 *   20      payload
 * Payload of an event:
 *   0   1   kind, 1
 *   1   8   arrival, microseconds since 1970 UTC (double)
 *   9   8   the trigger's offset (double); -1 if the event has no position in a stream
 *   17  2   length of the shard's name; 0 if it has none
 *   19      shard's name in UTF-8, then the body as it was received
 * Payload of a store read: kind 2, then arrival as above, then JSON in UTF-8 (endpoint-read.ts).
 *
 * Written: both headers by one write, then each frame by one, behind the frame before it. A frame that
 * reaches beyond the end of the file is followed by a write of zeros, up to the next multiple of
 * AHEAD_BYTES or to the segment's full size: writing over bytes that are there costs less than making a
 * file longer. A segment that is left or closed is cut after its last frame; one that a killed process leaves
 * has the zeros still. A write that fails is undone by cutting the file. If that fails, too, its frame is
 * given up where it is, and the segment with it: the next record goes to a new segment, whose first offset is
 * that of the given-up frame. No process writes into a segment that another one has begun.
 *
 * A start reads the headers and the last segment, to find the end; all else is read while records are appended.
 *
 * Read back, frames in order:
 * - The next offset is never below a header's first one. A frame whose offset is not below the first one
 *   of the next segment that has a whole header was given up: it is passed over, it is no damage.
 * - One whole copy of the header is enough. Without one the salt is lost, and with it the means to tell a
 *   frame from what a sender made up: nothing of that segment is read, all of it is damage.
 * - Where no frame fits, the next fitting one is searched byte by byte. A candidate's payload is summed
 *   only if its head sum is right, and the salt keeps senders from making up right ones. So the work
 *   per byte is bounded, whatever the bodies hold, with no limit on how far or how often is searched: every
 *   frame whose own bytes are unharmed is found, also where bytes were lost or inserted before it.
 * - Damage is kept aside in a file whose name says segment, place, length and CRC-32, so once however
 *   often it is met, and told of each time. If no frame follows it in the last segment, it is cut off.
 * - The zeros at the end of a segment are no damage, and no part of the damage that they follow. After a
 *   power cut they may stand where a frame was that was never synced, as a shorter file may, too.
 */
import assert from 'node:assert'
import type { StreamPosition } from '../ports.ts'
import { asBuffer } from './as-buffer.ts'
import { crc32, crc32OfPart } from './crc32.ts'

/** Zeros are written ahead up to multiples of it: enough to be rare, few enough for a processor's cache. */
export const AHEAD_BYTES = 64 * 1024
/** Bytes of one of the two copies of a segment's header. */
export const HEADER_COPY_BYTES = 32
/** Where a segment's frames begin. */
export const SEGMENT_HEADER_BYTES = 2 * HEADER_COPY_BYTES
export const FRAME_HEADER_BYTES = 20
const EVENT_HEADER_BYTES = 19
const READ_HEADER_BYTES = 9
const SALT_BYTES = 8
const MAGIC = 0x5053_4d4d
const FORMAT = 2
const FORMAT_WITHOUT_ZEROS = 1
const KIND_EVENT = 1
const KIND_READ = 2
/** Bounds what a damaged length may make us read; far above any trigger's body. */
const PAYLOAD_BYTES_MAX = 1 << 30

/** A record of the log, as it is applied, live and in a replay. */
export type SpoolRecord =
  | {
      readonly kind: 'event'
      /** Position in this log. */
      readonly offset: number
      readonly arrivedAtUs: number
      /** Where a stream trigger read it, else null. */
      readonly position: StreamPosition | null
      readonly body: Uint8Array
    }
  | {
      readonly kind: 'read'
      readonly offset: number
      readonly arrivedAtUs: number
      /** JSON of an EndpointRead. */
      readonly json: string
    }

/** A record before the spool has given it its offset. */
export type NewRecord =
  | Omit<Extract<SpoolRecord, { kind: 'event' }>, 'offset'>
  | Omit<Extract<SpoolRecord, { kind: 'read' }>, 'offset'>

/** Name of a segment's file. */
export function segmentName(segmentId: number): string {
  return `${String(segmentId).padStart(10, '0')}.spool`
}

/** Id of a segment by its file's name, or 0 if the name is not one of a segment. */
export function segmentIdOf(name: string): number {
  return /^\d{10}\.spool$/.test(name) ? Number.parseInt(name, 10) : 0
}

/** What ties the sums of a frame to its segment and keeps senders from making them up. */
export interface FrameSeeds {
  readonly header: number
  readonly payload: number
}

/** What a segment's first bytes say. */
export interface SegmentHeader {
  readonly format: number
  readonly segmentId: number
  /** Records of earlier segments have lower offsets, those of this one have not. */
  readonly firstOffset: number
  readonly seeds: FrameSeeds
}

/** The seeds of the frames of a segment; its salt is of 8 bytes. */
function frameSeeds(segmentId: number, salt: Uint8Array): FrameSeeds {
  assert(salt.length === SALT_BYTES, 'a salt is of 8 bytes')
  const id = Buffer.alloc(4)
  id.writeUInt32LE(segmentId)
  const seeds = asBuffer(salt)
  return {
    header: crc32(id, seeds.readUInt32LE(0)),
    payload: crc32(id, seeds.readUInt32LE(4)),
  }
}

/** The first bytes of a segment: its header, twice. */
export function encodeSegmentHeader({
  segmentId,
  firstOffset,
  salt,
}: {
  segmentId: number
  firstOffset: number
  salt: Uint8Array
}): Uint8Array {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(FORMAT, 4)
  bytes.writeUInt32LE(segmentId, 8)
  bytes.writeDoubleLE(firstOffset, 12)
  bytes.set(salt, 20)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  bytes.copy(bytes, HEADER_COPY_BYTES, 0, HEADER_COPY_BYTES)
  return bytes
}

/** What the copy of the header that begins at `start` says; null if it is damaged. */
export function decodeHeaderCopy(segment: Uint8Array, start: number): SegmentHeader | null {
  const bytes = asBuffer(segment).subarray(start, start + HEADER_COPY_BYTES)
  if (bytes.length < HEADER_COPY_BYTES || bytes.readUInt32LE(0) !== MAGIC) return null
  if (bytes.readUInt32LE(28) !== crc32(bytes.subarray(0, 28))) return null
  const segmentId = bytes.readUInt32LE(8)
  return {
    format: bytes.readUInt32LE(4),
    segmentId,
    firstOffset: bytes.readDoubleLE(12),
    seeds: frameSeeds(segmentId, bytes.subarray(20, 28)),
  }
}

/** Whether a segment that says so can be read by this version. */
export function isKnownFormat(format: number): boolean {
  return format === FORMAT || format === FORMAT_WITHOUT_ZEROS
}

/**
 * Where the zeros begin that `bytes`, which no frame follows in their segment, end with; the length if
 * there are none.
 *
 * @param header  of the segment; null where it is lost, and with it what zeros mean there
 */
export function zerosStart(bytes: Uint8Array, header: SegmentHeader | null): number {
  let end = bytes.length
  if (header === null || header.format === FORMAT_WITHOUT_ZEROS) return end
  while (end > 0 && bytes[end - 1] === 0) end--
  return end
}

/** Bytes that a record's frame takes. */
export function frameBytes(record: NewRecord): number {
  return FRAME_HEADER_BYTES + payloadBytes(record)
}

function payloadBytes(record: NewRecord): number {
  if (record.kind === 'read') return READ_HEADER_BYTES + Buffer.byteLength(record.json)
  const shardBytes = record.position === null ? 0 : bytesOfShard(record.position.shard).length
  return EVENT_HEADER_BYTES + shardBytes + record.body.length
}

let lastShard = ''
let lastShardBytes = Buffer.alloc(0)

/** The bytes of a shard's name; nearly every record has the same as the one before it. */
function bytesOfShard(shard: string): Buffer {
  if (shard !== lastShard) {
    lastShard = shard
    lastShardBytes = Buffer.from(shard)
  }
  return lastShardBytes
}

let lastRead = ''
let lastReadBytes = Buffer.alloc(0)

/** The same the other way round: the text of bytes[from] to bytes[to - 1]. */
function shardOfBytes(bytes: Buffer, from: number, to: number): string {
  const length = to - from
  let isLast = length === lastReadBytes.length
  for (let at = 0; isLast && at < length; at++) isLast = bytes[from + at] === lastReadBytes[at]
  if (!isLast) {
    lastReadBytes = Buffer.from(bytes.subarray(from, to))
    lastRead = lastReadBytes.toString('utf8')
  }
  return lastRead
}

/**
 * Writes a record's frame to the begin of `target`.
 *
 * @param size  frameBytes(record), which `target` has room for
 */
export function encodeFrame(
  record: NewRecord,
  target: Buffer,
  { offset, seeds, size = target.length }: { offset: number; seeds: FrameSeeds; size?: number },
): void {
  const length = size - FRAME_HEADER_BYTES
  assert(length <= PAYLOAD_BYTES_MAX, 'a longer record could not be read back')
  const view = viewOf(target)
  view.setUint32(8, length, true)
  view.setFloat64(12, offset, true)
  target[20] = record.kind === 'event' ? KIND_EVENT : KIND_READ
  view.setFloat64(21, record.arrivedAtUs, true)
  if (record.kind === 'event') {
    const { position, body } = record
    view.setFloat64(29, position === null ? -1 : position.offset, true)
    const shard = bytesOfShard(position === null ? '' : position.shard)
    const bodyStart = 39 + shard.length
    view.setUint16(37, shard.length, true)
    target.set(shard, 39)
    target.set(body, bodyStart)
    const startSum = crc32OfPart(target, { from: 20, to: bodyStart, seed: seeds.payload })
    view.setUint32(4, crc32(body, startSum), true)
  } else {
    target.write(record.json, 29)
    view.setUint32(4, crc32(target.subarray(FRAME_HEADER_BYTES, size), seeds.payload), true)
  }
  view.setUint32(0, headSum(target, 0, seeds), true)
}

let lastTarget: Buffer = Buffer.alloc(0)
let lastView: DataView = new DataView(lastTarget.buffer)

/** V8 knows how to write numbers through a view; a Buffer's methods cost five times as much. */
function viewOf(target: Buffer): DataView {
  if (target !== lastTarget) {
    lastTarget = target
    lastView = new DataView(target.buffer, target.byteOffset, target.length)
  }
  return lastView
}

/** By table: for 16 bytes the call into zlib costs more than it saves. */
function headSum(bytes: Buffer, start: number, seeds: FrameSeeds): number {
  return crc32OfPart(bytes, { from: start + 4, to: start + FRAME_HEADER_BYTES, seed: seeds.header })
}

/** A whole frame that was found in a segment. */
export interface FoundFrame {
  readonly record: SpoolRecord
  readonly start: number
  readonly end: number
}

/** The first whole frame at or after `start` whose record's offset is not below `offsetMin`. */
export function findFrame(
  segment: Uint8Array,
  wanted: { readonly start: number; readonly seeds: FrameSeeds; readonly offsetMin: number },
): FoundFrame | null {
  const bytes = asBuffer(segment)
  for (let at = wanted.start; at + FRAME_HEADER_BYTES < bytes.length; at++) {
    const found = readFrame(bytes, at, wanted)
    if (found !== null) return found
  }
  return null
}

function readFrame(
  bytes: Buffer,
  start: number,
  { seeds, offsetMin }: { readonly seeds: FrameSeeds; readonly offsetMin: number },
): FoundFrame | null {
  const view = readViewOf(bytes)
  const length = view.getUint32(start + 8, true)
  const payloadStart = start + FRAME_HEADER_BYTES
  const end = payloadStart + length
  // The cheapest doubts first: a search after damage comes by here once per byte.
  if (length < READ_HEADER_BYTES || length > PAYLOAD_BYTES_MAX || end > bytes.length) return null
  const offset = view.getFloat64(start + 12, true)
  if (!(offset >= offsetMin)) return null // NaN
  if (view.getUint32(start, true) !== headSum(bytes, start, seeds)) return null
  const isEvent = bytes[payloadStart] === KIND_EVENT && length >= EVENT_HEADER_BYTES
  const shardBytes = isEvent ? view.getUint16(payloadStart + 17, true) : 0
  const textStart = payloadStart + (isEvent ? EVENT_HEADER_BYTES : READ_HEADER_BYTES) + shardBytes
  // In two parts, as it was made: a view of the whole payload costs as much as the sum of its begin.
  const text = bytes.subarray(Math.min(textStart, end), end)
  const sums = { from: payloadStart, to: Math.min(textStart, end), seed: seeds.payload }
  if (view.getUint32(start + 4, true) !== crc32(text, crc32OfPart(bytes, sums))) return null
  const arrivedAtUs = view.getFloat64(payloadStart + 1, true)
  if (!isEvent) {
    if (bytes[payloadStart] !== KIND_READ) return null
    const json = text.toString('utf8')
    return { record: { kind: 'read', offset, arrivedAtUs, json }, start, end }
  }
  const streamOffset = view.getFloat64(payloadStart + 9, true)
  const shardStart = payloadStart + EVENT_HEADER_BYTES
  const position =
    streamOffset < 0
      ? null
      : { shard: shardOfBytes(bytes, shardStart, Math.min(textStart, end)), offset: streamOffset }
  const record = { kind: 'event', offset, arrivedAtUs, position, body: text } as const
  return { record, start, end }
}

let lastReadTarget: Buffer = Buffer.alloc(0)
let lastReadView: DataView = new DataView(lastReadTarget.buffer)

/** As `viewOf`, but of what is read: events may be appended in between. */
function readViewOf(bytes: Buffer): DataView {
  if (bytes !== lastReadTarget) {
    lastReadTarget = bytes
    lastReadView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  return lastReadView
}

/**
 * Where the last whole frame of a segment ends, the offset after its record's, and when the newest of its
 * records arrived (0 without any); all of it is looked through.
 */
export function lastFrame(
  segment: Buffer,
  { firstOffset, seeds }: SegmentHeader,
): { readonly end: number; readonly nextOffset: number; readonly newestArrivedUs: number } {
  // The second copy of the header was torn while the segment was begun, so that there are no frames.
  let end = segment.length < SEGMENT_HEADER_BYTES ? HEADER_COPY_BYTES : SEGMENT_HEADER_BYTES
  let nextOffset = firstOffset
  let newestArrivedUs = 0
  for (;;) {
    const found = findFrame(segment, { start: end, seeds, offsetMin: nextOffset })
    if (found === null) return { end, nextOffset, newestArrivedUs }
    end = found.end
    nextOffset = found.record.offset + 1
    newestArrivedUs = Math.max(newestArrivedUs, found.record.arrivedAtUs)
  }
}
