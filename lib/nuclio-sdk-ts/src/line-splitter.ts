const NEWLINE = 10

/**
 * Cuts a stream of bytes into lines. It works on bytes, so a character of several bytes may be
 * split over chunks; it looks at every byte once and copies a line at most once, so a line of
 * megabytes in many chunks costs linear time.
 */
export class LineSplitter {
  #parts: Buffer[] = []
  #partBytes = 0

  /** Bytes of the unfinished line. */
  get pendingBytes(): number {
    return this.#partBytes
  }

  /**
   * Calls `onLine` for each line that `chunk` finishes, without its newline. Lines may be empty.
   */
  push(chunk: Buffer, onLine: (line: Buffer) => void): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start)
      if (end === -1) break
      const tail = chunk.subarray(start, end)
      start = end + 1
      onLine(this.#partBytes === 0 ? tail : this.#join(tail))
    }
    if (start === chunk.length) return
    this.#parts.push(start === 0 ? chunk : chunk.subarray(start))
    this.#partBytes += chunk.length - start
  }

  /** The bytes after the last newline, or null when there are none; forgets them. */
  takeRest(): Buffer | null {
    return this.#partBytes === 0 ? null : this.#join(Buffer.alloc(0))
  }

  #join(tail: Buffer): Buffer {
    const line = Buffer.concat([...this.#parts, tail], this.#partBytes + tail.length)
    this.#parts = []
    this.#partBytes = 0
    return line
  }
}
