/** What the screen needs of process.stderr. */
export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const COLUMNS = 80

/** Writes lines for people to stderr, above a progress line that stays at the bottom. */
export class Screen {
  readonly #stream: TextStream
  #progress = ''

  constructor(stream: TextStream) {
    this.#stream = stream
  }

  /** Whether a line can be rewritten. */
  get isTty(): boolean {
    return this.#stream.isTTY === true
  }

  /** Writes a line that stays. */
  line(text: string): void {
    this.#clear()
    this.#stream.write(`${text}\n`)
    this.#draw()
  }

  /** Rewrites the line at the bottom; '' takes it away. Does nothing where lines only follow. */
  progress(text: string): void {
    if (!this.isTty) return
    this.#clear()
    // The last column would wrap the line, and then it could not be rewritten. 0: not known.
    this.#progress = text.slice(0, (this.#stream.columns || COLUMNS) - 1)
    this.#draw()
  }

  #clear(): void {
    if (this.#progress !== '') this.#stream.write('\r\u001b[K')
  }

  #draw(): void {
    if (this.#progress !== '') this.#stream.write(this.#progress)
  }
}
