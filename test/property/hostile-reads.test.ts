// Claim: no request that is read hurts: whatever stands in its body, its query or its path, the answer is what was asked
// for, or a 4xx with one sentence that leaks nothing; nothing is written, and the next request is answered. Shown
// on the embedded store, with known tricks and with random JSON in every field.
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { PROXY_BASE, type ReadApi } from '../../handler/read-api.ts'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import { StreamError } from '../../lib/stream/errors.ts'
import type { Store, StoreReader } from '../../lib/stream/ports.ts'
import { ask, type Request, readApiOf, type Seen, writeGolden } from '../support/read-api.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SENTENCES_MAX = 700
/** What only our own code, a disk or an engine says. */
const LEAK =
  /node_modules|node:internal|\.ts:\d|\bat .*\(|\/(?:home|tmp|work|var|etc)\/|SELECT|syntax error|SQLSTATE|PGlite|TypeError|undefined/
const SQL = [
  `'; DROP TABLE model_endpoints; --`,
  `' OR '1'='1`,
  `\\'; SELECT pg_sleep(9); --`,
  '$1',
]
const HTML = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '{{7*7}}']
const HEADER = ['a\r\nSet-Cookie: x=1', 'a\nX: y', '\0', '\ud800', '\u2028', '%0d%0aX: y']
const PATHS = ['../../../etc/passwd', '..%2f..%2fetc', 'projects', '__proto__', 'constructor', '']
const TRICKS = [...SQL, ...HTML, ...HEADER, ...PATHS, 'x'.repeat(20_000), '\u202e', '😀']
const BODIES = [
  '/query',
  '/search',
  '/annotations',
  '/variable',
  '/metric-payload-options',
  '/tag-values',
]
const LISTS = [
  'projects',
  'endpoints',
  'features',
  'drift',
  'series',
  'records',
  'ledger',
  'claims',
]
const FIELDS = [
  'project',
  'endpoint_id',
  'model',
  'metric',
  'record_type',
  'from_ms',
  'limit',
  'log',
]

const folder = temporaryFolder()
let store: Store
let api: ReadApi
let records: readonly unknown[]
before(async () => {
  store = await openEmbedded({ folder: folder.path })
  await writeGolden(store)
  api = readApiOf(store)
  records = await store.reader.endpoints()
})
after(async () => {
  await store.close()
  folder.remove()
})

/** Asks, and holds the answer against what every answer must be. */
async function askSafely(request: Request): Promise<Seen> {
  const answer = await ask(api, request)
  assert([200, 400, 404, 413].includes(answer.status), `${answer.status}: ${answer.text}`)
  assert.equal(answer.headers['X-Content-Type-Options'], 'nosniff')
  assert.equal(
    answer.headers['Content-Security-Policy'],
    "default-src 'none'; frame-ancestors 'none'",
  )
  assert.doesNotMatch(JSON.stringify(answer.headers), /Set-Cookie|[\r\n]/)
  // Never a page, whatever stands in it.
  assert.match(answer.contentType, /^(?:application\/json|text\/plain; .*)$/)
  if (answer.status === 200) return answer
  const { message, detail, ...more } = answer.json as {
    message: string
    detail: { reason: string }
  }
  assert.deepEqual(more, {})
  assert(message.length > 10 && message.length <= SENTENCES_MAX, `${message.length} characters`)
  assert.equal(typeof detail.reason, 'string')
  assert.doesNotMatch(withoutQuotes(message), LEAK)
  return answer
}

/** What is said in our own words. As MLRun's does, one sentence ends in the body, in Python's spelling. */
function withoutQuotes(message: string): string {
  const [words = ''] = message.split('Target missing in request body:')
  const own = words.replaceAll(/'[^']*'|"[^"]*"/g, '')
  return TRICKS.reduce((text, trick) => (trick === '' ? text : text.replaceAll(trick, '')), own)
}

test('known tricks in every place of a target, a filter and a query', async () => {
  for (const [turn, trick] of TRICKS.entries()) {
    const targets = [
      trick,
      `target_endpoint=${trick}`,
      `target_endpoint=list_endpoints;project=${trick}`,
      `target_endpoint=list_endpoints;project=test3;model=${trick};function=${trick};labels=${trick}`,
      `target_endpoint=list_endpoints;project=test3;metrics=${trick}`,
      `target_endpoint=incoming_features;project=test3;endpoint_id=${trick}`,
      `backend=kv;container=${trick};table=test3/model-endpoints/endpoints`,
      `backend=kv;container=projects;table=${trick}`,
      `backend=kv;container=projects;table=${trick}/model-endpoints/endpoints`,
      `backend=tsdb;container=projects;table=test3/model-endpoints/events;fields=${trick}`,
      `backend=kv;container=projects;table=test3/model-endpoints/endpoints;fields=${trick}`,
      `backend=kv;container=projects;table=test3/model-endpoints/endpoints;filter=model=='${trick}'`,
      `backend=kv;container=projects;table=test3/model-endpoints/endpoints;filter=${trick}`,
      `backend=${trick}`,
    ]
    for (const target of targets) {
      await askSafely({ path: `${PROXY_BASE}/query`, body: { targets: [{ target, payload: {} }] } })
      await askSafely({ path: `${PROXY_BASE}/search`, body: { target } })
    }
    for (const [index, list] of LISTS.entries()) {
      const field = FIELDS[(turn + index) % FIELDS.length] ?? ''
      await askSafely({ path: `/api/${list}`, fields: { [field]: trick } })
      await askSafely({ path: `/api/${list}`, fields: { [trick]: 'x' } })
    }
    await askSafely({ path: `/api/${trick}`, method: 'GET' })
    await askSafely({ path: `${PROXY_BASE}/${trick}`, method: 'PUT', body: '{}' })
  }
  assert.deepEqual(await store.reader.endpoints(), records)
})

