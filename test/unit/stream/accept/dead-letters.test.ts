// A dead letter is one line that people can read and that holds the event's bytes; a replay of the same
// log writes none of them again.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import { civilDay } from '../../../../lib/stream/accept/civil-day.ts'
import type { DeadLetter } from '../../../../lib/stream/accept/dead-letters.ts'
import { DeadLetters, deadLetterLine } from '../../../../lib/stream/accept/dead-letters.ts'
import type { LineFile } from '../../../../lib/stream/ports.ts'

const LETTER: DeadLetter = {
  log: 'log-1',
  offset: 17,
  position: { shard: 'events/3', offset: 4 },
  arrivedAtUs: 1_625_133_600_000_001,
  call: null,
  rejection: { reason: 'missing', path: 'when', row: null },
  about: null,
  body: Buffer.from('{"é": 1}'),
}

function linesFile(): { lines: string[]; file: LineFile } {
  const lines: string[] = []
  return {
    lines,
    file: {
      append: (line) => void lines.push(line),
      sync: () => undefined,
      close: () => undefined,
    },
  }
}

test('a line holds key, place, time, reason and the bytes as text', () => {
  assert.deepEqual(JSON.parse(deadLetterLine(LETTER)), {
    log: 'log-1',
    offset: 17,
    shard: 'events/3',
    shard_offset: 4,
    call: null,
    row: null,
    time: '2021-07-01T10:00:00.000001Z',
    reason: 'missing',
    path: 'when',
    body: '{"é": 1}',
  })
})

test('a text in the place of a number is said to be of which feature', () => {
  const rejection = { reason: 'text-for-number', path: 'request.inputs[0][1]', row: 0 } as const
  const about = { endpointId: 'e1', feature: '' }
  const line = JSON.parse(deadLetterLine({ ...LETTER, rejection, about }))
  assert.deepEqual([line.endpoint_id, line.feature], ['e1', ''])
})

test('any bytes come back from a line, in which there is no line feed (property)', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (body) => {
      const line = deadLetterLine({ ...LETTER, position: null, body })
      assert(!line.includes('\n'))
      const letter: { body?: string; body_base64?: string } = JSON.parse(line)
      const bytes = Buffer.from(
        letter.body ?? letter.body_base64 ?? '',
        letter.body === undefined ? 'base64' : 'utf8',
      )
      assert.deepEqual([...bytes], [...body])
    }),
  )
})

test('after a restart what stands in the file is not written again, a torn line is', () => {
  const before = linesFile()
  new DeadLetters(before.file, 'log-1', []).write(LETTER)
  const torn = deadLetterLine({ ...LETTER, offset: 18 }).slice(0, -1)
  const other = deadLetterLine({ ...LETTER, log: 'log-2', offset: 19 })
  const after = linesFile()
  const letters = new DeadLetters(after.file, 'log-1', [...before.lines, torn, other])
  const rowLetter = { ...LETTER, rejection: { ...LETTER.rejection, row: 0 } }
  for (const letter of [LETTER, rowLetter, { ...LETTER, offset: 18 }, { ...LETTER, offset: 19 }]) {
    letters.write(letter)
  }
  assert.deepEqual(
    after.lines.map((line) => [JSON.parse(line).offset, JSON.parse(line).row]),
    [
      [17, 0],
      [18, null],
      [19, null],
    ],
  )
  letters.forgetEarlier()
  letters.write(LETTER)
  assert.equal(after.lines.length, 4)
})

test('days are those of the calendar (property)', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 60_000 }), (days) => {
      const date = new Date(days * 86_400_000)
      assert.deepEqual(civilDay(days), {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
      })
    }),
  )
})
