// The double refuses what a careless client would send: each row is one broken rule, and the same
// request without the fault is taken.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { KEY, send, type TestRequest } from './test-client.ts'
import { startV3ioDouble, type V3ioDouble } from './v3io-double.ts'

let double: V3ioDouble
before(async () => {
  double = await startV3ioDouble({ accessKey: KEY })
  const body = { ShardCount: 2, RetentionPeriodHours: 1 }
  await send(double.url, { method: 'POST', path: STREAM, function: 'CreateStream', body })
})
after(() => double.close())

const ITEM = '/projects/p/table/item'
const TABLE = '/projects/p/table/'
const STREAM = '/projects/p/stream/'

const put: TestRequest = { method: 'PUT', path: ITEM, function: 'PutItem', body: { Item: {} } }
const get = { ...put, function: 'GetItem', body: { AttributesToGet: '*' } }
const scan = { ...get, path: TABLE, function: 'GetItems' }
const update = {
  ...put,
  method: 'POST',
  function: 'UpdateItem',
  body: { UpdateExpression: 'a = 1' },
}
const describe = { method: 'PUT', path: STREAM, function: 'DescribeStream' }
const records = {
  ...describe,
  method: 'POST',
  function: 'PutRecords',
  body: { Records: [{ Data: '' }] },
}
const seek = { ...describe, path: `${STREAM}0/`, function: 'Seek', body: { Type: 'EARLIEST' } }
const read = { ...seek, function: 'GetRecords', body: { Location: 'MA==' } }
const object: TestRequest = { method: 'PUT', path: '/projects/p/object', body: 'bytes' }
const list: TestRequest = { method: 'GET', path: '/projects?prefix=p/table/' }
const cluster = { method: 'PUT', path: '/projects', function: 'GetClusterMD' }

const TAKEN = { put, get, scan, update, describe, records, seek, read, object, list, cluster }
for (const [name, request] of Object.entries(TAKEN)) {
  test(`taken: ${name}`, async () => {
    assert.equal((await send(double.url, request)).status, 200)
  })
}

function putting(name: string, attribute: unknown): TestRequest {
  return { ...put, body: { Item: { [name]: attribute } } }
}

