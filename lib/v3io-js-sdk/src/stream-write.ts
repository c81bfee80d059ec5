import {
  badAnswer,
  type JsonObject,
  parseAnswer,
  readBigInt,
  readCount,
  readObjects,
} from './answer-json.ts'
import { V3ioError, type V3ioErrorCode } from './v3io-error.ts'
import { checkWhole } from './web-api.ts'

/** A record to be put into a stream. */
export interface StreamRecord {
  /** 2,000,000 bytes at most; text is sent as UTF-8. */
  readonly data: string | Uint8Array
  /** Whatever the readers know how to read, 16 bytes at most. */
  readonly clientInfo?: string | Uint8Array
  /** The shard to be put into, >= 0; without one the platform chooses, by the partition key if there is one. */
  readonly shardId?: number
  /** 256 bytes of UTF-8 at most. */
  readonly partitionKey?: string
}

/** A record that is in the stream. */
export interface StoredRecord {
  readonly kind: 'stored'
  readonly shardId: number
  readonly sequenceNumber: bigint
}

/** A record that is not in the stream, as far as is known. */
export interface FailedRecord {
  readonly kind: 'failed'
  /** The platform's number, such as -201326594; the error's code where a whole request failed. */
  readonly code: number | V3ioErrorCode
  readonly message: string
  /** Whether the same record may be taken later. */
  readonly isPassing: boolean
  /** Whether it may be in the stream all the same, because an answer was lost. */
  readonly mayBeStored: boolean
}

/** What became of one record. */
export type RecordResult = StoredRecord | FailedRecord

/** Records of one request, as JSON, in order. */
export type RecordBatch = readonly string[]

const RECORDS_MAX = 1_000
const BODY_BYTES_MAX = 10_000_000
const DATA_BYTES_MAX = 2_000_000
const CLIENT_INFO_BYTES_MAX = 16
const PARTITION_KEY_BYTES_MAX = 256
const FRAME_BYTES = '{"Records":[]}'.length
// Invalid argument and no such shard: another try would be the same.
const LASTING = new Set([-201326592, -201326594])

/**
 * Records in requests of at most 1000 records and 10 MB, in order.
 *
 * @throws V3ioError `invalid-argument` for a record that no request can hold
 */
export function batchesOf(records: readonly StreamRecord[]): readonly RecordBatch[] {
  const batches: string[][] = []
  let batch: string[] = []
  let bytes = FRAME_BYTES
  for (const [index, record] of records.entries()) {
    const json = encodeRecord(record, index)
    const jsonBytes = Buffer.byteLength(json) + 1
    if (batch.length === RECORDS_MAX || (batch.length > 0 && bytes + jsonBytes > BODY_BYTES_MAX)) {
      batches.push(batch)
      batch = []
      bytes = FRAME_BYTES
    }
    batch.push(json)
    bytes += jsonBytes
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

function encodeRecord(record: StreamRecord, index: number): string {
  const { data, clientInfo, shardId, partitionKey } = record
  const place = `records[${index}]`
  const keyBytes = Buffer.byteLength(partitionKey ?? '')
  checkWhole(`${place}.partitionKey in bytes`, keyBytes, { min: 0, max: PARTITION_KEY_BYTES_MAX })
  if (!(partitionKey ?? '').isWellFormed()) {
    throw new V3ioError('invalid-argument', `${place}.partitionKey is not Unicode`)
  }
  const info = { min: 0, max: CLIENT_INFO_BYTES_MAX }
  // JSON leaves out what is undefined.
  return JSON.stringify({
    Data: base64(`${place}.data`, data, { min: 0, max: DATA_BYTES_MAX }),
    ClientInfo:
      clientInfo === undefined ? undefined : base64(`${place}.clientInfo`, clientInfo, info),
    ShardId:
      shardId === undefined ? undefined : checkWhole(`${place}.shardId`, shardId, { min: 0 }),
    PartitionKey: partitionKey,
  })
}

function base64(
  place: string,
  value: string | Uint8Array,
  bytes: { readonly min: number; readonly max: number },
): string {
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new V3ioError('invalid-argument', `${place} is not Unicode`)
  }
  const buffer =
    typeof value === 'string'
      ? Buffer.from(value)
      : Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  checkWhole(`${place} in bytes`, buffer.length, bytes)
  return buffer.toString('base64')
}

/**
 * The results of one request, in its order.
 *
 * @param count  records that were sent
 * @throws       V3ioError `bad-answer`
 */
export function readResults(body: Buffer, count: number): readonly RecordResult[] {
  const results = readObjects(parseAnswer(body), 'Records').map(readResult)
  if (results.length === count) return results
  throw badAnswer(`${results.length} results of ${count} records`)
}

function readResult(raw: JsonObject): RecordResult {
  const code = raw['ErrorCode'] ?? 0
  if (code === 0) {
    const sequenceNumber = readBigInt(raw, 'SequenceNumber')
    return { kind: 'stored', shardId: readCount(raw, 'ShardId'), sequenceNumber }
  }
  const message = typeof raw['ErrorMessage'] === 'string' ? raw['ErrorMessage'] : ''
  const number = readCount(raw, 'ErrorCode')
  const isPassing = !LASTING.has(number)
  return { kind: 'failed', code: number, message, isPassing, mayBeStored: false }
}

/** The result of each record of a request that failed as a whole. */
export function failureOf(error: V3ioError): FailedRecord {
  const { code, message, isPassing, mayBeApplied } = error
  return { kind: 'failed', code, message, isPassing, mayBeStored: mayBeApplied }
}
