// The local runner drives the built function as Nuclio would: HTTP, cron and a stream of lines,
// with shards, offsets, commits, redelivery after a worker's death, and nothing left behind.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { before, type TestContext, test } from 'node:test'
import {
  type Delivery,
  memoryOffsetStore,
  type RunnerOptions,
  readBody,
  startRunner,
  type WorkerExit,
  type WorkerOutput,
} from '../src/runner.ts'
import { buildFixtures, temporaryFolder } from './support/fixtures.ts'

let fixtures: Awaited<ReturnType<typeof buildFixtures>>
before(async () => {
  fixtures = await buildFixtures()
})

async function startApp(t: TestContext, options: Partial<RunnerOptions> = {}) {
  const folder = temporaryFolder()
  const journal = join(folder, 'journal')
  writeFileSync(journal, '')
  const outputs: WorkerOutput[] = []
  const exits: WorkerExit[] = []
  const { wrapper: wrapperPath, app: handlerFile } = fixtures
  const runner = await startRunner({
    handlerFile,
    wrapperPath,
    stopGraceMs: 2_000,
    restart: { backoffMsMin: 1 },
    onOutput: (output) => outputs.push(output),
    onWorkerExit: (exit) => exits.push(exit),
    ...options,
    env: { ...process.env, TMPDIR: folder, APP_JOURNAL: journal },
  })
  t.after(() => runner.stop())
  const notes = () =>
    readFileSync(journal, 'utf8')
      .split('\n')
      .filter((line) => /^\S+ \d+ \d+ /.test(line))
  return { runner, folder, outputs, exits, notes }
}

function fileOf(folder: string, text: string | Buffer): string {
  const path = join(folder, 'input.jsonl')
  writeFileSync(path, text)
  return path
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `line${index}\n`).join('')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('HTTP requests become events as Nuclio makes them, and answers come back', async (t) => {
  const { runner } = await startApp(t)
  const { url } = await runner.listenHttp({ port: 0 })
  const response = await fetch(`${url}/some/p%C3%A4th?q=1&r=a%20b`, {
    method: 'POST',
    body: 'event',
    headers: { 'x-request-id': '7', 'content-type': 'application/json' },
  })
  assert.equal(response.headers.get('content-type'), 'application/json')
  const event = JSON.parse(await response.text())
  assert.deepEqual(event.fields, { q: '1', r: 'a b' })
  assert.equal(event.headers['X-Request-Id'], '7')
  assert.equal(event.headers['Content-Length'], '5')
  assert.deepEqual(event.trigger, { kind: 'http', name: 'http' })
  const { method, path, content_type, shard_id, offset, size, topic } = event
  assert.deepEqual(
    { method, path, content_type, shard_id, offset, size, topic },
    {
      method: 'POST',
      path: '/some/päth',
      content_type: 'application/json',
      shard_id: -1,
      offset: 0,
      size: 5,
      topic: '',
    },
  )
  assert.match(event.timestamp, /:\d\d\.000Z$/, 'whole seconds')

  const reply = await fetch(url, { method: 'POST', body: 'reply' })
  assert.deepEqual(
    [reply.status, reply.headers.get('content-type'), reply.headers.get('a'), await reply.text()],
    [201, 'text/html', '1', '<p>hi</p>'],
  )
  const bytes = await fetch(url, { method: 'POST', body: 'bytes' })
  assert.deepEqual(Buffer.from(await bytes.arrayBuffer()), Buffer.from([0, 255]))
  assert.equal((await fetch(url, { method: 'POST', body: 'throw' })).status, 500)
  assert.match(await (await fetch(`${url}/x`)).text(), /^0 /, 'GET has an empty body')
})

