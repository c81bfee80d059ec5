import { type Answer, jsonAnswer } from './answer.ts'
import { decodeBase64 } from './base64.ts'
import type { Call } from './call.ts'
import { checkKeys, countField, type Fields, readJsonBody, textField } from './json-body.ts'
import { invalid } from './refusal.ts'
import type { Directory } from './store.ts'
import { streamOf } from './stream-functions.ts'

const BODY_BYTES_MAX = 10 * 1024 * 1024
const RECORDS_MAX = 1000
const DATA_BYTES_MAX = 2 * 1024 * 1024
const CLIENT_INFO_BYTES_MAX = 16
const PARTITION_KEY_BYTES_MAX = 256

/** What one record became: its place, or why it was not taken. */
type Result =
  | { readonly SequenceNumber: number; readonly ShardId: number }
  | { readonly ErrorCode: number; readonly ErrorMessage: string }

const NO_SUCH_SHARD = { ErrorCode: -201326594, ErrorMessage: 'ShardIDOutOfRangeException' }
const TOO_LARGE = { ErrorCode: -201326592, ErrorMessage: 'InvalidArgumentException' }

/**
 * PutRecords: appends each record that can be taken, in order, and names the others in the answer,
 * which is 200 all the same.
 *
 * @throws Refusal 404 without a stream; 400 when the body breaks the format, then no record is taken
 */
export function putRecords(call: Call): Answer {
  const stream = streamOf(call)
  const fields = readJsonBody(call.body, call.contentType, {
    required: ['Records'],
    bytesMax: BODY_BYTES_MAX,
  })
  const records = fields.get('Records')
  if (!Array.isArray(records) || records.length < 1 || records.length > RECORDS_MAX) {
    throw invalid(`Records must be an array of 1 to ${RECORDS_MAX}`)
  }
  const parsed = records.map(parseRecord)
  const directory = call.store.directory(call.target)
  const results = parsed.map((record): Result => {
    if (record.isTooLarge) return TOO_LARGE
    const shardId = record.shardId ?? stream.shardFor(record.partitionKey)
    if (!hasShard(directory, shardId)) return NO_SUCH_SHARD
    const SequenceNumber = stream.append(shardId, {
      ...record,
      arrivedAt: call.store.writeTime(),
    })
    return { SequenceNumber, ShardId: shardId }
  })
  return jsonAnswer({
    FailedRecordCount: results.filter((result) => 'ErrorCode' in result).length,
    Records: results,
  })
}

function hasShard(directory: Directory | undefined, shardId: number): boolean {
  const shardCount = directory?.stream?.shardCount ?? 0
  return shardId < shardCount && directory?.objects.has(String(shardId)) === true
}

function parseRecord(record: unknown) {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw invalid('a record must be an object')
  }
  const fields = checkKeys(
    record,
    { required: ['Data'], optional: ['ClientInfo', 'ShardId', 'PartitionKey'] },
    'a record',
  )
  const data = bytesField(fields, 'Data') ?? Buffer.alloc(0)
  const clientInfo = bytesField(fields, 'ClientInfo')
  const partitionKey = textField(fields, 'PartitionKey')
  return {
    data,
    clientInfo: clientInfo?.toString('base64'),
    partitionKey,
    shardId: countField(fields, 'ShardId', 0),
    isTooLarge:
      data.length > DATA_BYTES_MAX ||
      (clientInfo?.length ?? 0) > CLIENT_INFO_BYTES_MAX ||
      Buffer.byteLength(partitionKey ?? '') > PARTITION_KEY_BYTES_MAX,
  }
}

function bytesField(fields: Fields, key: string): Buffer | undefined {
  const text = textField(fields, key)
  if (text === undefined) return undefined
  const bytes = decodeBase64(text)
  if (bytes === undefined) throw invalid(`${key} is not base64`)
  return bytes
}
