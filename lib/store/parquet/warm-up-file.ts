import type { PredictionFile } from '../../stream/ports.ts'
import { ROW } from '../../stream/ports.ts'

const ROW_COUNT = 1_000
const FEATURE_COUNT = 10

/** Made-up rows with something in every column, to compile code with; never written anywhere. */
export function warmUpFile(): PredictionFile {
  const stride = ROW.features + FEATURE_COUNT + 1
  const rows = Array.from({ length: ROW_COUNT }, (_, row) => row)
  const numbers = new Float64Array(ROW_COUNT * stride)
  for (const row of rows) {
    const fixed = [row * 1e6, row % 997, row % 7, row, 0, 0, 0, 0, 2]
    const features = Array.from({ length: FEATURE_COUNT }, (_, index) => Math.sin(row + index))
    numbers.set(fixed, row * stride)
    numbers.set([...features, Number.NaN], row * stride + ROW.features)
  }
  return {
    claim: {
      log: 'warm-up',
      endpointId: 'none',
      hour: 0,
      number: 1,
      firstOffset: 0,
      lastOffset: 999,
    },
    rowCount: ROW_COUNT,
    featureNames: Array.from({ length: FEATURE_COUNT + 1 }, (_, index) => `feature ${index}`),
    featureKinds: Array.from({ length: FEATURE_COUNT + 1 }, (_, index) =>
      index < FEATURE_COUNT ? 'double' : 'text',
    ),
    predictionKind: 'double',
    identities: [{ functionUri: 'project/function:tag', model: 'model:v1', modelClass: null }],
    labelSets: [new Map([['label', 'text']])],
    firstRequests: ['1970-01-01 00:00:00.000000+00:00'],
    numbers,
    predictions: Float64Array.from({ length: 2 * ROW_COUNT }, (_, index) => Math.cos(index)),
    requestIds: rows.map((row) => `request-${row * 7919}`),
    lastRequests: rows.map((row) => `1970-01-01 00:00:00.${row}+00:00`),
    featureTexts: new Map([
      [FEATURE_COUNT, rows.map((row) => (row % 3 === 0 ? null : `text ${row % 5}`))],
    ]),
    extras: new Map(
      rows
        .filter((row) => row % 2 === 0)
        .map((row) => [
          row,
          { metrics: new Map([['a', row]]), entities: new Map([['b', `${row}`]]) },
        ]),
    ),
  }
}
