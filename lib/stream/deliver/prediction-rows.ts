import type { JsonObject, PredictionCall } from '../accept/event.ts'
import type { Endpoint } from '../compute/endpoint.ts'
import { textMap } from '../compute/labels.ts'
import type { RowReader } from '../compute/row-reader.ts'
import type { Identity, RowExtras } from '../ports.ts'
import { numbersOf } from './metric-rows.ts'
import type { PredictionRow } from './prediction-batch.ts'

const NO_IDENTITY: Identity = { functionUri: '', model: '', modelClass: null }

/**
 * Puts together the rows of one call after the other. There is one row object, filled anew for each row:
 * a batch copies what it keeps.
 */
export class PredictionRows {
  readonly #row: { -readonly [K in keyof PredictionRow]: PredictionRow[K] } = {
    offset: 0,
    atUs: 0,
    latencyUs: 0,
    errorCount: 0,
    identity: NO_IDENTITY,
    labels: null,
    requestId: '',
    firstRequest: '',
    lastRequestUs: 0,
    lastRequestText: '',
    features: new Float64Array(),
    featureTexts: [],
    predictions: null,
    extras: null,
  }

  /** Takes what the rows of a call share. */
  begin(endpoint: Endpoint, call: PredictionCall, offset: number): void {
    const row = this.#row
    row.offset = offset
    row.atUs = call.atUs
    row.latencyUs = call.latencyUs
    row.errorCount = endpoint.errorCount
    row.identity = endpoint.identity
    row.labels = endpoint.labelTexts
    row.requestId = call.requestId
    row.firstRequest = endpoint.firstRequest
    row.lastRequestUs = endpoint.lastRequestUs
    row.lastRequestText = endpoint.lastRequestText
    row.extras = extrasOf(call.metrics, call.entities)
  }

  /** The call's row that the reader holds; to be used before the next one is asked for. */
  row(reader: RowReader): PredictionRow {
    const row = this.#row
    row.features = reader.features
    row.featureTexts = reader.featureTexts
    row.predictions = reader.isPredictionNull ? null : reader.predictions
    return row
  }
}

function extrasOf(metrics: JsonObject | null, entities: JsonObject | null): RowExtras | null {
  if (metrics === null && entities === null) return null
  const numbers = numbersOf(metrics)
  const texts = textMap(entities)
  return numbers === null && texts === null ? null : { metrics: numbers, entities: texts }
}
