// The spool gives back what was appended, in order and with the same offsets; damage anywhere costs
// only the frames that it hits, and what was damaged is kept aside.
import assert from 'node:assert'
import { test } from 'node:test'
import * as zlib from 'node:zlib'
import fc from 'fast-check'
import { crc32ByTable } from '../../../../lib/stream/accept/crc32.ts'
import type { DamagedRange } from '../../../../lib/stream/accept/damage.ts'
import { Spool } from '../../../../lib/stream/accept/spool.ts'
import type { NewRecord, SpoolRecord } from '../../../../lib/stream/accept/spool-format.ts'
import { SEGMENT_HEADER_BYTES } from '../../../../lib/stream/accept/spool-format.ts'
import type { MemoryDisk } from '../../../support/memory-disk.ts'
import { memoryDisk } from '../../../support/memory-disk.ts'
import { readSpool } from '../../../support/read-spool.ts'

/** Without zeros ahead, which are a matter of spool-zeros.test.ts. */
const OPTIONS = { segmentBytes: 250, syncEvery: false, aheadBytes: 1 }

function eventOf(body: string): NewRecord {
  return { kind: 'event', arrivedAtUs: 7, position: null, body: Buffer.from(body) }
}

function openSpool(disk: MemoryDisk): {
  spool: Spool
  records: SpoolRecord[]
  damage: DamagedRange[]
} {
  const spool = new Spool(disk, OPTIONS)
  const damage: DamagedRange[] = []
  const records = [...readSpool(spool, (range) => damage.push(range))]
  return { spool, records, damage }
}

/** Body or JSON of each record, with its offset. */
function textsOf(records: readonly SpoolRecord[]): string[] {
  return records.map((record) => {
    const text = record.kind === 'event' ? Buffer.from(record.body).toString() : record.json
    return `${record.offset} ${text}`
  })
}

function filled(bodies: readonly string[]): MemoryDisk {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  for (const body of bodies) spool.append(eventOf(body))
  return disk
}

test('what was appended comes back, whatever it is (property)', () => {
  const records = fc.array(
    fc.oneof(
      fc.record({
        kind: fc.constant('event' as const),
        arrivedAtUs: fc.integer({ min: 0 }),
        position: fc.option(
          fc.record({ shard: fc.string({ unit: 'grapheme' }), offset: fc.nat() }),
        ),
        body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      }),
      fc.record({
        kind: fc.constant('read' as const),
        arrivedAtUs: fc.integer({ min: 0 }),
        json: fc.json(),
      }),
    ),
  )
  fc.assert(
    fc.property(records, (given) => {
      const disk = memoryDisk()
      const { spool } = openSpool(disk)
      const appended = given.map((record) => ({ ...record, offset: spool.append(record) }))
      const again = openSpool(disk)
      assert.deepEqual(again.records, appended)
      assert.deepEqual(again.damage, [])
      assert.equal(again.spool.nextOffset, given.length)
    }),
  )
})

test('any flipped byte costs the frame that it hits and no other', () => {
  const bodies = ['first', 'second', 'third']
  const whole = filled(bodies)
  const [name = ''] = whole.list()
  const bytes = whole.read(name)
  assert.equal(whole.list().length, 1)
  for (let at = 0; at < bytes.length; at++) {
    const disk = filled(bodies)
    const damaged = bytes.slice()
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    disk.files.set(name, damaged)
    const { records, damage, spool } = openSpool(disk)
    const lost = at < SEGMENT_HEADER_BYTES ? 0 : 1
    assert.equal(records.length, 3 - lost, `byte ${at}`)
    assert.equal(damage.length, 1, `byte ${at}`)
    assert(textsOf(records).every((text) => ['0 first', '1 second', '2 third'].includes(text)))
    // What follows goes on behind everything that is there.
    const next = spool.append(eventOf('next'))
    assert(records.every(({ offset }) => offset < next))
    assert.deepEqual(textsOf(openSpool(disk).records).at(-1), `${next} next`)
  }
})

test('any truncation of the last segment keeps the whole frames before it', () => {
  const bodies = ['first', 'second', 'third']
  const [name = ''] = filled(bodies).list()
  const bytes = filled(bodies).read(name)
  for (let size = 0; size < bytes.length; size++) {
    const disk = filled(bodies)
    disk.files.set(name, bytes.slice(0, size))
    const { records, spool } = openSpool(disk)
    assert.deepEqual(
      textsOf(records),
      ['0 first', '1 second', '2 third'].slice(0, records.length),
      `${size} bytes`,
    )
    spool.append(eventOf('next'))
    const again = openSpool(disk)
    assert.deepEqual(textsOf(again.records), [...textsOf(records), `${records.length} next`])
    assert.deepEqual(again.damage, [], 'the tail was cut once')
  }
})

test('append answers with the offset alone', () => {
  const { spool } = openSpool(memoryDisk())
  assert.deepEqual(
    ['a', 'b', 'c'].map((body) => spool.append(eventOf(body))),
    [0, 1, 2],
  )
})

