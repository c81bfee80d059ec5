// Claim: what is encoded here means the same to protobufjs, and what protobufjs encodes means the same
// here; nanoseconds are exact; no bytes do more than be refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeFrame, splitMessages } from '../src/frames-decode.ts'
import { encodeFrame, encodeWrite } from '../src/frames-encode.ts'
import type { Column, ColumnValues, Frame, LabelValue } from '../src/frames-types.ts'
import { V3ioError } from '../src/index.ts'
import { ProtobufReader } from '../src/protobuf-reader.ts'
import { ProtobufWriter } from '../src/protobuf-writer.ts'
import { collect } from './support/clients.ts'
import { decoded, messages } from './support/frames-proto.ts'

const anyInt64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const anyName = fc.string({ unit: 'grapheme', maxLength: 80 })
const anyText = fc.string({ unit: 'grapheme', maxLength: 200 })
/** Whole milliseconds whose nanoseconds have 64 bits. */
const anyMs = fc.integer({ min: -9_223_372_036_854, max: 9_223_372_036_854 })

function anyColumn(rowCount: number): fc.Arbitrary<Column> {
  const list = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.array(arbitrary, { minLength: rowCount, maxLength: rowCount })
  const data: fc.Arbitrary<ColumnValues> = fc.oneof(
    list(fc.double()).map((values) => ({
      type: 'double' as const,
      values: Float64Array.from(values),
    })),
    list(fc.double()).map((values) => ({ type: 'double' as const, values })),
    list(anyInt64).map((values) => ({ type: 'int' as const, values })),
    list(fc.maxSafeInteger()).map((values) => ({ type: 'int' as const, values })),
    list(anyText).map((values) => ({ type: 'string' as const, values })),
    list(fc.constantFrom('a', 'b', 'é')).map((values) => ({ type: 'string' as const, values })),
    list(anyMs).map((values) => ({ type: 'timeMs' as const, values })),
    list(anyInt64).map((values) => ({
      type: 'timeNs' as const,
      values: BigInt64Array.from(values),
    })),
    list(fc.boolean()).map((values) => ({ type: 'boolean' as const, values })),
  )
  return fc.record({ name: anyName, data })
}

const anyLabel: fc.Arbitrary<LabelValue> = fc.oneof(
  anyText,
  fc.boolean(),
  anyInt64,
  fc.maxSafeInteger(),
  fc.double({ noInteger: true }),
)

const anyFrame: fc.Arbitrary<Frame> = fc.integer({ min: 1, max: 20 }).chain((rowCount) =>
  fc.record(
    {
      columns: fc.array(anyColumn(rowCount), { maxLength: 4 }),
      indices: fc.array(anyColumn(rowCount), { maxLength: 3 }),
      labels: fc.array(fc.tuple(anyName, anyLabel), { maxLength: 4 }).map((all) => new Map(all)),
      nulls: fc.array(
        fc.array(anyName, { maxLength: 3 }).map((names) => new Set(names)),
        { minLength: rowCount, maxLength: rowCount },
      ),
    },
    { requiredKeys: ['columns', 'indices'] },
  ),
)

/** What protobufjs shows of a column. */
function shownColumn({ name, data }: Column): Record<string, unknown> {
  const named = name === '' ? {} : { name }
  const values = data.type === 'null' ? [] : [...data.values]
  switch (data.type) {
    case 'double':
      return { ...named, dtype: 'FLOAT', floats: values }
    case 'int':
      return { ...named, dtype: 'INTEGER', ints: values.map(String) }
    case 'string':
      return { ...named, dtype: 'STRING', strings: values }
    case 'boolean':
      return { ...named, dtype: 'BOOLEAN', bools: values }
    case 'timeMs':
      return { ...named, dtype: 'TIME', times: values.map((ms) => `${BigInt(ms) * 1_000_000n}`) }
    case 'timeNs':
      return { ...named, dtype: 'TIME', times: values.map(String) }
    case 'null':
      return { ...named, dtype: 'NULL' }
  }
}

function shownLabel(value: LabelValue): Record<string, unknown> {
  if (typeof value === 'string') return { sval: value }
  if (typeof value === 'boolean') return { bval: value }
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return { ival: String(value) }
  return { fval: value }
}

test('protobufjs reads of a frame what was put into it', () => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      const shown = decoded('Frame', encodeFrame(frame))
      const { columns = [], indices = [], labels = {}, null_values = [] } = shown
      assert.deepEqual(columns, frame.columns.map(shownColumn))
      assert.deepEqual(indices, frame.indices.map(shownColumn))
      const ownLabels = [...(frame.labels ?? [])].map(([name, value]) => [name, shownLabel(value)])
      assert.deepEqual(new Map(Object.entries(labels as object)), new Map(ownLabels as []))
      // Where no cell lacks a value nothing is said of it.
      const hasNulls = frame.nulls?.some(({ size }) => size > 0) === true
      const ownNulls = (hasNulls ? (frame.nulls ?? []) : []).map((names) =>
        Object.fromEntries([...names].map((name) => [name, true])),
      )
      assert.deepEqual(
        (null_values as { nullColumns?: object }[]).map(({ nullColumns }) => nullColumns ?? {}),
        ownNulls,
      )
    }),
    { numRuns: 300 },
  )
})

