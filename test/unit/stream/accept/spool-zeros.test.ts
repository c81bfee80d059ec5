// Zeros are written ahead of the frames: they are no damage, are counted, never make a segment larger than it may
// be, and are cut where a process has the time for it; where they cannot be written, no event is lost by that.
import assert from 'node:assert'
import { test } from 'node:test'
import { crc32ByTable } from '../../../../lib/stream/accept/crc32.ts'
import type { DamagedRange } from '../../../../lib/stream/accept/damage.ts'
import { Spool } from '../../../../lib/stream/accept/spool.ts'
import {
  AHEAD_BYTES,
  frameBytes,
  HEADER_COPY_BYTES,
  type NewRecord,
  SEGMENT_HEADER_BYTES,
  type SpoolRecord,
} from '../../../../lib/stream/accept/spool-format.ts'
import type { SegmentDisk } from '../../../../lib/stream/ports.ts'
import { type MemoryDisk, memoryDisk } from '../../../support/memory-disk.ts'
import { readSpool } from '../../../support/read-spool.ts'

const NAME = '0000000001.spool'
const LARGE = { segmentBytes: 4 * AHEAD_BYTES, syncEvery: false }

function eventOf(body: string): NewRecord {
  return { kind: 'event', arrivedAtUs: 7, position: null, body: Buffer.from(body) }
}

function openSpool(
  disk: SegmentDisk,
  options = LARGE,
): { spool: Spool; records: readonly SpoolRecord[]; damage: DamagedRange[] } {
  const spool = new Spool(disk, options)
  const damage: DamagedRange[] = []
  return { spool, damage, records: readSpool(spool, (range) => damage.push(range)) }
}

/** A killed process has appended these. */
function filled(bodies: readonly string[]): { disk: MemoryDisk; end: number } {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  for (const body of bodies) spool.append(eventOf(body))
  const frames = bodies.reduce((sum, body) => sum + frameBytes(eventOf(body)), 0)
  return { disk, end: SEGMENT_HEADER_BYTES + frames }
}

function bodiesOf(records: readonly SpoolRecord[]): string[] {
  return records.map((record) => (record.kind === 'event' ? record.body.toString() : '?'))
}

/** What is written into the disk's files, and from where on. */
function watched(disk: MemoryDisk): { disk: SegmentDisk; writes: { at: number; count: number }[] } {
  const writes: { at: number; count: number }[] = []
  const open = (name: string) => {
    const file = disk.open(name)
    const write = (bytes: Uint8Array, count: number, at: number): void => {
      writes.push({ at, count })
      file.write(bytes, count, at)
    }
    return { ...file, write }
  }
  return { disk: { ...disk, open }, writes }
}

test('a frame is one write over zeros; zeros come once for many frames', () => {
  const { disk, writes } = watched(memoryDisk())
  const { spool } = openSpool(disk)
  const record = eventOf('x'.repeat(1000))
  const size = frameBytes(record)
  for (let count = 0; count < 100; count++) spool.append(record)
  const frames = writes.filter(({ count }) => count === size)
  assert.deepEqual(
    frames.map(({ at }) => at),
    Array.from({ length: 100 }, (_, index) => SEGMENT_HEADER_BYTES + index * size),
  )
  const zeros = writes.slice(1).filter(({ count }) => count !== size)
  assert.deepEqual(
    zeros.map(({ at, count }) => at + count),
    [AHEAD_BYTES, 2 * AHEAD_BYTES],
  )
})

test('what a killed process leaves has zeros at the end, which are no damage and are cut', () => {
  const { disk, end } = filled(['a', 'b'])
  assert.equal(disk.size(NAME), AHEAD_BYTES)
  assert(disk.read(NAME, end).every((byte) => byte === 0))
  const { spool, records, damage } = openSpool(disk)
  assert.deepEqual([bodiesOf(records), damage], [['a', 'b'], []])
  assert.deepEqual([disk.size(NAME), spool.bytes], [end, end])
})

test('zeros are counted as long as they are there', () => {
  const { spool } = openSpool(memoryDisk())
  spool.append(eventOf('a'))
  assert.equal(spool.bytes, AHEAD_BYTES)
  spool.close()
  assert.equal(spool.bytes, SEGMENT_HEADER_BYTES + frameBytes(eventOf('a')))
})

test('a segment that is left is cut after its last frame, whatever is written ahead', () => {
  const record = eventOf('x'.repeat(100))
  const two = SEGMENT_HEADER_BYTES + 2 * frameBytes(record)
  const disk = memoryDisk()
  const { spool } = openSpool(disk, { segmentBytes: two + 9, syncEvery: false })
  spool.append(record)
  spool.append(record)
  assert.equal(disk.size(NAME), two + 9, 'a segment is never made larger than it may be')
  spool.append(record)
  assert.equal(disk.size(NAME), two)
  assert.equal(spool.bytes, two + disk.size('0000000002.spool'))
})

