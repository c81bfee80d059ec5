import { createHash } from 'node:crypto'

const LINES_KEPT = 60

/** What happened in a run, step by step: a hash of all of it, and the last lines for people. */
export class Trace {
  readonly #hash = createHash('sha256')
  readonly #last: string[] = []
  #count = 0

  /** Takes note of one step. */
  add(line: string): void {
    this.#count++
    this.#hash.update(`${line}\n`)
    if (this.#last.push(line) > LINES_KEPT) this.#last.shift()
  }

  get count(): number {
    return this.#count
  }

  /** The newest lines, oldest first. */
  get last(): readonly string[] {
    return this.#last
  }

  /** Of all steps so far; equal for equal runs. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16)
  }
}
