// Claim: where a key is configured, only who sends it reads anything but /healthz and the list of paths, in whichever
// of the usual ways it is sent; with `required` any key does; nothing of the request is looked at before.
import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { PROXY_BASE } from '../../../handler/read-api.ts'
import { readAccessOf } from '../../../handler/who-may-read.ts'
import { ask, readApiOf } from '../../support/read-api.ts'
import { complaintsOf } from '../config/complaints.ts'

const KEY = 'a-right-key'
const reader = {
  endpoints: async () => [],
  series: async () => [],
  ledger: async () => [],
  claims: async () => [],
}
const store = { reader, records: { read: async () => new Map() } }

function accessOf(settings: { readAuth?: string; readToken?: string; v3ioAccessKey?: string }) {
  const { readAuth = 'auto', readToken = '', v3ioAccessKey = '' } = settings
  const known = readAuth as 'auto' | 'none' | 'required' | 'token'
  return readAccessOf({ readAuth: known, readToken, v3ioAccessKey })
}

const api = readApiOf(store, { access: accessOf({ v3ioAccessKey: KEY }) })
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
const session = `session=${encodeURIComponent(`j:{"sid": "${KEY}"}`)}`

for (const [what, headers] of Object.entries({
  'the header of MLRun': { 'X-V3io-Session-Key': KEY },
  'the header in other letters': { 'x-v3io-session-key': KEY },
  'a bearer token': { Authorization: `Bearer ${KEY}` },
  'the password of Basic': { Authorization: basic(`__ACCESS_KEY:${KEY}`) },
  'the session cookie': { Cookie: `theme=dark; ${session}` },
  'the session cookie as it is': { Cookie: `session=j:{"sid":"${KEY}"}; a=b` },
  'one of two keys': { 'X-V3io-Session-Key': 'other', Authorization: `Bearer ${KEY}` },
})) {
  test(`the key is taken from ${what}`, async () => {
    assert.equal((await ask(api, { path: '/api/endpoints', headers })).status, 200)
  })
}

for (const [what, headers] of Object.entries({
  'another key': { 'X-V3io-Session-Key': 'a-wrong-key' },
  'the beginning of it': { 'X-V3io-Session-Key': KEY.slice(0, -1) },
  'more than it': { 'X-V3io-Session-Key': `${KEY}x` },
  'it in another case': { Authorization: `Bearer ${KEY.toUpperCase()}` },
  'the user of Basic': { Authorization: basic(`${KEY}:`), 'X-V3io-Session-Key': '-' },
  'its digest': { Authorization: `Bearer ${createHash('sha256').update(KEY).digest('hex')}` },
})) {
  test(`who sends ${what} may not read`, async () => {
    for (const path of ['/api/endpoints', '/status', '/metrics', '/api/nothing', PROXY_BASE]) {
      const answer = await ask(api, { path, headers })
      assert.equal(answer.status, 401, path)
      assert.equal(answer.headers['WWW-Authenticate'], 'Bearer')
      assert.doesNotMatch(JSON.stringify(answer), new RegExp(KEY))
    }
  })
}

test('who sends none may not read, whatever is asked for; health and the list of paths are open', async () => {
  for (const path of ['/api/endpoints', '/status', '/metrics', '/api/records', '/x']) {
    assert.equal((await ask(api, { path })).status, 401, path)
  }
  for (const headers of [{ 'X-V3io-Session-Key': ' ' }, { Cookie: 'session=%' }, { Cookie: 'x' }]) {
    assert.equal((await ask(api, { path: '/status', headers })).status, 401)
  }
  // As MLRun's clients know it; the body, which is no JSON, is not looked at.
  const proxy = await ask(api, { path: `${PROXY_BASE}/query`, body: '{' })
  assert.equal(proxy.status, 400)
  assert.match(proxy.text, /Request header missing 'X-V3io-Session-Key' parameter/)
  assert.equal((await ask(api, { path: '/healthz' })).text, 'ok')
  assert.match((await ask(api, { path: '/' })).text, /GET {2}\/metrics/)
})

test('any key does with `required`, none is needed with `none` or without a key', async () => {
  const required = readApiOf(store, { access: accessOf({ readAuth: 'required', readToken: KEY }) })
  const headers = { 'X-V3io-Session-Key': 'any' }
  assert.equal((await ask(required, { path: '/status', headers })).status, 200)
  assert.equal((await ask(required, { path: '/status' })).status, 401)
  for (const settings of [{ readAuth: 'none', readToken: KEY }, {}]) {
    const open = readApiOf(store, { access: accessOf(settings) })
    assert.equal((await ask(open, { path: '/status' })).status, 200)
  }
})

test('READ_TOKEN goes before V3IO_ACCESS_KEY, and `token` needs one of them', async () => {
  const both = readApiOf(store, { access: accessOf({ readToken: 'mine', v3ioAccessKey: KEY }) })
  const statusOf = async (key: string): Promise<number> =>
    (await ask(both, { path: '/status', headers: { Authorization: `Bearer ${key}` } })).status
  assert.deepEqual([await statusOf('mine'), await statusOf(KEY)], [200, 401])
  assert.equal(complaintsOf({ READ_AUTH: 'token' }).length, 1)
  assert.deepEqual(complaintsOf({ READ_AUTH: 'token', V3IO_ACCESS_KEY: KEY }), [])
})
