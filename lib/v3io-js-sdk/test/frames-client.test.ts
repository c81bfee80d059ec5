// Claim: what would end framesd or be stored as something else is refused before it is sent, and every
// way in which a call can fail has a code that says what to do; only what is safe is repeated.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { FramesClient } from '../src/frames-client.ts'
import { encodeFrame } from '../src/frames-encode.ts'
import type { Column, ColumnValues, Frame } from '../src/frames-types.ts'
import { V3ioError } from '../src/index.ts'
import { collect } from './support/clients.ts'
import { messages } from './support/frames-proto.ts'
import { type FramesReply, startFrames } from './support/frames-server.ts'

const TABLE = { backend: 'tsdb', table: 'events' } as const
const OK: FramesReply = { body: '{"num_frames":1,"num_rows":1}' }

function column(name: string, data: ColumnValues): Column {
  return { name, data }
}

const time = column('timestamp', { type: 'timeMs', values: [1] })
const metric = column('a', { type: 'double', values: [1] })
const label = (name: string, value: string): Column =>
  column(name, { type: 'string', values: [value] })
const good: Frame = { columns: [metric], indices: [time, label('endpoint_id', 'ep')] }

const refusals: readonly (readonly [string, Frame])[] = [
  ['a column that is shorter', { ...good, columns: [column('a', { type: 'double', values: [] })] }],
  [
    'an index that is longer',
    { ...good, indices: [time, column('l', { type: 'string', values: ['x', 'y'] })] },
  ],
  ['no time', { ...good, indices: [label('endpoint_id', 'ep')] }],
  ['two times', { ...good, indices: [time, column('b', { type: 'timeMs', values: [1] })] }],
  ['no column', { ...good, columns: [] }],
  ['no rows', { columns: [], indices: [column('t', { type: 'timeMs', values: [] })] }],
  ['a metric with a dash', { ...good, columns: [column('a-b', { type: 'double', values: [1] })] }],
  ['a metric that is a time', { ...good, columns: [column('b', { type: 'timeMs', values: [1] })] }],
  ['a metric without values', { ...good, columns: [column('b', { type: 'null', rowCount: 1 })] }],
  ['a column twice', { ...good, columns: [metric, metric] }],
  ['a label called time', { ...good, indices: [time, label('time', 'x')] }],
  ['a label with a dash', { ...good, indices: [time, label('a-b', 'x')] }],
  ['an empty label', { ...good, indices: [time, label('l', '')] }],
  ['a label of all rows that hides an index', { ...good, labels: new Map([['endpoint_id', 'x']]) }],
  ['a label that is called like a metric', { ...good, indices: [time, label('a', 'x')] }],
  ['a label with two underscores in front', { ...good, indices: [time, label('__name', 'x')] }],
  [
    'a label without values',
    { ...good, indices: [time, column('l', { type: 'null', rowCount: 1 })] },
  ],
  ['a cell without a value', { ...good, nulls: [new Set(['a'])] }],
  ['a time before 1970', { ...good, indices: [column('t', { type: 'timeMs', values: [-1] })] }],
  [
    'rows without labels out of order',
    {
      columns: [column('a', { type: 'double', values: [1, 2] })],
      indices: [column('t', { type: 'timeMs', values: [2, 1] })],
    },
  ],
  [
    'half a pair in a name',
    { ...good, columns: [column('\ud83d', { type: 'double', values: [1] })] },
  ],
  ['an empty label of all rows', { ...good, labels: new Map([['l', '']]) }],
  ['a quote in a label', { ...good, indices: [time, label('l', "it's")] }],
  ['a comma in a label', { ...good, indices: [time, label('l', 'a,b')] }],
  ['an equals sign in a label', { ...good, labels: new Map([['l', 'a=b']]) }],
  ['half a pair in a label', { ...good, indices: [time, label('l', '\ud83d')] }],
  [
    'a time between milliseconds',
    { ...good, indices: [column('t', { type: 'timeMs', values: [0.5] })] },
  ],
  [
    'a time beyond 64 bits',
    { ...good, indices: [column('t', { type: 'timeMs', values: [9.3e12] })] },
  ],
  [
    'a number that is not whole',
    { ...good, columns: [column('a', { type: 'int', values: [0.5] })] },
  ],
  ['nulls of another length', { ...good, nulls: [] }],
]