test('large bodies pass up to the limit and get 413 above it', async (t) => {
  const { runner } = await startApp(t)
  const { url } = await runner.listenHttp({ port: 0 })
  const atLimit = await fetch(url, { method: 'POST', body: Buffer.alloc(4 * 1024 * 1024, 'x') })
  assert.match(await atLimit.text(), /^4194304 /)
  const above = await fetch(url, { method: 'POST', body: Buffer.alloc(4 * 1024 * 1024 + 1) })
  assert.equal(above.status, 413)
  const small = await runner.listenHttp({ port: 0, maxRequestBodySize: 10 })
  const stream = new Blob(['x'.repeat(100)]).stream() // without a content length
  const chunked = await fetch(small.url, {
    method: 'POST',
    body: stream,
    duplex: 'half',
  } as RequestInit)
  assert.equal(chunked.status, 413)
})

test('no free worker in time is status 503, a worker that dies is 502', async (t) => {
  const { runner, exits } = await startApp(t)
  const { url } = await runner.listenHttp({ port: 0, workerAvailabilityTimeoutMs: 20 })
  const hanging = fetch(url, { method: 'POST', body: 'hang' })
  let status = 200
  // The two requests race for the worker; whoever comes second waits in vain.
  while (status === 200) status = (await fetch(url, { method: 'POST', body: 'hello' })).status
  assert.equal(status, 503)
  process.kill(runner.pids[0] ?? 0, 'SIGKILL')
  assert.equal((await hanging).status, 502)
  assert.equal(exits[0]?.signal, 'SIGKILL')
})

test('a taken port is an error with a code and a sentence', async (t) => {
  const { runner } = await startApp(t)
  const { port } = await runner.listenHttp({ port: 0 })
  const expected = { code: 'port_in_use', message: `Port ${port} on 127.0.0.1 is already in use.` }
  await assert.rejects(runner.listenHttp({ port }), expected)
})

test('missing files are errors with a code', async (t) => {
  const { runner, folder } = await startApp(t)
  await assert.rejects(runner.playStream(join(folder, 'none')), { code: 'input_not_found' })
  await assert.rejects(runner.playStream(folder), { code: 'input_not_found' })
  const { app: handlerFile, wrapper: wrapperPath } = fixtures
  const noHandler = startRunner({ handlerFile: join(folder, 'none'), wrapperPath })
  await assert.rejects(noHandler, { code: 'handler_not_found' })
  const noWrapper = startRunner({ handlerFile, wrapperPath: join(folder, 'none') })
  await assert.rejects(noWrapper, { code: 'wrapper_not_found' })
})

test('a function that cannot start is an error, not a loop', async () => {
  const handlerFile = join(temporaryFolder(), 'broken.js')
  writeFileSync(handlerFile, 'throw new Error("broken at load")')
  const outputs: WorkerOutput[] = []
  const onOutput = (output: WorkerOutput) => outputs.push(output)
  const starting = startRunner({ handlerFile, wrapperPath: fixtures.wrapper, onOutput })
  await assert.rejects(starting, { code: 'worker_start_failed' })
  assert(outputs.some((each) => each.kind === 'stderr' && each.text.includes('broken at load')))
})

test('lines are dealt to shards with offsets of their own, each shard in order', async (t) => {
  const { runner, folder, notes } = await startApp(t, { workerCount: 2 })
  const path = fileOf(folder, 'a\r\n\nb\nc\r\n\r\nd\ne')
  const stream = await runner.playStream(path, { topic: 'in', shardCount: 3 })
  const { answerCount, rewindCount, committed } = await stream.done
  assert.deepEqual([answerCount, rewindCount], [5, 0])
  assert.deepEqual([...committed].sort(), [
    [0, 2],
    [1, 2],
    [2, 1],
  ])
  assert.deepEqual(notes().sort(), ['in 0 0 a', 'in 0 1 d', 'in 1 0 b', 'in 1 1 e', 'in 2 0 c'])
  const pids = await runner.sendToEach({ body: 'pid' })
  assert.equal(new Set(pids.map((each) => each.body)).size, 2)
})

