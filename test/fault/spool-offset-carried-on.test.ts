// Offsets never go down: not when the last segment is only a header, not when all its frames are
// damaged, and not when a power cut lost records whose offsets a store has seen (skipTo).
import assert from 'node:assert'
import { test } from 'node:test'
import { Spool } from '../../lib/stream/accept/spool.ts'
import { encodeSegmentHeader, segmentName } from '../../lib/stream/accept/spool-format.ts'
import type { MemoryDisk } from '../support/memory-disk.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { readSpool } from '../support/read-spool.ts'

const RECORD = { kind: 'read', arrivedAtUs: 7, json: '{}' } as const

function openSpool(disk: MemoryDisk): { spool: Spool; offsets: number[] } {
  const spool = new Spool(disk, { segmentBytes: 500, syncEvery: false })
  return { spool, offsets: [...readSpool(spool, () => undefined)].map(({ offset }) => offset) }
}

test('a last segment of a header alone gives the next offset', () => {
  const disk = memoryDisk()
  const header = { segmentId: 3, firstOffset: 41, salt: disk.salt() }
  disk.files.set(segmentName(3), encodeSegmentHeader(header))
  const { spool } = openSpool(disk)
  assert.equal(spool.nextOffset, 41)
  spool.append(RECORD)
  assert.deepEqual(openSpool(disk).offsets, [41])
})

test('a last segment whose frames are all damaged gives the next offset', () => {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  for (let count = 0; count < 20; count++) spool.append(RECORD)
  const last = [...disk.list()].sort().at(-1) ?? ''
  const headerBytes = encodeSegmentHeader({
    segmentId: 1,
    firstOffset: 0,
    salt: disk.salt(),
  }).length
  disk.files.set(last, disk.read(last).fill(0xff, headerBytes))
  for (const name of disk.list()) if (name !== last) disk.files.delete(name)
  const again = openSpool(disk)
  assert.deepEqual(again.offsets, [])
  const next = again.spool.nextOffset
  assert(next > 0 && next < 20)
  // Its damaged tail was cut off: the header that is left still says so.
  assert.equal(openSpool(disk).spool.nextOffset, next)
})

test('an offset that a store has seen can be skipped to, and stays skipped', () => {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  spool.skipTo(5)
  assert.equal(spool.nextOffset, 5)
  assert.equal(spool.append(RECORD), 5)
  assert.equal(spool.append(RECORD), 6)
  spool.skipTo(100) // between two appends
  spool.skipTo(50) // never down
  assert.equal(spool.append(RECORD), 100)
  spool.skipTo(101)
  assert.equal(spool.append(RECORD), 101)
  const again = openSpool(disk)
  assert.deepEqual(again.offsets, [5, 6, 100, 101])
  again.spool.skipTo(3)
  assert.equal(again.spool.append(RECORD), 102)
  for (const wrong of [Number.NaN, 200.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => again.spool.skipTo(wrong), { code: 'ERR_ASSERTION' })
  }
})

test('records lost by a power cut do not give their offsets to others', () => {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  for (let count = 0; count < 4; count++) spool.append(RECORD)
  spool.close()
  const [name = ''] = disk.list()
  disk.files.set(name, disk.read(name).slice(0, -40)) // offsets 2 (torn) and 3
  const again = openSpool(disk)
  assert.deepEqual(again.offsets, [0, 1])
  again.spool.skipTo(4) // a claim names offset 3
  again.spool.append(RECORD)
  assert.deepEqual(openSpool(disk).offsets, [0, 1, 4])
})
