import type { Screen } from './screen.ts'
import { formatCount, formatNumber } from './table.ts'

const REDRAW_MS_MIN = 100
const LINE_EVERY = 1000
const BAR_CHARS = 24

/** Shows how far an input was played: a rewritten line on a terminal, else a line now and then. */
export class Progress {
  readonly #screen: Screen
  readonly #totalCount: number | null
  readonly #startedAtMs: number
  #answerCount = 0
  #doneCount = 0
  #drawnAtMs = Number.NEGATIVE_INFINITY

  /** @param totalCount  events of the input; null where nobody knows */
  constructor(screen: Screen, { totalCount, nowMs }: { totalCount: number | null; nowMs: number }) {
    this.#screen = screen
    this.#totalCount = totalCount
    this.#startedAtMs = nowMs
  }

  /** Takes note of one answered event; `doneCount` is how many of the input are done with it. */
  onAnswer(doneCount: number, nowMs: number): void {
    this.#answerCount++
    this.#doneCount = doneCount
    if (this.#screen.isTty) {
      if (nowMs - this.#drawnAtMs < REDRAW_MS_MIN) return
      this.#drawnAtMs = nowMs
      this.#screen.progress(this.#text(nowMs))
    } else if (this.#answerCount % LINE_EVERY === 0 && doneCount !== this.#totalCount) {
      this.#screen.line(this.#text(nowMs))
    }
  }

  /** The last state, as a line that stays. */
  end(nowMs: number): void {
    this.#screen.progress('')
    this.#screen.line(this.#text(nowMs))
  }

  #text(nowMs: number): string {
    const elapsedMs = Math.max(nowMs - this.#startedAtMs, 1)
    const rate = `${formatNumber((this.#answerCount * 1000) / elapsedMs)} events/s`
    if (this.#totalCount === null) return `${formatCount(this.#doneCount, 'event')}  ${rate}`
    const share = this.#totalCount === 0 ? 1 : Math.min(this.#doneCount / this.#totalCount, 1)
    const percent = `${Math.floor(share * 100)}`.padStart(3)
    const bar = this.#screen.isTty ? `${barOf(share)} ` : ''
    const total = formatNumber(this.#totalCount)
    const done = formatNumber(this.#doneCount).padStart(total.length)
    return `${bar}${percent} %  ${done} of ${total} events  ${rate}`
  }
}

function barOf(share: number): string {
  const full = Math.floor(share * BAR_CHARS)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CHARS - full)}]`
}
