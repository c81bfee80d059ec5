import type { CrashMarks } from './crash-marks.ts'

/**
 * What is noted down of events that come in again after a start, while an owner before may have died of one of
 * them: what catch-up.ts does for a log that is read. It is over with the first event that lies beyond all that
 * an owner can have taken before its stream knew of it.
 */
export class Redelivery {
  readonly #marks: CrashMarks
  readonly #firstOffset: number
  readonly #count: number
  /** Known with the first event: a stream need not begin at 0. */
  #lastOffset: number | null = null
  #isOver: boolean

  /**
   * @param firstOffset  the log begins with it
   * @param count        offsets behind the first event that may come in again; 0 for a log that is read
   */
  constructor(marks: CrashMarks, firstOffset: number, count: number) {
    this.#marks = marks
    this.#firstOffset = firstOffset
    this.#count = count
    this.#isOver = count === 0
  }

  /** To be called before an event is applied; true for one that must not be, as it has ended the process too often. */
  refuses(offset: number): boolean {
    if (this.#isOver) return false
    this.#lastOffset ??= Math.max(this.#firstOffset, offset) + this.#count - 1
    if (offset > this.#lastOffset) {
      this.end()
      return false
    }
    const isPoison = this.#marks.isPoison(offset)
    if (!isPoison) this.#marks.aboutTo(offset)
    return isPoison
  }

  /** To be called once it is applied: for a death from now on no event is to blame. */
  applied(): void {
    if (!this.#isOver) this.#marks.aboutToPause()
  }

  /** Nothing was the death of this process up to here. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#marks.endReplay(this.#firstOffset)
  }
}
