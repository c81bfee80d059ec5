import type { Endpoint } from '../compute/endpoint.ts'
import { LogPlace, NOTHING_WAITS } from './log-place.ts'

/** Endpoints of one log whose records are to be written, in the order in which they changed. */
export class ChangedEndpoints {
  readonly #endpoints: Endpoint[] = []
  /** Of each: when it changed, and by which record. */
  readonly #sinceMs: number[] = []
  readonly #offsets: number[] = []
  /** Where the first one stands that waits: what is before it is taken. */
  #first = 0
  /** By the endpoint's slot: whether it waits. Bytes beside each other, as each sample asks. */
  #isWaiting = new Uint8Array(1024)
  readonly #ageMsMax: number
  readonly #place: Readonly<LogPlace>

  /** @param ageMsMax  a change waits so long for others of its endpoint, >= 0 */
  constructor(ageMsMax: number, place: Readonly<LogPlace> = new LogPlace()) {
    this.#ageMsMax = ageMsMax
    this.#place = place
  }

  get count(): number {
    return this.#endpoints.length - this.#first
  }

  /** Offset of the record that made the oldest change, NOTHING_WAITS for none. */
  get oldestOffset(): number {
    // In the order of their offsets.
    return this.#offsets[this.#first] ?? NOTHING_WAITS
  }

  /** Takes note of a change; those before it that are not written yet become one with it. */
  add(endpoint: Endpoint, nowMs: number): void {
    const { slot } = endpoint
    if (slot >= this.#isWaiting.length) this.#growTo(slot * 2)
    if (this.#isWaiting[slot] === 1) return
    this.#isWaiting[slot] = 1
    this.#endpoints.push(endpoint)
    this.#sinceMs.push(nowMs)
    this.#offsets.push(this.#place.offset)
  }

  #growTo(slots: number): void {
    const grown = new Uint8Array(slots)
    grown.set(this.#isWaiting)
    this.#isWaiting = grown
  }

  /** Takes out endpoints whose change is old enough; with an infinite time all of them. */
  takeDue(nowMs: number, countMax: number): readonly Endpoint[] {
    let end = this.#first
    const endMax = Math.min(this.#endpoints.length, end + countMax)
    while (end < endMax && nowMs - (this.#sinceMs[end] ?? 0) >= this.#ageMsMax) end++
    const due = this.#endpoints.slice(this.#first, end)
    for (const { slot } of due) this.#isWaiting[slot] = 0
    this.#first = end
    if (this.count <= this.#first) this.#dropTaken()
    return due
  }

  /** When at least half is taken, so that each place is moved about once. */
  #dropTaken(): void {
    for (const list of [this.#endpoints, this.#sinceMs, this.#offsets]) list.splice(0, this.#first)
    this.#first = 0
  }
}