test('the caller may choose shard, timestamp and kind; any bytes pass', async (t) => {
  const { runner, folder } = await startApp(t)
  const path = fileOf(folder, Buffer.from('event\n\xff\xfe\x00\n', 'latin1'))
  const deliveries: Delivery[] = []
  const stream = await runner.playStream(path, {
    topic: 'c/path',
    kind: 'v3io-stream',
    shardCount: 8,
    shardOf: (line) => line.length % 8,
    timestampMsOf: () => 1_600_000_000_999,
    onAnswer: (delivery) => deliveries.push(delivery),
  })
  await stream.done
  assert.deepEqual(
    deliveries.map(({ shard, offset }) => [shard, offset]),
    [
      [5, 0],
      [3, 0],
    ],
  )
  const [first] = deliveries
  assert(first !== undefined)
  const {
    timestamp,
    topic,
    path: eventPath,
    trigger,
    shard_id,
  } = JSON.parse(readBody(first.response).toString())
  assert.deepEqual(
    { timestamp, topic, eventPath, trigger, shard_id },
    {
      timestamp: '2020-09-13T12:26:40.000Z',
      topic: 'c/path',
      eventPath: '',
      trigger: { kind: 'v3io-stream', name: 'stream' },
      shard_id: 5,
    },
  )
})

test('a stream that comes once is delivered again after a death', async (t) => {
  const { runner, notes, exits } = await startApp(t)
  const input = new PassThrough()
  const answered = new PassThrough({ objectMode: true })
  const stream = await runner.playStream(input, {
    commitIntervalMs: 3_600_000, // nothing is committed before the end
    onAnswer: (delivery) => answered.write(delivery.body.toString()),
  })
  const next = async () => (await once(answered, 'data'))[0]
  input.write('one\ntw')
  assert.equal(await next(), 'one')
  const again = next()
  process.kill(runner.pids[0] ?? 0, 'SIGKILL') // while the stream waits for input
  assert.equal(await again, 'one')
  input.end('o')
  const { committed, rewindCount } = await stream.done
  assert.deepEqual([...committed, rewindCount], [[0, 2], 1])
  assert.deepEqual(notes(), ['events 0 0 one', 'events 0 0 one', 'events 0 1 two'])
  assert.equal(exits.length, 1)
})

test('a worker killed with an event in hand gets all since the last commit again', async (t) => {
  const { runner, folder, notes, exits } = await startApp(t)
  const path = fileOf(folder, 'a\nb\ndie-once\nc\n')
  const stream = await runner.playStream(path, { commitIntervalMs: 3_600_000 })
  const { answerCount, rewindCount, committed } = await stream.done
  assert.deepEqual([answerCount, rewindCount, committed.get(0)], [6, 1, 4])
  const first = ['events 0 0 a', 'events 0 1 b', 'events 0 2 die-once']
  assert.deepEqual(notes(), [...first, ...first, 'events 0 3 c'])
  assert.deepEqual(
    exits.map(({ signal, restartInMs }) => [signal, restartInMs]),
    [['SIGKILL', 1]],
  )
})

test('delivery goes on at the offsets: the window and held events come again', async (t) => {
  const { runner, folder, notes } = await startApp(t)
  const offsetStore = memoryOffsetStore()
  const held = fileOf(folder, 'a\nhold\nhold\n')
  const first = await (await runner.playStream(held, { offsetStore })).done
  assert.deepEqual([...first.committed], [[0, 1]])
  const longer = fileOf(folder, 'a\nhold\nhold\nb\nc\n')
  const second = await (await runner.playStream(longer, { offsetStore, ackWindowSize: 1 })).done
  assert.deepEqual([...second.committed], [[0, 4]])
  const third = await (await runner.playStream(longer, { offsetStore })).done
  assert.deepEqual([third.answerCount, ...third.committed], [1, [0, 5]])
  assert.deepEqual(
    notes().map((note) => note.split(' ')[2]),
    ['0', '1', '2', '1', '2', '3', '4', '4'],
  )
})

