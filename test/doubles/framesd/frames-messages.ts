// The protobuf side of the double, by protobufjs and a .proto of its own: it shares no code with
// the product's encoder, so an encoder that is wrong cannot agree with it.
import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'

export type DType = 'NONE' | 'INTEGER' | 'FLOAT' | 'STRING' | 'TIME' | 'BOOLEAN' | 'NULL'

/** A column as decoded; only the list of its dtype is filled. Times are nanoseconds. */
export interface WireColumn {
  readonly kind: 'SLICE' | 'LABEL'
  readonly name: string
  readonly dtype: DType
  /** Rows of a LABEL. */
  readonly size: bigint
  readonly ints: readonly bigint[]
  readonly floats: readonly number[]
  readonly strings: readonly string[]
  readonly times: readonly bigint[]
  readonly bools: readonly boolean[]
}

/** Exactly one is there; none when nothing was set. */
export interface WireValue {
  readonly ival?: bigint
  readonly fval?: number
  readonly sval?: string
  readonly tval?: bigint
  readonly bval?: boolean
}

export interface NullValues {
  readonly nullColumns: Readonly<Record<string, boolean>>
}

export interface WireFrame {
  readonly columns: readonly WireColumn[]
  readonly indices: readonly WireColumn[]
  readonly labels: Readonly<Record<string, WireValue>>
  readonly error: string
  readonly null_values: readonly NullValues[]
}

export interface WireSession {
  readonly url: string
  readonly container: string
  readonly path: string
  readonly user: string
  readonly password: string
  readonly token: string
  readonly id: string
}

export interface WireWrite {
  readonly session: WireSession | null
  readonly backend: string
  readonly table: string
  readonly initial_data: WireFrame | null
  readonly expression: string
  readonly more: boolean
  readonly partition_keys: readonly string[]
  readonly condition: string
  readonly save_mode: string
}

/** A frame to be sent; what is left out has the default of its type. */
export interface FrameParts {
  readonly columns?: readonly (Partial<WireColumn> & { readonly name: string })[]
  readonly indices?: readonly (Partial<WireColumn> & { readonly name: string })[]
  readonly labels?: Readonly<Record<string, WireValue>>
  readonly error?: string
  readonly null_values?: readonly NullValues[]
}

// Tests are bundled into another folder and run in the root of the project.
const PROTO = 'test/doubles/framesd/frames.proto'
const root = protobuf.parse(readFileSync(PROTO, 'utf8'), { keepCase: true }).root
const frameType = root.lookupType('pb.Frame')
const writeType = root.lookupType('pb.InitialWriteRequest')

const TYPED = { longs: BigInt, enums: String, defaults: true }
const READABLE = { longs: String, enums: String }

/** Throws for bytes that are no Frame, and for fields the message does not have. */
export function decodeFrame(bytes: Uint8Array): WireFrame {
  return frameType.toObject(decodeStrictly(frameType, bytes), TYPED) as WireFrame
}

/** Throws for bytes that are no InitialWriteRequest, and for fields the message does not have. */
export function decodeWrite(bytes: Uint8Array): WireWrite {
  return writeType.toObject(decodeStrictly(writeType, bytes), TYPED) as WireWrite
}

/** For people and for comparisons: int64 as decimal text, enums by name, defaults left out. */
export function readableFrame(bytes: Uint8Array): unknown {
  return frameType.toObject(frameType.decode(bytes), READABLE)
}

/** The same for the first message of a write. */
export function readableWrite(bytes: Uint8Array): unknown {
  return writeType.toObject(writeType.decode(bytes), READABLE)
}

export function encodeFrame(parts: FrameParts): Uint8Array {
  return frameType.encode(frameType.fromObject(parts)).finish()
}

/** For tests that write: what is left out of a session or a request has the default. */
export function encodeWrite(
  parts: Partial<Omit<WireWrite, 'session' | 'initial_data'>> & {
    readonly session?: Partial<WireSession>
    readonly initial_data?: FrameParts
  },
): Uint8Array {
  return writeType.encode(writeType.fromObject(parts)).finish()
}

/** The real server skips unknown fields; here they are a writer's mistake in a field number. */
function decodeStrictly(type: protobuf.Type, bytes: Uint8Array): protobuf.Message {
  const reader = protobuf.Reader.create(bytes)
  reader.discardUnknown = false
  const message = type.decode(reader)
  const unknown = unknownFieldOf(message)
  if (unknown !== null) throw new Error(`unknown field in ${unknown}`)
  return message
}

function unknownFieldOf(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null
  if (value instanceof protobuf.Message) {
    if (Reflect.get(value, '$unknowns') !== undefined) return value.$type.name
  } else if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) {
    return null // a 64-bit integer
  }
  // A list of numbers or texts can be long and holds no messages.
  if (Array.isArray(value) && typeof value[0] !== 'object') return null
  for (const member of Object.values(value)) {
    const found = unknownFieldOf(member)
    if (found !== null) return found
  }
  return null
}
