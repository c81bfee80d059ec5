// The access key never shows: not in an error's text or fields, not when a client is printed, whatever
// a server sends back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { V3ioClient } from '../src/index.ts'
import { clientOf } from './support/clients.ts'
import { type Step, startServer } from './support/scripted-server.ts'

const KEY = 'very"hushed\\key-1'
const HALF = 'hushed'

async function errorOf(step: Step, path = 'a'): Promise<unknown> {
  const client = clientOf(await startServer([step]), { accessKey: KEY, triesMax: 1 })
  return client
    .objects('c')
    .get(path)
    .then(() => assert.fail('it was to fail'))
    .catch((error: unknown) => error)
}

function assertHidden(value: unknown): void {
  const shown = inspect(value, { depth: 20, showHidden: true, getters: true })
  assert(!shown.includes(HALF), shown)
  assert(!String(value).includes(HALF))
}

test('a server that repeats the key does not make it show', async () => {
  const bodies = [
    `no such key: ${KEY}`,
    JSON.stringify({ ErrorCode: -1, ErrorMessage: `bad ${KEY}` }),
    // Where a line is cut, and where reading is.
    ...[480, 490, 3_990].map((blanks) => 'x'.repeat(blanks) + KEY),
  ]
  for (const body of bodies) assertHidden(await errorOf({ status: 400, body }))
})

test('errors of the connection do not hold the request', async () => {
  for (const step of ['reset', 'noise', 'half-body'] as const) assertHidden(await errorOf(step))
})

test('a key in a path does not show either', async () => {
  assertHidden(await errorOf({ status: 400 }, `dir/${KEY}`))
})

test('a printed client and what it makes do not show it', async () => {
  const client = clientOf(await startServer([{}]), { accessKey: KEY })
  await client.objects('c').get('a')
  assertHidden([client, client.table('c', 't'), client.stream('c', 's'), client.objects('c')])
  assert.equal(JSON.stringify(client), '{}')
})

test('a key that cannot be sent is refused without being shown', () => {
  for (const end of ['\n', '\r\nHost: x', '\u0000', ' ', 'é', '\u007f']) {
    try {
      new V3ioClient({ url: 'http://host', accessKey: `hushed${end}` })
      assert.fail(`taken with ${JSON.stringify(end)}`)
    } catch (error) {
      assertHidden(error)
      assert.equal(error instanceof Error && 'code' in error && error.code, 'invalid-argument')
    }
  }
})
