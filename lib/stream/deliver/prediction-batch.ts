import assert from 'node:assert'
import { serverForm } from '../accept/parse-when.ts'
import type { RowColumns } from '../compute/endpoint-schema.ts'
import type { Claim, Identity, PredictionFile, RowExtras, TextBytes } from '../ports.ts'
import { ROW } from '../ports.ts'
import { readShortText, writeShortText } from './short-text.ts'
import { TextColumn } from './text-column.ts'

/** One prediction on its way to Parquet; the batch keeps no reference to it or to its arrays. */
export interface PredictionRow {
  /** Position of its event in the log. */
  readonly offset: number
  readonly atUs: number
  /** Whole microseconds, or NaN. */
  readonly latencyUs: number
  readonly errorCount: number
  readonly identity: Identity
  /** As text values; null if the event has none. The same object for the same labels saves memory. */
  readonly labels: ReadonlyMap<string, string> | null
  readonly requestId: string
  readonly firstRequest: string
  readonly lastRequestUs: number
  /** Its text where that is not spelled as serverForm() does, else ''. */
  readonly lastRequestText: string
  /** One per feature of the columns; NaN = missing, or a text. */
  readonly features: Float64Array
  /** One per feature; null = missing, or a number. */
  readonly featureTexts: readonly (string | null)[]
  /** null: the whole prediction is; a null inside the list is a missing value. */
  readonly predictions: readonly (number | string | null)[] | null
  readonly extras: RowExtras | null
}

const ROWS_AT_FIRST = 4
/** A JavaScript string: header and two words for the reference, besides its characters. */
const TEXT_OVERHEAD_BYTES = 24

/**
 * Rows of one (log, endpoint, hour) that wait for their file, appended in the order of the log.
 * Nearly every row is nothing but numbers, one piece of an array that doubles when it is full; what
 * does not fit in there is kept aside.
 */
export class PredictionBatch {
  readonly openedAtMs: number
  #columns: RowColumns
  readonly #stride: number
  #numbers: Float64Array
  #rowCount = 0
  #lastOffset = 0
  #bytes: number
  /** Values that were used last: nearly always those of the next row too. */
  #identity: Identity | null = null
  #identityIndex = -1
  #firstRequest: string | null = null
  #firstRequestIndex = -1
  readonly #identities: Identity[] = []
  readonly #firstRequests: string[] = []
  readonly #labelSets: ReadonlyMap<string, string>[] = []
  /** Predictions of rows that have not just one number, in order. */
  readonly #predictions: (number | string | null)[] = []
  readonly #featureTexts = new Map<number, (string | null)[]>()
  readonly #extras = new Map<number, RowExtras>()
  /** Request ids that do not fit into a row, and last requests in a spelling of their own. */
  readonly #longIds = new Map<number, string>()
  readonly #lastRequests = new Map<number, string>()

  /** @param openedAtMs  the clock when the batch got its first row, milliseconds since 1970 UTC */
  constructor(columns: RowColumns, openedAtMs: number) {
    assert.equal(columns.featureNames.length, columns.featureKinds.length)
    this.#columns = columns
    this.openedAtMs = openedAtMs
    this.#stride = ROW.features + columns.featureNames.length
    this.#numbers = new Float64Array(ROWS_AT_FIRST * this.#stride)
    this.#bytes = this.#numbers.byteLength
    for (const [index, kind] of columns.featureKinds.entries()) {
      if (kind === 'text') this.#featureTexts.set(index, [])
    }
  }

