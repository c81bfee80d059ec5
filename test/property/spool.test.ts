// Whatever fails and whenever the process dies, every record whose append returned comes back once, in
// order, with the offset that it was given: shown with random appends, full disks, failed truncations
// and restarts over segments of a few frames.
import assert from 'node:assert'
import { test } from 'node:test'
import fc from 'fast-check'
import type { DamagedRange } from '../../lib/stream/accept/spool.ts'
import { Spool } from '../../lib/stream/accept/spool.ts'
import type { NewRecord, SpoolRecord } from '../../lib/stream/accept/spool-format.ts'
import { frameBytes } from '../../lib/stream/accept/spool-format.ts'
import { memoryDisk } from '../support/memory-disk.ts'

type Step =
  | { readonly kind: 'append'; readonly record: NewRecord }
  | { readonly kind: 'fail'; readonly bytes: number; readonly canTruncate: boolean }
  | { readonly kind: 'restart'; readonly torn: Uint8Array }

const record: fc.Arbitrary<NewRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('event' as const),
    arrivedAtUs: fc.nat(),
    position: fc.option(fc.record({ shard: fc.string({ maxLength: 5 }), offset: fc.nat() })),
    body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ kind: fc.constant('read' as const), arrivedAtUs: fc.nat(), json: fc.json() }),
)
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), record }) },
  fc.record({
    kind: fc.constant('fail' as const),
    bytes: fc.nat(60),
    canTruncate: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('restart' as const),
    torn: fc.uint8Array({ maxLength: 40 }),
  }),
)

test('what was answered is there after any failures and restarts (property)', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), fc.boolean(), (plan, syncEvery) => {
      const disk = memoryDisk()
      const restarted = (): { spool: Spool; records: SpoolRecord[] } => {
        disk.failAfter(Number.POSITIVE_INFINITY)
        disk.canTruncate = true
        const spool = new Spool(disk, { segmentBytes: 150, syncEvery })
        return { spool, records: [...spool.replay(() => undefined)] }
      }
      let { spool } = restarted()
      const answered: SpoolRecord[] = []
      for (const step of plan) {
        if (step.kind === 'append') {
          try {
            answered.push(spool.append(step.record))
          } catch (error) {
            assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
          }
        } else if (step.kind === 'fail') {
          disk.failAfter(step.bytes)
          disk.canTruncate = step.canTruncate
        } else {
          const last = disk
            .list()
            .filter((name) => name.endsWith('.spool'))
            .sort()
            .at(-1)
          if (last !== undefined) disk.files.set(last, Buffer.concat([disk.read(last), step.torn]))
          const again = restarted()
          assert.deepEqual(again.records, answered)
          spool = again.spool
        }
      }
      const { records } = restarted()
      assert.deepEqual(records, answered)
    }),
    { numRuns: 500 },
  )
})

test('segments hold at most their bytes unless one frame alone is larger (property)', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), (given) => {
      const disk = memoryDisk()
      const spool = new Spool(disk, { segmentBytes: 150, syncEvery: false })
      for (const one of given) spool.append(one)
      const largest = Math.max(0, ...given.map(frameBytes))
      for (const name of disk.list()) {
        assert.match(name, /^\d{10}\.spool$/)
        assert(disk.read(name).length <= Math.max(150, 24 + largest), name)
      }
    }),
  )
})

test('a changed byte in any segment costs one frame at most and is kept aside (property)', () => {
  const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1 })
  fc.assert(
    fc.property(
      bodies,
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (given, file, at, flip) => {
        const disk = memoryDisk()
        const spool = new Spool(disk, { segmentBytes: 150, syncEvery: false })
        const appended = given.map((body) =>
          spool.append({ kind: 'event', arrivedAtUs: 7, position: null, body: Buffer.from(body) }),
        )
        const names = [...disk.list()].sort()
        const name = names[file % names.length] ?? ''
        const bytes = disk.read(name)
        const place = at % bytes.length
        bytes[place] = (bytes[place] ?? 0) ^ flip
        disk.files.set(name, bytes)
        const damage: DamagedRange[] = []
        const again = new Spool(disk, { segmentBytes: 150, syncEvery: false })
        const records = [...again.replay((range) => damage.push(range))]
        const kept = new Set(records.map(({ offset }) => offset))
        assert.deepEqual(
          records,
          appended.filter(({ offset }) => kept.has(offset)),
        )
        assert.equal(records.length, appended.length - (place < 24 ? 0 : 1))
        assert.equal(damage.length, 1)
        for (const { segment, start, bytes: count, keptAs } of damage) {
          assert.equal(segment, name)
          assert(start <= place && place < start + count)
          assert.deepEqual([...disk.read(keptAs)], [...bytes.slice(start, start + count)])
        }
      },
    ),
    { numRuns: 500 },
  )
})
