/** Where a kill has hit. */
export interface Hit {
  /** The spool was being read again: its mark of a replay that has not come through is there. */
  readonly isInRecovery: boolean
  /** An event had been written to the worker's socket, and no answer ever came. */
  readonly isInEvent: boolean
  /** That event is in the spool. */
  readonly isSpooled: boolean
  /** A write was on its way to the store or its answer on the way back, or a claim's file was not there. */
  readonly isInFlush: boolean
  /** A claim was made, and its file is not there. */
  readonly isBeforeFile: boolean
}

/** Counts kills by where they have hit. */
export class KillTally {
  readonly #hits: Hit[] = []

  add(hit: Hit): void {
    this.#hits.push(hit)
  }

  get all(): number {
    return this.#hits.length
  }

  get recoveryCount(): number {
    return this.#count(({ isInRecovery }) => isInRecovery)
  }

  /** During an event, a flush, or both. */
  get atWorkCount(): number {
    return this.#count(({ isInEvent, isInFlush }) => isInEvent || isInFlush)
  }

  #count(isOne: (hit: Hit) => boolean): number {
    return this.#hits.filter(isOne).length
  }

  /** One line for people. */
  toString(): string {
    const event = this.#count((hit) => hit.isInEvent)
    const spooled = this.#count((hit) => hit.isSpooled)
    const flush = this.#count((hit) => hit.isInFlush)
    const beforeFile = this.#count((hit) => hit.isBeforeFile)
    const both = this.#count((hit) => hit.isInEvent && hit.isInFlush)
    const recovery = this.recoveryCount
    return (
      `${this.all} kills: ${event} during an event (${spooled} spooled and not answered), ` +
      `${flush} during a flush (${beforeFile} between claim and file), ${both} of these during both, ` +
      `${recovery} during recovery, ${this.all - this.atWorkCount - recovery} otherwise`
    )
  }
}
