// What a client does when the network or the server misbehaves: each fault has one code, says whether
// the request may have been applied, and leaves a client that goes on working.
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { HttpTransport } from '../src/http-transport.ts'
import { V3ioError } from '../src/index.ts'
import { ACCESS_KEY, clientOf } from './support/clients.ts'
import { startServer } from './support/scripted-server.ts'

const OK = { body: 'bytes' }

test('a 503 is tried again, and the answer is the later one', async () => {
  const server = await startServer([{ status: 503 }, OK])
  assert.equal((await clientOf(server).objects('c').get('a'))?.toString(), 'bytes')
  assert.equal(server.seen.length, 2)
})

test('a server that stays busy is given up after triesMax, with its own words', async () => {
  const body =
    '{"ErrorCode": -117440512, "ErrorMessage": "Failed to send a control message request"}'
  const server = await startServer([{ status: 503, body }])
  await assert.rejects(clientOf(server, { triesMax: 4 }).objects('c').get('a'), {
    code: 'unavailable',
    status: 503,
    platformCode: -117440512,
    mayBeApplied: true,
    message: /503 to GET \/c\/a: -117440512 Failed to send a control message request$/,
  })
  assert.equal(server.seen.length, 4)
})

test('silence ends with timeout; a byte now and then does not prolong it', async () => {
  for (const step of ['silence', 'stall', 'trickle'] as const) {
    const server = await startServer([step])
    const client = clientOf(server, { timeoutMs: 150, triesMax: 1 })
    await assert.rejects(client.objects('c').get('a'), { code: 'timeout', mayBeApplied: true })
  }
})

test('half a body and a reset are connection errors, never a short object', async () => {
  for (const step of ['half-body', 'reset', 'noise'] as const) {
    const server = await startServer([step, step, OK])
    const client = clientOf(server)
    assert.equal((await client.objects('c').get('a'))?.toString(), 'bytes', step)
    const broken = clientOf(await startServer([step]), { triesMax: 1 })
    const error = { code: 'connection', mayBeApplied: true }
    await assert.rejects(broken.objects('c').get('a'), error, step)
  }
})

test('an answer longer than answerBytesMax is not kept', async () => {
  const server = await startServer([{ body: 'x'.repeat(2_000) }])
  const client = clientOf(server, { answerBytesMax: 1_000 })
  await assert.rejects(client.objects('c').get('a'), { code: 'bad-answer' })
  assert.equal(server.seen.length, 1)
})

test('broken JSON, JSON of another shape and bytes that are no UTF-8 are bad answers', async () => {
  const bodies = ['{"Item":', '[]', '{}', '{"Item":[]}', '{"Item":{"a":{"S":"x","N":"1"}}}']
  for (const body of [...bodies, Buffer.from([0x7b, 0xff, 0x7d])]) {
    const client = clientOf(await startServer([{ body }]))
    await assert.rejects(client.table('c', 't').get('k'), { code: 'bad-answer' }, String(body))
  }
})

test('a connection that the server closes while it is idle costs no call', async () => {
  const server = await startServer(['close-when-idle'])
  const objects = clientOf(server).objects('c')
  for (let call = 0; call < 20; call++) {
    await objects.put('a', 'x')
    // Long enough that some calls meet a closed connection, and some one that is being closed.
    await new Promise((resolve) => setTimeout(resolve, call % 8))
  }
  assert(server.connections() > 1)
})

test('connections are kept, and no more of them than connectionsMax', async () => {
  const server = await startServer([OK])
  const objects = clientOf(server, { connectionsMax: 2 }).objects('c')
  await Promise.all(Array.from({ length: 20 }, () => objects.get('a')))
  await objects.get('a')
  assert.equal(server.connections(), 2)
})

test('what never left is certainly not applied, and is tried again even if not repeatable', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const address = taken.address()
  assert(address !== null && typeof address === 'object')
  await new Promise((resolve) => taken.close(resolve))
  const client = clientOf({ url: `http://127.0.0.1:${address.port}` })
  const error = { code: 'connection', mayBeApplied: false }
  await assert.rejects(client.objects('c').append('a', 'x'), error)
})