test('a worker that always dies is given up when the caller wants that', async (t) => {
  const restart = { backoffMsMin: 1, deathsMax: 2 }
  const { runner, folder, exits } = await startApp(t, { restart })
  const stream = await runner.playStream(fileOf(folder, 'assert\n'))
  await assert.rejects(stream.done, { code: 'worker_exited' })
  assert.deepEqual(
    exits.map(({ exitCode, restartInMs }) => [exitCode, restartInMs]),
    [
      [1, 1],
      [1, 2],
      [1, null],
    ],
  )
  await assert.rejects(runner.send({ body: 'hello' }), { code: 'worker_exited' })
})

test('one worker serves a stream, HTTP and cron with one state', async (t) => {
  const { runner, folder } = await startApp(t)
  const { url } = await runner.listenHttp({ port: 0 })
  const stream = await runner.playStream(fileOf(folder, numbered(500)))
  const [page, cron] = await Promise.all([
    fetch(url, { method: 'POST', body: 'hello' }),
    runner.send({ body: 'event', headers: { 'x-flush': '1' } }),
    stream.done,
  ])
  assert.equal(await page.text(), 'ok hello')
  const { trigger, headers, timestamp } = JSON.parse(readBody(cron).toString())
  assert.deepEqual(
    { trigger, headers, timestamp },
    {
      trigger: { kind: 'cron', name: 'tick' },
      headers: { 'x-flush': '1' },
      timestamp: '1970-01-01T00:00:00.000Z',
    },
  )
  assert.equal((await runner.send({ body: 'count' })).body, '503')
})

test('a pace spreads lines by their own times', async (t) => {
  const { runner, folder } = await startApp(t)
  const startedAtMs = Date.now()
  const stream = await runner.playStream(fileOf(folder, '1000\n61000\n121000\n'), {
    pace: { speed: 1_000, eventTimeMsOf: (line) => Number(line.toString()) },
  })
  await stream.done
  assert(Date.now() - startedAtMs >= 119, '120 s of events at 1,000 times the speed')
})

test('a stopped stream commits what was answered and waits for nothing', async (t) => {
  const { runner, folder } = await startApp(t)
  const offsetStore = memoryOffsetStore()
  const answered = new PassThrough({ objectMode: true })
  const stream = await runner.playStream(fileOf(folder, '0\n999999999\n'), {
    offsetStore,
    pace: { speed: 1, eventTimeMsOf: (line) => Number(line.toString()) },
    onAnswer: () => answered.write(true),
  })
  await once(answered, 'data')
  await stream.stop()
  assert.deepEqual((await stream.done).committed, new Map([[0, 1]]))
})

test('stop leaves no process, socket or folder, and lets the function flush', async (t) => {
  const folder = temporaryFolder()
  const before = process.env['TMPDIR']
  mkdirSync(join(folder, 'tmp'))
  process.env['TMPDIR'] = join(folder, 'tmp')
  t.after(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  const { runner, outputs, exits } = await startApp(t, { workerCount: 2 })
  await runner.sendToEach({ body: 'hello' })
  const trigger = await runner.listenHttp({ port: 0 })
  const pids = runner.pids.map((pid) => pid ?? 0)
  assert.deepEqual(pids.map(isAlive), [true, true])
  await runner.stop()
  assert.deepEqual(pids.map(isAlive), [false, false])
  assert.deepEqual(
    exits.map(({ exitCode, restartInMs }) => [exitCode, restartInMs]),
    [
      [0, null],
      [0, null],
    ],
  )
  assert.equal(
    outputs.filter((each) => each.kind === 'log' && each.message === 'flush begins').length,
    2,
  )
  await assert.rejects(fetch(trigger.url))
  await assert.rejects(runner.send({}), { code: 'stopped' })
  assert.equal(
    existsSync(join(folder, 'tmp')) &&
      readdirSync(join(folder, 'tmp')).filter(
        (name) => name.startsWith('nuclio-') && !name.startsWith('nuclio-sdk-test'),
      ).length,
    0,
  )
})
