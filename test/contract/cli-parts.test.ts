// Parts of the command line by themselves: the time of a recorded stream, which lines count as
// events, how progress is shown, tables, the words of the function, times of options.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventClock, newestWhenUs } from '../../cli/event-clock.ts'
import { FunctionVoice } from '../../cli/function-voice.ts'
import { LineCounter } from '../../cli/input.ts'
import { browserCommand } from '../../cli/open-browser.ts'
import { Progress } from '../../cli/progress.ts'
import { readRunOptions } from '../../cli/run-options.ts'
import { Screen } from '../../cli/screen.ts'
import { tableLines } from '../../cli/table.ts'
import { readTime } from '../../cli/time-option.ts'
import { readLines } from '../../lib/nuclio-sdk-ts/src/runner/input-lines.ts'

function lineAt(when: unknown): Buffer {
  return Buffer.from(JSON.stringify({ model: 'm', when }))
}

const TEN = Date.parse('2021-07-01T10:00:00Z')

test('a line arrives at the newest time so far, up to the next whole second', () => {
  const clock = new EventClock()
  const now = 5
  assert.equal(clock.timestampMsOf(Buffer.from('no event'), now), now)
  assert(Number.isNaN(clock.eventTimeMsOf(Buffer.from('nor this'))))
  const first = lineAt('2021-07-01 10:00:00.000001+00:00')
  assert.equal(clock.timestampMsOf(first, now), TEN + 1000)
  assert.equal(clock.eventTimeMsOf(first), TEN + 0.001)
  assert.equal(clock.timestampMsOf(lineAt('2021-07-01T10:00:02Z'), now), TEN + 2000)
  for (const line of [lineAt('2021-07-01T09:00:00Z'), lineAt(7), Buffer.from([0xff, 0x7b])]) {
    assert.equal(clock.timestampMsOf(line, now), TEN + 2000)
  }
})

test('a batch arrives with the newest of its calls', () => {
  const batch = {
    when: '2021-07-01T12:00:00Z',
    headers: ['microsec', 'when'],
    values: [[1, '2021-07-01T10:00:05Z'], 'no row', [2, '2021-07-01T10:00:03Z'], [3]],
  }
  assert.equal(newestWhenUs(Buffer.from(JSON.stringify(batch))), (TEN + 5000) * 1000)
  const shared = { ...batch, headers: ['microsec'], values: [[1]] }
  assert.equal(newestWhenUs(Buffer.from(JSON.stringify(shared))), (TEN + 7_200_000) * 1000)
})

test('a wrong clock does not carry the time away, a recording that goes on later does', () => {
  const clock = new EventClock()
  clock.timestampMsOf(lineAt('2021-07-01T10:00:00Z'), 0)
  for (let count = 0; count < 20; count++) {
    assert.equal(clock.timestampMsOf(lineAt('2999-01-01T00:00:00Z'), 0), TEN)
    clock.timestampMsOf(lineAt('2021-07-01T10:00:00Z'), 0)
  }
  const later = Array.from({ length: 10 }, () =>
    clock.timestampMsOf(lineAt('2024-01-01T00:00:00Z'), 0),
  )
  assert.deepEqual([later[8], later[9]], [TEN, Date.parse('2024-01-01T00:00:00Z')])
})

test('whatever the lines are, the clock never throws and never goes back', () => {
  const when = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
  const text = fc.oneof(
    fc.json(),
    fc.record({ when }).map((event) => JSON.stringify(event)),
  )
  const line = fc.oneof(
    text.map((json) => Buffer.from(json)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const clock = new EventClock()
      const times = lines.map((each) => clock.timestampMsOf(each, 0))
      assert.deepEqual(
        times,
        times.toSorted((one, other) => one - other),
      )
    }),
  )
})

test('lines are counted as the local runner deals them', async () => {
  const bytes = fc.array(fc.constantFrom(10, 13, 65), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(fc.array(bytes), async (parts) => {
      const counter = new LineCounter()
      for (const part of parts) counter.push(Uint8Array.from(part))
      const whole = Buffer.from(parts.flat())
      const source = {
        read: async (position: number) => whole.subarray(position, position + 5),
        close: async () => undefined,
      }
      let count = 0
      for await (const _line of readLines(source, new Promise(() => undefined))) count++
      assert.equal(counter.end(), count)
    }),
  )
})

function screenOf(isTTY: boolean): { screen: Screen; written: string[] } {
  const written: string[] = []
  const write = (text: string): void => {
    written.push(text)
  }
  return { screen: new Screen({ isTTY, columns: 60, write }), written }
}

