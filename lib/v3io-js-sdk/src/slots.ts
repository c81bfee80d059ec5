/**
 * Values that are kept until they are given free. Not a Set: where many values come and go, a Set makes a new table again and again, and a table that has
 * grown old keeps alive what later ones hold, until the next full collection. A slot is emptied in place.
 */
export class Slots<T> {
  readonly #slots: (T | null)[] = []
  readonly #free: number[] = []

  /** Keeps a value until `free` is called, once, with the number that this answers. */
  take(value: T): number {
    const slot = this.#free.pop() ?? this.#slots.length
    this.#slots[slot] = value
    return slot
  }

  free(slot: number): void {
    this.#slots[slot] = null
    this.#free.push(slot)
  }

  /** What is kept at this moment. */
  all(): readonly T[] {
    return this.#slots.filter((value) => value !== null)
  }
}