for (const [what, frame] of refusals) {
  test(`${what} is refused and nothing is sent`, async () => {
    const { client, requests } = await startFrames([OK])
    const writing = client.write({ ...TABLE, frames: [good, frame] })
    await assert.rejects(writing, { code: 'invalid-argument', mayBeApplied: false })
    assert.equal(requests.length, 0)
  })
}

test('a good frame is sent, and a time series takes no save mode', async () => {
  const { client, requests } = await startFrames([OK])
  const written = await client.write({ ...TABLE, frames: [good] })
  assert.deepEqual(written, { frameCount: 1, rowCount: 1 })
  for (const extra of [{ saveMode: 'updateItem' }, { condition: 'a' }, { partitionKeys: ['a'] }]) {
    const writing = client.write({ ...TABLE, frames: [good], ...extra })
    await assert.rejects(writing, { code: 'invalid-argument' })
  }
  assert.equal(requests.length, 1)
})

test('without frames nothing is sent', async () => {
  const { client, requests } = await startFrames([OK])
  const written = await client.write({ ...TABLE, frames: [] })
  assert.deepEqual(written, { frameCount: 0, rowCount: 0 })
  assert.equal(requests.length, 0)
})

const texts: readonly (readonly [string, string])[] = [
  ["write error: No TSDB schema file found at 'http://x'.", 'not-found'],
  ['write error: A TSDB table already exists at path x', 'conflict'],
  ['write error: HTTP/1.1 401 Unauthorized', 'unauthorized'],
  ['write error: HTTP/1.1 403 Forbidden', 'forbidden'],
  ['write error: HTTP/1.1 503 Service Unavailable', 'unavailable'],
  ['write error: dial tcp 10.0.0.1:8081: connect: connection refused', 'unavailable'],
  ['write error: timeout', 'unavailable'],
  ['write error: the server closed connection before returning the first byte', 'unavailable'],
  ['write error: incompatible data type of a', 'refused'],
  ['write error: something new', 'failed'],
  ["can't exec", 'failed'],
]
for (const [body, code] of texts) {
  test(`500 ${body} is ${code}, and is not repeated`, async () => {
    const { client, requests } = await startFrames([{ status: 500, body }])
    await assert.rejects(client.write({ ...TABLE, frames: [good] }), { code, status: 500 })
    assert.equal(requests.length, 1)
  })
}

test('400 is refused', async () => {
  const { client } = await startFrames([{ status: 400, body: 'bad write request' }])
  const writing = client.write({ ...TABLE, frames: [good] })
  await assert.rejects(writing, { code: 'refused', status: 400, message: /bad write request/ })
})

const repeats: readonly (readonly [string, boolean, (client: FramesClient) => Promise<unknown>])[] =
  [
    ['a write of a time series', true, (client) => client.write({ ...TABLE, frames: [good] })],
    [
      'a write of items that replaces them',
      true,
      (client) =>
        client.write({ backend: 'kv', table: 't', frames: [good], saveMode: 'overwriteItem' }),
    ],
    [
      'a write with a condition',
      false,
      (client) =>
        client.write({
          backend: 'kv',
          table: 't',
          frames: [good],
          saveMode: 'overwriteItem',
          condition: 'a > 1',
        }),
    ],
    [
      'a write that fails where a table is',
      false,
      (client) => client.write({ backend: 'kv', table: 't', frames: [good] }),
    ],
    ['making a table', false, (client) => client.create({ ...TABLE, rate: '1/s' })],
    [
      'making a table unless it is there',
      true,
      (client) => client.create({ ...TABLE, rate: '1/s', ifExists: 'ignore' }),
    ],
    ['deleting a table', false, (client) => client.delete(TABLE)],
    [
      'deleting a table if it is there',
      true,
      (client) => client.delete({ ...TABLE, ifMissing: 'ignore' }),
    ],
    ['a read', true, (client) => collect(client.read(TABLE))],
    ['a command', false, (client) => client.execute({ ...TABLE, command: 'x' })],
  ]
for (const [what, isRepeated, call] of repeats) {
  test(`${what} is ${isRepeated ? '' : 'not '}repeated`, async () => {
    for (const failure of ['reset', { status: 503, body: '' }] as const) {
      const answer = what === 'a read' ? { body: '' } : OK
      const { client, requests } = await startFrames([failure, answer], { triesMax: 2 })
      if (isRepeated) await call(client)
      else await assert.rejects(call(client), V3ioError)
      assert.equal(requests.length, isRepeated ? 2 : 1)
    }
  })
}

