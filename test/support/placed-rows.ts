import { type PredictionFile, ROW } from '../../lib/stream/ports.ts'
import type { ExpectedRow } from './any-events.ts'
import { rowsOfFile } from './rows-of-file.ts'

/** A row where it was found, or must be. */
export interface PlacedRow extends ExpectedRow {
  /** Of its event in the log. */
  readonly offset: number
}

/** The rows of a file. */
export function rowsIn(file: PredictionFile): readonly PlacedRow[] {
  const { endpointId, hour } = file.claim
  const stride = ROW.features + file.featureNames.length
  return rowsOfFile(file).map((row, index) => ({
    endpointId,
    hour,
    requestId: String(row['request_id']),
    mark: Number(Object.values(row['named_features'] as object)[0]),
    offset: file.numbers[index * stride + ROW.offset] ?? -1,
  }))
}

/** Rows that the Parquet sink has refused, as far as the dead letters tell. */
export function rowsRefused(
  letters: readonly Readonly<Record<string, unknown>>[],
): readonly PlacedRow[] {
  return letters.flatMap(({ sink, key, content }) => {
    if (sink !== 'parquet') return []
    const { request_id, named_features, endpoint_id, offset } = content as Record<string, unknown>
    return [
      {
        endpointId: String(endpoint_id),
        hour: Number(String(key).split(' ')[1]),
        requestId: String(request_id),
        mark: Number(Object.values(named_features as object)[0]),
        offset: Number(offset),
      },
    ]
  })
}
