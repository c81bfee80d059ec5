// Certificates are checked unless a caller says otherwise. The test's own one is for 127.0.0.1, signed
// by itself, and valid for 100 years.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientOf } from './support/clients.ts'
import { startServer } from './support/scripted-server.ts'

const fixture = (name: string) =>
  readFileSync(join(process.cwd(), 'lib/v3io-js-sdk/test/fixtures', name), 'utf8')
const cert = fixture('tls-cert.pem')
const tls = { cert, key: fixture('tls-key.pem') }

test('an unknown certificate is refused, before anything was sent', async () => {
  const server = await startServer([{ body: 'x' }], tls)
  const error = { code: 'connection', mayBeApplied: false }
  await assert.rejects(clientOf(server).objects('c').get('a'), error)
  assert.equal(server.seen.length, 0)
})

test('one of a given authority is taken, and any one only on demand', async () => {
  const server = await startServer([{ body: 'x' }], tls)
  for (const options of [{ ca: cert }, { verifiesTls: false }]) {
    const objects = clientOf(server, { ...options, connectionsMax: 1 }).objects('c')
    assert.equal((await objects.get('a'))?.toString(), 'x')
    await objects.append('a', 'x')
  }
  assert.equal(server.connections(), 2)
})