test('zeros that cannot be cut stay, are counted, and are no damage', () => {
  const disk = memoryDisk()
  const { spool } = openSpool(disk, { segmentBytes: 300, syncEvery: false })
  disk.can.truncate = false
  for (const body of ['a'.repeat(150), 'b'.repeat(150)]) spool.append(eventOf(body))
  spool.close()
  disk.can.truncate = true
  assert.deepEqual([disk.size(NAME), disk.size('0000000002.spool')], [300, 300])
  assert.equal(spool.bytes, 600)
  const again = openSpool(disk)
  assert.equal(again.records.length, 2)
  assert.deepEqual(again.damage, [])
})

test('damage ends where the zeros begin', () => {
  for (const isLast of [true, false]) {
    const { disk, end } = filled(['a', 'b'])
    const bytes = disk.read(NAME)
    const start = end - frameBytes(eventOf('b'))
    bytes[start] = (bytes[start] ?? 0) ^ 1
    disk.files.set(NAME, bytes)
    if (!isLast) disk.files.set('0000000002.spool', secondSegment())
    const { records, damage } = openSpool(disk)
    assert.deepEqual(bodiesOf(records), isLast ? ['a'] : ['a', 'c'])
    assert.deepEqual(
      damage.map((range) => [range.start, range.bytes]),
      [[start, end - start]],
    )
    assert.deepEqual(disk.read(damage[0]?.keptAs ?? ''), bytes.slice(start, end))
    assert.deepEqual(openSpool(disk).damage.length, isLast ? 0 : 1)
  }
})

test('zeros between frames are damage: something was there', () => {
  const { disk, end } = filled(['a', 'b', 'c'])
  const size = frameBytes(eventOf('a'))
  const bytes = disk.read(NAME)
  bytes.fill(0, end - 2 * size, end - size)
  disk.files.set(NAME, bytes)
  const { records, damage } = openSpool(disk)
  assert.deepEqual(bodiesOf(records), ['a', 'c'])
  assert.deepEqual(
    damage.map((range) => [range.start, range.bytes]),
    [[end - 2 * size, size]],
  )
})

test('a disk without room for zeros takes events as long as they have room', () => {
  const { disk, end } = filled(['a'])
  const { spool } = openSpool(disk)
  const room = SEGMENT_HEADER_BYTES + frameBytes(eventOf('b')) + 10
  disk.failAfter(room)
  assert.equal(spool.append(eventOf('b')), 1)
  assert.equal(disk.size('0000000002.spool'), room, 'of the zeros a part was written')
  assert(spool.bytes >= end + room)
  disk.failAfter(0)
  assert.throws(() => spool.append(eventOf('x'.repeat(20))), { code: 'ENOSPC' })
  assert.equal(spool.append(eventOf('c')), 2)
  const again = openSpool(disk)
  assert.deepEqual([bodiesOf(again.records), again.damage], [['a', 'b', 'c'], []])
})

test('a frame that failed over zeros is cut off with them', () => {
  const { disk } = filled([])
  const { spool } = openSpool(disk, { ...LARGE, syncEvery: true })
  spool.append(eventOf('a'))
  disk.can.sync = false
  assert.throws(() => spool.append(eventOf('refused')), { code: 'EIO' })
  disk.can.sync = true
  assert.equal(disk.size(NAME), SEGMENT_HEADER_BYTES + frameBytes(eventOf('a')))
  assert.equal(spool.append(eventOf('b')), 1)
  assert.equal(disk.size(NAME), AHEAD_BYTES, 'and zeros are written again')
  const again = openSpool(disk)
  assert.deepEqual([bodiesOf(again.records), again.damage], [['a', 'b'], []])
})

/** The segment as format 1 has it: the number alone differs. */
function asFormat1(segment: Uint8Array): Uint8Array {
  const bytes = Buffer.from(segment)
  for (const copy of [0, HEADER_COPY_BYTES]) {
    bytes.writeUInt32LE(1, copy + 4)
    bytes.writeUInt32LE(crc32ByTable(bytes.subarray(copy, copy + 28)), copy + 28)
  }
  return bytes
}

test('a segment of format 1 is read, and zeros at its end are damage: it had none of its own', () => {
  const { disk, end } = filled(['a', 'b'])
  const whole = asFormat1(disk.read(NAME, 0, end))
  for (const zeros of [0, 64]) {
    for (const isLast of [true, false]) {
      const old = memoryDisk(3)
      old.files.set(NAME, Buffer.concat([whole, Buffer.alloc(zeros)]))
      if (!isLast) old.files.set('0000000002.spool', secondSegment())
      const { records, damage } = openSpool(old)
      assert.deepEqual(bodiesOf(records), isLast ? ['a', 'b'] : ['a', 'b', 'c'])
      assert.deepEqual(
        damage.map((range) => [range.start, range.bytes]),
        zeros === 0 ? [] : [[end, zeros]],
      )
    }
  }
})

function secondSegment(): Uint8Array {
  const disk = memoryDisk(2)
  disk.files.set(NAME, Uint8Array.of())
  const { spool } = openSpool(disk)
  spool.skipTo(2)
  spool.append(eventOf('c'))
  return disk.read('0000000002.spool')
}
