import assert from 'node:assert'
import type { Claim } from '../ports.ts'

/** Endpoints and hours whose claims are kept in mind, so that the next one's number is known. */
export const CLAIM_KEYS_MAX = 100_000

/**
 * One claim on a file, and what became of it: the file is there, or its rows are dead letters, or it is
 * promised and still to be written.
 */
export interface ClaimedRange {
  readonly claim: Claim
  readonly state: 'written' | 'refused' | 'promised'
}

interface Key {
  readonly endpointId: string
  readonly hour: number
}

/**
 * The claims of one log by endpoint and hour. A row whose offset lies in a claimed range belongs to that
 * claim's file and to no other.
 */
export class ClaimedRanges {
  readonly #ranges = new Map<string, ClaimedRange[]>()
  #lastOffset = -1
  /** Claims whose files were there from the beginning. */
  readonly writtenCount: number

  constructor(ranges: readonly ClaimedRange[]) {
    this.writtenCount = ranges.filter(({ state }) => state === 'written').length
    for (const range of ranges) this.#add(range)
  }

  #add(range: ClaimedRange): void {
    const key = keyOf(range.claim)
    const known = this.#ranges.get(key) ?? []
    known.push(range)
    // Set anew, so that the keys are in the order of their last use.
    this.#ranges.delete(key)
    this.#ranges.set(key, known)
    this.#lastOffset = Math.max(this.#lastOffset, range.claim.lastOffset)
  }

  /** The last offset that any claim names, -1 for none: rows after it are in no range. */
  get lastOffset(): number {
    return this.#lastOffset
  }

  /** The range that a row belongs to, or null. */
  find(key: Key, offset: number): ClaimedRange | null {
    if (offset > this.#lastOffset) return null
    const isInside = ({ claim }: ClaimedRange): boolean =>
      claim.firstOffset <= offset && offset <= claim.lastOffset
    return this.#ranges.get(keyOf(key))?.find(isInside) ?? null
  }

  /** Whether a claim of the key has rows between two offsets, both excluded. */
  liesBetween(key: Key, first: number, last: number): boolean {
    const known = this.#ranges.get(keyOf(key)) ?? []
    return known.some(({ claim }) => claim.lastOffset > first && claim.firstOffset < last)
  }

  /** The number that the next claim of an endpoint and hour takes. */
  nextNumber(key: Key): number {
    const known = this.#ranges.get(keyOf(key)) ?? []
    return Math.max(0, ...known.map(({ claim }) => claim.number)) + 1
  }

  /**
   * Takes note of a claim that was made.
   *
   * A log has one owner at a time, so ranges of one key never overlap; if they do, rows would be written
   * twice, and this process must end and look anew.
   */
  add(claim: Claim): void {
    for (const { claim: other } of this.#ranges.get(keyOf(claim)) ?? []) {
      assert(claim.firstOffset > other.lastOffset || claim.lastOffset < other.firstOffset)
    }
    this.#add({ claim, state: 'written' })
  }

  /**
   * Forgets the keys that were used longest ago; if a row comes for one after all, its claim's number
   * is taken and the claims are listed anew. Not while the log is read again.
   *
   * @param countMax  keys that are kept, > 0
   */
  forgetBeyond(countMax: number): void {
    for (const key of this.#ranges.keys()) {
      if (this.#ranges.size <= countMax) return
      this.#ranges.delete(key)
    }
  }
}

function keyOf({ endpointId, hour }: Key): string {
  return `${hour}/${endpointId}`
}
