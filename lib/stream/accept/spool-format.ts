/**
 * Format 1 of the spool: an append-only log of what came in, in segments.
 *
 * Constraints: a frame is written by one synchronous append before the event is answered, so that a
 * killed process loses nothing that was answered; a frame that was torn, moved or copied must not
 * pass for a whole one; after damage the next whole frame can be found. Numbers are little-endian.
 *
 * Segment `0000000001.spool`:
 *   0   4  magic 'MMSP'
 *   4   4  format, 1
 *   8   4  id of the segment, > 0: the number in its name
 *   12  8  offset of its first record (double)
 *   20  4  CRC-32 of bytes 0 to 19
 *   24     frames
 * Frame:
 *   0   4  CRC-32 over the segment's id (4 bytes) and the frame from byte 4 to its end
 *   4   4  length of the payload, >= 1, so that zeros are never a frame
 *   8   8  offset of the record in the log (double): 0, 1, 2, ...
 *   16     payload
 * Payload of an event:
 *   0   1  kind, 1
 *   1   8  arrival, microseconds since 1970 UTC (double)
 *   9   8  the trigger's offset (double); -1 if the event has no position in a stream
 *   17  2  length of the shard's name; 0 if it has none
 *   19     shard's name in UTF-8, then the body as it was received
 * Payload of a store read: kind 2, then arrival as above, then JSON in UTF-8 (endpoint-read.ts).
 *
 * Read back: frames in order. Where one does not fit, the next fitting frame is searched byte by
 * byte; what lies between is kept aside in a file of its own and counted. Nothing fitting after it:
 * the tail of the last segment is kept aside and cut off.
 */
import type { StreamPosition } from '../ports.ts'
import { asBuffer } from './as-buffer.ts'
import { crc32 } from './crc32.ts'

export const SEGMENT_HEADER_BYTES = 24
export const FRAME_HEADER_BYTES = 16
const EVENT_HEADER_BYTES = 19
const MAGIC = 0x5053_4d4d
const FORMAT = 1
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

/** The seed that ties a frame's sum to its segment. */
export function segmentSeed(segmentId: number): number {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(segmentId)
  return crc32(bytes)
}

/** The first bytes of a segment. */
export function encodeSegmentHeader(segmentId: number, firstOffset: number): Uint8Array {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES)
  bytes.writeUInt32LE(MAGIC, 0)
  bytes.writeUInt32LE(FORMAT, 4)
  bytes.writeUInt32LE(segmentId, 8)
  bytes.writeDoubleLE(firstOffset, 12)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 20)), 20)
  return bytes
}

/** What a segment's first bytes say; null if they are damaged. */
export function decodeSegmentHeader(
  segment: Uint8Array,
): { readonly format: number; readonly segmentId: number; readonly firstOffset: number } | null {
  if (segment.length < SEGMENT_HEADER_BYTES) return null
  const bytes = asBuffer(segment)
  if (bytes.readUInt32LE(0) !== MAGIC) return null
  if (bytes.readUInt32LE(20) !== crc32(bytes.subarray(0, 20))) return null
  const format = bytes.readUInt32LE(4)
  return { format, segmentId: bytes.readUInt32LE(8), firstOffset: bytes.readDoubleLE(12) }
}

/** Whether a segment that says so can be read by this version. */
export function isKnownFormat(format: number): boolean {
  return format === FORMAT
}

/** Bytes that a record's frame takes. */
export function frameBytes(record: NewRecord): number {
  return FRAME_HEADER_BYTES + payloadBytes(record)
}

function payloadBytes(record: NewRecord): number {
  if (record.kind === 'read') return 9 + Buffer.byteLength(record.json)
  const shardBytes = record.position === null ? 0 : Buffer.byteLength(record.position.shard)
  return EVENT_HEADER_BYTES + shardBytes + record.body.length
}

/** Writes a record's frame into `target`, which is exactly its frameBytes(record) long. */
export function encodeFrame(
  record: NewRecord,
  target: Buffer,
  { offset, seed }: { offset: number; seed: number },
): void {
  target.writeUInt32LE(target.length - FRAME_HEADER_BYTES, 4)
  target.writeDoubleLE(offset, 8)
  target[16] = record.kind === 'event' ? KIND_EVENT : KIND_READ
  target.writeDoubleLE(record.arrivedAtUs, 17)
  if (record.kind === 'event') {
    const { position, body } = record
    target.writeDoubleLE(position === null ? -1 : position.offset, 25)
    const shardBytes = position === null ? 0 : target.write(position.shard, 35)
    target.writeUInt16LE(shardBytes, 33)
    target.set(body, 35 + shardBytes)
  } else {
    target.write(record.json, 25)
  }
  target.writeUInt32LE(crc32(target.subarray(4), seed), 0)
}

/** A whole frame that was found in a segment. */
export interface FoundFrame {
  readonly record: SpoolRecord
  readonly start: number
  readonly end: number
}

/** The frame that begins at `start`, or null if no whole frame of this segment begins there. */
export function readFrame(
  segment: Uint8Array,
  { start, seed }: { start: number; seed: number },
): FoundFrame | null {
  const bytes = asBuffer(segment)
  if (start + FRAME_HEADER_BYTES >= bytes.length) return null
  const length = bytes.readUInt32LE(start + 4)
  const end = start + FRAME_HEADER_BYTES + length
  if (length < 10 || length > PAYLOAD_BYTES_MAX || end > bytes.length) return null
  const offset = bytes.readDoubleLE(start + 8)
  // Cheap doubts first: a search after damage comes by here once per byte.
  if (!Number.isSafeInteger(offset) || offset < 0) return null
  if (bytes.readUInt32LE(start) !== crc32(bytes.subarray(start + 4, end), seed)) return null
  const record = decodePayload(bytes.subarray(start + FRAME_HEADER_BYTES, end), offset)
  return record === null ? null : { record, start, end }
}

function decodePayload(payload: Buffer, offset: number): SpoolRecord | null {
  const arrivedAtUs = payload.readDoubleLE(1)
  if (payload[0] === KIND_READ) {
    return { kind: 'read', offset, arrivedAtUs, json: payload.toString('utf8', 9) }
  }
  if (payload[0] !== KIND_EVENT || payload.length < EVENT_HEADER_BYTES) return null
  const shardEnd = EVENT_HEADER_BYTES + payload.readUInt16LE(17)
  const streamOffset = payload.readDoubleLE(9)
  const shard = payload.toString('utf8', EVENT_HEADER_BYTES, shardEnd)
  const position = streamOffset < 0 ? null : { shard, offset: streamOffset }
  return { kind: 'event', offset, arrivedAtUs, position, body: payload.subarray(shardEnd) }
}