test('a read that breaks off, falls silent, or is no frame is told of', async () => {
  const frame = Buffer.from(messages.Frame.encode({ columns: [] }).finish())
  const length = Buffer.alloc(8)
  length.writeBigInt64LE(BigInt(encodeFrame(good).length))
  const whole = Buffer.concat([length, encodeFrame(good)])
  const { client } = await startFrames([{ body: Buffer.concat([whole, whole]) }])
  assert.equal((await collect(client.read(TABLE))).length, 2)
  for (const body of [whole.subarray(0, -1), Buffer.concat([whole, frame.subarray(0), length])]) {
    const { client: other } = await startFrames([{ body }])
    await assert.rejects(collect(other.read(TABLE)), { code: 'bad-answer' })
  }
  const { client: silent } = await startFrames(['silence'], { timeoutMs: 50 })
  await assert.rejects(collect(silent.read(TABLE)), { code: 'timeout' })
  const { client: broken } = await startFrames(['reset'])
  await assert.rejects(collect(broken.read(TABLE)), { code: 'connection' })
})

test('an answer that is none of framesd is told of', async () => {
  for (const body of ['', 'OK', '[]', '{}', '{"num_frames":"1"}']) {
    const { client } = await startFrames([{ body }])
    const writing = client.write({ ...TABLE, frames: [good] })
    await assert.rejects(writing, { code: 'bad-answer', mayBeApplied: true })
  }
})

test('an error in the place of a frame does not show the key either', async () => {
  const key = 'very-secret-access-key'
  const frame = messages.Frame.encode({ error: `no\n\u001b[0m ${key}` }).finish()
  const length = Buffer.alloc(8)
  length.writeBigInt64LE(BigInt(frame.length))
  const { client } = await startFrames([{ body: Buffer.concat([length, frame]) }], {
    accessKey: key,
  })
  await assert.rejects(collect(client.read(TABLE)), (error) => {
    assert(error instanceof V3ioError)
    assert.equal(error.code, 'failed')
    assert.match(error.message, /could not do it: no \[0m \*\*\*$/)
    return true
  })
  const exec = JSON.stringify({ frame: Buffer.from(frame).toString('base64') })
  const { client: other } = await startFrames([{ body: exec }], { accessKey: key })
  const executing = other.execute({ ...TABLE, command: 'x' })
  await assert.rejects(
    executing,
    (error) => error instanceof V3ioError && !error.message.includes(key),
  )
})

test('a KV table takes names of attributes, and no quote where it would break an expression', async () => {
  const { client, requests } = await startFrames([OK])
  const table = { backend: 'kv', table: 't', saveMode: 'updateItem' } as const
  const key = label('id', 'a')
  const text = (value: string): Column => column('t', { type: 'string', values: [value] })
  for (const frame of [
    { columns: [column('a-b', { type: 'double', values: [1] })], indices: [key] },
    { columns: [text("it's")], indices: [key] },
    { columns: [text('a')], indices: [] },
  ] as const) {
    await assert.rejects(client.write({ ...table, frames: [frame] }), { code: 'invalid-argument' })
  }
  assert.equal(requests.length, 0)
  await client.write({
    ...table,
    saveMode: 'overwriteItem',
    frames: [{ columns: [text("it's")], indices: [key] }],
  })
  assert.equal(requests.length, 1)
})

test('a container and a rate are asked for', async () => {
  const { client } = await startFrames([OK])
  await assert.rejects(client.create(TABLE), { code: 'invalid-argument' })
  for (const container of ['', 'a/b']) {
    const options = { url: 'http://x', accessKey: 'k', container }
    assert.throws(() => new FramesClient(options), { code: 'invalid-argument' })
  }
})

test('the key is in the session and in no error', async () => {
  const key = 'very-secret-access-key'
  const body = `write error: HTTP/1.1 403 Forbidden, X-V3io-Session-Key: ${key}`
  const { client } = await startFrames([{ status: 500, body }], { accessKey: key })
  const error: unknown = await client.write({ ...TABLE, frames: [good] }).then(
    () => null,
    (reason: unknown) => reason,
  )
  assert(error instanceof V3ioError)
  assert(!inspect(error, { depth: 9, showHidden: true }).includes(key))
  assert(!inspect(client, { depth: 9 }).includes(key))
})

test('a closed client says so', async () => {
  const { client } = await startFrames([OK])
  client.close()
  await assert.rejects(client.version(), { code: 'closed' })
  const options = { url: 'ftp://x', container: 'c', accessKey: 'k' }
  assert.throws(() => new FramesClient(options), { code: 'invalid-argument' })
})
