import type { EventSource } from '../accept/event.ts'
import { SharedTexts } from './shared-lists.ts'

/**
 * Finds what belongs to the source of an event, by its own texts: one map per level, because each event
 * brings fresh strings and hashing three short ones costs less than joining them first.
 *
 * Bounded by `countMax`: a source beyond it is not taken up, so that no stream of made-up names grows
 * the process.
 */
export class SourceIndex<T> {
  readonly #byId = new Map<string, T>()
  readonly #byUri = new Map<string, Map<string, Versions<T>>>()
  readonly #countMax: number
  /** Most models have the same few versions, each event compares with one. */
  readonly #versions = new SharedTexts(1_000)
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
    const versions = this.#byUri.get(functionUri)?.get(model)
    return versions?.version === version ? versions.value : versions?.others?.get(version)
  }

  /** Keeps a value for a source that has none yet; false when the index is full. */
  add(source: EventSource, value: T): boolean {
    if (this.#count >= this.#countMax) return false
    this.put(source, value)
    return true
  }

  /** The same however full the index is. */
  put(source: EventSource, value: T): void {
    this.#count++
    const { endpointId, functionUri, model, version } = source
    if (endpointId !== '') {
      this.#byId.set(endpointId, value)
      return
    }
    let byModel = this.#byUri.get(functionUri)
    if (byModel === undefined) {
      byModel = new Map()
      this.#byUri.set(functionUri, byModel)
    }
    const versions = byModel.get(model)
    if (versions === undefined) {
      byModel.set(model, { version: this.#versions.share(version), value, others: null })
    } else {
      versions.others ??= new Map()
      versions.others.set(version, value)
    }
  }
}

/** A model's first version, and the others if it has more than one. */
interface Versions<T> {
  readonly version: string
  readonly value: T
  others: Map<string, T> | null
}
