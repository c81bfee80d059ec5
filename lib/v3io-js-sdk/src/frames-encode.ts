import type { Column, ColumnValues, Frame, LabelValue } from './frames-types.ts'
import { columnRows } from './frames-types.ts'
import { ProtobufWriter, WIRE } from './protobuf-writer.ts'

/** Types of columns as framesd numbers them. */
export const DTYPE = { int: 1, double: 2, string: 3, time: 4, boolean: 5, null: 6 } as const

/** Who asks, and for which container. Always sent: a message without one ends framesd. */
export interface Session {
  readonly container: string
  /** The access key. */
  readonly token: string
}

/** What stands before the frames of a write. */
export interface WriteHeader {
  readonly session: Session
  readonly backend: string
  readonly table: string
  readonly expression: string
  readonly partitionKeys: readonly string[]
  readonly condition: string
  readonly saveMode: string
}

/** Bytes before a message that say how long it is: a 64 bit number, little-endian. */
export const LENGTH_BYTES = 8

/**
 * The body of a write: the header and every frame, each with its length in front.
 *
 * @param frames  with columns of one length each (`frameComplaint`)
 */
export function encodeWrite(header: WriteHeader, frames: readonly Frame[]): Buffer {
  const messages = [encodeHeader(header), ...frames.map((frame) => encodeFrame(frame))]
  return Buffer.concat(messages.flatMap((message) => [lengthOf(message), message]))
}

function lengthOf(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeBigInt64LE(BigInt(message.length))
  return length
}

function encodeHeader(header: WriteHeader): Buffer {
  const writer = new ProtobufWriter()
  const text = (field: number, value: string): void => {
    if (value !== '') writer.text(field, value)
  }
  writer.nested(1, () => {
    text(2, header.session.container)
    text(6, header.session.token)
  })
  text(2, header.backend)
  text(3, header.table)
  text(5, header.expression)
  for (const key of header.partitionKeys) writer.text(7, key)
  text(8, header.condition)
  text(9, header.saveMode)
  return writer.finish()
}

/** One frame as a message. */
export function encodeFrame({ columns, indices, labels, nulls }: Frame): Buffer {
  const writer = new ProtobufWriter(64 + 12 * cellCount(columns) + 32 * cellCount(indices))
  for (const column of columns) writer.nested(1, () => writeColumn(writer, column))
  for (const column of indices) writer.nested(2, () => writeColumn(writer, column))
  for (const [name, value] of labels ?? []) {
    writer.nested(3, () => {
      writer.text(1, name)
      writer.nested(2, () => writeValue(writer, value))
    })
  }
  const hasNulls = nulls?.some(({ size }) => size > 0) === true
  for (const names of hasNulls ? nulls : []) writer.nested(5, () => writeNulls(writer, names))
  return writer.finish()
}

function cellCount(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + columnRows(column), 0)
}

function writeColumn(writer: ProtobufWriter, column: Column): void {
  const { name, data, constantRows } = column
  if (constantRows !== undefined) {
    writer.tag(1, WIRE.varint)
    writer.uint(1)
  }
  if (name !== '') writer.text(2, name)
  writer.tag(3, WIRE.varint)
  writer.uint(dtypeOf(data))
  if (constantRows !== undefined && constantRows > 0) {
    writer.tag(4, WIRE.varint)
    writer.uint(constantRows)
  }
  writeValues(writer, data)
}

function dtypeOf({ type }: ColumnValues): number {
  return type === 'timeMs' || type === 'timeNs' ? DTYPE.time : DTYPE[type]
}

function writeValues(writer: ProtobufWriter, data: ColumnValues): void {
  if (data.type === 'null' || data.values.length === 0) return
  switch (data.type) {
    case 'int':
      writer.nested(5, () => {
        for (const value of data.values) writer.int64(value)
      })
      break
    case 'double':
      writer.tag(6, WIRE.bytes)
      writer.uint(data.values.length * 8)
      writer.doubles(data.values)
      break
    case 'string':
      writeTexts(writer, data.values)
      break
    case 'timeMs':
      writer.nested(8, () => {
        for (const value of data.values) writer.msAsNs(value)
      })
      break
    case 'timeNs':
      writer.nested(8, () => {
        for (const value of data.values) writer.int64(value)
      })
      break
    case 'boolean':
      writer.nested(9, () => {
        for (const value of data.values) writer.byte(value ? 1 : 0)
      })
      break
  }
}

/** Labels come in runs of one text, which is encoded once. */
function writeTexts(writer: ProtobufWriter, texts: readonly string[]): void {
  for (let index = 0; index < texts.length; ) {
    const text = texts[index] ?? ''
    const start = writer.size
    writer.text(7, text)
    let end = index + 1
    while (end < texts.length && texts[end] === text) end++
    writer.repeatFrom(start, end - index - 1)
    index = end
  }
}

function writeValue(writer: ProtobufWriter, value: LabelValue): void {
  if (typeof value === 'string') {
    writer.text(3, value)
  } else if (typeof value === 'boolean') {
    writer.tag(5, WIRE.varint)
    writer.byte(value ? 1 : 0)
  } else if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    writer.tag(1, WIRE.varint)
    writer.int64(value)
  } else {
    writer.tag(2, WIRE.fixed64)
    writer.double(value)
  }
}

function writeNulls(writer: ProtobufWriter, names: ReadonlySet<string>): void {
  for (const name of names) {
    writer.nested(1, () => {
      writer.text(1, name)
      writer.tag(2, WIRE.varint)
      writer.byte(1)
    })
  }
}
