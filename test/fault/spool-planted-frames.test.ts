// Someone sends whole spool frames as an event's body and the frame around them is damaged on disk:
// the frames in the body are not read as records, because they lack the segment's salt.
import assert from 'node:assert'
import { test } from 'node:test'
import { Spool } from '../../lib/stream/accept/spool.ts'
import type { NewRecord } from '../../lib/stream/accept/spool-format.ts'
import type { MemoryDisk } from '../support/memory-disk.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { readSpool } from '../support/read-spool.ts'

function eventOf(body: Uint8Array): NewRecord {
  return { kind: 'event', arrivedAtUs: 7, position: null, body }
}

function openSpool(disk: MemoryDisk): { spool: Spool; bodies: Buffer[] } {
  const spool = new Spool(disk, { segmentBytes: 50_000, syncEvery: false })
  const bodies: Buffer[] = []
  for (const record of readSpool(spool, () => undefined)) {
    if (record.kind === 'event') bodies.push(Buffer.from(record.body))
  }
  return { spool, bodies }
}

test('frames in a body are no records, whatever byte around them is damaged', () => {
  const theirs = memoryDisk(2)
  const planting = openSpool(theirs).spool
  for (let count = 0; count < 9; count++) planting.append(eventOf(Buffer.from('planted')))
  const planted = theirs.read('0000000001.spool')

  const ours = memoryDisk(1)
  const { spool } = openSpool(ours)
  const bodies = [Buffer.from('before'), Buffer.from(planted), Buffer.from('after')]
  for (const body of bodies) spool.append(eventOf(body))
  const whole = ours.read('0000000001.spool')
  const plantedAt = Buffer.from(whole).indexOf(planted)
  for (let at = plantedAt - 40; at < plantedAt + planted.length; at++) {
    const changed = Uint8Array.from(whole)
    changed[at] = (changed[at] ?? 0) ^ 0x10
    ours.files.set('0000000001.spool', changed)
    const read = openSpool(ours).bodies.map((body) => bodies.findIndex((one) => one.equals(body)))
    assert(!read.includes(-1), `byte ${at}`)
    assert(read.length >= 1 && read.at(-1) === 2, `byte ${at}`)
  }
})

test('a segment under the name of another is not taken for it', () => {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  spool.append(eventOf(Buffer.from('a')))
  disk.files.set('0000000002.spool', disk.read('0000000001.spool'))
  disk.files.delete('0000000001.spool')
  assert.deepEqual(openSpool(disk).bodies, [])
})
