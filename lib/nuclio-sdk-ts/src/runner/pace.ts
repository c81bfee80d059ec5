/** Spreads events over time as their own times are spread. The first one sets the start. */
export class Pace {
  readonly #speed: number
  #start: { readonly wallMs: number; readonly eventMs: number } | undefined

  /** @param speed  2 is twice as fast as the events' own times; > 0 */
  constructor(speed: number) {
    if (!(speed > 0)) throw new RangeError(`The speed must be above 0, not ${speed}.`)
    this.#speed = speed
  }

  /** Resolves when an event of that time is due, or when `interrupted` settles. */
  async waitFor(eventTimeMs: number, interrupted: Promise<void>): Promise<void> {
    if (!Number.isFinite(eventTimeMs)) return
    this.#start ??= { wallMs: Date.now(), eventMs: eventTimeMs }
    const dueMs = this.#start.wallMs + (eventTimeMs - this.#start.eventMs) / this.#speed
    const waitMs = dueMs - Date.now()
    if (waitMs <= 0) return
    let timer: NodeJS.Timeout | undefined
    const due = new Promise((resolve) => {
      timer = setTimeout(resolve, Math.min(waitMs, TIMER_MS_MAX))
    })
    await Promise.race([due, interrupted])
    clearTimeout(timer)
  }
}

// Longer timers fire at once in node; nobody plays a file with a gap of 24 days at its own speed.
const TIMER_MS_MAX = 2 ** 31 - 1
