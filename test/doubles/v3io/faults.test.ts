// Faults hit the requests that they are meant for, as often as they are meant to, and a write under
// a fault has taken effect exactly when the fault says so.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { KEY, send, type TestAnswer } from './test-client.ts'
import { startV3ioDouble, type V3ioDouble } from './v3io-double.ts'

let double: V3ioDouble
beforeEach(async () => {
  double = await startV3ioDouble({ accessKey: KEY })
})
afterEach(() => double.close())

function put(name: string): Promise<TestAnswer> {
  return send(double.url, { method: 'PUT', path: `/users/${name}`, body: `bytes of ${name}` })
}

function get(name: string): Promise<TestAnswer> {
  return send(double.url, { method: 'GET', path: `/users/${name}` })
}

function isStored(name: string): boolean {
  return double.object('users', name) !== null
}

test('a status is answered with what the platform says under it', async () => {
  double.inject({ kind: { kind: 'status', status: 503 } })
  const busy = await put('a')
  assert.equal(busy.status, 503)
  assert.deepEqual(JSON.parse(busy.text), {
    ErrorCode: -117440512,
    ErrorMessage: 'Failed to send a control message request',
  })
  assert(!isStored('a'))
  const kind = {
    kind: 'status',
    status: 500,
    errorCode: -5,
    errorMessage: 'no',
    applied: true,
  } as const
  double.inject({ kind })
  const failed = await put('a')
  assert.equal(failed.status, 500)
  assert.deepEqual(JSON.parse(failed.text), { ErrorCode: -5, ErrorMessage: 'no' })
  assert(isStored('a'))
})

test('a fault is for one request, for some or for all, until the rules are cleared', async () => {
  const kind = { kind: 'status', status: 503 } as const
  double.inject({ kind, times: 2 })
  assert.deepEqual(await statuses(4), [503, 503, 200, 200])
  double.inject({ kind, times: Number.POSITIVE_INFINITY })
  assert.deepEqual(await statuses(3), [503, 503, 503])
  double.clearFaults()
  assert.deepEqual(await statuses(1), [200])
})

async function statuses(count: number): Promise<readonly number[]> {
  const found: number[] = []
  for (let index = 0; index < count; index++) found.push((await put('a')).status)
  return found
}

test('a rule looks at method, path and function; the first that matches is used', async () => {
  double.inject({
    matches: (request) => request.method === 'PUT' && request.path === '/users/a',
    kind: { kind: 'status', status: 401 },
  })
  double.inject({
    matches: (request) => request.function === 'GetItem',
    kind: { kind: 'status', status: 403 },
  })
  double.inject({ kind: { kind: 'status', status: 503 } })
  assert.equal((await put('b')).status, 503)
  assert.equal((await put('a')).status, 401)
  const body = { AttributesToGet: '*' }
  const item = { method: 'PUT', path: '/users/a', function: 'GetItem', body }
  assert.equal((await send(double.url, item)).status, 403)
  assert.equal((await put('a')).status, 200)
})

test('a reset comes before or after the write', async () => {
  double.inject({ kind: { kind: 'reset', applied: false } })
  double.inject({ kind: { kind: 'reset', applied: true } })
  await assert.rejects(put('before'), { code: 'ECONNRESET' })
  await assert.rejects(put('after'), { code: 'ECONNRESET' })
  assert(!isStored('before'))
  assert(isStored('after'))
  assert.deepEqual(
    double.requests.map(({ status }) => status),
    [null, null],
  )
})

test('an answer that is cut in its body, or in its head, fails at the client', async () => {
  await put('a')
  double.inject({ kind: { kind: 'truncate' }, times: 2 })
  await assert.rejects(get('a'), { code: 'ECONNRESET' })
  await assert.rejects(put('b'))
  assert(isStored('b'))
})

test('a delayed request is carried out late, not early', async () => {
  double.inject({ kind: { kind: 'delay', ms: 50 } })
  const startedAt = performance.now()
  const late = put('late')
  await put('other')
  assert(!isStored('late'))
  assert.equal((await late).status, 200)
  assert(performance.now() - startedAt >= 49)
  assert(isStored('late'))
})

test('a hanging request ends with the double', async () => {
  double.inject({ kind: { kind: 'hang' } })
  const hanging = assert.rejects(put('never'))
  while (double.requests.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await double.close()
  await hanging
  assert(!isStored('never'))
})

test('any answer can be given', async () => {
  double.inject({ kind: { kind: 'body', status: 200, body: '<html>' } })
  const { status, text } = await put('a')
  assert.deepEqual([status, text], [200, '<html>'])
  assert(!isStored('a'))
})

test('requests are recorded as they came', async () => {
  await send(double.url, { method: 'PUT', path: '/users/%61', body: 'x', headers: { 'X-Y': 'z' } })
  const [request] = double.requests
  assert.equal(request?.path, '/users/%61')
  assert.equal(request.function, null)
  assert.equal(request.headers['x-y'], 'z')
  assert.equal(request.body.toString(), 'x')
  assert.equal(request.status, 200)
})

test('containers can be chosen, and the double closes twice without harm', async () => {
  const other = await startV3ioDouble({ accessKey: KEY, containers: ['own'] })
  assert.equal((await send(other.url, { method: 'PUT', path: '/own/a', body: '' })).status, 200)
  assert.equal((await send(other.url, { method: 'PUT', path: '/users/a', body: '' })).status, 404)
  await other.close()
  await other.close()
})
