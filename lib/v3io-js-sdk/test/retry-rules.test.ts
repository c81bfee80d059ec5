// Which calls are repeated after which failure, counted at the server: reads and writes that may be done
// twice, up to triesMax; appends, records, conditions and creations never, once they may be applied.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { V3ioClient } from '../src/index.ts'
import { clientOf, collect } from './support/clients.ts'
import { startServer } from './support/scripted-server.ts'

type Call = (client: V3ioClient) => Promise<unknown>
const table = (client: V3ioClient) => client.table('c', 't')
const objects = (client: V3ioClient) => client.objects('c')
const stream = (client: V3ioClient) => client.stream('c', 's')

const repeated: Readonly<Record<string, Call>> = {
  put: (client) => table(client).put('k', { a: 1 }),
  update: (client) => table(client).update('k', { a: 1 }),
  'conditional put, on demand': (client) =>
    table(client).put('k', { a: 1 }, { condition: 'a < 1', isRepeatable: true }),
  'create, on demand': (client) => table(client).create('k', { a: 1 }, { isRepeatable: true }),
  'expression, on demand': (client) =>
    table(client).updateByExpression('k', { expression: 'a = 1', isRepeatable: true }),
  get: (client) => table(client).get('k'),
  scan: (client) => collect(table(client).scan()),
  delete: (client) => table(client).delete('k'),
  'object put': (client) => objects(client).put('a', 'x'),
  'object get': (client) => objects(client).get('a'),
  'object head': (client) => objects(client).head('a'),
  'object delete': (client) => objects(client).delete('a'),
  list: (client) => collect(objects(client).list('d')),
  makeDirectory: (client) => objects(client).makeDirectory('d'),
  deleteDirectory: (client) => objects(client).deleteDirectory('d'),
  containers: (client) => client.containers(),
  'stream create': (client) => stream(client).create({ shardCount: 1, retentionHours: 1 }),
  'stream grow': (client) => stream(client).grow(2),
  describe: (client) => stream(client).describe(),
  seek: (client) => stream(client).seek(0, { type: 'latest' }),
  getRecords: (client) => stream(client).getRecords(0, 'x'),
}

const sentOnce: Readonly<Record<string, Call>> = {
  'conditional put': (client) => table(client).put('k', { a: 1 }, { condition: 'a < 1' }),
  'conditional update': (client) => table(client).update('k', { a: 1 }, { condition: 'a < 1' }),
  create: (client) => table(client).create('k', { a: 1 }),
  expression: (client) => table(client).updateByExpression('k', { expression: 'a = a + 1' }),
  append: (client) => objects(client).append('a', 'x'),
  putRecords: (client) => stream(client).putRecords([{ data: 'x' }]),
  'putRecordsRetrying, which may be stored': (client) =>
    stream(client).putRecordsRetrying([{ data: 'x' }], { backoffMs: 1 }),
}

const failures = {
  503: { status: 503 },
  'a reset': 'reset',
  silence: 'silence',
} as const

for (const [calls, tries] of [
  [repeated, 3],
  [sentOnce, 1],
] as const) {
  for (const [name, call] of Object.entries(calls)) {
    test(`${name} is sent ${tries} times`, async () => {
      for (const [failure, step] of Object.entries(failures)) {
        const server = await startServer([step])
        const client = clientOf(server, { timeoutMs: 80 })
        await assert.rejects(call(client), { mayBeApplied: true, isPassing: true }, failure)
        assert.equal(server.seen.length, tries, failure)
      }
      const refusing = await startServer([{ status: 400, body: '{"ErrorCode": -1}' }])
      await assert.rejects(call(clientOf(refusing)), { code: 'refused', isPassing: false })
      assert.equal(refusing.seen.length, 1)
    })
  }
}