test('on a terminal progress is one line, rewritten ten times a second at most', () => {
  const { screen, written } = screenOf(true)
  const progress = new Progress(screen, { totalCount: 1000, nowMs: 0 })
  for (let count = 1; count <= 1000; count++) progress.onAnswer(count, count)
  const drawn = written.filter((text) => text.includes('%'))
  assert.equal(drawn.length, 10)
  assert.equal(drawn.at(-1), '[#####################...]  90 %    901 of 1,000 events  1,')
  screen.line('warn')
  assert.deepEqual(written.slice(-3), ['\r\u001b[K', 'warn\n', drawn.at(-1)])
  progress.end(2000)
  assert.match(written.at(-1) ?? '', /100 % {2}1,000 of 1,000 events {2}500 events\/s\n$/)
})

test('elsewhere progress is a line every thousand events and one at the end', () => {
  const { screen, written } = screenOf(false)
  const progress = new Progress(screen, { totalCount: null, nowMs: 0 })
  for (let count = 1; count <= 2500; count++) progress.onAnswer(count, 1000)
  progress.end(1000)
  assert.deepEqual(written, [
    '1,000 events  1,000 events/s\n',
    '2,000 events  2,000 events/s\n',
    '2,500 events  2,500 events/s\n',
  ])
})

test('a table has columns as wide as they must be, and nothing that steers a terminal', () => {
  const columns = [{ title: 'model' }, { title: 'n', align: 'right' as const }]
  const rows = [
    ['iris', '1,000'],
    ['\u001b[31mred\nline', '2'],
    ['x'.repeat(80), '3'],
  ]
  assert.deepEqual(tableLines(columns, rows), [
    `model${' '.repeat(61)}n`,
    `iris${' '.repeat(58)}1,000`,
    `\ufffd[31mred\ufffdline${' '.repeat(53)}2`,
    `${'x'.repeat(59)}…      3`,
  ])
})

test('of an uncaught error the sentence is heard, not the place and the stack', () => {
  const heard: string[] = []
  const voice = new FunctionVoice((line) => heard.push(line), { isVerbose: false })
  voice.begin()
  const printed = `/app/handler.js:12
    throw new RangeError('Too far.')
    ^

RangeError: Too far.
    at handle (/app/handler.js:12:11)
    at node:internal/main:1:1

Node.js v20.20.2`
  for (const text of printed.split('\n')) {
    voice.onOutput({ kind: 'stderr', workerIndex: 0, pid: 1, text })
  }
  assert.deepEqual(heard, ['RangeError: Too far.'])
  assert.equal(voice.lastWords, 'Too far.')
})

test('a day begins and ends where it is meant', () => {
  assert.equal(readTime('from', '2021-07-01', 'start'), Date.parse('2021-07-01T00:00:00Z'))
  assert.equal(readTime('to', '2021-07-01', 'end'), Date.parse('2021-07-01T23:59:59.999Z'))
  assert.equal(readTime('from', '2021-07-01T10:00', 'start'), TEN)
  assert.equal(readTime('from', '2021-07-01T12:00+02:00', 'start'), TEN)
  assert.equal(readTime('from', String(TEN), 'start'), TEN)
  assert.equal(readTime('from', undefined, 'start'), undefined)
})

test('HTTP is served to this machine alone unless all that reach it are named', () => {
  assert.equal(readRunOptions([]).host, '127.0.0.1')
  assert.equal(readRunOptions(['--host', '0.0.0.0']).host, '0.0.0.0')
  assert.throws(() => readRunOptions(['--host', '10.0.0.1']), /--host wants/)
})

test('a browser is opened only for somebody who sits in front of it', () => {
  const linux = { platform: 'linux' as const, isTerminal: true }
  const display = { DISPLAY: ':0' }
  assert.deepEqual(browserCommand({ ...linux, env: display }), ['xdg-open'])
  assert.deepEqual(browserCommand({ ...linux, env: { WAYLAND_DISPLAY: 'w' } }), ['xdg-open'])
  assert.deepEqual(browserCommand({ ...linux, platform: 'darwin', env: {} }), ['open'])
  assert.equal(browserCommand({ ...linux, env: {} }), null)
  assert.equal(browserCommand({ ...linux, isTerminal: false, env: display }), null)
  for (const no of [{ BROWSER: 'none' }, { CI: '1' }, { SSH_CONNECTION: '1' }]) {
    assert.equal(browserCommand({ ...linux, env: { ...display, ...no } }), null)
  }
})
