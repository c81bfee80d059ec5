import assert from 'node:assert'

/**
 * Whether the row is one of every n that update KV and TSDB: the first, the n+1st, ... of its endpoint.
 * The original counted the rows of all endpoints together, so that a rare one might never be seen (D10).
 *
 * @param rowsBefore    rows of the endpoint so far, >= 0
 * @param sampleWindow  n, >= 1; 1 samples every row
 */
export function isSampled(rowsBefore: number, sampleWindow: number): boolean {
  assert(sampleWindow >= 1)
  return rowsBefore % sampleWindow === 0
}
