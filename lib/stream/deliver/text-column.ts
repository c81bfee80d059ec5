import type { TextBytes } from '../ports.ts'

const BYTES_AT_FIRST = 512
const TEXTS_AT_FIRST = 8

/**
 * Texts of one column, one after the other in one buffer. Strings that live on until their file is
 * written would each be moved about by the garbage collector, at several times the cost of these bytes.
 */
export class TextColumn {
  #bytes = Buffer.allocUnsafe(BYTES_AT_FIRST)
  #offsets = new Int32Array(TEXTS_AT_FIRST + 1)
  #count = 0
  #end = 0

  /** Memory that the column takes, about. */
  get byteLength(): number {
    return this.#bytes.length + this.#offsets.byteLength
  }

  /** Adds a text; half a surrogate pair becomes U+FFFD. */
  push(text: string): void {
    // A UTF-16 unit takes three bytes at most.
    if (this.#end + text.length * 3 > this.#bytes.length) this.#growBytes(text.length * 3)
    if (this.#count + 1 === this.#offsets.length) this.#growOffsets()
    this.#end += this.#bytes.write(text, this.#end, 'utf8')
    this.#offsets[++this.#count] = this.#end
  }

  #growBytes(room: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + room))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }

  #growOffsets(): void {
    const larger = new Int32Array(this.#count * 2 + 1)
    larger.set(this.#offsets)
    this.#offsets = larger
  }

  /** All texts so far; good until the next one is added. */
  toTexts(): TextBytes {
    return {
      bytes: this.#bytes.subarray(0, this.#end),
      offsets: this.#offsets.subarray(0, this.#count + 1),
    }
  }
}

/** The text at an index. */
export function textAt({ bytes, offsets }: TextBytes, index: number): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return view.toString('utf8', offsets[index], offsets[index + 1])
}
