import { DTYPE, LENGTH_BYTES } from './frames-encode.ts'
import {
  type Column,
  type ColumnValues,
  columnRows,
  type Frame,
  type LabelValue,
} from './frames-types.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import { WIRE } from './protobuf-writer.ts'
import { V3ioError } from './v3io-error.ts'

/** A frame, or the error that framesd sends in the place of one. */
export type FrameAnswer = Frame | { readonly error: string }

/** Bytes of one message at most, as framesd's own clients take. */
const MESSAGE_BYTES_MAX = 128 * 2 ** 20

/**
 * Cuts a stream into messages, each with its length in front.
 *
 * @throws V3ioError `bad-answer` for a length that cannot be, and an end in the middle of a message
 */
export async function* splitMessages(
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  let waiting: Buffer[] = []
  let byteCount = 0
  let wanted = LENGTH_BYTES
  let isLength = true
  for await (const piece of pieces) {
    waiting.push(piece)
    byteCount += piece.length
    while (byteCount >= wanted) {
      const bytes = waiting.length === 1 && waiting[0] ? waiting[0] : Buffer.concat(waiting)
      const part = bytes.subarray(0, wanted)
      const rest = bytes.subarray(wanted)
      waiting = rest.length === 0 ? [] : [rest]
      byteCount = rest.length
      if (!isLength) yield part
      wanted = isLength ? messageBytes(part) : LENGTH_BYTES
      isLength = !isLength
    }
  }
  if (byteCount > 0 || !isLength) throw badAnswer('it ends in the middle of a message')
}

function messageBytes(length: Buffer): number {
  const count = length.readBigInt64LE()
  if (count >= 0n && count <= MESSAGE_BYTES_MAX) return Number(count)
  throw badAnswer(`a message of ${count} bytes is announced`)
}

/** Reads a frame. @throws V3ioError `bad-answer` */
export function decodeFrame(message: Buffer): FrameAnswer {
  const reader = new ProtobufReader(message)
  const columns: Column[] = []
  const indices: Column[] = []
  const labels = new Map<string, LabelValue>()
  const nulls: ReadonlySet<string>[] = []
  let error = ''
  for (let next = reader.next(); next !== null; next = reader.next()) {
    const { field, wire } = next
    if (wire !== WIRE.bytes || field > 5) reader.skip(wire)
    else if (field === 1) columns.push(readColumn(reader.message()))
    else if (field === 2) indices.push(readColumn(reader.message()))
    else if (field === 3) readLabel(reader.message(), labels)
    else if (field === 4) error = reader.text()
    else nulls.push(readNulls(reader.message()))
  }
  if (error !== '') return { error }
  const frame: Frame = { columns, indices, labels, ...(nulls.length === 0 ? {} : { nulls }) }
  checkLengths(frame)
  return frame
}

function checkLengths({ columns, indices, nulls }: Frame): void {
  // A column without values does not say how many rows it has.
  const counted = [...columns, ...indices].filter(({ data }) => data.type !== 'null')
  const counts = new Set(counted.map((column) => columnRows(column)))
  if (nulls !== undefined) counts.add(nulls.length)
  if (counts.size > 1) throw badAnswer(`columns of ${[...counts].join(', ')} rows are in one frame`)
}

interface RawColumn {
  name: string
  isConstant: boolean
  dtype: number
  rowCount: number
  readonly ints: bigint[]
  readonly doubles: number[]
  readonly texts: string[]
  readonly times: bigint[]
  readonly bools: boolean[]
}

function readColumn(reader: ProtobufReader): Column {
  const raw: RawColumn = {
    name: '',
    isConstant: false,
    dtype: 0,
    rowCount: 0,
    ints: [],
    doubles: [],
    texts: [],
    times: [],
    bools: [],
  }
  for (let next = reader.next(); next !== null; next = reader.next()) {
    readColumnField(reader, next, raw)
  }
  const data = valuesOf(raw)
  if (!raw.isConstant) return { name: raw.name, data }
  if (data.type !== 'null' && data.values.length !== 1) throw badAnswer('a label has not one value')
  return { name: raw.name, data, constantRows: raw.rowCount }
}

