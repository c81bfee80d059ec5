// Claim: a server that is away, mute or rude is trouble with a code and without the password. Shown
// with sockets that behave so; a real server is the interop tests' part.
import { strict as assert } from 'node:assert'
import { createServer, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { openPostgres } from '../../../../lib/store/postgres/open-postgres.ts'
import { PgDatabase } from '../../../../lib/store/postgres/pg-database.ts'
import { createStore } from '../../../../lib/store/postgres/store.ts'
import { errorCode, errorMessage } from '../../../../lib/stream/errors.ts'

const PASSWORD = 'hunter%2F2'
const LIMITS = { connectionsMax: 1, connectMsMax: 100, statementMsMax: 100 }

async function listen(
  onConnection: (socket: Socket) => void,
): Promise<{ url: string; server: Server }> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    onConnection(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `postgres://monitor:${PASSWORD}@127.0.0.1:${port}/metrics`, server }
}

/** An ErrorResponse of the wire protocol: severity, SQLSTATE, message. */
function errorResponse(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}

async function failureOf(url: string): Promise<unknown> {
  return openPostgres({ url, limits: LIMITS }).then(
    () => assert.fail('it cannot be opened'),
    (error: unknown) => error,
  )
}

function assertNoPassword(value: unknown): void {
  const text = `${value} ${inspect(value, { depth: 20, showHidden: true })}`
  assert.doesNotMatch(text, /hunter/)
}

const SERVERS = {
  'hangs up': (socket: Socket) => socket.destroy(),
  'says nothing': () => undefined,
  'has too many clients': (socket: Socket) =>
    socket.end(errorResponse('53300', 'sorry, too many clients already')),
  'repeats the password': (socket: Socket) =>
    socket.end(errorResponse('28P01', `wrong password hunter/2 or ${PASSWORD}`)),
}

for (const [what, behave] of Object.entries(SERVERS)) {
  test(`a server that ${what} is unavailable`, async () => {
    const sockets: Socket[] = []
    const { url, server } = await listen((socket) => {
      sockets.push(socket)
      behave(socket)
    })
    const error = await failureOf(url)
    assert.equal(errorCode(error), 'store-unavailable', errorMessage(error))
    assertNoPassword(error)

    const database = await PgDatabase.create(url, LIMITS)
    const store = createStore(database)
    assertNoPassword(store)
    assertNoPassword(database)
    const outcome = await store.kv.write([{ endpointId: 'e', attributes: new Map() }])
    assert.equal(outcome.kind, 'retry')
    assertNoPassword(outcome)
    await store.close()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
}

test('nobody at the port is unavailable', async () => {
  const { url, server } = await listen(() => undefined)
  await new Promise((resolve) => server.close(resolve))
  const error = await failureOf(url)
  assert.equal(errorCode(error), 'store-unavailable')
  assert.match(errorMessage(error), /ECONNREFUSED/)
  assertNoPassword(error)
})

test('a URL that cannot be read is a bad setting', async () => {
  for (const url of [
    `postgres://monitor:${PASSWORD}@host:port/metrics`,
    'postgres://monitor:hunter/2@host/metrics',
    'postgres://monitor:hunter%zz@host/metrics',
    'postgres://monitor:hunter@[::1/metrics',
    'hunter',
  ]) {
    const error = await failureOf(url)
    assert.equal(errorCode(error), 'bad-config', url)
    assertNoPassword(error)
  }
})
