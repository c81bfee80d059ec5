// Streams: records go out in requests of the allowed size, each gets its own result, none is sent twice
// unless it is certainly not stored, and sequence numbers keep all their digits.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StreamRecord } from '../src/index.ts'
import { clientOf, collect } from './support/clients.ts'
import { type Step, startServer } from './support/scripted-server.ts'

const BUSY = { ErrorCode: -5, ErrorMessage: 'busy' }
const dataOf = (body: string): string[] =>
  JSON.parse(body).Records.map(({ Data }: { Data: string }) =>
    Buffer.from(Data, 'base64').toString(),
  )
const streamOf = async (script: Parameters<typeof startServer>[0]) => {
  const server = await startServer(script)
  return { server, stream: clientOf(server).stream('c', 's') }
}
const stored = (body: string): Step => ({
  body: JSON.stringify({
    FailedRecordCount: 0,
    Records: dataOf(body).map((_, index) => ({ SequenceNumber: index, ShardId: 0 })),
  }),
})

test('2,500 records go out in three requests, in order', async () => {
  const { server, stream } = await streamOf(({ body }) => stored(body))
  const records = Array.from({ length: 2_500 }, (_, index) => ({ data: `${index}` }))
  const results = await stream.putRecords(records)
  assert.equal(results.length, 2_500)
  assert(results.every(({ kind }) => kind === 'stored'))
  const sent = server.seen.map(({ body }) => dataOf(body))
  assert.deepEqual(
    sent.map(({ length }) => length),
    [1_000, 1_000, 500],
  )
  assert.deepEqual(
    sent.flat(),
    records.map(({ data }) => data),
  )
})

test('no request is longer than 10 MB', async () => {
  const { server, stream } = await streamOf(({ body }) => stored(body))
  const data = Buffer.alloc(2_000_000)
  assert.equal((await stream.putRecords(Array.from({ length: 8 }, () => ({ data })))).length, 8)
  const lengths = server.seen.map(({ body }) => body.length)
  assert.deepEqual(lengths.length, 3)
  assert(lengths.every((length) => length <= 10_000_000))
})

test('no records are no request; a record that cannot be sent stops all before the first', async () => {
  const { server, stream } = await streamOf([{}])
  assert.deepEqual(await stream.putRecords([]), [])
  const wrong: readonly StreamRecord[] = [
    { data: Buffer.alloc(2_000_001) },
    { data: 'x', clientInfo: 'x'.repeat(17) },
    { data: 'x', partitionKey: 'é'.repeat(129) },
    { data: 'x', shardId: -1 },
    { data: '\ud800' },
  ]
  for (const record of wrong) {
    const call = stream.putRecords([{ data: 'fine' }, record])
    await assert.rejects(call, { code: 'invalid-argument', message: /records\[1\]/ })
  }
  assert.equal(server.seen.length, 0)
})

test('when a later request fails, what was stored before is still told', async () => {
  const { server, stream } = await streamOf(({ body }, index) =>
    index === 0 ? stored(body) : 'reset',
  )
  const records = Array.from({ length: 2_500 }, () => ({ data: 'x' }))
  const results = await stream.putRecords(records)
  assert.equal(server.seen.length, 2)
  assert.equal(results[999]?.kind, 'stored')
  const failed = { kind: 'failed', code: 'connection', isPassing: true }
  const [lost, unsent] = [results[1_000], results[2_000]]
  assert(lost?.kind === 'failed' && unsent?.kind === 'failed')
  assert.deepEqual({ ...lost }, { ...failed, message: lost.message, mayBeStored: true })
  assert.deepEqual({ ...unsent }, { ...failed, message: unsent.message, mayBeStored: false })
  assert.equal(results.length, 2_500)
})

test('results that do not fit the records are a bad answer', async () => {
  const answers = [[], [{ ShardId: 0 }], [{ SequenceNumber: 1, ShardId: 0 }, BUSY]]
  for (const Records of answers) {
    const { stream } = await streamOf([{ body: JSON.stringify({ Records }) }])
    const error = { code: 'bad-answer', mayBeApplied: true }
    await assert.rejects(stream.putRecords([{ data: 'x' }]), error)
  }
})

test('only failed records are put again, and only those that may be taken later', async () => {
  const refused = { ErrorCode: -201326594, ErrorMessage: 'ShardIDOutOfRangeException' }
  const ok = { SequenceNumber: 1, ShardId: 0 }
  const rounds = [[ok, BUSY, refused, BUSY], [ok, BUSY], [{ ...ok, SequenceNumber: 9 }]]
  const { server, stream } = await streamOf((_, index) => ({
    body: JSON.stringify({ FailedRecordCount: 1, Records: rounds[index] }),
  }))
  const records = ['a', 'b', 'c', 'd'].map((data) => ({ data }))
  const results = await stream.putRecordsRetrying(records, { backoffMs: 1 })
  assert.deepEqual(
    results.map((result) => (result.kind === 'stored' ? result.sequenceNumber : result.code)),
    [1n, 1n, -201326594, 9n],
  )
  assert.deepEqual(
    server.seen.map(({ body }) => dataOf(body)),
    [['a', 'b', 'c', 'd'], ['b', 'd'], ['d']],
  )
})

