// What the double refuses of the form of a request: methods, credentials, framing, messages, frames.
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { encodeFrame, encodeWrite, type FrameParts } from './frames-messages.ts'
import { type FramesdDouble, startFramesdDouble } from './framesd-double.ts'
import { framed } from './framing.ts'
import {
  create,
  KEY,
  read,
  rows,
  SESSION,
  send,
  sendJson,
  TABLE,
  times,
  write,
  writeBody,
} from './test-client.ts'

let double: FramesdDouble
before(async () => {
  double = await startFramesdDouble({ accessKey: KEY })
  await create(double.url)
})
after(() => double.close())

/** Labels no other test uses, so that all can share a table. */
function countOf(id: string): number {
  return double.series('projects', TABLE).get(`m{id=${id}}`)?.length ?? 0
}

test('every path takes POST only, unknown paths are 404', async () => {
  for (const path of ['/write', '/read', '/create', '/delete', '/exec', '/version', '/history']) {
    assert.equal((await send(double.url, { path, method: 'GET' })).status, 405)
    assert.equal((await send(double.url, { path, method: 'PUT', body: '{}' })).status, 405)
  }
  assert.equal((await send(double.url, { path: '/nothing', body: '{}' })).status, 404)
  for (const path of ['/', '/_/status']) {
    const { status, body } = await send(double.url, { path, method: 'GET' })
    assert.deepEqual([status, JSON.parse(body.toString())], [200, { state: 'running' }])
  }
  const history = await sendJson(double.url, '/history', { session: {} })
  assert.deepEqual([history.status, history.body.length], [200, 0])
})

test('the key comes from the session or from Authorization, never from X-v3io-session-key', async () => {
  const body = writeBody([rows([1, 'key', 1])], { session: { container: 'projects' } })
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const statusFor = async (headers: Record<string, string>, sent = body): Promise<number> =>
    (await send(double.url, { path: '/write', body: sent, headers })).status
  assert.equal(await statusFor({ 'x-v3io-session-key': KEY }), 500)
  assert.equal(await statusFor({ authorization: basic(`user:${KEY}`) }), 500)
  assert.equal(await statusFor({ authorization: `Bearer no` }), 500)
  assert.equal(countOf('key'), 0)
  assert.equal(await statusFor({ authorization: `Bearer ${KEY}` }), 200)
  assert.equal(await statusFor({ authorization: basic(`__ACCESS_KEY:${KEY}`) }), 200)
  // The header wins over the session; a scheme that is not known does not count.
  const good = writeBody([rows([1, 'key', 1])])
  assert.equal(await statusFor({ authorization: 'Bearer no' }, good), 500)
  assert.equal(await statusFor({ authorization: basic('user:password') }, good), 500)
  assert.equal(await statusFor({ authorization: 'Digest no' }, good), 200)
})

test('without a key V3IO says 401, with a wrong one 403', async () => {
  for (const [token, text] of [
    ['', '401 Unauthorized'],
    ['no', '403 Forbidden'],
  ] as const) {
    const session = { container: 'projects', token }
    const { status, body } = await send(double.url, {
      path: '/write',
      body: writeBody([rows([1, 'a', 1])], { session }),
    })
    assert.equal(status, 500)
    assert.ok(body.includes(text))
    for (const path of ['/create', '/delete']) {
      const fields = { session, backend: 'tsdb', table: TABLE, rate: '1/s' }
      const answer = await sendJson(double.url, path, fields)
      assert.deepEqual([answer.status, answer.body.includes(text)], [500, true])
    }
    const [frame] = await read(double.url, { session })
    assert.ok(frame?.error.includes(text))
  }
})

test('a first message that cannot be read is 400, a later one 500 after the frames before it', async () => {
  const first = framed(encodeWrite({ session: SESSION, backend: 'tsdb', table: TABLE }))
  const frame = (id: string): Buffer => framed(encodeFrame(rows([1, id, 1])))
  const answerTo = async (...parts: readonly Buffer[]): Promise<readonly unknown[]> => {
    const { status, body } = await send(double.url, { path: '/write', body: Buffer.concat(parts) })
    return [status, body.toString()]
  }
  const bad = [400, 'bad write request']
  assert.deepEqual(await answerTo(), bad)
  assert.deepEqual(await answerTo(first.subarray(0, 5)), bad)
  assert.deepEqual(await answerTo(first.subarray(0, -1)), bad)
  assert.deepEqual(await answerTo(framed(Buffer.from('no message'))), bad)
  assert.deepEqual(await answerTo(bigEndian(first)), bad)
  const undecodable = [500, 'decode error']
  assert.deepEqual(await answerTo(first, frame('f1'), Buffer.from([1, 2])), undecodable)
  assert.deepEqual(await answerTo(first, frame('f2'), frame('f3').subarray(0, -1)), undecodable)
  assert.deepEqual(await answerTo(first, framed(Buffer.from([0xff]))), undecodable)
  const negative = Buffer.alloc(8)
  negative.writeBigInt64LE(-8n)
  assert.deepEqual(await answerTo(first, negative), undecodable)
  assert.deepEqual([countOf('f1'), countOf('f2'), countOf('f3')], [1, 1, 0])
})

test('a field that the message does not have is refused, also deep inside', async () => {
  const first = encodeWrite({ session: SESSION, backend: 'tsdb', table: TABLE })
  const unknown = Buffer.from([0x98, 0x06, 1]) // field 99, varint 1
  const wrong = await send(double.url, {
    path: '/write',
    body: framed(Buffer.concat([first, unknown])),
  })
  assert.equal(wrong.status, 400)
  const column = Buffer.from([0x0a, 6, 0x12, 1, 0x6d, ...unknown]) // columns { name: 'm' }
  const deep = await send(double.url, {
    path: '/write',
    body: Buffer.concat([framed(first), framed(column)]),
  })
  assert.deepEqual([deep.status, deep.body.toString()], [500, 'decode error'])
})

