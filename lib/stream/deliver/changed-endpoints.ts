import type { Endpoint } from '../compute/endpoint.ts'
import { LogPlace, NOTHING_WAITS } from './log-place.ts'

interface Change {
  readonly sinceMs: number
  readonly offset: number
}

/** Endpoints whose records are to be written, in the order in which they changed. */
export class ChangedEndpoints {
  readonly #changes = new Map<Endpoint, Change>()
  readonly #ageMsMax: number
  readonly #place: Readonly<LogPlace>

  /** @param ageMsMax  a change waits so long for others of its endpoint, >= 0 */
  constructor(ageMsMax: number, place: Readonly<LogPlace> = new LogPlace()) {
    this.#ageMsMax = ageMsMax
    this.#place = place
  }

  get count(): number {
    return this.#changes.size
  }

  /** Offset of the record that made the oldest change, NOTHING_WAITS for none. */
  get oldestOffset(): number {
    // In the order of their offsets.
    const [oldest] = this.#changes.values()
    return oldest?.offset ?? NOTHING_WAITS
  }

  /** Takes note of a change; those before it that are not written yet become one with it. */
  add(endpoint: Endpoint, nowMs: number): void {
    if (this.#changes.has(endpoint)) return
    this.#changes.set(endpoint, { sinceMs: nowMs, offset: this.#place.offset })
  }

  /** Takes out endpoints whose change is old enough; with an infinite time all of them. */
  takeDue(nowMs: number, countMax: number): readonly Endpoint[] {
    const due: Endpoint[] = []
    for (const [endpoint, { sinceMs }] of this.#changes) {
      if (due.length >= countMax || nowMs - sinceMs < this.#ageMsMax) break
      due.push(endpoint)
    }
    for (const endpoint of due) this.#changes.delete(endpoint)
    return due
  }
}