  get columns(): RowColumns {
    return this.#columns
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Memory that the rows take, about. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Takes over types that were decided since the batch was opened: a column that held nothing but
   * missing values may become one of texts. Names never change; a batch is cut before they do.
   */
  setColumns(columns: RowColumns): void {
    const { featureKinds, predictionKind } = this.#columns
    assert.equal(columns.featureNames.length, featureKinds.length)
    for (const [index, kind] of columns.featureKinds.entries()) {
      if (kind === featureKinds[index]) continue
      assert(kind === 'text', 'texts never become numbers')
      this.#featureTexts.set(index, new Array<null>(this.#rowCount).fill(null))
    }
    this.#columns = columns
    if (columns.predictionKind === predictionKind) return
    assert(columns.predictionKind === 'text', 'texts never become numbers')
    // Single values that are missing lie in their rows; among texts they have no such place.
    const missing = [...this.#predictionValues()].map(() => null)
    this.#predictions.splice(0, this.#predictions.length, ...missing)
  }

  /** Offsets of the first and the last row; only of a batch that has rows. */
  get offsets(): { readonly first: number; readonly last: number } {
    assert(this.#rowCount > 0)
    return { first: this.#numbers[ROW.offset] ?? 0, last: this.#lastOffset }
  }

  /** Appends a row; offsets never go down. */
  append(row: PredictionRow): void {
    assert(row.offset >= this.#lastOffset)
    this.#lastOffset = row.offset
    const at = this.#rowCount * this.#stride
    if (at + this.#stride > this.#numbers.length) this.#grow()
    const numbers = this.#numbers
    numbers[at + ROW.atUs] = row.atUs
    numbers[at + ROW.latencyUs] = row.latencyUs
    numbers[at + ROW.errorCount] = row.errorCount
    numbers[at + ROW.offset] = row.offset
    numbers[at + ROW.identity] = this.#indexOfIdentity(row.identity)
    numbers[at + ROW.labels] = row.labels === null ? -1 : indexIn(this.#labelSets, row.labels)
    numbers[at + ROW.firstRequest] = this.#indexOfFirstRequest(row.firstRequest)
    numbers[at + ROW.lastRequest] = row.lastRequestUs
    this.#appendPredictions(numbers, at, row.predictions)
    if (!writeShortText(numbers, at + ROW.requestId, row.requestId)) this.#keepId(row.requestId)
    const { features } = row
    const featureCount = this.#stride - ROW.features
    for (let index = 0; index < featureCount; index++) {
      numbers[at + ROW.features + index] = features[index] ?? Number.NaN
    }
    if (this.#featureTexts.size > 0) this.#appendTexts(row.featureTexts)
    if (row.lastRequestText !== '') this.#lastRequests.set(this.#rowCount, row.lastRequestText)
    if (row.extras !== null) this.#keepExtras(row.extras)
    this.#rowCount++
  }

  #grow(): void {
    const larger = new Float64Array(this.#numbers.length * 2)
    larger.set(this.#numbers)
    this.#bytes += this.#numbers.byteLength
    this.#numbers = larger
  }

  #indexOfIdentity(identity: Identity): number {
    if (identity !== this.#identity) {
      this.#identity = identity
      const known = this.#identities.findIndex((other) => isSameIdentity(other, identity))
      this.#identityIndex = known >= 0 ? known : this.#identities.push(identity) - 1
    }
    return this.#identityIndex
  }

  #indexOfFirstRequest(firstRequest: string): number {
    if (firstRequest !== this.#firstRequest) {
      this.#firstRequest = firstRequest
      this.#firstRequestIndex = indexIn(this.#firstRequests, firstRequest)
    }
    return this.#firstRequestIndex
  }

  #keepId(requestId: string): void {
    this.#longIds.set(this.#rowCount, requestId)
    this.#bytes += requestId.length * 2 + TEXT_OVERHEAD_BYTES
  }

  #keepExtras(extras: RowExtras): void {
    this.#extras.set(this.#rowCount, extras)
    this.#bytes += bytesOfExtras(extras)
  }

  #appendTexts(featureTexts: readonly (string | null)[]): void {
    for (const [index, texts] of this.#featureTexts) {
      const text = featureTexts[index] ?? null
      texts.push(text)
      this.#bytes += text === null ? 0 : text.length + TEXT_OVERHEAD_BYTES
    }
  }

  /** The count: -1 for no prediction at all. One number stays in the row. */
  #appendPredictions(
    numbers: Float64Array,
    at: number,
    values: readonly (number | string | null)[] | null,
  ): void {
    numbers[at + ROW.predictionCount] = values === null ? -1 : values.length
    if (values === null) return
    const isText = this.#columns.predictionKind === 'text'
    if (values.length === 1 && !isText) {
      const [value] = values
      numbers[at + ROW.prediction] = typeof value === 'number' ? value : Number.NaN
      return
    }
    for (const value of values) {
      this.#predictions.push(isText && value !== null ? String(value) : value)
      this.#bytes += typeof value === 'string' ? value.length + TEXT_OVERHEAD_BYTES : 8
    }
  }

  /** All predictions, row by row. */
  *#predictionValues(): Generator<number | string | null, void, undefined> {
    const isText = this.#columns.predictionKind === 'text'
    let next = 0
    for (let row = 0; row < this.#rowCount; row++) {
      const at = row * this.#stride
      const count = this.#numbers[at + ROW.predictionCount] ?? -1
      if (count === 1 && !isText) yield this.#numbers[at + ROW.prediction] ?? Number.NaN
      else for (let value = 0; value < count; value++) yield this.#predictions[next++] ?? null
    }
  }

  /** The rows as the contents of the file that a claim names. The batch must not grow after that. */
  toFile(claim: Claim): PredictionFile {
    const { first, last } = this.offsets
    // A promised range can be longer than what a power cut has left of the log.
    assert(claim.firstOffset <= first && last <= claim.lastOffset)
    return {
      claim,
      rowCount: this.#rowCount,
      ...this.#columns,
      identities: this.#identities,
      labelSets: this.#labelSets,
      firstRequests: this.#firstRequests,
      numbers: this.#numbers.subarray(0, this.#rowCount * this.#stride),
      predictions: this.#predictionColumn(),
      requestIds: this.#textColumn((row, at) => {
        return readShortText(this.#numbers, at + ROW.requestId) ?? this.#longIds.get(row) ?? ''
      }),
      lastRequests: this.#textColumn((row, at) => {
        return this.#lastRequests.get(row) ?? serverForm(this.#numbers[at + ROW.lastRequest] ?? 0)
      }),
      featureTexts: this.#featureTexts,
      extras: this.#extras,
    }
  }

  #predictionColumn(): PredictionFile['predictions'] {
    const values = [...this.#predictionValues()]
    if (this.#columns.predictionKind === 'text') return values as (string | null)[]
    return Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)))
  }

  #textColumn(textOf: (row: number, at: number) => string): TextBytes {
    const column = new TextColumn()
    for (let row = 0; row < this.#rowCount; row++) column.push(textOf(row, row * this.#stride))
    return column.toTexts()
  }
}

/** Place of a value that is used again and again, the newest looked at first. */
function indexIn<T>(values: T[], value: T): number {
  const known = values.lastIndexOf(value)
  return known >= 0 ? known : values.push(value) - 1
}

function isSameIdentity(a: Identity, b: Identity): boolean {
  return (
    a === b ||
    (a.functionUri === b.functionUri && a.model === b.model && a.modelClass === b.modelClass)
  )
}

/** Memory of what only some rows have, about. */
function bytesOfExtras({ metrics, entities }: RowExtras): number {
  let bytes = 0
  for (const [name] of metrics ?? []) bytes += name.length + TEXT_OVERHEAD_BYTES
  for (const [name, value] of entities ?? []) {
    bytes += name.length + value.length + TEXT_OVERHEAD_BYTES
  }
  return bytes
}
