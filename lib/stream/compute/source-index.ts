import type { EventSource } from '../accept/event.ts'

/** Places of the smallest table; always a power of two. */
const PLACES_MIN = 1024
/** Stands for no number where one is asked for. */
export const NO_NUMBER = -1
/** Scope of the sources that are named by an endpoint id. */
const BY_ID = 0

/**
 * Numbers the sources of events, 0, 1, 2, ..., and finds a source's number by its own texts: its endpoint id
 * if it has one, else uri, model and version. A source is its `name`, which is the id or the model, within a
 * numbered `scope`, which is all ids or one pair of uri and version.
 *
 * With many endpoints an event finds its own in no cache, so what matters is how many places of memory have
 * to be waited for one after the other. A map's bucket, its entry, the entry's key and what belongs to it make
 * a chain. Here one look into a table of hashes gives the number (`likely`), by which all else is found at
 * once, while the names are still to be compared.
 *
 * Bounded by `countMax`: a source beyond it is not taken up, so that no stream of made-up names grows
 * the process.
 */
export class SourceIndex {
  readonly #countMax: number
  /** So that nobody can make up names which all come to lie in one place. */
  readonly #seed: number
  /** Two to a place: hash, and number + 1; 0 for a free one. */
  #table = new Int32Array(PLACES_MIN * 2)
  /** By number. */
  readonly #names: string[] = []
  readonly #scopes: number[] = []
  readonly #scopeOf = new Map<string, Map<string, number>>()
  #scopeCount = BY_ID + 1
  /** Nearly all events have the uri and version of the one before. */
  #lastUri = ''
  #lastVersion = ''
  #lastScope = NO_NUMBER

  /**
   * @param countMax  sources at most, > 0
   * @param seed      whole number of 32 bits that hashes begin with
   */
  constructor(countMax: number, seed: number) {
    this.#countMax = countMax
    this.#seed = seed
  }

  get count(): number {
    return this.#names.length
  }

  /** The scope of a source; NO_NUMBER if no source of its scope was ever added. */
  scopeOf({ endpointId, functionUri, version }: EventSource): number {
    if (endpointId !== '') return BY_ID
    if (functionUri !== this.#lastUri || version !== this.#lastVersion) {
      this.#lastUri = functionUri
      this.#lastVersion = version
      this.#lastScope = this.#scopeOf.get(functionUri)?.get(version) ?? NO_NUMBER
    }
    return this.#lastScope
  }

  /** A number that is as good as always the source's; NO_NUMBER if it surely has none. */
  likely(scope: number, name: string): number {
    const hash = this.#hashOf(scope, name)
    return this.#numberAt(this.#placeOf(hash, hash << 1))
  }

  /** The source's number; NO_NUMBER for one that has none. */
  find(source: EventSource): number {
    const scope = this.scopeOf(source)
    const name = nameOf(source)
    const hash = this.#hashOf(scope, name)
    for (let at = hash << 1; ; at += 2) {
      at = this.#placeOf(hash, at)
      const number = this.#numberAt(at)
      if (number === NO_NUMBER) return NO_NUMBER
      if (this.#scopes[number] === scope && this.#names[number] === name) return number
    }
  }

  /** The first place from one on that has a hash, or is free. */
  #placeOf(hash: number, from: number): number {
    const table = this.#table
    const mask = table.length - 1
    let at = from & mask
    while (table[at + 1] !== 0 && table[at] !== hash) at = (at + 2) & mask
    return at
  }

  /** The number in a place, NO_NUMBER in a free one. */
  #numberAt(at: number): number {
    return (this.#table[at + 1] ?? 0) - 1
  }

  #hashOf(scope: number, name: string): number {
    return hashOfText(name, Math.imul(scope, 0x9e3779b1) ^ this.#seed)
  }

  /** Gives the next number to a source that has none yet; NO_NUMBER when the index is full. */
  add(source: EventSource): number {
    return this.count >= this.#countMax ? NO_NUMBER : this.put(source)
  }

  /** The same however full the index is. */
  put(source: EventSource): number {
    const number = this.#names.length
    const scope = this.#addScope(source)
    this.#names.push(nameOf(source))
    this.#scopes.push(scope)
    // At most half of the places are taken, so that a search ends after one or two.
    if (this.count * 4 > this.#table.length) this.#grow()
    this.#place(this.#hashOf(scope, nameOf(source)), number)
    return number
  }

  #addScope(source: EventSource): number {
    const known = this.scopeOf(source)
    if (known !== NO_NUMBER) return known
    const { functionUri, version } = source
    let byVersion = this.#scopeOf.get(functionUri)
    if (byVersion === undefined) {
      byVersion = new Map()
      this.#scopeOf.set(functionUri, byVersion)
    }
    this.#lastScope = this.#scopeCount++
    byVersion.set(version, this.#lastScope)
    return this.#lastScope
  }

  #grow(): void {
    const old = this.#table
    this.#table = new Int32Array(old.length * 2)
    for (let at = 0; at < old.length; at += 2) {
      const next = old[at + 1] ?? 0
      if (next !== 0) this.#place(old[at] ?? 0, next - 1)
    }
  }

  #place(hash: number, number: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = (hash << 1) & mask
    while (table[at + 1] !== 0) at = (at + 2) & mask
    table[at] = hash
    table[at + 1] = number + 1
  }
}

/** What a source is called within its scope. */
export function nameOf({ endpointId, model }: EventSource): string {
  return endpointId === '' ? model : endpointId
}

/** FNV-1a over 16 bits at a time; at the end the upper bits, its better ones, decide about the lower ones too. */
function hashOfText(text: string, start: number): number {
  let hash = start
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  return hash ^ (hash >>> 15)
}
