// What a handler's return value, throw or rejection becomes, each event being answered exactly
// once: shown on a context of our own, in this process.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import {
  type Answer,
  defineHandler,
  guardHandler,
  type HandlerDefinition,
  type NuclioContext,
  type NuclioEvent,
  Reply,
  readHeader,
  readStreamPosition,
  respond,
  respondWithoutAck,
} from '../src/index.ts'

// Each defineHandler adds its signal handlers; a process of Nuclio has one, this one many.
process.setMaxListeners(0)

class FakeResponse {
  readonly body: unknown
  readonly headers: unknown
  readonly content_type: string
  readonly status_code: number

  constructor(body: unknown = '', headers: unknown = {}, contentType = '', status = 0) {
    this.body = body
    this.headers = headers
    this.content_type = contentType
    this.status_code = status
  }
}

function fakeContext() {
  const outputs: unknown[] = []
  const logs: string[] = []
  const log = (message: string) => void logs.push(message)
  const context: NuclioContext = {
    userData: {},
    callback: (output) => void outputs.push(output),
    Response: FakeResponse,
    logger: {
      debug: log,
      info: log,
      warn: log,
      error: log,
      debugWith: log,
      infoWith: log,
      warnWith: log,
      errorWith: log,
    },
    _socket: { bytesWritten: 2 } as NonNullable<NuclioContext['_socket']>,
    _eventEmitter: new EventEmitter(),
  }
  return { context, outputs, logs }
}

function eventWith(changes: Partial<NuclioEvent> = {}): NuclioEvent {
  return {
    body: Buffer.from('body'),
    content_type: '',
    'content-type': '',
    trigger: { kind: 'http', name: 'http' },
    id: '1',
    shard_id: -1,
    offset: 0,
    path: '/',
    topic: '',
    headers: {},
    fields: {},
    method: 'POST',
    url: '',
    type: '',
    type_version: '',
    version: '',
    timestamp: new Date(0),
    size: 4,
    num_shards: 0,
    ...changes,
  }
}

/** Lets every promise that can settle do so. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** The outputs right after the call, and those when all promises have settled. */
async function outputsOf<State>(definition: HandlerDefinition<State>) {
  const { context, outputs, logs } = fakeContext()
  const { handler, initContext } = defineHandler(definition)
  initContext(context)
  handler(context, eventWith())
  const atOnce = [...outputs]
  await settled()
  return { atOnce, outputs, logs }
}

function responseOf(output: unknown) {
  assert(output instanceof FakeResponse)
  return [output.status_code, output.content_type, output.headers, output.body]
}

const FAILED = [500, 'The handler failed; its log says why.']

test('what is returned is answered in the same tick', async () => {
  const bytes = Buffer.from([1])
  for (const given of ['text', bytes, undefined, [202, 'accepted'] as const]) {
    const { atOnce, outputs } = await outputsOf({ handle: () => given })
    assert.deepEqual([atOnce, outputs], [[given], [given]])
  }
})

test('objects, statuses with objects and replies become whole responses', async () => {
  const cases: [Answer, unknown[]][] = [
    [{ a: 1 }, [200, 'application/json', {}, '{"a":1}']],
    [null, [200, 'application/json', {}, 'null']],
    [
      [1, 2, 3],
      [200, 'application/json', {}, '[1,2,3]'],
    ],
    [
      [404, { why: 'gone' }],
      [404, 'application/json', {}, '{"why":"gone"}'],
    ],
    [
      respond({ status: 201, body: 'x', contentType: 'text/html', headers: { a: 'b' } }),
      [201, 'text/html', { a: 'b' }, 'x'],
    ],
    [respond({ body: [200, 'x'] }), [200, 'application/json', {}, '[200,"x"]']],
    [respondWithoutAck('held'), [200, 'text/plain', { 'X-Nuclio-Stream-No-Ack': true }, 'held']],
  ]
  for (const [given, expected] of cases) {
    const { atOnce } = await outputsOf({ handle: () => given })
    assert.deepEqual(atOnce.map(responseOf), [expected])
  }
})

test('a promise is answered when it settles', async () => {
  const { atOnce, outputs } = await outputsOf({ handle: async () => 'later' })
  assert.deepEqual([atOnce, outputs], [[], ['later']])
})

test('throws, rejections and unsendable answers become status 500 without details', async () => {
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const handles: (() => Answer | Promise<Answer>)[] = [
    () => {
      throw new Error('secret')
    },
    () => Promise.reject(new Error('secret')),
    () => cycle,
    async () => ({ big: 1n }),
    () => new Reply({ body: new Uint8Array(2) }),
  ]
  for (const handle of handles) {
    const { outputs, logs } = await outputsOf({ handle })
    assert.deepEqual(outputs, [FAILED])
    assert.deepEqual(logs, ['The handler failed.'])
  }
})

