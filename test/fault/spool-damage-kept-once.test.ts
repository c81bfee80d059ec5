// Damage in the middle of a segment is met again at every start; it is kept aside once, whole, and
// told of each time.
import assert from 'node:assert'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSegmentFolder } from '../../lib/store/disk/segment-folder.ts'
import type { DamagedRange } from '../../lib/stream/accept/damage.ts'
import { Spool } from '../../lib/stream/accept/spool.ts'
import type { SegmentDisk } from '../../lib/stream/ports.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { readSpool } from '../support/read-spool.ts'

const NAME = '0000000001.spool'

function openSpool(disk: SegmentDisk): { spool: Spool; damage: DamagedRange[] } {
  const spool = new Spool(disk, { segmentBytes: 5000, syncEvery: false })
  const damage: DamagedRange[] = []
  for (const _ of readSpool(spool, (range) => damage.push(range)));
  return { spool, damage }
}

function fill(disk: SegmentDisk): void {
  const { spool } = openSpool(disk)
  for (const json of ['first', 'second', 'third']) {
    spool.append({ kind: 'read', arrivedAtUs: 7, json })
  }
  spool.close()
}

function damaged(bytes: Uint8Array, text: string): Uint8Array {
  const changed = Buffer.from(bytes)
  changed.write('X', changed.indexOf(text))
  return changed
}

test('five starts over the same damage make one copy', () => {
  const disk = memoryDisk()
  fill(disk)
  disk.files.set(NAME, damaged(disk.read(NAME), 'second'))
  const told = Array.from({ length: 5 }, () => openSpool(disk).damage)
  assert.equal(disk.list().length, 2)
  assert.deepEqual(
    told.map((ranges) => ranges.map(({ wasKeptBefore }) => wasKeptBefore)),
    [[false], [true], [true], [true], [true]],
  )
  assert.equal(new Set(told.flat().map(({ keptAs }) => keptAs)).size, 1)
})

test('two damaged ranges, and other damage at the same place, are kept each', () => {
  const disk = memoryDisk()
  fill(disk)
  const whole = disk.read(NAME)
  disk.files.set(NAME, damaged(damaged(whole, 'first'), 'third'))
  const { damage } = openSpool(disk)
  assert.equal(disk.list().length, 3)
  disk.files.set(NAME, damaged(damaged(whole, 'irst'), 'third'))
  const other = openSpool(disk).damage
  assert.equal(disk.list().length, 4)
  // The end is looked at first.
  assert.deepEqual(
    [...damage, ...other].map(({ wasKeptBefore }) => wasKeptBefore),
    [false, false, true, false],
  )
})

test('on a real disk a copy that was torn by a kill does not pass for the copy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spool-kept-once-'))
  try {
    fill(openSegmentFolder(folder))
    const path = join(folder, NAME)
    writeFileSync(path, damaged(readFileSync(path), 'second'))
    const [range] = openSpool(openSegmentFolder(folder)).damage
    assert(range !== undefined)
    const copy = readFileSync(join(folder, range.keptAs))
    assert.deepEqual(copy, readFileSync(path).subarray(range.start, range.start + range.bytes))
    assert.equal(openSpool(openSegmentFolder(folder)).damage[0]?.wasKeptBefore, true)
    assert.equal(readdirSync(folder).length, 2)
    // As a kill in the middle of keeping leaves it.
    rmSync(join(folder, range.keptAs))
    writeFileSync(join(folder, `${range.keptAs}.part`), copy.subarray(0, 3))
    assert.equal(openSpool(openSegmentFolder(folder)).damage[0]?.wasKeptBefore, false)
    assert.deepEqual(readFileSync(join(folder, range.keptAs)), copy)
    assert.equal(readdirSync(folder).length, 2)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("a real folder's salts are of 8 bytes and differ", () => {
  const folder = mkdtempSync(join(tmpdir(), 'spool-salts-'))
  try {
    const disk = openSegmentFolder(folder)
    const salts = Array.from({ length: 100 }, () => Buffer.from(disk.salt()).toString('hex'))
    assert(salts.every((salt) => salt.length === 16))
    assert.equal(new Set(salts).size, 100)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
