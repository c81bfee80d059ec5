// Whatever fails and whenever the process dies, every record whose append returned comes back once, in
// order, with the offset that it was given, also where it is read back while others are appended: shown
// with random appends, full and bad disks, skipped offsets and restarts over segments of a few frames.
import assert from 'node:assert'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import type { DamagedRange } from '../../lib/stream/accept/damage.ts'
import { Spool, type SpoolOptions } from '../../lib/stream/accept/spool.ts'
import type { NewRecord, SpoolRecord } from '../../lib/stream/accept/spool-format.ts'
import { frameBytes, SEGMENT_HEADER_BYTES } from '../../lib/stream/accept/spool-format.ts'
import type { LogReader } from '../../lib/stream/event-log.ts'
import type { MemoryDisk } from '../support/memory-disk.ts'
import { memoryDisk } from '../support/memory-disk.ts'
import { readSpool } from '../support/read-spool.ts'

const SEGMENT_BYTES = 200
/** Where frames lie is seen at the files' ends. */
const WITHOUT_ZEROS = {
  segmentBytes: SEGMENT_BYTES,
  syncEvery: false,
  aheadBytes: 1,
  readBytes: 70,
}
/** Zeros ahead: none, up to a part of a frame or some frames, up to the segment's end. */
const aheadBytes = fc.constantFrom(1, 16, 90, 64 * 1024)

interface Faults {
  /** Bytes that the disk still takes. */
  readonly room: number
  readonly can: MemoryDisk['can']
}
type Step =
  | { readonly kind: 'append'; readonly record: NewRecord }
  | { readonly kind: 'fail'; readonly faults: Faults }
  | { readonly kind: 'heal' }
  | { readonly kind: 'skip'; readonly by: number }
  | { readonly kind: 'read'; readonly count: number }
  | { readonly kind: 'restart'; readonly torn: Uint8Array }

const record: fc.Arbitrary<NewRecord> = fc.oneof(
  fc.record({
    kind: fc.constant('event' as const),
    arrivedAtUs: fc.nat(),
    position: fc.option(
      fc.record(
        { shard: fc.string({ maxLength: 5 }), offset: fc.nat() },
        { noNullPrototype: true },
      ),
    ),
    body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ kind: fc.constant('read' as const), arrivedAtUs: fc.nat(), json: fc.json() }),
)
const faults: fc.Arbitrary<Faults> = fc.record({
  room: fc.oneof(fc.nat(80), fc.constant(Number.POSITIVE_INFINITY)),
  can: fc.record({
    truncate: fc.boolean(),
    sync: fc.boolean(),
    close: fc.boolean(),
    remove: fc.boolean(),
  }),
})
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), record }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fail' as const), faults }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'heal' as const }) },
  fc.record({ kind: fc.constant('skip' as const), by: fc.nat(9) }),
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('read' as const), count: fc.nat(4) }) },
  fc.record({ kind: fc.constant('restart' as const), torn: fc.uint8Array({ maxLength: 40 }) }),
)

/** A spool over a disk that fails, with what a caller knows of it. */
class Trial {
  readonly disk = memoryDisk()
  readonly #options: SpoolOptions
  readonly #answered: SpoolRecord[] = []
  /** Not answered, yet one may be in the file whole: those whose append failed since an answer. */
  #failed: SpoolRecord[] = []
  #spool: Spool
  /** Reads on from where it was, whatever happens to the spool. */
  #reader: LogReader
  #readCount = 0

  constructor(options: Omit<SpoolOptions, 'segmentBytes'>) {
    this.#options = { segmentBytes: SEGMENT_BYTES, ...options }
    this.#spool = new Spool(this.disk, this.#options)
    this.#reader = this.#spool.open(() => undefined, 0)
    this.restart()
  }

  take(step: Step): void {
    if (step.kind === 'append') this.#append(step.record)
    if (step.kind === 'fail') this.#fail(step.faults)
    if (step.kind === 'heal') this.#heal()
    if (step.kind === 'read') this.read(step.count)
    if (step.kind === 'skip') this.#spool.skipTo(this.#spool.nextOffset + step.by - 3)
    if (step.kind !== 'restart') return
    this.#tearLast(step.torn)
    this.restart()
  }

