import type { FileFacts } from './facts.ts'

/** Where rows of one endpoint in one log were found. */
export class RowCounts {
  readonly #files: FileFacts[] = []
  readonly #refused: number[] = []

  addFile(file: FileFacts): void {
    this.#files.push(file)
  }

  /** Takes note of a row that is a dead letter. */
  addRefused(offset: number): void {
    this.#refused.push(offset)
  }

  /** Rows in files with an offset in that range, the first of it left out; rows that are there twice count twice. */
  inFiles(after: number, upTo: number): number {
    let count = 0
    for (const { runs } of this.#files) {
      for (const { first, last, rowCount } of runs) {
        count += Math.max(Math.min(last, upTo) - Math.max(first, after + 1) + 1, 0) * rowCount
      }
    }
    return count
  }

  /** Rows among the dead letters in that range. */
  refused(after: number, upTo: number): number {
    return this.#refused.filter((offset) => offset > after && offset <= upTo).length
  }

  /** Rows with an offset that an earlier file of the same hour has as well. */
  twice(after: number): readonly { readonly path: string; readonly count: number }[] {
    const ends = new Map<number, number>()
    const counts = new Map<string, number>()
    const placed = this.#files.flatMap(({ path, claim, runs }) =>
      runs.map((run) => ({ ...run, path, hour: claim.hour })),
    )
    // An offset is in one file of an hour; in another hour there may be another call of its event.
    for (const { first, last, rowCount, path, hour } of placed.sort((a, b) => a.first - b.first)) {
      const end = ends.get(hour) ?? after
      const count = Math.max(Math.min(last, end) - Math.max(first, after + 1) + 1, 0) * rowCount
      if (count > 0) counts.set(path, (counts.get(path) ?? 0) + count)
      ends.set(hour, Math.max(end, last))
    }
    return [...counts].map(([path, count]) => ({ path, count }))
  }
}
