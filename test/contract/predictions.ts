/** What a model server pushes, with what is to come of it. */
export interface Prediction {
  readonly requestId: string
  readonly rowCount: number
  readonly body: string
}

/** The function's clock is the time of day: these are events of an hour ago, all of the same hour. */
const AN_HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString()

interface Shape {
  readonly requestId: string
  readonly rowCount?: number
  readonly model?: string
  readonly featureCount?: number
  readonly label?: string
  /** The event's time as MLRun writes it. */
  readonly when?: string
}

/** A good event of so many rows, one endpoint for each model. */
export function prediction({
  requestId,
  rowCount = 1,
  model = 'iris',
  featureCount = 4,
  label = 'plants',
  when = `${AN_HOUR_AGO.slice(0, 10)} ${AN_HOUR_AGO.slice(11, 19)}.123456+00:00`,
}: Shape): Prediction {
  // Sevenths have 15 digits and more: bodies as long as those of real features.
  const inputs = Array.from({ length: rowCount }, (_, row) =>
    Array.from({ length: featureCount }, (_, column) => (row * 31 + column * 17 + 1) / 7),
  )
  const event = {
    class: 'IrisServer',
    worker: 0,
    model,
    version: 'v1',
    host: 'jupyter-0',
    function_uri: 'demo/iris-serving',
    labels: { owner: label },
    request: { id: requestId, inputs },
    op: 'infer',
    resp: { id: requestId, model_name: model, outputs: inputs.map((_, row) => row % 3) },
    when,
    microsec: 349,
  }
  return { requestId, rowCount, body: JSON.stringify(event) }
}

/** A good event of exactly so many bytes, nearly all of them rows. */
export function predictionOfBytes(requestId: string, bytes: number): Prediction {
  const shape = { requestId, model: `wide-${bytes}`, featureCount: 30 }
  const empty = prediction({ ...shape, rowCount: 0 }).body.length
  const sample = prediction({ ...shape, rowCount: 100 }).body.length
  const rowBytes = Math.ceil((sample - empty) / 100) + 30 // later rows have larger numbers
  const made = prediction({ ...shape, rowCount: Math.floor((bytes - empty) / rowBytes) })
  return { ...made, body: made.body.padEnd(bytes) }
}
