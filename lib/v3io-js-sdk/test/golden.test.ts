// The recorded dialogue of a known client, pair by pair: our client, driven to the same call, makes the
// same request (method, path, X-v3io-* and Content-Type headers, parsed body) and understands the answer.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { V3ioClient } from '../src/index.ts'
import { ACCESS_KEY, clientOf, collect } from './support/clients.ts'
import { type SeenRequest, startServer } from './support/scripted-server.ts'

interface Pair {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }
}

const { pairs }: { readonly pairs: readonly Pair[] } = JSON.parse(
  readFileSync(join(process.cwd(), 'lib/v3io-js-sdk/test/golden/v3io_http.json'), 'utf8'),
)
const table = (client: V3ioClient) => client.table('projects', 'default/model-endpoints/endpoints')
const objects = (client: V3ioClient) => client.objects('projects')
const stream = (client: V3ioClient) => client.stream('projects', 'default/stream')
const FILE = 'default/dir/file.parquet'
const WRITTEN = /^__mtime_secs==\d+ and __mtime_nsecs==\d+$/

async function assertWritten(result: Promise<{ readonly kind: string }>): Promise<void> {
  const written = await result
  assert.equal(written.kind, 'written')
  assert('verifier' in written)
  assert.match(String(written.verifier), WRITTEN)
}

const PAGE_2 = pairs.find(({ name }) => name === 'kv.scan page 2 (marker)')

const calls: Readonly<Record<string, (client: V3ioClient) => Promise<void>>> = {
  'kv.put': (client) =>
    assertWritten(
      table(client).put('ep1', {
        endpoint_id: 'ep1',
        count: 1,
        latency: 0.5,
        active: true,
        when: { type: 'timestamp', value: { seconds: 1622541600, nanoseconds: 250_000_000 } },
        blob: Buffer.from([0, 255]),
        ints: new BigInt64Array([1n, 2n, 3n]),
        doubles: new Float64Array([1.5, 2.5]),
        unicode: 'héllo',
      }),
    ),
  'kv.put conditional, false': async (client) => {
    const result = await table(client).put('ep1', { a: 1 }, { condition: 'count > 5' })
    assert.deepEqual(result, { kind: 'condition-false' })
  },
  'kv.update attributes': (client) =>
    assertWritten(table(client).update('ep1', { count: 2, state: 'x' })),
  'kv.update expression': (client) => {
    const expression = "count = count + 1; ints[1] = ints[1] * 10; tag = 'it'; delete(state)"
    return assertWritten(table(client).updateByExpression('ep1', { expression }))
  },
  'kv.update expression + alternate': (client) =>
    assertWritten(
      table(client).updateByExpression('ep1', {
        condition: 'count > 5',
        expression: 'count = 0',
        alternate: 'count = count + 100',
      }),
    ),
  'kv.get *': async (client) => {
    const found = await table(client).get('ep1')
    assert.match(String(found?.verifier), WRITTEN)
    assert.deepEqual(Object.fromEntries(found?.item ?? []), {
      endpoint_id: { type: 'string', value: 'ep1' },
      count: { type: 'int', value: 103 },
      latency: { type: 'double', value: 0.5 },
      active: { type: 'boolean', value: true },
      when: { type: 'timestamp', value: { seconds: 1622541600, nanoseconds: 250_000_000 } },
      blob: { type: 'bytes', value: Buffer.from([0, 255]) },
      ints: { type: 'ints', value: new BigInt64Array([1n, 20n, 3n]) },
      doubles: { type: 'doubles', value: new Float64Array([1.5, 2.5]) },
      unicode: { type: 'string', value: 'héllo' },
      tag: { type: 'string', value: 'it' },
    })
  },
  'kv.get missing': async (client) => {
    assert.equal(await table(client).get('nope'), null)
  },
  'kv.put 2': (client) => assertWritten(table(client).put('ep2', { endpoint_id: 'ep2', count: 7 })),
  'kv.put 3': (client) => assertWritten(table(client).put('ep3', { endpoint_id: 'ep3', count: 9 })),
  'kv.scan page 1': async (client) => {
    const items = await collect(table(client).scan({ pageItems: 2 }))
    assert.deepEqual(
      items.map((item) => item.get('__name')?.value),
      ['ep1', 'ep2', 'ep3'],
    )
  },
  'kv.scan page 2 (marker)': async (client) => {
    await collect(table(client).scan({ pageItems: 2 }))
  },
  'kv.scan segment': async (client) => {
    const items = await collect(table(client).scan({ segment: { index: 0, count: 2 } }))
    assert.equal(items.length, 2)
  },
  'kv.delete': async (client) => {
    assert.equal(await table(client).delete('ep3'), true)
  },
  'kv.create_schema': async (client) => {
    const fields = [{ name: 'endpoint_id', type: 'string', nullable: false }] as const
    await table(client).schema().write({ fields, key: 'endpoint_id' })
  },
  'object.put': (client) => objects(client).put(FILE, 'PAR1....PAR1'),
  'object.put append': (client) => objects(client).append(FILE, Buffer.from('more')),
  'object.get': async (client) => {
    assert.equal((await objects(client).get(FILE))?.toString(), 'PAR1....PAR1more')
  },
  'object.head': async (client) => {
    const modifiedAt = new Date('2026-11-24T07:37:58Z')
    assert.deepEqual(await objects(client).head(FILE), { sizeBytes: 16, modifiedAt })
  },
  'container.list': async (client) => {
    const modifiedAt = new Date('2026-11-24T07:37:58Z')
    const entry = { kind: 'object', path: FILE, sizeBytes: 16, modifiedAt }
    assert.deepEqual(await collect(objects(client).list('default/dir')), [entry])
  },
  'object.delete': async (client) => {
    assert.equal(await objects(client).delete(FILE), true)
  },
  'stream.create': async (client) => {
    assert.equal(await stream(client).create({ shardCount: 2, retentionHours: 1 }), 'created')
  },
  'stream.describe': async (client) => {
    assert.deepEqual(await stream(client).describe(), { shardCount: 2, retentionHours: 1 })
  },
  'stream.put_records': async (client) => {
    const results = await stream(client).putRecords([
      { data: 'hello', shardId: 0 },
      { data: Buffer.from('w'), clientInfo: 'x', partitionKey: 'ep1' },
      { data: 'bad', shardId: 9 },
    ])
    const code = -201326594
    const message = 'ShardIDOutOfRangeException'
    assert.deepEqual(results, [
      { kind: 'stored', shardId: 0, sequenceNumber: 1n },
      { kind: 'stored', shardId: 0, sequenceNumber: 2n },
      { kind: 'failed', code, message, isPassing: false, mayBeStored: false },
    ])
  },
  'stream.seek': async (client) => {
    assert.equal(await stream(client).seek(0, { type: 'earliest' }), 'MA==')
  },
  'no access key': (client) =>
    assert.rejects(objects(client).get('default/x'), { code: 'unauthorized', status: 401 }),
}