test('onError chooses the answer; should it fail itself, the answer is still 500', async () => {
  const handle = () => {
    throw new Error('boom')
  }
  const chosen = await outputsOf({ handle, onError: (error) => [503, String(error)] })
  assert.deepEqual(chosen.outputs, [[503, 'Error: boom']])
  const failing = await outputsOf({ handle, onError: handle })
  assert.deepEqual(failing.outputs, [FAILED])
  const unsendable = await outputsOf({ handle, onError: () => ({ big: 1n }) })
  assert.deepEqual(unsendable.outputs, [FAILED])
})

test('events wait for init, whose result they get', async () => {
  const { context, outputs } = fakeContext()
  let finish: (state: string) => void = () => {}
  const { handler, initContext } = defineHandler({
    init: () =>
      new Promise<string>((resolve) => {
        finish = resolve
      }),
    handle: (_event, _context, state) => state,
  })
  initContext(context)
  handler(context, eventWith())
  await settled()
  assert.deepEqual(outputs, [])
  finish('made by init')
  await settled()
  assert.deepEqual(outputs, ['made by init'])
  handler(context, eventWith())
  assert.deepEqual(outputs, ['made by init', 'made by init'], 'at once from now on')
})

test('init runs at the first event where Nuclio calls no initContext', () => {
  const { context, outputs } = fakeContext()
  const { handler } = defineHandler({ init: () => 7, handle: (_event, _context, n) => `${n}` })
  handler(context, eventWith())
  assert.deepEqual(outputs, ['7'])
})

test("with onInitFailure 'answer' a failed init answers every event", async () => {
  const fail = () => {
    throw new Error('no database')
  }
  for (const init of [fail, async () => fail()]) {
    const { context, outputs } = fakeContext()
    const { handler, initContext } = defineHandler({
      init,
      handle: () => 'unreachable',
      onInitFailure: 'answer',
      onError: (error) => [503, String(error)],
    })
    initContext(context)
    handler(context, eventWith())
    handler(context, eventWith())
    await settled()
    assert.deepEqual(outputs, [
      [503, 'Error: no database'],
      [503, 'Error: no database'],
    ])
  }
})

test('a second or late callback never answers the next event', async () => {
  const { context, outputs, logs } = fakeContext()
  const callbacks: ((output: unknown) => unknown)[] = []
  const { handler, initContext } = guardHandler({
    handler: (own) => {
      callbacks.push((output) => own.callback(output))
    },
  })
  initContext(context)
  handler(context, eventWith())
  callbacks[0]?.('first')
  callbacks[0]?.('second')
  handler(context, eventWith())
  callbacks[0]?.('LATE')
  callbacks[1]?.('of the second event')
  assert.deepEqual(outputs, ['first', 'of the second event'])
  const dropped = 'A second or late callback was dropped.'
  assert.deepEqual(logs, [dropped, dropped])
})

test('a guarded handler that throws or rejects is answered once', async () => {
  const { context, outputs, logs } = fakeContext()
  const { handler, initContext } = guardHandler({
    initContext: (own) => {
      Object.assign(own, { made: 'by initContext' })
    },
    handler: async (own) => {
      own.callback(Reflect.get(own, 'made'))
      throw new Error('after the answer')
    },
  })
  initContext(context)
  handler(context, eventWith())
  await settled()
  assert.deepEqual(outputs, ['by initContext'])
  assert.deepEqual(logs, ['The handler failed after its answer.'])
})

test('listeners that older wrappers leave behind are taken away', () => {
  const { context } = fakeContext()
  const heard: string[] = []
  const { handler } = defineHandler({ handle: () => 'answer' })
  context._eventEmitter?.on('callback', () => heard.push('stale'))
  context._eventEmitter?.on('callback', () => heard.push('current'))
  handler(context, eventWith())
  context._eventEmitter?.emit('callback')
  assert.deepEqual(heard, ['current'])
})

test('an event has a position only where its trigger gives one', () => {
  const kafka = {
    trigger: { kind: 'kafka-cluster', name: 'k' },
    shard_id: 3,
    offset: 7,
    path: 'in',
  }
  assert.deepEqual(readStreamPosition(eventWith({ ...kafka, topic: 'in' })), {
    topic: 'in',
    shard: 3,
    offset: 7,
  })
  assert.deepEqual(readStreamPosition(eventWith(kafka)), { topic: 'in', shard: 3, offset: 7 })
  const { offset: _, ...old } = eventWith(kafka)
  assert.equal(readStreamPosition(old), null, 'Nuclio before 1.11.20')
  assert.equal(readStreamPosition(eventWith()), null, 'HTTP')
})

test('headers are read whatever their case and encoding', () => {
  const http = eventWith({ headers: { 'X-Src': 'test', 'X-Number': 1 } })
  assert.equal(readHeader(http, 'x-src'), 'test')
  assert.equal(readHeader(http, 'x-number'), undefined)
  assert.equal(readHeader(eventWith({ headers: null }), 'x-src'), undefined)
  const trigger = { kind: 'kafka-cluster', name: 'k' }
  assert.equal(
    readHeader(eventWith({ trigger, headers: { 'x-src': 'dGVzdA==' } }), 'X-Src'),
    'test',
  )
})
