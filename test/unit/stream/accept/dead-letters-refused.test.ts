// What a store refused is one line beside the rejected events; a letter that the disk does not take waits,
// in order, until it does.
import assert from 'node:assert'
import { test } from 'node:test'
import {
  DeadLetters,
  type RefusedLetter,
  refusedLine,
} from '../../../../lib/stream/accept/dead-letters.ts'
import type { LineFile } from '../../../../lib/stream/ports.ts'

const LETTER: RefusedLetter = {
  log: 'log-1',
  sink: 'tsdb',
  key: 'id base_metrics 1625133600000',
  refusedAtUs: 1_625_133_600_000_001,
  reason: 'Out of range.',
  content: { values: [1] },
}
const EVENT = {
  log: 'log-1',
  offset: 17,
  position: null,
  arrivedAtUs: 0,
  call: null,
  rejection: { reason: 'missing', path: 'when', row: null },
  about: null,
  body: Buffer.from('{}'),
} as const

interface Disk {
  readonly file: LineFile
  readonly lines: string[]
  attempts: number
  /** How many lines it still takes. */
  room: number
}

function diskOf(room = Number.POSITIVE_INFINITY): Disk {
  const lines: string[] = []
  const disk: Disk = {
    lines,
    attempts: 0,
    room,
    file: {
      append: (line) => {
        disk.attempts++
        if (disk.room === 0) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
        disk.room--
        lines.push(line)
      },
      sync: () => undefined,
      close: () => undefined,
    },
  }
  return disk
}

test('a line holds sink, key, time, reason and what was refused', () => {
  assert.deepEqual(JSON.parse(refusedLine(LETTER)), {
    log: 'log-1',
    sink: 'tsdb',
    key: 'id base_metrics 1625133600000',
    time: '2021-07-01T10:00:00.000001Z',
    reason: 'Out of range.',
    content: { values: [1] },
  })
})

test('while a log is read again, a key that its file has is not written again', () => {
  const other = refusedLine({ ...LETTER, log: 'log-2', key: 'k' })
  const { file, lines } = diskOf()
  const letters = new DeadLetters(file, 'log-1', [refusedLine(LETTER), other, '{"log":"log-1","si'])
  letters.writeRefused({ ...LETTER, reason: 'Said otherwise.' })
  assert.deepEqual(lines, [])
  letters.writeRefused({ ...LETTER, key: 'k' })
  letters.writeRefused({ ...LETTER, sink: 'kv' })
  letters.write(EVENT)
  assert.deepEqual(
    lines.map((line) => [JSON.parse(line).sink, JSON.parse(line).key ?? JSON.parse(line).offset]),
    [
      ['tsdb', 'k'],
      ['kv', LETTER.key],
      [undefined, 17],
    ],
  )
})

test('letters wait while the disk is full and are written once, in order, when it has room', () => {
  const disk = diskOf(1)
  const letters = new DeadLetters(disk.file, 'log-1', [])
  for (const key of ['a', 'b']) letters.writeRefused({ ...LETTER, key })
  letters.write(EVENT)
  letters.writeRefused({ ...LETTER, key: 'c' })
  assert.equal(letters.waitingCount, 3)
  assert.equal(letters.retry(), 'disk full')
  disk.room = 2
  assert.equal(letters.retry(), 'disk full')
  assert.equal(letters.waitingCount, 1)
  disk.room = 9
  assert.equal(letters.retry(), null)
  assert.equal(letters.waitingCount, 0)
  assert.equal(letters.retry(), null)
  const written = disk.lines.map((line) => JSON.parse(line).key ?? JSON.parse(line).offset)
  assert.deepEqual(written, ['a', 'b', 17, 'c'])
})

test('a full disk is asked once for each letter that comes, not once for each that waits', () => {
  const disk = diskOf(0)
  const letters = new DeadLetters(disk.file, 'log-1', [])
  for (let key = 0; key < 1000; key++) letters.writeRefused({ ...LETTER, key: String(key) })
  assert.equal(letters.waitingCount, 1000)
  assert.equal(disk.attempts, 1000)
})
