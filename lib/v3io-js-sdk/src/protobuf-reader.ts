import { WIRE } from './protobuf-writer.ts'
import { V3ioError } from './v3io-error.ts'

const VARINT_BYTES_MAX = 10

/** Reads one protobuf message; fields that nobody knows are skipped. Throws V3ioError `bad-answer`. */
export class ProtobufReader {
  readonly #bytes: Buffer
  #at = 0
  readonly #end: number

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#end = bytes.length
  }

  /** The next field and its wire type; null at the end. */
  next(): { readonly field: number; readonly wire: number } | null {
    if (this.#at >= this.#end) return null
    const key = this.#length()
    const field = Math.floor(key / 8)
    if (field === 0) throw damaged('a field has the number 0')
    return { field, wire: key % 8 }
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end
  }

  #byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw damaged('it ends in the middle')
    this.#at++
    return byte
  }

  /** A varint of 64 bits as two halves. */
  #halves(): { readonly high: number; readonly low: number } {
    let low = 0
    let high = 0
    for (let index = 0; index < VARINT_BYTES_MAX; index++) {
      const byte = this.#byte()
      const bits = byte & 127
      const shift = index * 7
      if (shift < 32) low |= bits << shift
      if (shift > 25) high |= shift >= 32 ? bits << (shift - 32) : bits >>> (32 - shift)
      if (byte < 128) return { high: high >>> 0, low: low >>> 0 }
    }
    throw damaged('a number is longer than 64 bits')
  }

  /** A varint that counts something. */
  #length(): number {
    const { high, low } = this.#halves()
    return high * 2 ** 32 + low
  }

  /** A varint as a number that is not negative, such as an enumeration. */
  uint(): number {
    return this.#length()
  }

  /** A varint as a truth value. */
  bool(): boolean {
    const { high, low } = this.#halves()
    return high !== 0 || low !== 0
  }

  /** A varint as a signed number of 64 bits. */
  int64(): bigint {
    const { high, low } = this.#halves()
    return BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))
  }

  double(): number {
    if (this.#end - this.#at < 8) throw damaged('it ends in the middle')
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  /** Bytes of a field that has a length; they are not copied. */
  bytes(): Buffer {
    const count = this.#length()
    if (count > this.#end - this.#at) throw damaged('a field is longer than the rest')
    const bytes = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    return bytes
  }

  text(): string {
    return this.bytes().toString('utf8')
  }

  message(): ProtobufReader {
    return new ProtobufReader(this.bytes())
  }

  /** The values of a list, packed or one of those that stand alone. */
  list<T>(wire: number, itemWire: number, read: (reader: ProtobufReader) => T, into: T[]): void {
    if (wire === itemWire) {
      into.push(read(this))
      return
    }
    if (wire !== WIRE.bytes) throw damaged('a list has another type')
    const packed = this.message()
    while (!packed.isAtEnd) into.push(read(packed))
  }

  /** Passes over the value of a field. */
  skip(wire: number): void {
    switch (wire) {
      case WIRE.varint:
        this.#halves()
        break
      case WIRE.fixed64:
        this.#skipBytes(8)
        break
      case WIRE.fixed32:
        this.#skipBytes(4)
        break
      case WIRE.bytes:
        this.bytes()
        break
      default:
        throw damaged(`a field has the wire type ${wire}`)
    }
  }

  #skipBytes(count: number): void {
    if (count > this.#end - this.#at) throw damaged('it ends in the middle')
    this.#at += count
  }
}

function damaged(what: string): V3ioError {
  return new V3ioError('bad-answer', `A message of framesd cannot be read: ${what}`)
}