test('sequence numbers keep all their digits, and text is not touched', async () => {
  const body = `{"NextLocation":"x","MSecBehindLatest":0,"RecordsBehindLatest":0,"Records":[
    {"ArrivalTimeSec":1,"ArrivalTimeNSec":2,"SequenceNumber": 9223372036854775807,
     "PartitionKey":"\\"a\\":12345678901234567890","ClientInfo":"eA==","Data":"aGk="},
    {"ArrivalTimeSec":1,"ArrivalTimeNSec":2,"SequenceNumber":5,"Data":""}]}`
  const { stream } = await streamOf([{ body }])
  const { records } = await stream.getRecords(0, 'x')
  const arrivedAt = { seconds: 1, nanoseconds: 2 }
  assert.deepEqual(records[0], {
    sequenceNumber: 9223372036854775807n,
    arrivedAt,
    partitionKey: '"a":12345678901234567890',
    clientInfo: Buffer.from('x'),
    data: Buffer.from('hi'),
  })
  const plain = { partitionKey: null, clientInfo: null, data: Buffer.alloc(0) }
  assert.deepEqual(records[1], { sequenceNumber: 5n, arrivedAt, ...plain })
})

test('an answer with long data and long numbers is read', async () => {
  const data = Buffer.alloc(6_000_000, 1).toString('base64')
  const record = `{"ArrivalTimeSec":1,"ArrivalTimeNSec":2,"SequenceNumber":9007199254740993,"Data":"${data}"}`
  const body = `{"NextLocation":"x","MSecBehindLatest":0,"RecordsBehindLatest":0,"Records":[${record}]}`
  const { stream } = await streamOf([{ body }])
  const { records } = await stream.getRecords(0, 'x')
  assert.equal(records[0]?.sequenceNumber, 9007199254740993n)
  assert.equal(records[0]?.data.length, 6_000_000)
})

test('a seek says where by each of its types', async () => {
  const { server, stream } = await streamOf([{ body: '{"Location":"L"}' }])
  await stream.seek(1, { type: 'latest' })
  await stream.seek(1, { type: 'time', at: new Date(1_500) })
  await stream.seek(1, { type: 'sequence', sequenceNumber: 2n ** 60n })
  assert.deepEqual(
    server.seen.map(({ path, body }) => `${path} ${body}`),
    [
      '/c/s/1/ {"Type":"LATEST"}',
      '/c/s/1/ {"Type":"TIME","TimestampSec":1,"TimestampNSec":500000000}',
      '/c/s/1/ {"Type":"SEQUENCE","StartingSequenceNumber":1152921504606846976}',
    ],
  )
  await assert.rejects(stream.seek(-1, { type: 'latest' }), { code: 'invalid-argument' })
})

/** A shard whose answers hold these data, the last one at its end. */
function shard(pages: readonly (readonly string[])[]): (_: { path: string; body: string }) => Step {
  return ({ body }) => {
    const { Location } = JSON.parse(body)
    if (Location === undefined) return { body: '{"Location":"0"}' }
    const at = Number(Location)
    const Records = (pages[at] ?? []).map((text, index) => ({
      ArrivalTimeSec: 0,
      ArrivalTimeNSec: 0,
      SequenceNumber: at * 100 + index,
      Data: Buffer.from(text).toString('base64'),
    }))
    const next = Math.min(at + 1, pages.length)
    const left = pages.slice(at + 1).flat().length
    const rest = { MSecBehindLatest: 0, RecordsBehindLatest: left }
    return { body: JSON.stringify({ NextLocation: String(next), ...rest, Records }) }
  }
}

test('reading goes over empty answers to the end of the shard', async () => {
  const { stream } = await streamOf(shard([['a', 'b'], [], ['c'], []]))
  const records = await collect(stream.read(0, { type: 'earliest' }))
  assert.deepEqual(
    records.map(({ data }) => data.toString()),
    ['a', 'b', 'c'],
  )
})

test('a shard that has more and does not lead to it is a bad answer, not an end', async () => {
  const { stream } = await streamOf(({ body }) =>
    body.includes('Type')
      ? { body: '{"Location":"L"}' }
      : {
          body: '{"NextLocation":"L","MSecBehindLatest":1,"RecordsBehindLatest":1,"Records":[]}',
        },
  )
  await assert.rejects(collect(stream.read(0, { type: 'earliest' })), { code: 'bad-answer' })
})

test('with pollMs reading goes on until the loop is left', async () => {
  const pages: string[][] = [['a']]
  const { stream } = await streamOf(shard(pages))
  const seen: string[] = []
  for await (const { data } of stream.read(0, { type: 'earliest' }, { pollMs: 5 })) {
    seen.push(data.toString())
    if (seen.length === 3) break
    pages.push([`later ${seen.length}`])
  }
  assert.deepEqual(seen, ['a', 'later 1', 'later 2'])
})

test('a stream is made, grown, looked at and deleted shard by shard', async () => {
  const list =
    '<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>s/0</Key></Contents><Contents><Key>s/1</Key></Contents></ListBucketResult>'
  const { server, stream } = await streamOf(({ method, headers }) => {
    if (headers['x-v3io-function'] === 'CreateStream') return { status: 409 }
    if (headers['x-v3io-function'] === 'DescribeStream') return { status: 404 }
    return method === 'GET' ? { body: list } : { status: 204 }
  })
  assert.equal(await stream.create({ shardCount: 1, retentionHours: 24 }), 'exists')
  assert.equal(await stream.describe(), null)
  await stream.grow(4)
  assert.equal(await stream.delete(), 'deleted')
  const deletes = server.seen.filter(({ method }) => method === 'DELETE').map(({ path }) => path)
  assert.deepEqual(deletes.slice(0, 2).sort(), ['/c/s/0', '/c/s/1'])
  assert.equal(deletes[2], '/c/s/')
  const grown = server.seen.find(({ headers }) => headers['x-v3io-function'] === 'UpdateStream')
  assert.equal(grown?.body, '{"ShardCount":4}')
})
