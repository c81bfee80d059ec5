import { type Answer, emptyAnswer, jsonAnswer } from './answer.ts'
import type { Call } from './call.ts'
import { countField, type Fields, readJsonBody, textField } from './json-body.ts'
import { alreadyThere, invalid, notFound } from './refusal.ts'
import { lastName, parentOf } from './store.ts'
import { Stream, type StreamRecord } from './stream.ts'

const SHARDS_MAX = 4096
const RECORDS_DEFAULT = 1000

/**
 * CreateStream: a directory with one object per shard.
 *
 * @throws Refusal 409 when something lies there already
 */
export function createStream({ store, target, body, contentType }: Call): Answer {
  const fields = readJsonBody(body, contentType, {
    required: ['ShardCount', 'RetentionPeriodHours'],
  })
  const shardCount = shardCountOf(fields)
  const retentionHours = countField(fields, 'RetentionPeriodHours', 1) ?? 1
  const parent = store.directory(parentOf(target))
  if (store.directory(target) !== undefined || parent?.objects.has(lastName(target))) {
    throw alreadyThere()
  }
  const directory = store.makeDirectory(target)
  directory.stream = new Stream(shardCount, retentionHours)
  makeShards({ store, target }, 0, shardCount)
  return emptyAnswer(204)
}

/**
 * UpdateStream: more shards.
 *
 * @throws Refusal 404 without a stream, 400 for fewer shards than it has
 */
export function updateStream(call: Call): Answer {
  const fields = readJsonBody(call.body, call.contentType, { required: ['ShardCount'] })
  const shardCount = shardCountOf(fields)
  const stream = streamOf(call)
  const before = stream.shardCount
  if (shardCount < before) throw invalid(`${shardCount} shards instead of ${before}`)
  stream.grow(shardCount)
  makeShards(call, before, shardCount)
  return emptyAnswer(204)
}

/**
 * DescribeStream.
 *
 * @throws Refusal 404 without a stream, 400 when there is a body
 */
export function describeStream(call: Call): Answer {
  if (call.body.length > 0) throw invalid('DescribeStream has no body')
  const { shardCount, retentionHours } = streamOf(call)
  return jsonAnswer({ ShardCount: shardCount, RetentionPeriodHours: retentionHours })
}

/**
 * SeekShard, also called Seek: where reading a shard begins.
 *
 * @throws Refusal 404 without the shard, 400 for a type without its fields
 */
export function seekShard(call: Call): Answer {
  const fields = readJsonBody(call.body, call.contentType, {
    required: ['Type'],
    optional: ['TimestampSec', 'TimestampNSec', 'StartingSequenceNumber'],
  })
  return jsonAnswer({ Location: locationOf(seekIndex(fields, shardOf(call))) })
}

/**
 * GetRecords: records from a location on.
 *
 * @throws Refusal 404 without the shard, 400 for a location that no answer gave
 */
export function getRecords(call: Call): Answer {
  const fields = readJsonBody(call.body, call.contentType, {
    required: ['Location'],
    optional: ['Limit'],
  })
  const records = shardOf(call)
  const first = indexOf(textField(fields, 'Location') ?? '', records.length)
  // A client in Go sends 0 for "no limit of my own".
  const limit = countField(fields, 'Limit', 0) || RECORDS_DEFAULT
  const end = Math.min(records.length, first + Math.min(limit, call.pageItemsMax))
  return jsonAnswer({
    NextLocation: locationOf(end),
    MSecBehindLatest: millisecondsBehind(records, end),
    RecordsBehindLatest: records.length - end,
    Records: records
      .slice(first, end)
      .map((record, index) => wireRecord(record, first + index + 1)),
  })
}

/**
 * The stream at a call's directory.
 *
 * @throws Refusal 404
 */
export function streamOf({ store, target }: Pick<Call, 'store' | 'target'>): Stream {
  const stream = store.directory(target)?.stream
  if (stream === undefined) throw notFound()
  return stream
}

function shardCountOf(fields: Fields): number {
  const shardCount = countField(fields, 'ShardCount', 1) ?? 0
  if (shardCount > SHARDS_MAX) throw invalid(`${shardCount} shards`)
  return shardCount
}

function makeShards(
  { store, target }: Pick<Call, 'store' | 'target'>,
  first: number,
  end: number,
): void {
  for (let shardId = first; shardId < end; shardId++) {
    store.write({ ...target, names: [...target.names, String(shardId)] }, {})
  }
}

function shardOf({ store, target }: Call): readonly StreamRecord[] {
  const parent = parentOf(target)
  const directory = store.directory(parent)
  const shard = lastName(target)
  // A shard whose object was deleted is gone with it.
  if (directory?.stream === undefined || !directory.objects.has(shard)) throw notFound()
  return directory.stream.records(Number(shard))
}

function seekIndex(fields: Fields, records: readonly StreamRecord[]): number {
  const type = textField(fields, 'Type')
  switch (type) {
    case 'EARLIEST':
      return 0
    case 'LATEST':
      return records.length
    case 'TIME': {
      const seconds = countField(fields, 'TimestampSec', 0)
      const nanoseconds = countField(fields, 'TimestampNSec', 0)
      if (seconds === undefined || nanoseconds === undefined) throw invalid('TIME without a time')
      const from = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)
      const index = records.findIndex(({ arrivedAt }) => arrivedAt >= from)
      return index < 0 ? records.length : index
    }
    case 'SEQUENCE': {
      const sequence = countField(fields, 'StartingSequenceNumber', 1)
      if (sequence === undefined || sequence > records.length) {
        throw invalid(`SEQUENCE from ${sequence} of ${records.length} records`)
      }
      return sequence - 1
    }
    default:
      throw invalid(`Type ${type}`)
  }
}

function locationOf(index: number): string {
  return Buffer.from(String(index)).toString('base64')
}

function indexOf(location: string, recordCount: number): number {
  const text = Buffer.from(location, 'base64').toString()
  if (!/^\d{1,15}$/.test(text) || locationOf(Number(text)) !== location) {
    throw invalid(`Location ${location}`)
  }
  if (Number(text) > recordCount) throw invalid(`Location ${location} behind the end`)
  return Number(text)
}

function millisecondsBehind(records: readonly StreamRecord[], end: number): number {
  const next = records[end]
  const latest = records.at(-1)
  if (next === undefined || latest === undefined) return 0
  return Number((latest.arrivedAt - next.arrivedAt) / 1_000_000n)
}

function wireRecord(record: StreamRecord, sequence: number): Readonly<Record<string, unknown>> {
  return {
    ArrivalTimeSec: Number(record.arrivedAt / 1_000_000_000n),
    ArrivalTimeNSec: Number(record.arrivedAt % 1_000_000_000n),
    SequenceNumber: sequence,
    ...(record.partitionKey === undefined ? {} : { PartitionKey: record.partitionKey }),
    ...(record.clientInfo === undefined ? {} : { ClientInfo: record.clientInfo }),
    Data: record.data.toString('base64'),
  }
}
