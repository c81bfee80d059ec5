// Claim: a browser gets the page at /, everybody else the list of paths; it may be had without a key, as it has
// nothing of the stores in it; a browser keeps it and asks each time; HEAD is answered as GET everywhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReadAccess } from '../../../handler/who-may-read.ts'
import { ask, PAGE, readApiOf } from '../../support/read-api.ts'

const none = async () => []
const reader = { endpoints: none, series: none, ledger: none, claims: none }
const store = { reader, records: { read: async () => new Map() } }
const BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

for (const access of [
  { kind: 'none' },
  { kind: 'required' },
  { kind: 'token', digest: Buffer.alloc(32) },
] satisfies ReadAccess[]) {
  test(`the page is served with access "${access.kind}", and nothing else beside it`, async () => {
    const api = readApiOf(store, { access })
    const page = await ask(api, { path: '/', headers: BROWSER })
    assert.equal(page.status, 200)
    assert.equal(page.text, PAGE.html)
    assert.equal(page.contentType, 'text/html; charset=utf-8')
    assert.equal(page.headers['Content-Security-Policy'], PAGE.policy)
    assert.equal(page.headers['Cache-Control'], 'no-cache')
    assert.equal(page.headers['X-Content-Type-Options'], 'nosniff')
    assert.equal(page.headers['Vary'], 'Accept')
    const allowed = access.kind === 'none' ? 200 : 401
    for (const path of ['/status', '/api/endpoints', '/metrics']) {
      assert.equal((await ask(api, { path, headers: BROWSER })).status, allowed, path)
    }
  })
}

test('who is no browser gets the list of paths', async () => {
  const api = readApiOf(store)
  for (const Accept of ['*/*', 'application/json', 'text/plain']) {
    const answer = await ask(api, { path: '/', headers: { Accept } })
    assert.match(answer.text, /^Model monitoring stream\.\n/)
    assert.equal(
      answer.headers['Content-Security-Policy'],
      "default-src 'none'; frame-ancestors 'none'",
    )
  }
  // A status stays what programs read, whoever asks.
  assert.equal(
    (await ask(api, { path: '/status', headers: BROWSER })).contentType,
    'application/json',
  )
})

test('a browser that has the page is told so, and only that', async () => {
  const api = readApiOf(store)
  for (const known of [PAGE.etag, `W/${PAGE.etag}`, `"other", ${PAGE.etag}`]) {
    const answer = await ask(api, { path: '/', headers: { ...BROWSER, 'If-None-Match': known } })
    assert.deepEqual([answer.status, answer.text], [304, ''], known)
    assert.equal(answer.headers['ETag'], PAGE.etag)
  }
  const other = await ask(api, { path: '/', headers: { ...BROWSER, 'If-None-Match': '"other"' } })
  assert.equal(other.status, 200)
})

test('HEAD is answered as GET', async () => {
  const api = readApiOf(store, { access: { kind: 'required' } })
  const head = await ask(api, { method: 'HEAD', path: '/', headers: BROWSER })
  assert.deepEqual([head.status, head.headers['ETag']], [200, PAGE.etag])
  assert.equal((await ask(api, { method: 'HEAD', path: '/healthz' })).status, 200)
  assert.equal((await ask(api, { method: 'HEAD', path: '/status' })).status, 401)
})
