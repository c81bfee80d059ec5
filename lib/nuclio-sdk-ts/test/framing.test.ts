// Nuclio's wrapper takes every chunk of its socket for one event. With the repair any chunking of
// any lines gives the same events, one at a time and in order: shown on the splitter by a law, and
// under our wrapper (which has the fault) with large bodies, several events in a write and single
// bytes.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Socket } from 'node:net'
import { before, test } from 'node:test'
import * as fc from 'fast-check'
import { installFraming, repairSocket } from '../src/framing.ts'
import { LineSplitter } from '../src/line-splitter.ts'
import { buildFixtures } from './support/fixtures.ts'
import { bodyOf, eventLine, type Processor, startProcessor } from './support/processor.ts'

let fixtures: Awaited<ReturnType<typeof buildFixtures>>
before(async () => {
  fixtures = await buildFixtures()
})

async function withApp(use: (processor: Processor) => Promise<void>): Promise<void> {
  const processor = await startProcessor({ wrapper: fixtures.wrapper, file: fixtures.app })
  try {
    await use(processor)
  } finally {
    await processor.stop()
  }
}

function digest(body: Buffer): string {
  return `${body.length} ${createHash('sha256').update(body).digest('hex')}`
}

/** Cuts bytes at the given fractions of their length. */
function cutAt(bytes: Buffer, fractions: readonly number[]): Buffer[] {
  const cuts = fractions.map((fraction) => Math.floor(fraction * bytes.length))
  const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
}

const anyLines = fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')))
const anyCuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }))

test('any chunking of any lines gives the same lines', () => {
  fc.assert(
    fc.property(
      anyLines,
      fc.string().map((text) => text.replaceAll('\n', '')),
      anyCuts,
      (lines, rest, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join('') + rest)
        const splitter = new LineSplitter()
        const seen: string[] = []
        for (const chunk of cutAt(bytes, cuts)) {
          splitter.push(chunk, (line) => seen.push(line.toString()))
        }
        // A lone surrogate becomes U+FFFD on its way through UTF-8.
        assert.deepEqual(
          seen,
          lines.map((line) => Buffer.from(line).toString()),
        )
        assert.equal(splitter.takeRest()?.toString() ?? '', Buffer.from(rest).toString())
      },
    ),
  )
})

test('a repaired socket gives a line only after the response to the last', async () => {
  await fc.assert(
    fc.asyncProperty(anyLines, anyCuts, async (texts, cuts) => {
      const lines = texts.filter((text) => text !== '')
      const socket = new Socket()
      socket.write = () => true // what the wrapper writes goes nowhere
      repairSocket(socket)
      const seen: string[] = []
      let open = 0
      socket.on('data', (line) => {
        assert.equal(open++, 0, 'the last event was answered')
        seen.push(line.toString())
        setImmediate(() => {
          socket.write('lnot a response\n')
          open--
          socket.write('r{}\n')
        })
      })
      for (const chunk of cutAt(Buffer.from(lines.map((line) => `${line}\n`).join('')), cuts)) {
        if (chunk.length > 0) socket.emit('data', chunk)
      }
      while (seen.length < lines.length) await new Promise((resolve) => setImmediate(resolve))
      assert.deepEqual(
        seen,
        lines.map((line) => Buffer.from(line).toString()),
      )
      socket.destroy()
    }),
    { numRuns: 40 },
  )
})

test('bodies of 30 KB, 200 KB and 4 MB arrive whole', async () => {
  await withApp(async ({ socket, nextOf }) => {
    for (const size of [30_000, 200_000, 4 * 1024 * 1024]) {
      const body = Buffer.alloc(size, 'größe ')
      socket.write(eventLine(body))
      assert.equal(bodyOf(await nextOf('r')), digest(body))
    }
  })
})

test('without the repair 200 KB kill the process, as they do in the cluster', async () => {
  const { wrapper, bareProbe: file } = fixtures
  const { socket, exited } = await startProcessor({ wrapper, file })
  socket.write(eventLine(Buffer.alloc(200_000, 'x')))
  assert.deepEqual(await exited, { exitCode: 1, signal: null })
})

test('several events in one write are answered in order, late answers included', async () => {
  const { wrapper, guardedProbe: file } = fixtures
  const { socket, nextOf, stop } = await startProcessor({ wrapper, file })
  const bodies = [
    '{"do":"slow","n":1,"ms":50}',
    '{"n":2}',
    '{"do":"slow","n":3,"ms":10}',
    '{"n":4}',
  ]
  socket.write(bodies.map((body) => eventLine(body)).join(''))
  for (const n of [1, 2, 3, 4]) assert.equal(bodyOf(await nextOf('r')), `ok ${n}`)
  await stop()
})

test('an event that dribbles in byte by byte is one event', async () => {
  await withApp(async ({ socket, nextOf }) => {
    socket.setNoDelay(true)
    for (const byte of Buffer.from(eventLine('plain', { path: '/ö€😀' }))) {
      await new Promise((resolve) => socket.write(Uint8Array.of(byte), resolve))
    }
    assert.equal(bodyOf(await nextOf('r')), 'ok plain')
  })
})

test('the repair is installed once, and not at all outside the wrapper', () => {
  const original = Socket.prototype.connect
  installFraming(undefined)
  installFraming('run')
  assert.equal(Socket.prototype.connect, original)
  installFraming('/tmp/nuclio.sock')
  const wrapped = Socket.prototype.connect
  assert.notEqual(wrapped, original)
  installFraming('/tmp/nuclio.sock')
  assert.equal(Socket.prototype.connect, wrapped)
  // Another socket is left alone; the wrapper's own is repaired and ends the watch.
  const other = new Socket()
  other.on('error', () => {})
  other.connect({ path: '/nowhere/at/all' })
  assert.equal(Object.hasOwn(other, 'emit'), false)
  const own = new Socket()
  own.on('error', () => {})
  own.connect('/tmp/nuclio.sock')
  assert.equal(Object.hasOwn(own, 'emit'), true)
  assert.equal(Socket.prototype.connect, original)
})