test('a segment is what the format says, byte by byte', () => {
  const disk = memoryDisk(0x0403_0201) // salt: 01 02 03 04 and the count 01 00 00 00
  const { spool } = openSpool(disk)
  spool.skipTo(2)
  spool.append({
    kind: 'event',
    arrivedAtUs: 1,
    position: { shard: 's', offset: 3 },
    body: Buffer.from('{}'),
  })
  const id = bytesOf('01000000')
  const header = bytesOf('4d4d5350 02000000 01000000 0000000000000040 0102030401000000')
  const payload = bytesOf('01 000000000000f03f 0000000000000840 0100 73 7b7d')
  const payloadSum = sumOf(payload, crc32ByTable(id, 1))
  const head = Buffer.concat([payloadSum, bytesOf('16000000 0000000000000040')])
  const headSum = sumOf(head, crc32ByTable(id, 0x0403_0201))
  const copy = [header, sumOf(header, 0)]
  assert.equal(
    Buffer.from(disk.read('0000000001.spool')).toString('hex'),
    Buffer.concat([...copy, ...copy, headSum, head, payload]).toString('hex'),
  )
})

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}

function sumOf(bytes: Uint8Array, seed: number): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32ByTable(bytes, seed))
  return sum
}

test('the bytes of all segments are those on the disk', () => {
  const disk = memoryDisk()
  const { spool } = openSpool(disk)
  assert.equal(spool.bytes, 0)
  for (let count = 0; count < 20; count++) {
    spool.append(eventOf('x'.repeat(count)))
    assert.equal(spool.bytes, bytesOnDisk(disk))
  }
  spool.close()
  assert.equal(spool.bytes, bytesOnDisk(disk))
  const last = disk.list().toSorted().at(-1) ?? ''
  disk.files.set(last, disk.read(last).slice(0, -1))
  assert.equal(openSpool(disk).spool.bytes, bytesOnDisk(disk), 'less the tail that was cut')
})

function bytesOnDisk(disk: MemoryDisk): number {
  const segments = disk.list().filter((name) => name.endsWith('.spool'))
  return segments.reduce((sum, name) => sum + disk.read(name).length, 0)
}

test('frames that are there twice are read once', () => {
  const disk = filled(['first', 'second'])
  const [name = ''] = disk.list()
  const bytes = disk.read(name)
  const copied = bytes.slice(SEGMENT_HEADER_BYTES)
  disk.files.set(name, Buffer.concat([bytes, copied]))
  const { records, damage } = openSpool(disk)
  assert.deepEqual(textsOf(records), ['0 first', '1 second'])
  assert.equal(damage[0]?.bytes, copied.length)
})

test('a spool that was not read to its end is not appended to', () => {
  const disk = filled(['a'])
  const spool = new Spool(disk, OPTIONS)
  assert.throws(() => spool.append(eventOf('b')), { code: 'ERR_ASSERTION' })
})

test('a full disk leaves nothing of the failed append, and it can be tried again', () => {
  const disk = filled(['a'])
  const { spool } = openSpool(disk)
  for (const bytes of [0, 5, 30]) {
    // The first append of this spool begins a segment, whose header is one write of its own.
    disk.failAfter(bytes)
    assert.throws(() => spool.append(eventOf('b')), { code: 'ENOSPC' })
  }
  spool.append(eventOf('b'))
  disk.failAfter(9)
  assert.throws(() => spool.append(eventOf('c')), { code: 'ENOSPC' })
  spool.append(eventOf('c'))
  const again = openSpool(disk)
  assert.deepEqual([textsOf(again.records), again.damage], [['0 a', '1 b', '2 c'], []])
})

test('a torn append that cannot be taken back is stepped over', () => {
  const disk = filled([])
  const { spool } = openSpool(disk)
  spool.append(eventOf('a'))
  disk.failAfter(9)
  disk.can.truncate = false
  assert.throws(() => spool.append(eventOf('b')), { code: 'ENOSPC' })
  disk.can.truncate = true
  spool.append(eventOf('b'))
  const again = openSpool(disk)
  assert.deepEqual(textsOf(again.records), ['0 a', '1 b'])
  assert.equal(again.damage.length, 1)
})

test('a segment of a newer format stops the start with what to do', () => {
  const disk = filled(['a'])
  const [name = ''] = disk.list()
  const bytes = Buffer.from(disk.read(name))
  bytes.writeUInt32LE(3, 4)
  bytes.writeUInt32LE(crc32ByTable(bytes.subarray(0, 28)), 28)
  disk.files.set(name, bytes)
  assert.throws(() => openSpool(disk), { code: 'path-unusable', message: /has format 3/ })
})

test("the sum by table is zlib's", { skip: typeof zlib.crc32 !== 'function' }, () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (bytes, seed) => {
      assert.equal(crc32ByTable(bytes, seed), zlib.crc32(bytes, seed))
    }),
  )
})