const REFUSED: readonly (readonly [number, string, TestRequest])[] = [
  [401, 'no key', { ...put, key: null }],
  [401, 'an empty key', { ...put, key: '' }],
  [401, 'only Authorization', { ...put, key: null, headers: { Authorization: 'Basic dTpw' } }],
  [403, 'a wrong key', { ...put, key: 'wrong' }],
  [403, 'a wrong key for the list of containers', { method: 'GET', path: '/', key: 'wrong' }],
  [405, 'PutItem by POST', { ...put, method: 'POST' }],
  [405, 'UpdateItem by PUT', { ...update, method: 'PUT' }],
  [405, 'GetItem by GET', { ...get, method: 'GET' }],
  [405, 'GetItems by POST', { ...scan, method: 'POST' }],
  [405, 'PutRecords by PUT', { ...records, method: 'PUT' }],
  [405, 'DescribeStream by GET', { ...describe, method: 'GET' }],
  [405, 'POST without a function', { ...object, method: 'POST' }],
  [405, 'PUT of the root', { ...object, path: '/' }],
  [405, 'DELETE of a container', { method: 'DELETE', path: '/projects/' }],
  [400, 'an unknown function', { ...put, function: 'DeleteItem' }],
  [400, 'a function in another spelling', { ...put, function: 'putitem' }],
  [400, 'PutItem with a slash at the end', { ...put, path: `${ITEM}/` }],
  [400, 'GetItem with a slash at the end', { ...get, path: `${ITEM}/` }],
  [400, 'GetItems without one', { ...scan, path: TABLE.slice(0, -1) }],
  [400, 'DescribeStream without one', { ...describe, path: STREAM.slice(0, -1) }],
  [400, 'Seek without one', { ...seek, path: `${STREAM}0` }],
  [400, 'GET of an object with one', { method: 'GET', path: '/projects/p/object/' }],
  [400, 'a directory with a body', { ...object, path: '/projects/p/directory/' }],
  [400, 'GetClusterMD with a path', { ...cluster, path: '/projects/p/' }],
  [400, 'an empty segment', { ...put, path: '/projects/p//item' }],
  [400, 'two dots', { ...put, path: '/projects/p/../item' }],
  [400, 'encoded dots', { ...put, path: '/projects/p/%2e%2E/item' }],
  [400, 'an encoded slash', { ...put, path: '/projects/p/a%2Fb' }],
  [400, 'a bad escape', { ...put, path: '/projects/p/%zz' }],
  [400, 'bytes that are not UTF-8', { ...put, path: '/projects/p/%ff' }],
  [400, 'a raw question mark', { ...put, path: '/projects/p/what?is' }],
  [400, 'a raw question mark in an object', { ...object, path: '/projects/p/what?is' }],
  [400, 'a raw hash', { ...object, path: '/projects/p/.#schema' }],
  [400, 'the container twice', { ...put, path: '/projects/projects/p/item' }],
  [404, 'an absent container', { ...put, path: '/nowhere/item' }],
  [404, 'an absent container of an object', { ...object, path: '/nowhere/item' }],
  [404, 'an absent container of a list', { ...list, path: '/nowhere?prefix=p' }],
  [404, 'an absent directory', { ...list, path: '/projects?prefix=absent/' }],
  [404, 'an absent table', { ...scan, path: '/projects/p/absent/' }],
  [404, 'an absent item', { ...get, path: '/projects/p/absent' }],
  [404, 'an absent stream', { ...describe, path: '/projects/p/absent/' }],
  [404, 'a table for a stream', { ...describe, path: TABLE }],
  [404, 'an absent shard', { ...seek, path: `${STREAM}2/` }],
  [404, 'DELETE of what is not there', { method: 'DELETE', path: '/projects/p/absent' }],
  [409, 'an object as a directory', { ...put, path: '/projects/p/object/item' }],
  [409, 'an object over a directory', { ...object, path: '/projects/p/table' }],
  [409, 'DELETE of a directory that holds something', { method: 'DELETE', path: TABLE }],
  [400, 'no Content-Type', { ...put, body: '{"Item":{}}' }],
  [400, 'another Content-Type', { ...put, headers: { 'Content-Type': 'text/plain' } }],
  [400, 'no body', { ...put, body: '', headers: { 'Content-Type': 'application/json' } }],
  [400, 'broken JSON', json(put, '{"Item":')],
  [400, 'JSON that is not UTF-8', json(put, Buffer.from('{"Item":{"a":{"S":"\xff"}}}', 'latin1'))],
  [400, 'a JSON array', json(put, '[]')],
  [400, 'a body of more than 2 MB', putting('a', { S: 'x'.repeat(2 * 1024 * 1024) })],
  [400, 'an unknown key', { ...put, body: { Item: {}, Items: {} } }],
  [400, 'a key in lower case', { ...put, body: { item: {} } }],
  [400, 'a split path', { ...put, body: { Item: {}, TableName: 't' } }],
  [400, 'an unknown key of GetItem', { ...get, body: { AttributesToGet: '*', Limit: 1 } }],
  [400, 'TotalSegments in the plural', scanning({ Segment: 0, TotalSegments: 2 })],
  [400, 'a body for DescribeStream', { ...describe, body: {} }],
  [400, 'an unknown parameter of a list', { ...list, path: '/projects?prefix=p&limit=5' }],
  [400, 'max-keys of nothing', { ...list, path: '/projects?prefix=p&max-keys=0' }],
  [400, 'an attribute that is no object', putting('a', 'text')],
  [400, 'null', putting('a', null)],
  [400, 'no type', putting('a', {})],
  [400, 'two types', putting('a', { S: 'x', N: '1' })],
  [400, 'an unknown type', putting('a', { L: [] })],
  [400, 'a number that is no text', putting('a', { N: 1 })],
  [400, 'a number that is empty', putting('a', { N: '' })],
  [400, 'a number with a comma', putting('a', { N: '1,5' })],
  [400, 'a hexadecimal number', putting('a', { N: '0x10' })],
  [400, 'a number as null', putting('a', { N: null })],
  [400, 'text that is a number', putting('a', { S: 1 })],
  [400, 'a bool as text', putting('a', { BOOL: 'true' })],
  [400, 'base64 with a blank', putting('a', { B: 'AP 8=' })],
  [400, 'base64 without padding', putting('a', { B: 'AP8' })],
  [400, 'base64 for URLs', putting('a', { B: '_-8=' })],
  [400, 'a time in another form', putting('a', { TS: '2021-06-01T10:00:00Z' })],
  [400, 'a time with ten digits behind', putting('a', { TS: '1:1000000000' })],
  [400, 'a system name', putting('__mtime_secs', { N: '1' })],
  [400, '__proto__', json(put, '{"Item":{"__proto__":{"S":"x"}}}')],
  [400, 'a name with a dash', putting('a-b', { N: '1' })],
  [400, 'a name with a dot', putting('a.b', { N: '1' })],
  [400, 'a name that begins with a digit', putting('1a', { N: '1' })],
  [400, 'a name of 256 characters', putting('a'.repeat(256), { N: '1' })],
  [400, 'an unknown UpdateMode', { ...put, body: { Item: {}, UpdateMode: 'Merge' } }],
  [400, 'a broken condition', { ...put, body: { Item: {}, ConditionExpression: 'a =' } }],
  [400, 'a condition that is no text', { ...put, body: { Item: {}, ConditionExpression: 1 } }],
  [400, 'an update without an expression', { ...update, body: {} }],
  [400, 'an update with attributes', { ...update, body: { Item: {}, UpdateExpression: '' } }],
  [400, 'a blank in AttributesToGet', { ...get, body: { AttributesToGet: 'a, b' } }],
  [400, 'an empty AttributesToGet', { ...get, body: { AttributesToGet: '' } }],
  [400, 'an array as AttributesToGet', { ...get, body: { AttributesToGet: ['a'] } }],
  [400, 'a broken filter', scanning({ FilterExpression: 'a ==' })],
  [400, 'a marker of nobody', scanning({ Marker: 'cC90YWJsZS9hYmM=' })],
  [400, 'a limit of nothing', scanning({ Limit: 0 })],
  [400, 'a limit as text', scanning({ Limit: '5' })],
  [400, 'a segment alone', scanning({ Segment: 0 })],
  [400, 'a segment that does not exist', scanning({ Segment: 2, TotalSegment: 2 })],
  [400, 'a range without its key', scanning({ SortKeyRangeStart: 'a' })],
  [400, 'a range in segments', scanning({ ShardingKey: 'a', Segment: 0, TotalSegment: 2 })],
  [400, 'no records', { ...records, body: { Records: [] } }],
  [400, '1001 records', { ...records, body: { Records: Array(1001).fill({ Data: '' }) } }],
  [400, 'a record without data', { ...records, body: { Records: [{}] } }],
  [400, 'a record that is not base64', { ...records, body: { Records: [{ Data: 'text' + '!' }] } }],
  [400, 'an unknown key of a record', { ...records, body: { Records: [{ Data: '', Key: '' }] } }],
  [400, 'a shard as text', { ...records, body: { Records: [{ Data: '', ShardId: '0' }] } }],
  [400, 'more than 10 MB of records', { ...records, body: hugeRecords() }],
  [400, 'TIME without a time', { ...seek, body: { Type: 'TIME' } }],
  [400, 'a sequence behind the end', sequence(99)],
  [400, 'an unknown seek', { ...seek, body: { Type: 'earliest' } }],
  [400, 'a location of nobody', { ...read, body: { Location: '0' } }],
  [400, 'a Range of a PUT', { ...object, headers: { Range: 'bytes=0-1' } }],
  [400, 'a Range in words', { method: 'GET', path: ITEM, headers: { Range: 'all' } }],
]

for (const [status, name, request] of REFUSED) {
  test(`refused with ${status}: ${name}`, async () => {
    const before = [...double.paths('projects')]
    const answer = await send(double.url, request)
    assert.equal(answer.status, status, answer.text)
    const { ErrorCode, ErrorMessage } = JSON.parse(answer.text) as Record<string, unknown>
    assert(typeof ErrorCode === 'number' && ErrorCode < 0)
    assert.equal(typeof ErrorMessage, 'string')
    assert(!answer.text.includes('16777244'), 'must not look like a false condition')
    assert.deepEqual(double.paths('projects'), before)
  })
}

function json(request: TestRequest, body: string | Buffer): TestRequest {
  return { ...request, body, headers: { 'Content-Type': 'application/json' } }
}

function scanning(fields: Readonly<Record<string, unknown>>): TestRequest {
  return { ...scan, body: { AttributesToGet: '*', ...fields } }
}

function sequence(StartingSequenceNumber: number): TestRequest {
  return { ...seek, body: { Type: 'SEQUENCE', StartingSequenceNumber } }
}

function hugeRecords() {
  const Data = Buffer.alloc(2 * 1024 * 1024).toString('base64')
  return { Records: Array.from({ length: 4 }, () => ({ Data })) }
}
