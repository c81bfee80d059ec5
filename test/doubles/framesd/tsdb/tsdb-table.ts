/** A stored value and its time, milliseconds since 1970 UTC. */
export interface StoredSample {
  readonly atMs: number
  readonly value: number | string
}

/** Labels of a series, sorted by name. */
export type Labels = readonly (readonly [name: string, value: string])[]

/** All samples of a metric are of one type. */
export type SampleType = 'number' | 'string'

/** A metric under one label set; samples ascend in time, no two in one millisecond. */
export interface Series {
  readonly metric: string
  readonly labels: Labels
  readonly samples: StoredSample[]
}

/** One table: its series, and the rule that time only moves forward in each of them. */
export class TsdbTable {
  readonly #series = new Map<string, Series>()
  readonly #types = new Map<string, SampleType>()

  /** All series that hold at least one sample. */
  all(): readonly Series[] {
    return [...this.#series.values()]
  }

  /** The type that a metric's samples have, null while there are none. */
  typeOf(metric: string): SampleType | null {
    return this.#types.get(metric) ?? null
  }

  /**
   * Adds samples, in the order given, and returns those that were dropped: everything at or before
   * the newest sample of the series.
   */
  append(metric: string, labels: Labels, samples: readonly StoredSample[]): StoredSample[] {
    const key = JSON.stringify([metric, labels])
    const series = this.#series.get(key) ?? { metric, labels, samples: [] }
    const dropped: StoredSample[] = []
    for (const sample of samples) {
      const newest = series.samples.at(-1)
      if (newest !== undefined && sample.atMs <= newest.atMs) dropped.push(sample)
      else series.samples.push(sample)
    }
    this.#keep(key, series)
    return dropped
  }

  /** Removes the samples that `isGone` names; a series without samples is gone itself. */
  remove(isGone: (series: Series, sample: StoredSample) => boolean): void {
    for (const [key, series] of this.#series) {
      const kept = series.samples.filter((sample) => !isGone(series, sample))
      series.samples.splice(0, series.samples.length, ...kept)
      if (kept.length === 0) this.#series.delete(key)
    }
    this.#types.clear()
    for (const [key, series] of this.#series) this.#keep(key, series)
  }

  #keep(key: string, series: Series): void {
    const newest = series.samples.at(-1)
    if (newest === undefined) return
    this.#series.set(key, series)
    this.#types.set(series.metric, typeof newest.value === 'string' ? 'string' : 'number')
  }
}

/** The name of a series for people and for tests: `metric{a=b,c=d}`. */
export function seriesName(metric: string, labels: Labels): string {
  return `${metric}{${labels.map(([name, value]) => `${name}=${value}`).join(',')}}`
}

/** Sorts by name, as bytes and not by a language. */
export function sortedLabels(labels: ReadonlyMap<string, string>): Labels {
  return [...labels].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}
