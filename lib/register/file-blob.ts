import { readSync } from 'node:fs'

/** A part of an open file in the shape of a Blob, so that parquet-wasm reads only what it needs. */
export class FileBlob {
  readonly #fd: number
  readonly #from: number
  readonly size: number

  constructor(fd: number, { from, size }: { readonly from: number; readonly size: number }) {
    this.#fd = fd
    this.#from = from
    this.size = size
  }

  slice(start: number, end: number): FileBlob {
    const last = Math.min(end, this.size)
    return new FileBlob(this.#fd, { from: this.#from + start, size: Math.max(last - start, 0) })
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(this.size)
    let length = 0
    while (length < this.size) {
      const count = readSync(this.#fd, bytes, length, this.size - length, this.#from + length)
      if (count === 0) break
      length += count
    }
    return bytes.buffer
  }
}