test('a call that waits in vain for a connection is certainly not applied', async () => {
  const server = await startServer(['silence'])
  const client = clientOf(server, { connectionsMax: 1, timeoutMs: 100, triesMax: 1 })
  const [first, second] = await Promise.allSettled([
    client.objects('c').append('a', 'x'),
    client.objects('c').append('b', 'x'),
  ])
  assert(first.status === 'rejected' && second.status === 'rejected')
  assert.equal(first.reason.mayBeApplied, true)
  assert.equal(second.reason.mayBeApplied, false)
})

test('close ends calls under way, those in the queue and those between two tries', async () => {
  const server = await startServer((_, index) => (index === 0 ? 'silence' : { status: 503 }))
  const client = clientOf(server, { connectionsMax: 1 })
  const busy = clientOf(await startServer([{ status: 503 }]), { backoffMs: 60_000 })
  const calls = [
    client.objects('c').get('a'),
    client.objects('c').get('b'),
    busy.objects('c').get('c'),
  ].map((call) => assert.rejects(call, { code: 'closed' }))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const closedAtMs = performance.now()
  client.close()
  busy.close()
  await Promise.all(calls)
  // The wait between two tries was to be 2.5 seconds and more.
  assert(performance.now() - closedAtMs < 1_000)
  assert.equal(server.seen.length, 1)
  await assert.rejects(client.objects('c').get('a'), { code: 'closed', mayBeApplied: false })
})

test('a stream of pieces breaks with the code of what broke it', async () => {
  const call = { method: 'GET', path: '/x', isRepeatable: true }
  const read = async (step: Parameters<typeof startServer>[0]): Promise<string> => {
    const { url } = await startServer(step)
    let text = ''
    const transport = new HttpTransport({ url, timeoutMs: 200 })
    for await (const piece of transport.stream(call)) text += piece.toString()
    transport.close()
    return text
  }
  assert.equal(await read([{ body: 'whole' }]), 'whole')
  await assert.rejects(read(['half-body']), { code: 'connection' })
  await assert.rejects(read(['silence']), { code: 'timeout' })
  await assert.rejects(read(['stall']), { code: 'timeout' })
  await assert.rejects(read([{ status: 500, body: 'read error' }]), /answered 500 .*: read error$/)
})

test('statuses have codes, and no 4xx is tried again but 408 and 429', async () => {
  const codes = { 400: 'refused', 401: 'unauthorized', 403: 'forbidden', 413: 'refused' }
  const passing = { 408: 'unavailable', 429: 'unavailable', 502: 'unavailable', 504: 'unavailable' }
  const others = { 302: 'bad-answer', 409: 'conflict', 500: 'unavailable' }
  for (const [status, code] of Object.entries({ ...codes, ...others, ...passing })) {
    const server = await startServer([{ status: Number(status) }])
    await assert.rejects(clientOf(server).objects('c').put('a', 'x'), { code }, status)
    assert.equal(server.seen.length, status in passing ? 3 : 1, status)
  }
})

test('the access key is in its header and nowhere else', async () => {
  const server = await startServer([OK])
  await clientOf(server).objects('c').get('a')
  const headers = server.seen[0]?.headers ?? {}
  assert.equal(headers['x-v3io-session-key'], ACCESS_KEY)
  assert.equal('authorization' in headers, false)
  await clientOf(server, { accessKey: '' }).objects('c').get('a')
  assert.equal('x-v3io-session-key' in (server.seen[1]?.headers ?? {}), false)
})

test('settings that cannot be are refused at once', () => {
  const options = [
    { url: '' },
    { url: 'ftp://host' },
    { url: 'http://user:password@host' },
    { url: 'http://host/?a=1' },
    { timeoutMs: Number.POSITIVE_INFINITY },
    { triesMax: 0 },
    { connectionsMax: 1.5 },
    { accessKey: 'a\nb' },
  ]
  for (const wrong of options) {
    assert.throws(
      () => clientOf({ url: 'http://host' }, wrong),
      (error) => error instanceof V3ioError && error.code === 'invalid-argument',
      JSON.stringify(wrong),
    )
  }
})

test('however many wait to be tried again, nobody is warned', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  try {
    const server = await startServer([{ status: 503 }])
    const client = clientOf(server, { connectionsMax: 32, triesMax: 2, backoffMs: 50 })
    const objects = client.objects('c')
    const gets = Array.from({ length: 32 }, (_, index) => objects.get(`o${index}`))
    for (const { status } of await Promise.allSettled(gets)) assert.equal(status, 'rejected')
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(warnings, [])
  } finally {
    process.off('warning', onWarning)
  }
})