test('nothing is read beside the paths that there are', async () => {
  for (const path of [
    '/api/../status',
    '//status',
    '/api//endpoints',
    '/api/endpoints/',
    '/API/endpoints',
    '/api/endpoints/../records',
    '/api/__proto__',
    '/api/constructor',
    '/api/%65ndpoints',
    `${PROXY_BASE}/../../../status`,
    `${PROXY_BASE}//`,
  ]) {
    assert.equal((await askSafely({ path, method: 'GET' })).status, 404, path)
  }
})

/** Any JSON, and what the fields of a query hold when they are right. */
const anyValue = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }) },
  fc.constantFrom<unknown>(...TRICKS, 1e308, -1, 0, 1e-9, null, true, [], {}),
  fc.constantFrom('target_endpoint=list_endpoints;project=test3', 'target_endpoint=series', 'e2'),
  fc.constantFrom(
    'backend=tsdb;container=projects;table=test3/model-endpoints/events;filter=endpoint_id=="e2"',
  ),
)
const anyTarget = fc.record(
  { target: anyValue, type: anyValue, payload: anyValue, hide: anyValue, refId: anyValue },
  { requiredKeys: [] },
)
const anyBody = fc.record(
  {
    target: anyValue,
    targets: fc.oneof(fc.array(fc.oneof(anyTarget, anyValue), { maxLength: 22 }), anyValue),
    range: fc.oneof(fc.record({ from: anyValue, to: anyValue }), anyValue),
    maxDataPoints: anyValue,
    adhocFilters: fc.oneof(fc.array(anyValue, { maxLength: 3 }), anyValue),
    annotation: fc.oneof(fc.record({ query: anyValue }), anyValue),
    payload: anyValue,
    name: anyValue,
    key: anyValue,
  },
  { requiredKeys: [] },
)

test('any JSON in any field of a body', async () => {
  const body = fc.oneof({ weight: 9, arbitrary: anyBody }, anyValue)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...BODIES), body, async (path, given) => {
      await askSafely({ path: `${PROXY_BASE}${path}`, body: JSON.stringify(given) })
    }),
    { numRuns: 600 },
  )
  assert.deepEqual(await store.reader.endpoints(), records)
})

test('any bytes as a body, huge ones and deep ones', async () => {
  const path = `${PROXY_BASE}/query`
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      await askSafely({ path, body: Buffer.from(bytes) })
    }),
    { numRuns: 200 },
  )
  assert.equal((await askSafely({ path, body: ' '.repeat(1024 * 1024 + 1) })).status, 413)
  for (const depth of [33, 5_000, 500_000]) {
    for (const open of ['[', '{"targets":']) {
      const deep = open.repeat(depth).slice(0, 1024 * 1024)
      assert.equal((await askSafely({ path, body: deep })).status, 400)
    }
    const closed = `{"targets":${'['.repeat(depth)}${']'.repeat(depth)}}`
    assert.equal((await askSafely({ path, body: closed })).status, 400)
  }
  const many = { targets: Array.from({ length: 21 }, () => ({ target: 'a=b' })) }
  assert.match((await askSafely({ path, body: many })).text, /targets may be 20 at most/)
})

test('a filter that is made to be slow is read in no time', async () => {
  const table = 'backend=kv;container=projects;table=test3/model-endpoints/endpoints;filter='
  const startedAt = process.hrtime.bigint()
  for (const slow of [
    `a${' '.repeat(16_000)}`,
    `exists(${' '.repeat(16_000)}`,
    `${"a=='b' AND ".repeat(1_400)}!`,
    `a=='${'\\'.repeat(16_000)}`,
  ]) {
    const body = { target: `${table}${slow}` }
    assert.equal((await askSafely({ path: `${PROXY_BASE}/search`, body })).status, 400)
  }
  // Milliseconds in fact; a pattern that goes back and forth would take minutes.
  assert(process.hrtime.bigint() - startedAt < 5_000_000_000n)
})

test('a store that cannot be read is 503 without its own words; too many reads at once are told so', async () => {
  const troubles: string[] = []
  const lost = new StreamError('store-unavailable', 'connect ECONNREFUSED 10.1.2.3:5432 as secret')
  const failing: StoreReader = { ...store.reader, endpoints: () => Promise.reject(lost) }
  const away = readApiOf(store, { reader: failing, troubles })
  const answer = await ask(away, { path: '/api/endpoints' })
  assert.equal(answer.status, 503)
  assert.doesNotMatch(answer.text, /10\.1|secret|ECONN/)
  assert.deepEqual(troubles, [lost.message])

  let release = (): void => undefined
  const hanging: StoreReader = {
    ...store.reader,
    endpoints: () => new Promise((resolve) => (release = () => resolve([]))),
  }
  const busy = readApiOf(store, { reader: hanging, troubles })
  const waiting = Array.from({ length: 8 }, () => ask(busy, { path: '/api/endpoints' }))
  assert.equal((await ask(busy, { path: '/api/endpoints' })).status, 503)
  assert.equal((await ask(busy, { path: '/healthz' })).text, 'ok')
  release()
  assert.equal((await waiting.at(-1))?.status, 200)

  // One whose time is up is told so, and counts until it ends.
  const slow = readApiOf(store, { reader: hanging, troubles, readMsMax: 1 })
  const late = await ask(slow, { path: '/api/endpoints' })
  assert.deepEqual([late.status, late.headers['Retry-After']], [503, '5'])
  assert.match(late.text, /That takes too long: ask for a shorter range/)
  assert.equal(troubles.at(-1), 'a read took longer than 1 ms')
})
