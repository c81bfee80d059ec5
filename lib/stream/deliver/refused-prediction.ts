import { type Claim, type PredictionFile, ROW } from '../ports.ts'

/**
 * One row of a file that will never be written, as a person reads it, and a key that is the same when
 * the file is made again.
 */
export function describePrediction(
  file: PredictionFile,
  index: number,
): { readonly key: string; readonly content: Readonly<Record<string, unknown>> } {
  const stride = ROW.features + file.featureNames.length
  const row = file.numbers.subarray(index * stride, (index + 1) * stride)
  const number = (at: number): number | null => {
    const value = row[at] ?? Number.NaN
    return Number.isNaN(value) ? null : value
  }
  const { endpointId } = file.claim
  const extras = file.extras.get(index)
  return {
    key: refusedKey(file.claim, index),
    content: {
      offset: number(ROW.offset),
      endpoint_id: endpointId,
      at_us: number(ROW.atUs),
      request_id: file.requestIds[index] ?? null,
      latency: number(ROW.latencyUs),
      ...(file.identities[number(ROW.identity) ?? -1] ?? {}),
      prediction: predictionsOf(file, index, stride),
      named_features: Object.fromEntries(
        file.featureNames.map((name, field) => {
          const text = file.featureTexts.get(field)?.[index]
          return [name, text ?? number(ROW.features + field)]
        }),
      ),
      labels: mapOf(file.labelSets[number(ROW.labels) ?? -1]),
      entities: mapOf(extras?.entities),
      metrics: mapOf(extras?.metrics),
    },
  }
}

/** The key of a refused row's dead letter. */
export function refusedKey({ endpointId, hour, number }: Claim, index: number): string {
  return `${endpointId} ${hour} ${number} ${index}`
}

function predictionsOf(file: PredictionFile, index: number, stride: number): unknown {
  const countAt = (row: number): number => file.numbers[row * stride + ROW.predictionCount] ?? 0
  let from = 0
  for (let row = 0; row < index; row++) from += Math.max(countAt(row), 0)
  const count = countAt(index)
  return count < 0 ? null : [...file.predictions.slice(from, from + count)]
}

function mapOf(entries: ReadonlyMap<string, unknown> | null | undefined): unknown {
  return entries === null || entries === undefined ? null : Object.fromEntries(entries)
}
