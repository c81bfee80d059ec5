// Streams: records keep their order in a shard, and a batch can be taken in part.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { KEY, send, type TestAnswer } from './test-client.ts'
import { startV3ioDouble, type V3ioDouble } from './v3io-double.ts'

type Json = Readonly<Record<string, unknown>>

let double: V3ioDouble
beforeEach(async () => {
  double = await startV3ioDouble({ accessKey: KEY })
  await call('POST', 'CreateStream', 's/', { ShardCount: 2, RetentionPeriodHours: 24 })
})
afterEach(() => double.close())

function call(method: string, name: string, path: string, body?: Json): Promise<TestAnswer> {
  const request = { method, path: `/projects/${path}`, function: name }
  return send(double.url, body === undefined ? request : { ...request, body })
}

async function json(method: string, name: string, path: string, body?: Json): Promise<Json> {
  const { status, text } = await call(method, name, path, body)
  assert.equal(status, 200, text)
  return JSON.parse(text) as Json
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

async function readShard(shard: number, seek: Json, limit?: number): Promise<Json> {
  const { Location } = await json('PUT', 'SeekShard', `s/${shard}/`, seek)
  const body = limit === undefined ? { Location } : { Location, Limit: limit }
  return json('PUT', 'GetRecords', `s/${shard}/`, body)
}

function dataOf({ Records }: Json): readonly string[] {
  return (Records as readonly { readonly Data: string }[]).map(({ Data }) =>
    Buffer.from(Data, 'base64').toString(),
  )
}

test('a stream is made once, described, and grows only', async () => {
  const create = { ShardCount: 1, RetentionPeriodHours: 1 }
  assert.equal((await call('POST', 'CreateStream', 's/', create)).status, 409)
  assert.deepEqual(await json('PUT', 'DescribeStream', 's/'), {
    ShardCount: 2,
    RetentionPeriodHours: 24,
  })
  assert.equal((await call('POST', 'UpdateStream', 's/', { ShardCount: 1 })).status, 400)
  assert.equal((await call('POST', 'UpdateStream', 's/', { ShardCount: 3 })).status, 204)
  assert.deepEqual(double.paths('projects'), ['s/0', 's/1', 's/2'])
})

test('records that cannot be taken are named in their places, the others are stored', async () => {
  const Records = [
    { Data: base64('a'), ShardId: 1 },
    { Data: base64('b'), ShardId: 2 },
    { Data: base64('c'), ShardId: 1, ClientInfo: base64('x'.repeat(17)) },
    { Data: base64('d'), ShardId: 1, PartitionKey: 'k'.repeat(257) },
    { Data: Buffer.alloc(2 * 1024 * 1024 + 1).toString('base64'), ShardId: 1 },
    { Data: base64('e'), ShardId: 1, PartitionKey: 'key', ClientInfo: base64('info') },
  ]
  const answer = await json('POST', 'PutRecords', 's/', { Records })
  assert.equal(answer['FailedRecordCount'], 4)
  const results = answer['Records'] as readonly Json[]
  assert.deepEqual(
    results.map((result) => result['SequenceNumber'] ?? null),
    [1, null, null, null, null, 2],
  )
  assert.deepEqual(results[1], {
    ErrorCode: -201326594,
    ErrorMessage: 'ShardIDOutOfRangeException',
  })
  const read = await readShard(1, { Type: 'EARLIEST' })
  assert.deepEqual(dataOf(read), ['a', 'e'])
  const [, last] = read['Records'] as readonly Json[]
  assert.equal(last?.['PartitionKey'], 'key')
  assert.equal(last?.['ClientInfo'], base64('info'))
  assert.equal(last?.['SequenceNumber'], 2)
})

test('one key always meets the same shard; without a key all shards get their part', async () => {
  const keyed = Array.from({ length: 5 }, () => ({ Data: '', PartitionKey: 'same' }))
  const bare = Array.from({ length: 4 }, () => ({ Data: '' }))
  const shards = async (Records: readonly Json[]) => {
    const answer = await json('POST', 'PutRecords', 's/', { Records })
    return (answer['Records'] as readonly Json[]).map((result) => result['ShardId'])
  }
  assert.equal(new Set(await shards(keyed)).size, 1)
  assert.deepEqual(await shards(bare), [0, 1, 0, 1])
})

test('reading goes on from location to location, and begins where it is told', async () => {
  const Records = ['a', 'b', 'c'].map((text) => ({ Data: base64(text), ShardId: 0 }))
  await json('POST', 'PutRecords', 's/', { Records })
  const first = await readShard(0, { Type: 'EARLIEST' }, 2)
  assert.deepEqual(dataOf(first), ['a', 'b'])
  assert.equal(first['RecordsBehindLatest'], 1)
  const next = { Location: first['NextLocation'] }
  assert.deepEqual(dataOf(await json('PUT', 'GetRecords', 's/0/', next)), ['c'])
  assert.deepEqual(dataOf(await readShard(0, { Type: 'LATEST' })), [])
  const sequence = { Type: 'SEQUENCE', StartingSequenceNumber: 2 }
  assert.deepEqual(dataOf(await readShard(0, sequence)), ['b', 'c'])
  const [record] = first['Records'] as readonly Json[]
  const time = {
    Type: 'TIME',
    TimestampSec: record?.['ArrivalTimeSec'],
    TimestampNSec: Number(record?.['ArrivalTimeNSec']) + 1,
  }
  assert.deepEqual(dataOf(await readShard(0, time)), ['b', 'c'])
  const later = { Type: 'TIME', TimestampSec: 4e9, TimestampNSec: 0 }
  assert.deepEqual(dataOf(await readShard(0, later)), [])
})

test('a stream is deleted shard by shard, then as a directory', async () => {
  const remove = (path: string) => send(double.url, { method: 'DELETE', path: `/projects/${path}` })
  assert.equal((await remove('s/')).status, 409)
  assert.equal((await remove('s/0')).status, 204)
  assert.equal((await call('PUT', 'SeekShard', 's/0/', { Type: 'LATEST' })).status, 404)
  await remove('s/1')
  assert.equal((await remove('s/')).status, 204)
  assert.equal((await call('PUT', 'DescribeStream', 's/')).status, 404)
})