const PAGE_1 = pairs.find(({ name }) => name === 'kv.scan page 1')

for (const pair of pairs) {
  test(`golden: ${pair.name}`, async () => {
    // Page 2 is only asked for by who was given page 1, and the other way round.
    const isPaged = pair === PAGE_1 || pair === PAGE_2
    const answers = isPaged ? [PAGE_1, PAGE_2] : [pair]
    const server = await startServer((_, index) => replyOf(answers[index]))
    const isKeyless = pair.headers['X-v3io-session-key'] === undefined
    await calls[pair.name]?.(clientOf(server, { accessKey: isKeyless ? '' : ACCESS_KEY }))
    assert.equal(server.seen.length, answers.length)
    assert.deepEqual(shownOf(server.seen[pair === PAGE_2 ? 1 : 0]), expectedOf(pair))
  })
}

test('no pair was left out', () => {
  assert(pairs.length > 20)
  assert.deepEqual(
    pairs.map(({ name }) => name).filter((name) => !(name in calls)),
    [],
  )
})

function replyOf(pair: Pair | undefined) {
  assert(pair !== undefined, 'more was asked for than was recorded')
  const { status, headers, body } = pair.response
  const length = { 'Content-Length': String(Buffer.byteLength(body)) }
  return { status, headers: { ...headers, ...(status === 204 ? {} : length) }, body }
}

function shownOf(seen: SeenRequest | undefined) {
  if (seen === undefined) return null
  const { method, path, headers, body } = seen
  return { method, path, headers: contractHeaders(headers), body: parsed(body) }
}

function expectedOf({ method, path, headers, body }: Pair) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  return { method, path, headers: contractHeaders(Object.fromEntries(lower)), body: parsed(body) }
}

function contractHeaders(headers: SeenRequest['headers']) {
  const isOfContract = (name: string) =>
    /^(?:x-v3io-.*|content-type|range|authorization)$/.test(name)
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isOfContract(name)))
}

function parsed(body: string): unknown {
  return body.startsWith('{') ? JSON.parse(body) : body
}
