// The spool on a real disk: what was appended is there after the process is gone, a torn tail is kept
// aside and cut, and a folder that cannot be used is refused with what to do.
import assert from 'node:assert'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openLineFile, openSegmentFolder } from '../../../../lib/store/disk/segment-folder.ts'
import type { DamagedRange } from '../../../../lib/stream/accept/damage.ts'
import { Spool } from '../../../../lib/stream/accept/spool.ts'
import { StreamError } from '../../../../lib/stream/errors.ts'
import { readSpool } from '../../../support/read-spool.ts'

const OPTIONS = { segmentBytes: 500, syncEvery: false }

function withFolder(use: (folder: string) => void): () => void {
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'segments-'))
    try {
      use(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

function appendEvents(folder: string, bodies: readonly string[]): void {
  const spool = new Spool(openSegmentFolder(folder), OPTIONS)
  assert.deepEqual([...readSpool(spool, () => assert.fail('nothing is damaged'))].length, 0)
  for (const body of bodies) {
    const record = { kind: 'event', arrivedAtUs: 7, position: { shard: 's/1', offset: 3 } } as const
    spool.append({ ...record, body: Buffer.from(body) })
  }
}

function replayed(folder: string): { bodies: string[]; damage: DamagedRange[]; next: number } {
  const spool = new Spool(openSegmentFolder(folder), OPTIONS)
  const damage: DamagedRange[] = []
  const bodies = [...readSpool(spool, (range) => damage.push(range))].map((record) =>
    record.kind === 'event' ? Buffer.from(record.body).toString() : record.json,
  )
  return { bodies, damage, next: spool.nextOffset }
}

test(
  'what was appended is read back by another spool, over several segments',
  withFolder((folder) => {
    const bodies = Array.from({ length: 50 }, (_, index) => `event ${index}`)
    appendEvents(folder, bodies)
    assert(readdirSync(folder).length > 3)
    assert.deepEqual(replayed(folder), { bodies, damage: [], next: 50 })
  }),
)

test(
  'a torn tail is kept aside, cut off, and appending goes on',
  withFolder((folder) => {
    appendEvents(folder, ['a', 'b'])
    const [name = ''] = readdirSync(folder)
    const written = readFileSync(join(folder, name))
    const whole = written.subarray(0, written.lastIndexOf('b') + 1)
    writeFileSync(join(folder, name), whole.subarray(0, whole.length - 1))
    const first = replayed(folder)
    assert.deepEqual(first.bodies, ['a'])
    const [range] = first.damage
    assert(range !== undefined && range.bytes > 0)
    assert.deepEqual(
      readFileSync(join(folder, range.keptAs)),
      whole.subarray(range.start, whole.length - 1),
    )
    const spool = new Spool(openSegmentFolder(folder), OPTIONS)
    assert.equal([...readSpool(spool, () => assert.fail('the tail was cut'))].length, 1)
    spool.append({ kind: 'read', arrivedAtUs: 1, json: '{}' })
    assert.deepEqual(replayed(folder).bodies, ['a', '{}'])
  }),
)

test(
  'a file in the place of the folder is refused with what to do',
  withFolder((folder) => {
    const path = join(folder, 'file')
    writeFileSync(path, '')
    assert.throws(
      () => openSegmentFolder(path),
      (error: unknown) =>
        error instanceof StreamError &&
        error.code === 'path-unusable' &&
        error.message.includes(path) &&
        error.message.includes('name another one'),
    )
  }),
)

test(
  'a torn last line is ended before the next one',
  withFolder((folder) => {
    const file = openLineFile(folder, 'letters.jsonl')
    file.append('{"a":1}')
    file.close()
    appendFileSync(join(folder, 'letters.jsonl'), '{"b"')
    const again = openLineFile(folder, 'letters.jsonl')
    again.append('{"c":3}')
    again.close()
    const lines = readFileSync(join(folder, 'letters.jsonl'), 'utf8').split('\n')
    assert.deepEqual(lines, ['{"a":1}', '{"b"', '{"c":3}', ''])
  }),
)