test('a frame of protobufjs is read as it was, packed or not', () => {
  fc.assert(
    fc.property(anyFrame, (frame) => {
      // Our own bytes through the other coder: decoded there, encoded there, read here.
      const again = messages.Frame.encode(messages.Frame.decode(encodeFrame(frame))).finish()
      const back = decodeFrame(Buffer.from(again))
      assert(!('error' in back))
      assert.deepEqual(back.columns.map(shownColumn), frame.columns.map(shownColumn))
      assert.deepEqual(back.indices.map(shownColumn), frame.indices.map(shownColumn))
    }),
    { numRuns: 300 },
  )
})

test('a label column stands for its rows', () => {
  const bytes = messages.Frame.encode({
    columns: [{ kind: 1, name: 'endpoint_id', dtype: 3, size: 3, strings: ['ep1'] }],
    indices: [{ name: 'time', dtype: 4, times: [1, 2, 3] }],
  }).finish()
  assert.deepEqual(decodeFrame(Buffer.from(bytes)), {
    columns: [{ name: 'endpoint_id', data: { type: 'string', values: ['ep1'] }, constantRows: 3 }],
    indices: [{ name: 'time', data: { type: 'timeNs', values: BigInt64Array.of(1n, 2n, 3n) } }],
    labels: new Map(),
  })
})

test('the lists that a sender leaves unpacked are read as well', () => {
  // Field 5 (ints) twice as a varint, field 6 (floats) once as eight bytes.
  const column = Buffer.from([0x12, 1, 0x61, 0x18, 1, 0x28, 7, 0x28, 8])
  const bytes = Buffer.concat([Buffer.from([0x0a, column.length]), column])
  assert.deepEqual(decodeFrame(bytes), {
    columns: [{ name: 'a', data: { type: 'int', values: BigInt64Array.of(7n, 8n) } }],
    indices: [],
    labels: new Map(),
  })
})

test('milliseconds become exact nanoseconds', () => {
  fc.assert(
    fc.property(anyMs, (ms) => {
      const writer = new ProtobufWriter(1)
      writer.msAsNs(ms)
      assert.equal(new ProtobufReader(writer.finish()).int64(), BigInt(ms) * 1_000_000n)
    }),
    { numRuns: 5_000, examples: [[0], [-1], [1], [1_622_541_600_250], [-9_223_372_036_854]] },
  )
})

test('every number of 64 bits comes back', () => {
  fc.assert(
    fc.property(anyInt64, fc.maxSafeInteger(), (large, safe) => {
      const writer = new ProtobufWriter(1)
      writer.int64(large)
      writer.int64(safe)
      const reader = new ProtobufReader(writer.finish())
      assert.equal(reader.int64(), large)
      assert.equal(reader.int64(), BigInt(safe))
    }),
    { numRuns: 2_000 },
  )
})

test('any bytes are a frame or are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), anyFrame, fc.nat(), (bytes, frame, position) => {
      const damaged = encodeFrame(frame)
      for (const [index, byte] of bytes.slice(0, 3).entries()) {
        damaged[(position + index) % Math.max(damaged.length, 1)] = byte
      }
      for (const some of [Buffer.from(bytes), damaged, damaged.subarray(0, position % 500)]) {
        try {
          decodeFrame(some)
        } catch (error) {
          assert(error instanceof V3ioError && error.code === 'bad-answer', String(error))
        }
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a write is cut into its messages wherever the pieces end', async () => {
  const frame: Frame = {
    columns: [{ name: 'a', data: { type: 'double', values: [1, 2] } }],
    indices: [],
  }
  const header = {
    session: { container: 'c', token: 'k' },
    backend: 'tsdb',
    table: 't',
    expression: '',
    partitionKeys: [],
    condition: '',
    saveMode: '',
  }
  const body = encodeWrite(header, [frame, frame])
  async function* inPieces(cut: number): AsyncGenerator<Buffer> {
    yield body.subarray(0, cut)
    yield body.subarray(cut)
  }
  for (let cut = 0; cut <= body.length; cut++) {
    const [first, ...frames] = await collect(splitMessages(inPieces(cut)))
    assert(first !== undefined)
    assert.deepEqual(decoded('InitialWriteRequest', first), {
      session: { container: 'c', token: 'k' },
      backend: 'tsdb',
      table: 't',
    })
    assert.equal(frames.length, 2)
    assert.deepEqual(frames[0], encodeFrame(frame))
  }
  async function* beginning(count: number): AsyncGenerator<Buffer> {
    yield body.subarray(0, count)
  }
  const ends = new Set<number>()
  for (let count = 0; count < body.length; count++) {
    await collect(splitMessages(beginning(count))).then(
      () => ends.add(count),
      (error: unknown) => assert(error instanceof V3ioError && error.code === 'bad-answer'),
    )
  }
  assert.equal(ends.size, 3, 'only between messages nothing is missing')
})

test('an announced message of an impossible size is not waited for', async () => {
  for (const size of [-1n, 2n ** 40n]) {
    const length = Buffer.alloc(8)
    length.writeBigInt64LE(size)
    const pieces = (async function* () {
      yield length
      await new Promise(() => undefined)
    })()
    await assert.rejects(collect(splitMessages(pieces)), { code: 'bad-answer' })
  }
})
