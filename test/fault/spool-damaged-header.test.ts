// A segment's header is damaged. It is there twice, so that any one run of changed bytes in either copy
// costs no record; with both copies gone nothing in the segment can be trusted, and all of it is kept.
import assert from 'node:assert'
import { test } from 'node:test'
import type { DamagedRange } from '../../lib/stream/accept/damage.ts'
import { Spool } from '../../lib/stream/accept/spool.ts'
import { SEGMENT_HEADER_BYTES } from '../../lib/stream/accept/spool-format.ts'
import type { MemoryDisk } from '../support/memory-disk.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { readSpool } from '../support/read-spool.ts'

const COPY_BYTES = SEGMENT_HEADER_BYTES / 2

function openSpool(disk: MemoryDisk): { spool: Spool; offsets: number[]; damage: DamagedRange[] } {
  const spool = new Spool(disk, { segmentBytes: 200, syncEvery: false })
  const damage: DamagedRange[] = []
  const records = [...readSpool(spool, (range) => damage.push(range))]
  return { spool, offsets: records.map(({ offset }) => offset), damage }
}

function filled(): MemoryDisk {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  for (let count = 0; count < 9; count++) spool.append({ kind: 'read', arrivedAtUs: 7, json: '{}' })
  assert(disk.list().length > 2)
  return disk
}

const ALL = [0, 1, 2, 3, 4, 5, 6, 7, 8]

for (const [index, copy] of ['first', 'second'].entries()) {
  test(`zeros over the ${copy} copy cost no record`, () => {
    for (const name of filled().list()) {
      const disk = filled()
      const start = index * COPY_BYTES
      disk.files.set(name, disk.read(name).fill(0, start, start + COPY_BYTES))
      const { offsets, damage, spool } = openSpool(disk)
      assert.deepEqual(offsets, ALL)
      assert.deepEqual(
        damage.map((range) => [range.segment, range.start, range.bytes]),
        [[name, start, COPY_BYTES]],
      )
      assert.equal(spool.append({ kind: 'read', arrivedAtUs: 7, json: '{}' }), 9)
    }
  })
}

test('with both copies gone the whole segment is kept aside, the others are read', () => {
  for (const name of filled().list()) {
    const disk = filled()
    const changed = disk.read(name)
    changed[3] = 0
    changed[COPY_BYTES + 3] = 0
    disk.files.set(name, changed)
    const { offsets, damage } = openSpool(disk)
    assert(offsets.length < 9 && offsets.length >= 5)
    const [range] = damage
    assert(range !== undefined && damage.length === 1)
    assert.deepEqual([range.segment, range.start, range.bytes], [name, 0, changed.length])
    assert.deepEqual(disk.read(range.keptAs), changed)
    // Of the last one nothing is left, others stay as they are.
    const isLast = name === filled().list().at(-1)
    assert.equal(disk.size(name), isLast ? 0 : changed.length)
  }
})
