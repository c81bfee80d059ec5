import type { Endpoint } from '../compute/endpoint.ts'

/** Endpoints whose records are to be written, in the order in which they changed. */
export class ChangedEndpoints {
  readonly #sinceMs = new Map<Endpoint, number>()
  readonly #ageMsMax: number

  /** @param ageMsMax  a change waits so long for others of its endpoint, >= 0 */
  constructor(ageMsMax: number) {
    this.#ageMsMax = ageMsMax
  }

  get count(): number {
    return this.#sinceMs.size
  }

  /** Takes note of a change; those before it that are not written yet become one with it. */
  add(endpoint: Endpoint, nowMs: number): void {
    if (!this.#sinceMs.has(endpoint)) this.#sinceMs.set(endpoint, nowMs)
  }

  /** Takes out endpoints whose change is old enough; with an infinite time all of them. */
  takeDue(nowMs: number, countMax: number): readonly Endpoint[] {
    const due: Endpoint[] = []
    for (const [endpoint, sinceMs] of this.#sinceMs) {
      if (due.length >= countMax || nowMs - sinceMs < this.#ageMsMax) break
      due.push(endpoint)
    }
    for (const endpoint of due) this.#sinceMs.delete(endpoint)
    return due
  }
}
