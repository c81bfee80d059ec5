import {
  badAnswer,
  type JsonObject,
  parseAnswer,
  readBigInt,
  readCount,
  readObjects,
  readText,
} from './answer-json.ts'
import { type Timestamp, timestampOf } from './attributes.ts'
import { isBase64 } from './base64.ts'
import { V3ioError } from './v3io-error.ts'
import { checkWhole } from './web-api.ts'

/** Where reading a shard begins. */
export type ShardStart =
  | { readonly type: 'earliest' }
  /** After all records that are there now. */
  | { readonly type: 'latest' }
  /** At the first record that arrived then or later. */
  | { readonly type: 'time'; readonly at: Date | Timestamp }
  /** At this record. */
  | { readonly type: 'sequence'; readonly sequenceNumber: number | bigint }

/** A record of a shard. */
export interface ShardRecord {
  readonly sequenceNumber: bigint
  readonly arrivedAt: Timestamp
  readonly partitionKey: string | null
  readonly clientInfo: Buffer | null
  readonly data: Buffer
}

/** Records of a shard, from one place on. */
export interface ShardRecords {
  /** Where to go on; stays the same kind of text, and means nothing to a client. */
  readonly nextLocation: string
  /** How far behind the shard's end it is: time of the records, and their number; >= 0. */
  readonly behindMs: number
  readonly behindRecords: number
  readonly records: readonly ShardRecord[]
}

/** The body of a seek; @throws V3ioError `invalid-argument` */
export function seekBody(start: ShardStart): string {
  switch (start.type) {
    case 'earliest':
      return '{"Type":"EARLIEST"}'
    case 'latest':
      return '{"Type":"LATEST"}'
    case 'time': {
      const { seconds, nanoseconds } = start.at instanceof Date ? timestampOf(start.at) : start.at
      checkWhole('seconds', seconds, { min: 0 })
      checkWhole('nanoseconds', nanoseconds, { min: 0, max: 999_999_999 })
      return JSON.stringify({ Type: 'TIME', TimestampSec: seconds, TimestampNSec: nanoseconds })
    }
    case 'sequence': {
      const { sequenceNumber } = start
      const isWhole = typeof sequenceNumber === 'bigint' || Number.isSafeInteger(sequenceNumber)
      if (isWhole && sequenceNumber >= 0) {
        // By hand, as JSON.stringify takes no bigint.
        return `{"Type":"SEQUENCE","StartingSequenceNumber":${sequenceNumber}}`
      }
      throw new V3ioError('invalid-argument', `${sequenceNumber} is not a sequence number`)
    }
  }
}

/** The answer to GetRecords; @throws V3ioError `bad-answer` */
export function readShardRecords(body: Buffer): ShardRecords {
  const answer = parseAnswer(body)
  return {
    nextLocation: readText(answer, 'NextLocation'),
    behindMs: readCount(answer, 'MSecBehindLatest'),
    behindRecords: readCount(answer, 'RecordsBehindLatest'),
    records: readObjects(answer, 'Records').map(readRecord),
  }
}

function readRecord(raw: JsonObject): ShardRecord {
  const { PartitionKey: partitionKey, ClientInfo: clientInfo } = raw
  return {
    sequenceNumber: readBigInt(raw, 'SequenceNumber'),
    arrivedAt: {
      seconds: readCount(raw, 'ArrivalTimeSec'),
      nanoseconds: readCount(raw, 'ArrivalTimeNSec'),
    },
    partitionKey: isGiven(partitionKey) ? readText(raw, 'PartitionKey') : null,
    clientInfo: isGiven(clientInfo) ? readBytes(raw, 'ClientInfo') : null,
    data: readBytes(raw, 'Data'),
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function readBytes(raw: JsonObject, name: string): Buffer {
  const text = readText(raw, name)
  if (!isBase64(text)) throw badAnswer(`${name} is not base64`)
  return Buffer.from(text, 'base64')
}
