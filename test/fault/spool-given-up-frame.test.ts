// The disk neither syncs a record nor takes it back, so it was never answered, yet its whole frame stays
// in the file: a replay must not take it for the record that got its offset afterwards.
import assert from 'node:assert'
import { test } from 'node:test'
import type { DamagedRange } from '../../lib/stream/accept/damage.ts'
import { Spool } from '../../lib/stream/accept/spool.ts'
import type { NewRecord } from '../../lib/stream/accept/spool-format.ts'
import type { MemoryDisk } from '../support/memory-disk.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { readSpool } from '../support/read-spool.ts'

function readOf(json: string): NewRecord {
  return { kind: 'read', arrivedAtUs: 7, json }
}

function openSpool(disk: MemoryDisk): { spool: Spool; texts: string[]; damage: DamagedRange[] } {
  const spool = new Spool(disk, { segmentBytes: 500, syncEvery: true })
  const damage: DamagedRange[] = []
  const texts: string[] = []
  for (const record of readSpool(spool, (range) => damage.push(range))) {
    texts.push(`${record.offset} ${record.kind === 'read' ? record.json : '?'}`)
  }
  return { spool, texts, damage }
}

/** A spool that has answered "a" and has just failed to append "given up". */
function givenUp(disk: MemoryDisk): Spool {
  const { spool } = openSpool(disk)
  spool.append(readOf('a'))
  Object.assign(disk.can, { sync: false, truncate: false })
  assert.throws(() => spool.append(readOf('given up')), { code: 'EIO', message: /sync/ })
  Object.assign(disk.can, { sync: true, truncate: true })
  return spool
}

test('the record that was answered is read, not the one that was given up', () => {
  const disk = memoryDisk()
  const spool = givenUp(disk)
  spool.append(readOf('answered'))
  spool.append(readOf('b'))
  const again = openSpool(disk)
  assert.deepEqual(again.texts, ['0 a', '1 answered', '2 b'])
  assert.deepEqual(again.damage, [], 'what was given up is no damage')
})

test('a segment that was only begun afterwards is enough', () => {
  const disk = memoryDisk()
  const spool = givenUp(disk)
  disk.can.sync = false
  assert.throws(() => spool.append(readOf('again')), { code: 'EIO' })
  disk.can.sync = true
  assert.deepEqual(openSpool(disk).texts, ['0 a'])
})

test('offsets that are skipped in between change nothing', () => {
  const disk = memoryDisk()
  const spool = givenUp(disk)
  spool.skipTo(5)
  spool.append(readOf('answered'))
  assert.deepEqual(openSpool(disk).texts, ['0 a', '5 answered'])
})

test('a torn header between the two, which could not be removed, changes nothing', () => {
  const disk = memoryDisk()
  const spool = givenUp(disk)
  disk.failAfter(9)
  disk.can.remove = false
  assert.throws(() => spool.append(readOf('no room')), { code: 'ENOSPC' })
  disk.can.remove = true
  spool.append(readOf('answered'))
  const again = openSpool(disk)
  assert.deepEqual(again.texts, ['0 a', '1 answered'])
  assert.deepEqual(
    again.damage.map(({ segment, bytes }) => [segment, bytes]),
    [['0000000002.spool', 9]],
  )
})

test('closing the segment that was given up may fail, too', () => {
  const disk = memoryDisk()
  const spool = givenUp(disk)
  disk.can.close = false
  assert.throws(() => spool.append(readOf('b')), { code: 'EIO', message: /close/ })
  spool.append(readOf('b'))
  disk.can.close = true
  assert.deepEqual(openSpool(disk).texts, ['0 a', '1 b'])
})
