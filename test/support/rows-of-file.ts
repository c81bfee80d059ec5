import { type PredictionFile, ROW } from '../../lib/stream/ports.ts'

/** The rows of a file as plain objects with the columns of Parquet; `timestamp` as MLRun prints it. */
export function rowsOfFile(file: PredictionFile): readonly Readonly<Record<string, unknown>>[] {
  const stride = ROW.features + file.featureNames.length
  let predictionAt = 0
  return Array.from({ length: file.rowCount }, (_, index) => {
    const numbers = file.numbers.subarray(index * stride, (index + 1) * stride)
    const number = (at: number): number => numbers[at] ?? Number.NaN
    const count = number(ROW.predictionCount)
    const prediction = [...file.predictions.slice(predictionAt, predictionAt + Math.max(count, 0))]
    predictionAt += Math.max(count, 0)
    const identity = file.identities[number(ROW.identity)]
    const extras = file.extras.get(index)
    return {
      endpoint_id: file.claim.endpointId,
      timestamp: pythonTime(number(ROW.atUs)),
      function_uri: identity?.functionUri,
      model: identity?.model,
      model_class: identity?.modelClass,
      request_id: file.requestIds[index],
      first_request: file.firstRequests[number(ROW.firstRequest)],
      last_request: file.lastRequests[index],
      latency: nullIfMissing(number(ROW.latencyUs)),
      error_count: number(ROW.errorCount),
      prediction: count < 0 ? null : prediction.map((value) => nullIfMissing(value)),
      named_features: Object.fromEntries(
        file.featureNames.map((name, field) => {
          const texts = file.featureTexts.get(field)
          const value =
            texts === undefined ? nullIfMissing(number(ROW.features + field)) : texts[index]
          return [name, value]
        }),
      ),
      labels: plain(file.labelSets[number(ROW.labels)]),
      entities: plain(extras?.entities),
      metrics: plain(extras?.metrics),
    }
  })
}

function nullIfMissing<T>(value: T): T | null {
  return Number.isNaN(value) ? null : value
}

function plain(entries: ReadonlyMap<string, unknown> | null | undefined): unknown {
  return entries == null ? null : Object.fromEntries(entries)
}

/** `2021-07-01 10:00:00.123456+00:00` */
function pythonTime(atUs: number): string {
  const text = new Date(Math.floor(atUs / 1000)).toISOString()
  const micros = String(atUs % 1_000_000).padStart(6, '0')
  return `${text.slice(0, 10)} ${text.slice(11, 19)}.${micros}+00:00`
}
