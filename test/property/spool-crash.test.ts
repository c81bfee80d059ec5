// A process that dies after any byte of any write leaves all that was answered; a machine that loses its power
// leaves all that was synced, whichever blocks of what came after it were written: zeros or older bytes show
// through where one was not, and nothing that was never appended is read from them.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DamagedRange } from '../../lib/stream/accept/damage.ts'
import { Spool, type SpoolOptions } from '../../lib/stream/accept/spool.ts'
import type { SpoolRecord } from '../../lib/stream/accept/spool-format.ts'
import type { SegmentDisk } from '../../lib/stream/ports.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { readSpool } from '../support/read-spool.ts'

/** What a spool has done to its disk, in order. */
type Step =
  | { readonly kind: 'write'; readonly name: string; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly name: string; readonly size: number }
  | { readonly kind: 'sync'; readonly name: string }
  /** append() has returned. */
  | { readonly kind: 'answered'; readonly record: SpoolRecord }

type Files = Map<string, Buffer>

const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 8 })
const options: fc.Arbitrary<SpoolOptions> = fc.record({
  segmentBytes: fc.constantFrom(200, 400),
  syncEvery: fc.boolean(),
  aheadBytes: fc.constantFrom(1, 16, 90, 64 * 1024),
  readBytes: fc.constantFrom(64, 100, 1024 * 1024),
})

/** Appends a record for each body. */
function stepsOf(given: readonly Uint8Array[], how: SpoolOptions): readonly Step[] {
  const steps: Step[] = []
  const disk = memoryDisk()
  const open: SegmentDisk['open'] = (name) => {
    const file = disk.open(name)
    return {
      ...file,
      write: (bytes, count, at) => {
        steps.push({ kind: 'write', name, at, bytes: Buffer.from(bytes.subarray(0, count)) })
        file.write(bytes, count, at)
      },
      truncate: (size) => {
        steps.push({ kind: 'truncate', name, size })
        file.truncate(size)
      },
      sync: () => void steps.push({ kind: 'sync', name }),
    }
  }
  const spool = new Spool({ ...disk, open }, how)
  spool.open(() => assert.fail('nothing is there yet'))
  for (const [index, body] of given.entries()) {
    const event = { kind: 'event', arrivedAtUs: index, position: null } as const
    const record = { ...event, body: Buffer.from(body) }
    steps.push({ kind: 'answered', record: { ...record, offset: spool.append(record) } })
  }
  spool.close()
  return steps
}

/** Does a step, or so many bytes of it. */
function replay(files: Files, step: Step, count = Number.POSITIVE_INFINITY): void {
  if (step.kind === 'answered' || step.kind === 'sync') return
  const before = files.get(step.name) ?? Buffer.alloc(0)
  if (step.kind === 'truncate') {
    files.set(step.name, before.subarray(0, step.size))
    return
  }
  const { at } = step
  const bytes = step.bytes.subarray(0, count)
  files.set(
    step.name,
    Buffer.concat([before.subarray(0, at), bytes, before.subarray(at + bytes.length)]),
  )
}

/** What the next process reads; it can go on from there, and has nothing to repair a second time. */
function readBack(files: Files): { records: readonly SpoolRecord[]; damage: DamagedRange[] } {
  const disk = memoryDisk(2)
  for (const [name, bytes] of files) disk.files.set(name, bytes)
  const how = { segmentBytes: 300, syncEvery: false }
  const damage: DamagedRange[] = []
  const spool = new Spool(disk, how)
  const records = readSpool(spool, (range) => damage.push(range))
  const next = { kind: 'read', arrivedAtUs: 1, json: '{}' } as const
  const offset = spool.append(next)
  assert(records.every((record) => record.offset < offset))
  const again = readSpool(new Spool(disk, how), ({ wasKeptBefore }) => assert(wasKeptBefore))
  assert.deepEqual(again, [...records, { ...next, offset }])
  return { records, damage }
}

test('a process may die after any byte of any write (property)', () => {
  fc.assert(
    fc.property(bodies, options, (given, how) => {
      const steps = stepsOf(given, how)
      const files: Files = new Map()
      const answered: SpoolRecord[] = []
      for (const [index, step] of steps.entries()) {
        const size = step.kind === 'write' ? step.bytes.length : 0
        for (let count = 0; count < size; count++) {
          const torn = new Map(files)
          replay(torn, step, count)
          const { records, damage } = readBack(torn)
          const next = steps.slice(index).find((later) => later.kind === 'answered')
          const all = next === undefined ? answered : [...answered, next.record]
          // The zeros of a torn write follow a frame that was whole already.
          assert.deepEqual(records, all.slice(0, records.length))
          assert(records.length >= answered.length)
          if (count === 0) assert.deepEqual(damage, [])
        }
        replay(files, step)
        if (step.kind === 'answered') answered.push(step.record)
        const { damage } = readBack(files)
        assert.deepEqual(damage, [])
      }
      assert.deepEqual(readBack(files).records, answered)
      assert.equal(answered.length, given.length)
    }),
    { numRuns: 30 },
  )
})

test('a power cut may leave out any blocks of what was not synced (property)', () => {
  const losses = fc.infiniteStream(fc.boolean())
  fc.assert(
    fc.property(
      bodies,
      options,
      fc.nat(),
      fc.constantFrom(32, 64, 512),
      losses,
      (given, how, at, blockBytes, lost) => {
        const steps = stepsOf(given, how)
        const files: Files = new Map()
        const durable: Files = new Map()
        const answered: SpoolRecord[] = []
        let syncedCount = 0
        for (const step of steps.slice(0, 1 + (at % steps.length))) {
          replay(files, step)
          if (step.kind === 'answered') answered.push(step.record)
          if (step.kind === 'sync') durable.set(step.name, files.get(step.name) ?? Buffer.alloc(0))
          // With syncEvery the record is answered right after its sync; without, segments are synced as a whole.
          if (step.kind === 'answered' ? how.syncEvery : step.kind === 'sync') {
            syncedCount = answered.length
          }
        }
        for (const [name, bytes] of files) {
          files.set(
            name,
            withLostBlocks(bytes, durable.get(name), blockBytes, () => lost.next().value),
          )
        }
        const { records } = readBack(files)
        const offsets = new Set(records.map(({ offset }) => offset))
        const all = steps.flatMap((step) => (step.kind === 'answered' ? [step.record] : []))
        assert.deepEqual(
          records,
          all.filter(({ offset }) => offsets.has(offset)),
        )
        for (const { offset } of answered.slice(0, syncedCount)) assert(offsets.has(offset))
      },
    ),
    { numRuns: 1000 },
  )
})

function withLostBlocks(
  bytes: Buffer,
  durable: Buffer = Buffer.alloc(0),
  blockBytes: number,
  isLost: () => boolean,
): Buffer {
  const left = Buffer.from(bytes)
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, bytes.length)
    const isDurable = bytes.subarray(start, end).equals(durable.subarray(start, end))
    if (isDurable || !isLost()) continue
    left.fill(0, start, end)
    left.set(durable.subarray(start, end), start)
  }
  return left
}
