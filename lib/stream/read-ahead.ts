import type { EndpointTable } from './compute/endpoint-table.ts'
import type { PredictionBatches } from './deliver/prediction-batches.ts'

/** Where an event finds its endpoint. */
export interface ReadAheadParts {
  readonly table: Pick<EndpointTable<never>, 'touch'>
  readonly predictions: Pick<PredictionBatches, 'touch'>
}

/**
 * Reads a number of each place of memory that an event will need of its endpoint. With many endpoints these
 * places are in no cache: asked for together they come together, and not one after the other.
 */
export class ReadAhead {
  readonly #parts: ReadAheadParts
  /** What was read last, added up. It is of no use, but what nobody can see would not be read. */
  sum = 0

  constructor(parts: ReadAheadParts) {
    this.#parts = parts
  }

  /**
   * @param slot  of the endpoint
   * @param atUs  time of the event
   */
  read(slot: number, atUs: number): void {
    const { table, predictions } = this.#parts
    this.sum = table.touch(slot, atUs) + predictions.touch(slot)
  }
}
