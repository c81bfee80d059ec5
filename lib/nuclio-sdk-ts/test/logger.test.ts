// A logger must never cost an event: no value it is given throws, none writes without bound, and
// lines logged before Nuclio's socket exists are kept, in bounds, until it does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { createLogger, type NuclioContext, toSafeJson } from '../src/index.ts'

type Line = [method: string, message: string, fields?: unknown]

function contextWith(lines: Line[], socket: { bytesWritten: number } | undefined): NuclioContext {
  const record = (method: string) => (message: string, fields?: unknown) => {
    if (socket === undefined) throw new TypeError('no socket')
    lines.push(
      fields === undefined
        ? [method, message]
        : [method, message, JSON.parse(JSON.stringify(fields))],
    )
  }
  const levels = ['debug', 'info', 'warn', 'error']
  const methods = [...levels, ...levels.map((level) => `${level}With`)]
  const logger = Object.fromEntries(methods.map((method) => [method, record(method)]))
  return { userData: {}, callback: () => {}, logger, _socket: socket } as unknown as NuclioContext
}

test('lines wait until the wrapper has written its start line', () => {
  const logger = createLogger()
  const lines: Line[] = []
  const socket = { bytesWritten: 0 }
  logger.info('while the module loads')
  logger.attach(contextWith(lines, socket))
  logger.errorWith('in init', { a: 1 })
  assert.equal(lines.length, 0)
  socket.bytesWritten = 2
  logger.warn('in an event')
  assert.deepEqual(
    lines.map(([method, message]) => [method, message]),
    [
      ['infoWith', 'while the module loads'],
      ['errorWith', 'in init'],
      ['warn', 'in an event'],
    ],
  )
  assert.match(JSON.stringify(lines[1]), /"a":1,"loggedAt":"20/)
})

test('no more than 1,000 lines wait; the oldest go, and that is said', () => {
  const logger = createLogger()
  const lines: Line[] = []
  for (let index = 0; index < 1_500; index++) logger.debug(`line ${index}`)
  logger.attach(contextWith(lines, { bytesWritten: 2 }))
  logger.flush()
  assert.equal(lines.length, 1_001)
  assert.equal(lines[0]?.[1], 'line 500')
  assert.deepEqual(lines.at(-1), ['warnWith', 'Early log lines were dropped.', { lineCount: 500 }])
})

test('no value makes the logger throw or write without bound', () => {
  const cycle: Record<string, unknown> = { name: 'a' }
  cycle['self'] = cycle
  const trap = () => {
    throw new Error('trap')
  }
  const nasties: Record<string, unknown> = {
    cycle,
    bigint: 10n ** 30n,
    getter: Object.defineProperty({ near: 1 }, 'bad', { get: trap, enumerable: true }),
    toJson: { toJSON: trap },
    proxy: new Proxy({}, { ownKeys: trap, get: trap, has: trap, getPrototypeOf: trap }),
    error: new Error('outer', { cause: new Error('inner') }),
    map: new Map([['a', new Set([1])]]),
    bytes: Buffer.alloc(1_000_000),
    text: 'x'.repeat(5_000_000),
    wide: Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, index])),
    long: new Array(1_000_000).fill('y'),
    deep: Array.from({ length: 10_000 }).reduce<unknown>((inner) => ({ inner }), 1),
    symbol: Symbol('s'),
    call: () => 1,
    nan: Number.NaN,
    date: new Date(Number.NaN),
    proto: JSON.parse('{"__proto__": {"polluted": 1}}'),
  }
  const lines: Line[] = []
  const logger = createLogger()
  logger.attach(contextWith(lines, { bytesWritten: 2 }))
  for (const [name, nasty] of Object.entries(nasties)) logger.infoWith(name, { nasty })
  assert.equal(lines.length, Object.keys(nasties).length)
  for (const line of lines) assert(JSON.stringify(line).length < 200_000, `${line[1]} is bounded`)
  const fieldsOf = (name: string) => lines.find((line) => line[1] === name)?.[2]
  assert.deepEqual(fieldsOf('cycle'), { nasty: { name: 'a', self: '<cycle>' } })
  assert.deepEqual(fieldsOf('getter'), { nasty: { near: 1, bad: '<unreadable>' } })
  assert.deepEqual(fieldsOf('toJson'), { nasty: '<unreadable>' })
  assert.deepEqual(fieldsOf('bigint'), { nasty: `1${'0'.repeat(30)}` })
  assert.match(JSON.stringify(fieldsOf('error')), /"outer".*"inner"/)
})

test('what JSON can write is logged as JSON would write it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      // -0 is written as 0.
      assert.equal(JSON.stringify(toSafeJson(value)), JSON.stringify(value))
    }),
  )
})

test('a socket that refuses a line does not throw into the app', (t) => {
  const complaints = t.mock.method(console, 'error', () => {})
  const logger = createLogger()
  const context = contextWith([], undefined)
  logger.attach({
    ...context,
    _socket: { bytesWritten: 2 } as NonNullable<NuclioContext['_socket']>,
  })
  logger.info('into the void')
  assert.equal(complaints.mock.callCount(), 1)
})
