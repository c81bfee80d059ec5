/** How a field's value is laid out. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const VARINT_BYTES_MAX = 10
const LOW_BITS = 2 ** 32
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Protobuf messages into one growing buffer. Fields are written in the order of the calls. */
export class ProtobufWriter {
  #bytes: Buffer
  #at = 0

  /** @param bytes  first size of the buffer, > 0 */
  constructor(bytes = 1_024) {
    this.#bytes = Buffer.allocUnsafe(bytes)
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#at
  }

  /** What was written, without a copy: the writer must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + count))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }

  /** Begins a field. */
  tag(field: number, wire: number): void {
    this.uint(field * 8 + wire)
  }

  /** A whole number, 0 <= value < 2^53, as a varint. */
  uint(value: number): void {
    this.#reserve(VARINT_BYTES_MAX)
    let rest = value
    while (rest >= LOW_BITS) {
      this.#bytes[this.#at++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  /** 64 bits given as two halves of 32, as a varint; a negative number takes ten bytes. */
  #halves(high: number, low: number): void {
    let highRest = high >>> 0
    let lowRest = low >>> 0
    this.#reserve(VARINT_BYTES_MAX)
    const bytes = this.#bytes
    let at = this.#at
    while (highRest > 0) {
      bytes[at++] = (lowRest & 127) | 128
      lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0
      highRest >>>= 7
    }
    while (lowRest > 127) {
      bytes[at++] = (lowRest & 127) | 128
      lowRest >>>= 7
    }
    bytes[at++] = lowRest
    this.#at = at
  }

  /** An int64 as a varint: a whole number up to 2^53, or a bigint of 64 bits. */
  int64(value: number | bigint): void {
    if (typeof value === 'bigint') {
      const bits = BigInt.asUintN(64, value)
      this.#halves(Number(bits >> 32n), Number(bits & 0xffff_ffffn))
    } else if (value >= 0) {
      this.uint(value)
    } else {
      this.#halves(Math.floor(value / LOW_BITS), value % LOW_BITS)
    }
  }

  /**
   * Whole milliseconds as an int64 of nanoseconds. Exact: a product of doubles would round to 256 ns.
   */
  msAsNs(ms: number): void {
    // ms = high x 2^20 + low; both products with 1e6 are exact, and so is their sum in two parts.
    const high = Math.floor(ms / 2 ** 20)
    const lowNs = (ms - high * 2 ** 20) * 1e6
    const highNs = high * 1e6 + Math.floor(lowNs / 2 ** 20) // x 2^20
    const upper = Math.floor(highNs / 2 ** 12)
    const lower = (highNs - upper * 2 ** 12) * 2 ** 20 + (lowNs % 2 ** 20)
    this.#halves(upper, lower)
  }

  /** A double, eight bytes. */
  double(value: number): void {
    this.#reserve(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  /** Doubles one after the other, without tags. */
  doubles(values: Float64Array | readonly number[]): void {
    this.#reserve(values.length * 8)
    if (values instanceof Float64Array && IS_LITTLE_ENDIAN) {
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
      this.#bytes.set(bytes, this.#at)
      this.#at += bytes.length
    } else {
      for (const value of values) this.#at = this.#bytes.writeDoubleLE(value, this.#at)
    }
  }

  /** One byte. */
  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#at++] = value
  }

  /** A field of text. */
  text(field: number, text: string): void {
    this.tag(field, WIRE.bytes)
    if (this.#shortAscii(text)) return
    const count = Buffer.byteLength(text)
    this.uint(count)
    this.#reserve(count)
    this.#at += this.#bytes.write(text, this.#at, 'utf8')
  }

  /** Length and bytes of a text of plain letters that is short; false if it is none. */
  #shortAscii(text: string): boolean {
    const count = text.length
    if (count > 63) return false
    this.#reserve(count + 1)
    const bytes = this.#bytes
    const at = this.#at + 1
    for (let index = 0; index < count; index++) {
      const code = text.charCodeAt(index)
      if (code > 127) return false
      bytes[at + index] = code
    }
    bytes[this.#at] = count
    this.#at = at + count
    return true
  }

  /** What was written from `start` on so many times more, twice as much with each copy. */
  repeatFrom(start: number, times: number): void {
    const end = this.#at + (this.#at - start) * times
    this.#reserve(end - this.#at)
    while (this.#at < end) {
      const count = Math.min(this.#at - start, end - this.#at)
      this.#bytes.copyWithin(this.#at, start, start + count)
      this.#at += count
    }
  }

  /** A field that holds a message, or a packed list, whose length is not known before. */
  nested(field: number, write: () => void): void {
    this.tag(field, WIRE.bytes)
    this.#reserve(1)
    // Most are short: one byte is kept free for the length, and a longer one moves what was written.
    const start = ++this.#at
    write()
    const count = this.#at - start
    const lengthBytes = varintBytes(count)
    // Now, as the buffer that grows once the place is back at the length would leave behind what follows it.
    this.#reserve(VARINT_BYTES_MAX)
    if (lengthBytes > 1) this.#bytes.copyWithin(start + lengthBytes - 1, start, this.#at)
    this.#at = start - 1
    this.uint(count)
    this.#at += count
  }
}

function varintBytes(value: number): number {
  let count = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) count++
  return count
}