test('JSON: unknown keys are skipped, null is the default, another type is 400', async () => {
  const good = { session: SESSION, backend: 'tsdb', table: TABLE, columns: null, whatever: 1 }
  assert.equal((await sendJson(double.url, '/read', good)).status, 200)
  for (const wrong of [{ columns: 'm' }, { start: 5 }, { multi_index: 'yes' }, { session: 'x' }]) {
    const { status, body } = await sendJson(double.url, '/read', { ...good, ...wrong })
    assert.deepEqual([status, /^bad request - /.test(body.toString())], [400, true])
  }
  assert.equal((await send(double.url, { path: '/read', body: '{' })).status, 400)
  assert.equal((await send(double.url, { path: '/read', body: '[]' })).status, 400)
  const created = { session: SESSION, backend: 'tsdb', table: 'x', rate: '1/s' }
  for (const option of ['IGNORE', 2]) {
    const fields = { ...created, if_exists: option }
    const status = (await sendJson(double.url, '/create', { ...fields, table: TABLE })).status
    assert.equal(status, 400)
  }
})

test('frames that are no time series are refused', async () => {
  const { columns = [], indices = [] } = rows([1, 'no', 1])
  const frames: readonly (readonly [FrameParts, RegExp])[] = [
    [{ columns }, /no indices/],
    [{ columns, indices: indices.slice(1) }, /no index of type time/],
    [
      { columns, indices: [...indices, { name: 't2', dtype: 'TIME', times: [1n] }] },
      /more than one/,
    ],
    [{ indices }, /empty frame/],
    [{ columns: [{ name: 'm', dtype: 'TIME', times: [1n] }], indices }, /type TIME/],
    [{ columns: [{ name: 'm', dtype: 'NULL' }], indices }, /type NULL/],
    [{ columns: [...columns, ...columns], indices }, /duplicate/],
  ]
  for (const [frame, text] of frames) {
    const { status, body } = await write(double.url, frame)
    assert.equal(status, 500)
    assert.match(body.toString(), text)
  }
})

test('with one index only rows must be in time order', async () => {
  const frame = (...atMs: number[]): FrameParts => ({
    columns: [{ name: 'm', dtype: 'FLOAT', floats: atMs }],
    indices: times(...atMs) ?? [],
    labels: { id: { sval: 'ordered' } },
  })
  const { status, body } = await write(double.url, frame(1, 3, 2, 4))
  assert.deepEqual([status, body.includes('out of order')], [500, true])
  assert.equal(countOf('ordered'), 0)
  await write(double.url, frame(1, 2, 2, 4))
  assert.equal(countOf('ordered'), 3)
})

test('a bad metric name is 500, columns before it are stored', async () => {
  for (const [index, name] of ['a-b', 'a.b', 'a b', '1a', 'é', ''].entries()) {
    const frame = rows([index + 1, 'named', 1])
    const columns = [...(frame.columns ?? []), { name, dtype: 'FLOAT', floats: [1] } as const]
    const { status, body } = await write(double.url, { ...frame, columns })
    assert.deepEqual([status, body.includes('Invalid metric name')], [500, true])
  }
  assert.equal(countOf('named'), 6)
  const colon = { name: 'a:b_1', dtype: 'FLOAT', floats: [1] } as const
  assert.equal((await write(double.url, { ...rows([1, 'x', 1]), columns: [colon] })).status, 200)
})

test('the table must have been created, and the backend must be known', async () => {
  const body = (initial: object): Buffer => writeBody([rows([1, 'a', 1])], initial)
  const absent = await send(double.url, { path: '/write', body: body({ table: 'no/such' }) })
  assert.equal(absent.status, 500)
  assert.match(absent.body.toString(), /^write error: .*No TSDB schema file found at '.*no\/such'/)
  const other = await send(double.url, { path: '/write', body: body({ backend: 'csv' }) })
  assert.deepEqual([other.status, other.body.includes('unknown backend')], [500, true])
})

test('an empty container is the configured one, or the first part of the path', async () => {
  const session = { token: KEY }
  const fields = { session, backend: 'tsdb', table: '/one/two/', rate: '1/s' }
  const homeless = await startFramesdDouble({ accessKey: KEY, container: '' })
  try {
    await sendJson(double.url, '/create', fields)
    await sendJson(homeless.url, '/create', fields)
    assert.deepEqual(double.tables('bigdata'), ['one/two'])
    assert.deepEqual(homeless.tables('one'), ['two'])
  } finally {
    await homeless.close()
  }
})

test('initial data counts as a frame, labels of a column are repeated', async () => {
  const label: FrameParts = {
    columns: [{ name: 'm', dtype: 'FLOAT', floats: [1, 2] }],
    indices: [
      ...(times(1, 2) ?? []),
      { name: 'id', kind: 'LABEL', dtype: 'STRING', size: 2n, strings: ['repeated'] },
    ],
  }
  const { body } = await send(double.url, {
    path: '/write',
    body: writeBody([rows([3, 'repeated', 3])], { initial_data: label }),
  })
  assert.deepEqual(JSON.parse(body.toString()), { num_frames: 2, num_rows: 3 })
  assert.equal(countOf('repeated'), 3)
})

function bigEndian(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(message.subarray(0, 8)).swap64(), message.subarray(8)])
}