  /** The next records are those that were answered next. */
  read(count: number): void {
    for (let index = 0; index < count; index++) {
      const found = this.#reader.next()
      assert.deepEqual(found, this.#answered[this.#readCount] ?? null)
      if (found === null) return
      assert.equal(this.#reader.nextOffset, found.offset + 1)
      this.#readCount++
    }
  }

  restart(): void {
    this.read(Number.POSITIVE_INFINITY)
    this.#heal()
    const copy = memoryDisk()
    for (const [name, bytes] of this.disk.files) copy.files.set(name, bytes)
    const records = readSpool(new Spool(copy, this.#options), () => undefined)
    const spool = new Spool(this.disk, this.#options)
    this.#reader = spool.open(() => undefined, 0)
    this.#readCount = 0
    const extra = records[this.#answered.length]
    this.#answered.push(...this.#failed.filter((one) => isDeepStrictEqual(one, extra)).slice(0, 1))
    this.#failed = []
    assert.deepEqual(records, this.#answered)
    assert(records.every(({ offset }) => offset < spool.nextOffset))
    assert.equal(spool.bytes, this.bytesOnDisk())
    this.#spool = spool
  }

  #append(given: NewRecord): void {
    const expected = this.#spool.nextOffset
    try {
      const offset = this.#spool.append(given)
      assert.equal(offset, expected)
      this.#answered.push({ ...given, offset })
      this.#failed = []
    } catch (error) {
      assert(['ENOSPC', 'EIO'].includes((error as NodeJS.ErrnoException).code ?? ''), String(error))
      this.#failed.push({ ...given, offset: expected })
    }
    assert(this.#spool.bytes >= this.bytesOnDisk())
  }

  #fail({ room, can }: Faults): void {
    this.disk.failAfter(room)
    Object.assign(this.disk.can, can)
  }

  #heal(): void {
    this.disk.failAfter(Number.POSITIVE_INFINITY)
    Object.assign(this.disk.can, { truncate: true, sync: true, close: true, remove: true })
  }

  #tearLast(torn: Uint8Array): void {
    const last = segmentsOf(this.disk).at(-1)
    if (last !== undefined) {
      this.disk.files.set(last, Buffer.concat([this.disk.read(last), torn]))
    }
  }

  bytesOnDisk(): number {
    return segmentsOf(this.disk).reduce((sum, name) => sum + this.disk.read(name).length, 0)
  }
}

function segmentsOf(disk: MemoryDisk): readonly string[] {
  return disk
    .list()
    .filter((name) => name.endsWith('.spool'))
    .sort()
}

test('what was answered is there after any failures and restarts (property)', () => {
  fc.assert(
    fc.property(
      fc.array(steps, { maxLength: 40 }),
      fc.record({ syncEvery: fc.boolean(), aheadBytes }),
      (plan, options) => {
        const trial = new Trial(options)
        for (const step of plan) trial.take(step)
        trial.restart()
        trial.restart()
      },
    ),
    { numRuns: 1000 },
  )
})

test('segments hold at most their bytes unless one frame alone is larger (property)', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), aheadBytes, (given, ahead) => {
      const disk = memoryDisk()
      const spool = new Spool(disk, { ...WITHOUT_ZEROS, aheadBytes: ahead })
      for (const one of given) spool.append(one)
      const largest = Math.max(0, ...given.map(frameBytes))
      for (const name of disk.list()) {
        assert.match(name, /^\d{10}\.spool$/)
        assert(disk.read(name).length <= Math.max(SEGMENT_BYTES, SEGMENT_HEADER_BYTES + largest))
      }
    }),
  )
})

/** Where a record's frame lies. */
interface Place {
  readonly name: string
  readonly start: number
  readonly end: number
  readonly record: SpoolRecord
}

/** A spool of one record a body, with the place of each. */
function filled(bodies: readonly Uint8Array[]): { disk: MemoryDisk; places: readonly Place[] } {
  const disk = memoryDisk()
  const spool = new Spool(disk, WITHOUT_ZEROS)
  const places = bodies.map((body) => {
    const given: NewRecord = {
      kind: 'event',
      arrivedAtUs: 7,
      position: null,
      body: Buffer.from(body),
    }
    const offset = spool.append(given)
    const name = segmentsOf(disk).at(-1) ?? ''
    const end = disk.read(name).length
    return { name, start: end - frameBytes(given), end, record: { ...given, offset } }
  })
  return { disk, places }
}

function replayed(disk: MemoryDisk): { records: SpoolRecord[]; damage: DamagedRange[] } {
  const damage: DamagedRange[] = []
  const spool = new Spool(disk, WITHOUT_ZEROS)
  const records = [...readSpool(spool, (range) => damage.push(range))]
  return { records, damage }
}

const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1 })

test('a changed byte in any segment costs one frame at most and is kept aside (property)', () => {
  fc.assert(
    fc.property(
      bodies,
      fc.nat(),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (given, file, at, flip) => {
        const { disk, places } = filled(given)
        const names = segmentsOf(disk)
        const name = names[file % names.length] ?? ''
        const bytes = disk.read(name)
        const place = at % bytes.length
        bytes[place] = (bytes[place] ?? 0) ^ flip
        disk.files.set(name, bytes)
        const { records, damage } = replayed(disk)
        const whole = places.filter(
          ({ name: own, start, end }) => own !== name || place < start || place >= end,
        )
        assert.deepEqual(
          records,
          whole.map((one) => one.record),
        )
        assert.equal(records.length, given.length - (place < SEGMENT_HEADER_BYTES ? 0 : 1))
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

test('a run of overwritten, lost or inserted bytes costs the frames that it touches (property)', () => {
  fc.assert(
    fc.property(
      bodies,
      fc.nat(),
      fc.nat(),
      fc.nat(120),
      fc.uint8Array({ maxLength: 120 }),
      (given, file, at, lostBytes, put) => {
        const { disk, places } = filled(given)
        const names = segmentsOf(disk)
        const name = names[file % names.length] ?? ''
        const bytes = disk.read(name)
        // The header is a matter of spool-damaged-header.test.ts.
        const from = SEGMENT_HEADER_BYTES + (at % (bytes.length - SEGMENT_HEADER_BYTES))
        const to = Math.min(bytes.length, from + lostBytes)
        disk.files.set(
          name,
          Buffer.concat([bytes.subarray(0, from), Buffer.from(put), bytes.subarray(to)]),
        )
        const { records } = replayed(disk)
        const untouched = places.filter(
          ({ name: own, start, end }) => own !== name || end <= from || start >= to,
        )
        const offsets = new Set(records.map(({ offset }) => offset))
        for (const { record: kept } of untouched) assert(offsets.has(kept.offset))
        // Bytes may be put where the same were: nothing else than what was appended is read.
        const appended = places.map((place) => place.record)
        assert.deepEqual(
          records,
          appended.filter(({ offset }) => offsets.has(offset)),
        )
      },
    ),
    { numRuns: 500 },
  )
})
