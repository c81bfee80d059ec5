import type { MetricRow } from '../../stream/ports.ts'

/** The newest samples of the metrics of one endpoint and record type. */
interface Newest {
  /** Metrics of the last row; usually those of all rows. */
  readonly names: readonly string[]
  /** Time of that row, ms. */
  readonly atMs: number
  /** Metrics that the last row did not have. */
  readonly others: ReadonlyMap<string, number> | null
}

/**
 * What the time series table has of each series, as far as this process knows. The table drops a sample
 * that is not newer than its series and says nothing; this tells beforehand which ones. About 300
 * bytes an endpoint.
 */
export class NewestSamples {
  readonly #base: NewestSamples | null
  readonly #bySeries = new Map<string, Newest>()

  /** @param base  what is known besides what is added here */
  constructor(base: NewestSamples | null = null) {
    this.#base = base
  }

  /** The metrics of a row that the table would drop, by their index; null for none. */
  lateMetrics(row: MetricRow): ReadonlySet<number> | null {
    const key = keyOf(row)
    let late: Set<number> | null = null
    for (const [index, name] of row.names.entries()) {
      const newestMs = this.#newestMs(key, index, name)
      if (newestMs === undefined || row.atMs > newestMs) continue
      late ??= new Set()
      late.add(index)
    }
    return late
  }

  #newestMs(key: string, index: number, name: string): number | undefined {
    const newest = this.#bySeries.get(key)
    if (newest !== undefined) {
      if (newest.names[index] === name || newest.names.includes(name)) return newest.atMs
      const otherMs = newest.others?.get(name)
      if (otherMs !== undefined) return otherMs
    }
    return this.#base === null ? undefined : this.#base.#newestMs(key, index, name)
  }

  /** Takes note of a row none of whose metrics was late. */
  add({ endpointId, recordType, atMs, names }: MetricRow): void {
    const key = keyOf({ endpointId, recordType })
    const before = this.#bySeries.get(key)
    if (before === undefined) {
      this.#bySeries.set(key, { names, atMs, others: null })
    } else if (areEqual(before.names, names)) {
      this.#bySeries.set(key, { names: before.names, atMs, others: before.others })
    } else {
      const others = new Map(before.others)
      for (const name of before.names) others.set(name, before.atMs)
      for (const name of names) others.delete(name)
      this.#bySeries.set(key, { names, atMs, others: others.size === 0 ? null : others })
    }
  }
}

function keyOf({ endpointId, recordType }: Pick<MetricRow, 'endpointId' | 'recordType'>): string {
  return `${endpointId} ${recordType}`
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, index) => name === b[index]))
}
