import type { EventSource } from '../accept/event.ts'

/**
 * Finds what belongs to the source of an event, by its own texts: one map per level, because each event
 * brings fresh strings and hashing three short ones costs less than joining them first.
 *
 * Bounded by `countMax`: a source beyond it is not taken up, so that no stream of made-up names grows
 * the process.
 */
export class SourceIndex<T> {
  readonly #byId = new Map<string, T>()
  readonly #byUri = new Map<string, Map<string, Map<string, T>>>()
  readonly #countMax: number
  #count = 0

  /** @param countMax  sources at most, > 0 */
  constructor(countMax: number) {
    this.#countMax = countMax
  }

  get count(): number {
    return this.#count
  }

  /** What was set for a source: by its endpoint id if it has one, else by uri, model and version. */
  get({ endpointId, functionUri, model, version }: EventSource): T | undefined {
    if (endpointId !== '') return this.#byId.get(endpointId)
    return this.#byUri.get(functionUri)?.get(model)?.get(version)
  }

  /** Keeps a value for a source that has none yet; false when the index is full. */
  add(source: EventSource, value: T): boolean {
    if (this.#count >= this.#countMax) return false
    this.#count++
    const { endpointId, functionUri, model, version } = source
    if (endpointId !== '') {
      this.#byId.set(endpointId, value)
      return true
    }
    const byModel = inner(this.#byUri, functionUri)
    inner(byModel, model).set(version, value)
    return true
  }
}

/** The map under a key, made if there is none. */
function inner<K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = new Map<K, V>()
  map.set(key, made)
  return made
}
