/** Longer lists are hardly ever alike, and would make the bound in lists one in name only. */
const KEY_CHARS_MAX = 4096

/**
 * Lists that many endpoints have alike, such as the names f0 to f19 or twenty times "number", each kept
 * once. Bounded: beyond that a list is its owner's alone.
 */
export class SharedLists<T extends string | number | null> {
  readonly #known = new Map<string, readonly T[]>()
  readonly #countMax: number

  /** @param countMax  lists that are kept, > 0 */
  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** A list with the same entries, maybe one that others have too: nobody may change it. */
  share(list: readonly T[]): readonly T[] {
    const key = JSON.stringify(list)
    if (key.length > KEY_CHARS_MAX) return list
    const known = this.#known.get(key)
    if (known !== undefined) return known
    if (this.#known.size < this.#countMax) this.#known.set(key, list)
    return list
  }
}

/** The same for single texts, such as the classes of model servers. */
export class SharedTexts {
  readonly #known = new Map<string, string>()
  readonly #countMax: number

  /** @param countMax  texts that are kept, > 0 */
  constructor(countMax: number) {
    this.#countMax = countMax
  }

  /** An equal text, the same one for all who ask. */
  share(text: string): string {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const isShort = text.length <= KEY_CHARS_MAX
    if (isShort && this.#known.size < this.#countMax) this.#known.set(text, text)
    return text
  }
}