function readColumnField(
  reader: ProtobufReader,
  { field, wire }: { readonly field: number; readonly wire: number },
  raw: RawColumn,
): void {
  switch (field) {
    case 1:
      raw.isConstant = varint(reader, wire) === 1
      break
    case 2:
      raw.name = text(reader, wire)
      break
    case 3:
      raw.dtype = varint(reader, wire)
      break
    case 4:
      raw.rowCount = rowCountOf(varint(reader, wire))
      break
    case 5:
      reader.list(wire, WIRE.varint, (list) => list.int64(), raw.ints)
      break
    case 6:
      reader.list(wire, WIRE.fixed64, (list) => list.double(), raw.doubles)
      break
    case 7:
      raw.texts.push(text(reader, wire))
      break
    case 8:
      reader.list(wire, WIRE.varint, (list) => list.int64(), raw.times)
      break
    case 9:
      reader.list(wire, WIRE.varint, (list) => list.bool(), raw.bools)
      break
    default:
      reader.skip(wire)
  }
}

function rowCountOf(count: number): number {
  if (count <= ROWS_MAX) return count
  throw badAnswer('a label stands for more rows than a frame can have')
}

/** More than a message can hold. */
const ROWS_MAX = 2 ** 31

function varint(reader: ProtobufReader, wire: number): number {
  if (wire !== WIRE.varint) throw badAnswer('a number has another type')
  return reader.uint()
}

function text(reader: ProtobufReader, wire: number): string {
  if (wire !== WIRE.bytes) throw badAnswer('a text has another type')
  return reader.text()
}

function valuesOf({
  dtype,
  rowCount,
  ints,
  doubles,
  texts,
  times,
  bools,
}: RawColumn): ColumnValues {
  switch (dtype) {
    case DTYPE.int:
      return { type: 'int', values: BigInt64Array.from(ints) }
    case DTYPE.double:
      return { type: 'double', values: Float64Array.from(doubles) }
    case DTYPE.string:
      return { type: 'string', values: texts }
    case DTYPE.time:
      return { type: 'timeNs', values: BigInt64Array.from(times) }
    case DTYPE.boolean:
      return { type: 'boolean', values: bools }
    case 0:
    case DTYPE.null:
      return { type: 'null', rowCount }
    default:
      throw badAnswer(`a column has the unknown type ${dtype}`)
  }
}

function readLabel(reader: ProtobufReader, labels: Map<string, LabelValue>): void {
  let name = ''
  let value: LabelValue = ''
  for (let next = reader.next(); next !== null; next = reader.next()) {
    if (next.field === 1) name = text(reader, next.wire)
    else if (next.field === 2 && next.wire === WIRE.bytes) value = readValue(reader.message())
    else reader.skip(next.wire)
  }
  labels.set(name, value)
}

function readValue(reader: ProtobufReader): LabelValue {
  let value: LabelValue = ''
  for (let next = reader.next(); next !== null; next = reader.next()) {
    const { field, wire } = next
    if ((field === 1 || field === 4) && wire === WIRE.varint) value = plainInt(reader.int64())
    else if (field === 2 && wire === WIRE.fixed64) value = reader.double()
    else if (field === 3 && wire === WIRE.bytes) value = reader.text()
    else if (field === 5 && wire === WIRE.varint) value = reader.bool()
    else reader.skip(wire)
  }
  return value
}

/** A number where that is exact. */
function plainInt(value: bigint): number | bigint {
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
    ? Number(value)
    : value
}

function readNulls(reader: ProtobufReader): ReadonlySet<string> {
  const names = new Set<string>()
  for (let next = reader.next(); next !== null; next = reader.next()) {
    if (next.field !== 1 || next.wire !== WIRE.bytes) {
      reader.skip(next.wire)
      continue
    }
    const entry = reader.message()
    let name = ''
    let isNull = false
    for (let part = entry.next(); part !== null; part = entry.next()) {
      if (part.field === 1) name = text(entry, part.wire)
      else if (part.field === 2 && part.wire === WIRE.varint) isNull = entry.bool()
      else entry.skip(part.wire)
    }
    if (isNull) names.add(name)
  }
  return names
}

function badAnswer(what: string): V3ioError {
  return new V3ioError('bad-answer', `The answer of framesd cannot be read: ${what}`)
}
