import type {
  Identity,
  PredictionFile,
  RowExtras,
  ValueKind,
} from '../../../../lib/stream/ports.ts'
import { ROW } from '../../../../lib/stream/ports.ts'

/** One row of a file, the plain way: what must be read back. */
export interface DullRow {
  readonly atUs: number
  readonly latencyUs: number | null
  readonly errorCount: number | null
  readonly offset: number
  readonly identity: Identity
  readonly labels: ReadonlyMap<string, string> | null
  readonly firstRequest: string
  readonly lastRequest: string
  readonly requestId: string
  readonly prediction: readonly (number | null)[] | readonly string[] | null
  /** As many as there are names. */
  readonly features: readonly (number | string | null)[]
  readonly metrics: ReadonlyMap<string, number> | null
  readonly entities: ReadonlyMap<string, string> | null
}

/** What all rows of a file share. */
export interface DullShape {
  readonly names: readonly string[]
  readonly kinds: readonly ValueKind[]
  readonly predictionKind: ValueKind
  readonly endpointId: string
  readonly number: number
}

export const plainRow: DullRow = {
  atUs: 1_600_000_000_000_000,
  latencyUs: 250,
  errorCount: 3,
  offset: 17,
  identity: { functionUri: 'project/function:tag', model: 'iris:v1', modelClass: 'Classifier' },
  labels: new Map([['team', 'blue']]),
  firstRequest: '2020-09-13 12:00:00.000000+00:00',
  lastRequest: '2020-09-13 12:26:40.000000+00:00',
  requestId: 'request-1',
  prediction: [1],
  features: [],
  metrics: null,
  entities: null,
}

export const plainShape: DullShape = {
  names: [],
  kinds: [],
  predictionKind: 'double',
  endpointId: 'endpoint-1',
  number: 1,
}

/** Builds the file that holds these rows. */
export function fileOf(rows: readonly DullRow[], shape: Partial<DullShape> = {}): PredictionFile {
  const { names, kinds, predictionKind, endpointId, number } = { ...plainShape, ...shape }
  const identities = new Numbered<Identity>()
  const labelSets = new Numbered<ReadonlyMap<string, string>>()
  const firstRequests = new Numbered<string>()
  const numbers = rows.flatMap((row) => [
    row.atUs,
    row.latencyUs ?? Number.NaN,
    row.errorCount ?? Number.NaN,
    row.offset,
    identities.indexOf(row.identity, JSON.stringify(Object.values(row.identity))),
    row.labels === null ? -1 : labelSets.indexOf(row.labels, JSON.stringify([...row.labels])),
    firstRequests.indexOf(row.firstRequest, row.firstRequest),
    0, // what a batch keeps for itself means nothing to a sink
    row.prediction === null ? -1 : row.prediction.length,
    ...new Array<number>(ROW.features - ROW.prediction).fill(9),
    ...row.features.map((value) => (typeof value === 'number' ? value : Number.NaN)),
  ])
  const predictions = rows.flatMap((row) => [...(row.prediction ?? [])])
  return {
    claim: {
      log: 'log-a',
      endpointId,
      hour: Math.floor((rows[0]?.atUs ?? 0) / 3.6e9),
      number,
      firstOffset: rows[0]?.offset ?? 0,
      lastOffset: rows.at(-1)?.offset ?? 0,
    },
    rowCount: rows.length,
    featureNames: names,
    featureKinds: kinds,
    predictionKind,
    identities: identities.values,
    labelSets: labelSets.values,
    firstRequests: firstRequests.values,
    // A file may have room for more rows than it holds.
    numbers: Float64Array.from([...numbers, ...new Array<number>(ROW.features).fill(9)]),
    predictions:
      predictionKind === 'text'
        ? predictions.map(String)
        : Float64Array.from(predictions, (value) => (value === null ? Number.NaN : Number(value))),
    requestIds: rows.map((row) => row.requestId),
    lastRequests: rows.map((row) => row.lastRequest),
    featureTexts: new Map(
      kinds.flatMap((kind, index) =>
        kind === 'text' ? [[index, rows.map((row) => textOrNull(row.features[index]))]] : [],
      ),
    ),
    extras: new Map(
      rows.flatMap((row, index): [number, RowExtras][] =>
        row.metrics === null && row.entities === null
          ? []
          : [[index, { metrics: row.metrics, entities: row.entities }]],
      ),
    ),
  }
}

function textOrNull(value: number | string | null | undefined): string | null {
  return typeof value === 'string' ? value : null
}

/** Gives each new value the next number. */
class Numbered<T> {
  readonly values: T[] = []
  readonly #indexes = new Map<string, number>()

  indexOf(value: T, name: string): number {
    const index = this.#indexes.get(name) ?? this.values.push(value) - 1
    this.#indexes.set(name, index)
    return index
  }
}

/** UTF-8 has no half surrogate pairs: U+FFFD stands for each. */
function written(text: string): string {
  return Buffer.from(text).toString()
}

function mapWritten<T>(
  map: ReadonlyMap<string, T> | null,
  value: (value: T) => T,
): [string, T][] | null {
  if (map === null || map.size === 0) return null
  return [...map].map(([key, each]) => [written(key), value(each)])
}

/** The row as `readBack` gives it. */
export function expectedRow(row: DullRow, shape: Partial<DullShape> = {}) {
  const { endpointId, predictionKind } = { ...plainShape, ...shape }
  const written64 = (value: number | null) => (value === null ? null : BigInt(value))
  return {
    timestamp: BigInt(row.atUs),
    endpoint_id: endpointId,
    function_uri: written(row.identity.functionUri),
    model: written(row.identity.model),
    model_class: row.identity.modelClass === null ? null : written(row.identity.modelClass),
    request_id: written(row.requestId),
    first_request: written(row.firstRequest),
    last_request: written(row.lastRequest),
    latency: written64(row.latencyUs),
    error_count: written64(row.errorCount),
    prediction:
      predictionKind === 'text'
        ? (row.prediction?.map((text) => written(String(text))) ?? null)
        : row.prediction,
    named_features: row.features.map((value) =>
      typeof value === 'string' ? written(value) : value,
    ),
    labels: mapWritten(row.labels, written),
    entities: mapWritten(row.entities, written),
    metrics: mapWritten(row.metrics, (value) => value),
  }
}
