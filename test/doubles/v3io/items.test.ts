// Items: what replaces and what merges, which conditions let a write through, and what the header
// of a write is good for.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { KEY, send, type TestAnswer } from './test-client.ts'
import { startV3ioDouble, type V3ioDouble } from './v3io-double.ts'

let double: V3ioDouble
beforeEach(async () => {
  double = await startV3ioDouble({ accessKey: KEY })
})
afterEach(() => double.close())

const PATH = '/projects/t/k'
const VERIFIER = 'x-v3io-transaction-verifier'

function put(Item: object, more: Readonly<Record<string, unknown>> = {}): Promise<TestAnswer> {
  const body = { Item, ...more }
  return send(double.url, { method: 'PUT', path: PATH, function: 'PutItem', body })
}

function update(body: Readonly<Record<string, unknown>>): Promise<TestAnswer> {
  return send(double.url, { method: 'POST', path: PATH, function: 'UpdateItem', body })
}

async function get(AttributesToGet: string): Promise<Record<string, unknown>> {
  const request = { method: 'PUT', path: PATH, function: 'GetItem', body: { AttributesToGet } }
  const { text } = await send(double.url, request)
  return (JSON.parse(text) as { Item: Record<string, unknown> }).Item
}

function stored(): unknown {
  const item = double.item('projects', 't/k')
  return item === null ? null : Object.fromEntries(item)
}

const A = { a: { N: '1' } }
const B = { b: { S: 'x' } }
const MERGE = { UpdateMode: 'CreateOrReplaceAttributes' }

test('PutItem replaces all attributes; CreateOrReplaceAttributes merges', async () => {
  assert.equal((await put(A)).status, 200)
  assert.equal((await put(B, MERGE)).status, 200)
  assert.deepEqual(stored(), { ...A, ...B })
  await put({ a: { N: '2' } }, MERGE)
  assert.deepEqual(stored(), { a: { N: '2' }, ...B })
  await put(A, { UpdateMode: 'OverWriteAttributes' })
  assert.deepEqual(stored(), A)
  await put(B)
  assert.deepEqual(stored(), B)
})

test('a merge creates an absent item, and an empty Item is taken', async () => {
  await put(A, MERGE)
  assert.deepEqual(stored(), A)
  await put({})
  assert.deepEqual(stored(), {})
})

test('numbers are kept as the text that came', async () => {
  const item = {
    a: { N: '1.0' },
    b: { N: '5E-01' },
    c: { N: '9223372036854775807' },
    d: { N: 'nan' },
  }
  await put(item)
  assert.deepEqual(await get('*'), item)
})

test('CreateNewItemOnly fails on an existing item, in the form that clients look for', async () => {
  const mode = { UpdateMode: 'CreateNewItemOnly' }
  assert.equal((await put(A, mode)).status, 200)
  const { status, text } = await put(B, mode)
  assert.equal(status, 400)
  assert.equal(text.match(/ErrorCode/g)?.length, 2)
  assert.match(text, /369098809/)
  assert.deepEqual(stored(), A)
})

test('a false condition writes nothing and answers 400 with one ErrorCode and 16777244', async () => {
  await put(A)
  for (const answer of [
    await put(B, { ConditionExpression: 'a == 2' }),
    await update({ UpdateExpression: 'a = 5', ConditionExpression: 'absent == 1' }),
  ]) {
    assert.equal(answer.status, 400)
    assert.equal(answer.text.match(/ErrorCode/g)?.length, 1)
    assert.match(answer.text, /16777244/)
  }
  assert.deepEqual(stored(), A)
  assert.equal((await put(B, { ConditionExpression: 'a == 1' })).status, 200)
  assert.deepEqual(stored(), B)
})

test('a condition on an absent item sees no attributes', async () => {
  assert.equal((await put(A, { ConditionExpression: 'exists(__name)' })).status, 400)
  assert.equal(stored(), null)
  assert.equal((await put(A, { ConditionExpression: 'not exists(__name)' })).status, 200)
})

test('the alternate runs instead of an error; an empty update creates the item', async () => {
  assert.equal((await update({ UpdateExpression: '' })).status, 200)
  assert.deepEqual(stored(), {})
  const branches = {
    ConditionExpression: 'exists(a)',
    UpdateExpression: 'a = a + 1',
    AlternateUpdateExpression: 'a = 10',
  }
  assert.equal((await update(branches)).status, 200)
  assert.deepEqual(stored(), { a: { N: '10' } })
  await update(branches)
  assert.deepEqual(stored(), { a: { N: '11' } })
})

test('every write has another verifier, which GetItem repeats and which works as a condition', async () => {
  const first = (await put(A)).headers[VERIFIER]
  const second = (await update({ UpdateExpression: 'a = a + 1' })).headers[VERIFIER]
  assert.match(String(first), /^__mtime_secs==\d+ and __mtime_nsecs==\d+$/)
  assert.notEqual(first, second)
  const body = { AttributesToGet: 'a' }
  const read = await send(double.url, { method: 'PUT', path: PATH, function: 'GetItem', body })
  assert.equal(read.headers[VERIFIER], second)
  assert.equal((await put(B, { ConditionExpression: String(first) })).status, 400)
  assert.equal((await put(B, { ConditionExpression: String(second) })).status, 200)
})

test('verifiers differ even between writes within one millisecond', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => put(A)))
  assert.equal(new Set(answers.map(({ headers }) => headers[VERIFIER])).size, 50)
})

test('GetItem: some, all of the user, all; missing names are left out', async () => {
  await put({ ...A, ...B })
  assert.deepEqual(await get('a,absent'), A)
  assert.deepEqual(await get('b,__name'), { ...B, __name: { S: 'k' } })
  assert.deepEqual(await get('*'), { ...A, ...B })
  const all = await get('**')
  assert.deepEqual(all['a'], A.a)
  assert.deepEqual(all['__size'], { N: '0' })
  for (const name of ['__mtime_secs', '__ctime_nsecs', '__atime_secs', '__obj_type', '__gid']) {
    assert(name in all, name)
  }
})

test('an item of more than 2 MB is refused, even when it grows by small merges', async () => {
  const large = { S: 'x'.repeat(1024 * 1024) }
  assert.equal((await put({ a: large })).status, 200)
  assert.equal((await put({ b: large }, MERGE)).status, 400)
  assert.deepEqual(Object.keys(stored() ?? {}), ['a'])
})

test('an item is an object too: its bytes and its attributes live side by side', async () => {
  await put(A)
  await send(double.url, { method: 'PUT', path: PATH, body: 'bytes' })
  await put(B, MERGE)
  assert.equal(double.object('projects', 't/k')?.toString(), 'bytes')
  assert.deepEqual(await get('a,b,__size'), { ...A, ...B, __size: { N: '5' } })
  assert.equal((await send(double.url, { method: 'DELETE', path: PATH })).status, 204)
  assert.equal(stored(), null)
})
