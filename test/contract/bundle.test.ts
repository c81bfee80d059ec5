// The built bundle alone, in a folder where nothing of the project is found, answers each kind of event
// as its trigger needs it, and says true things of itself: shown under a wrapper that speaks Nuclio's
// protocol, against the Parquet files that are there. The laws share one process, because its store
// takes two seconds to open; each counts only what it added itself.
import assert from 'node:assert'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { after, before, test } from 'node:test'
import { flush, growthOf, statusOf } from './books.ts'
import { deploy, settingsFor } from './deployment.ts'
import { FunctionProcess } from './function-process.ts'
import { assertOnDisk, readRows } from './parquet-rows.ts'
import { prediction } from './predictions.ts'
import { get, kafka, post } from './wire-events.ts'

// Nuclio ends the process about 5 s after it has asked; the function takes 4 s at most.
const FLUSH_MS_MAX = 4_000

const deployment = deploy({ withStore: true })
const early = ['early-1', 'early-2', 'early-3'].map((requestId) => prediction({ requestId }))
let nuclio: FunctionProcess
let wasStarted: boolean

before(async () => {
  nuclio = await FunctionProcess.start({ deployment, settings: settingsFor(deployment) })
  await nuclio.send(...early.map(({ body }) => post(body)))
  wasStarted = hasStarted()
  await nuclio.answersOfLast(early.length)
})

after(() => nuclio.kill())

function hasStarted(): boolean {
  return nuclio.logs.some(({ message }) => message === 'Started.')
}

test('what nuctl copies is whole, and no file of it takes the name of the wrapper', () => {
  const names = ['function.yaml', 'handler.js', 'parquet-worker.js', 'parquet_wasm_bg.wasm']
  const there = readdirSync('dist')
  assert.deepEqual(
    names.filter((name) => !there.includes(name)),
    [],
  )
  assert(!there.includes('wrapper.js'))
})

test('events that come before init has finished are answered after it', async () => {
  assert.deepEqual([wasStarted, hasStarted()], [false, true])
  const answers = nuclio.answers.slice(0, early.length)
  assert.deepEqual(
    answers.map(({ status_code }) => status_code),
    [202, 202, 202],
  )
  await flush(nuclio)
  await assertOnDisk(deployment, early)
})

test('over HTTP: 202 for an event, 400 with the reason for what is none', async () => {
  const earlier = await flush(nuclio)
  const good = prediction({ requestId: 'posted' })
  const posted = await nuclio.ask(post(good.body))
  assert.deepEqual([posted.status_code, posted.content_type], [202, 'application/json'])
  assert.deepEqual(JSON.parse(posted.body), { outcome: 'accepted' })

  for (const [body, reason, path] of [
    ['{"model": "iris"', 'not-json', ''],
    ['{"model": "iris"}', 'missing', 'function_uri'],
  ] as const) {
    const malformed = await nuclio.ask(post(body))
    assert.deepEqual([malformed.status_code, malformed.content_type], [400, 'application/json'])
    assert.deepEqual(JSON.parse(malformed.body), { outcome: 'rejected', reason, path })
  }
  const growth = growthOf(earlier, await flush(nuclio))
  assert.deepEqual(growth, { received: 3, accepted: 1, rejected: 2 })
  await assertOnDisk(deployment, [good])
})

test('over HTTP: health and status are read, and there is nothing elsewhere', async () => {
  const earlier = await flush(nuclio)
  const health = await nuclio.ask(get('/healthz'))
  assert.deepEqual([health.status_code, health.body], [200, 'ok'])
  const status = await nuclio.ask(get('/status'))
  assert.equal(status.content_type, 'application/json')
  assert.equal(statusOf(status).store, 'embedded')
  const nowhere = await nuclio.ask(get('/../handler.js'))
  assert.equal(nowhere.status_code, 404)
  assert.deepEqual(growthOf(earlier, await flush(nuclio)), {})
})

test('a stream event is answered 200 and nothing; so is a redelivered one, a duplicate', async () => {
  const earlier = await flush(nuclio)
  const sent = [3, 4, 5].map((offset) => ({
    ...prediction({ requestId: `offset-${offset}`, rowCount: 2 }),
    offset,
  }))
  for (const { body, offset } of [...sent, ...sent]) {
    const answer = await nuclio.ask(kafka(body, { offset }))
    assert.deepEqual([answer.status_code, answer.body, answer.headers], [200, '', {}])
  }
  const other = prediction({ requestId: 'other-shard' })
  await nuclio.ask(kafka(other.body, { shard: 1, offset: 3 }))
  const growth = growthOf(earlier, await flush(nuclio))
  assert.deepEqual(growth, { received: 7, accepted: 4, duplicate: 3 })
  await assertOnDisk(deployment, [...sent, other])
})

test('a cron event is answered when everything is written: all rows can be read', async () => {
  const models = ['iris', 'digits', 'wine']
  for (const [offset, model] of models.entries()) {
    const { body } = prediction({ requestId: model, model, rowCount: 100 })
    await nuclio.ask(kafka(body, { shard: 2, offset }))
  }
  const { rows, written } = await flush(nuclio)
  const onDisk = await readRows(deployment)
  assert.deepEqual([onDisk.length, written['parquetRows']], [rows.accepted, rows.accepted])
  const [row] = onDisk.filter(({ request_id }) => request_id === 'wine')
  assert.deepEqual(Object.keys(row?.['named_features'] ?? {}), ['f0', 'f1', 'f2', 'f3'])
  const names = readdirSync(join(deployment.data, 'parquet'), { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    names.filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test('SIGTERM: what was taken is written within 4 s, and the process lives on', async () => {
  const first = prediction({ requestId: 'before-sigterm' })
  await nuclio.ask(post(first.body))
  const logCount = nuclio.logs.length
  const signalledMs = performance.now()
  nuclio.child.kill('SIGTERM')
  await nuclio.until(() =>
    nuclio.logs.slice(logCount).find(({ message }) => message === 'Parquet file written.'),
  )
  assert(performance.now() - signalledMs < FLUSH_MS_MAX)
  await assertOnDisk(deployment, [first])

  // A second one is written by the flush of a later signal: the end of the first flush ended nothing.
  const second = prediction({ requestId: 'after-sigterm' })
  await nuclio.ask(post(second.body))
  while (!(await readRows(deployment)).some((row) => row['request_id'] === second.requestId)) {
    nuclio.child.kill('SIGTERM')
    assert.equal((await nuclio.ask(get('/healthz'))).body, 'ok')
  }
  await assertOnDisk(deployment, [second])
})
