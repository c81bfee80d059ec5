import type { Clock } from '../ports.ts'

const BACKOFF_MS_FIRST = 100
const BACKOFF_MS_MAX = 10_000

/** One piece of a sink's work. */
export interface LaneTask {
  /**
   * Tries once.
   *
   * @returns  null when the work is settled, else why it is to be tried again later
   */
  attempt(): Promise<string | null>
}

/** What a lane needs around it. */
export interface LaneOptions {
  /** The next piece of work, or null when there is none at present. */
  readonly next: () => LaneTask | null
  readonly clock: Clock
  /** 0 to 1, for the jitter of the backoff. */
  readonly random: () => number
  readonly onRetry: (retry: { readonly reason: string; readonly attemptCount: number }) => void
}

/**
 * The way to one sink: its work is done one piece after the other, in order, each until it is settled.
 * Trouble of one sink never holds up another one's lane.
 */
export class Lane {
  readonly #options: LaneOptions
  #running: Promise<void> = Promise.resolve()
  #isWorking = false
  #isClosed = false
  #cancelPause: () => void = () => undefined

  constructor(options: LaneOptions) {
    this.#options = options
  }

  /**
   * Sees to it that what there is to do is being done.
   *
   * @returns  settles when nothing is left to do, or the lane is closed; rejects only at a bug of ours
   */
  run(): Promise<void> {
    if (this.#isWorking) return this.#running
    this.#running = this.#work()
    return this.#running
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let task = this.#next(); task !== null; task = this.#next()) {
      for (let attemptCount = 1; !this.#isClosed; attemptCount++) {
        const reason = await task.attempt()
        if (reason === null) break
        this.#options.onRetry({ reason, attemptCount })
        await this.#pause(backoffMs(attemptCount, this.#options.random()))
      }
    }
    // In the same step in which nothing was left, so that work which comes now starts the lane anew.
    this.#isWorking = false
  }

  #next(): LaneTask | null {
    return this.#isClosed ? null : this.#options.next()
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve)
      this.#cancelPause = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Begins no more work; what is under way comes to its end. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelPause()
    await this.#running
  }
}

/**
 * Time before the next attempt: doubles up to 10 s, half of it by chance, so that many workers do not
 * come back to a store at the same moment.
 *
 * @param attemptCount  attempts that failed, > 0
 * @param random        0 to 1
 */
export function backoffMs(attemptCount: number, random: number): number {
  const ms = Math.min(BACKOFF_MS_FIRST * 2 ** (attemptCount - 1), BACKOFF_MS_MAX)
  return ms / 2 + (ms / 2) * random
}
