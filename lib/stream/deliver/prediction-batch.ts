import assert from 'node:assert'
import type { Claim, Identity, PredictionFile, RowExtras, ValueKind } from '../ports.ts'
import { ROW } from '../ports.ts'
import { TextColumn } from './text-column.ts'

/** Columns of a batch's rows. A column without any value yet counts as one of numbers. */
export interface BatchColumns {
  readonly featureNames: readonly string[]
  readonly featureKinds: readonly ValueKind[]
  readonly predictionKind: ValueKind
}

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
  readonly lastRequest: string
  /** One per feature of the columns; NaN = missing, or a text. */
  readonly features: Float64Array
  /** One per feature; null = missing, or a number. */
  readonly featureTexts: readonly (string | null)[]
  /** null: the whole prediction is; a null inside the list is a missing value. */
  readonly predictions: readonly (number | string | null)[] | null
  readonly extras: RowExtras | null
}

const ROWS_AT_FIRST = 8
/** A JavaScript string: header and two words for the reference, besides its characters. */
const TEXT_OVERHEAD_BYTES = 24

/**
 * Rows of one (log, endpoint, hour) that wait for their file, appended in the order of the log.
 * Numbers lie row by row in one array that doubles when it is full; texts are kept as they are.
 */
export class PredictionBatch {
  readonly openedAtMs: number
  readonly #featureNames: readonly string[]
  readonly #featureKinds: ValueKind[]
  #predictionKind: ValueKind
  readonly #stride: number
  #numbers: Float64Array
  #predictions: Float64Array = new Float64Array(ROWS_AT_FIRST)
  #predictionCount = 0
  #rowCount = 0
  #lastOffset = 0
  #textBytes = 0
  readonly #predictionTexts: (string | null)[] = []
  readonly #requestIds = new TextColumn()
  readonly #lastRequests = new TextColumn()
  readonly #featureTexts = new Map<number, (string | null)[]>()
  readonly #extras = new Map<number, RowExtras>()
  readonly #identities = new Interned<Identity>(isSameIdentity)
  readonly #labelSets = new Interned<ReadonlyMap<string, string>>((a, b) => a === b)
  readonly #firstRequests = new Interned<string>((a, b) => a === b)

  /** @param openedAtMs  the clock when the batch got its first row, milliseconds since 1970 UTC */
  constructor(columns: BatchColumns, openedAtMs: number) {
    assert.equal(columns.featureNames.length, columns.featureKinds.length)
    this.#featureNames = columns.featureNames
    this.#featureKinds = [...columns.featureKinds]
    this.#predictionKind = columns.predictionKind
    this.openedAtMs = openedAtMs
    this.#stride = ROW.features + columns.featureNames.length
    this.#numbers = new Float64Array(ROWS_AT_FIRST * this.#stride)
    for (const [index, kind] of columns.featureKinds.entries()) {
      if (kind === 'text') this.#featureTexts.set(index, [])
    }
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /**
   * Takes over types that were decided since the batch was opened: a column that held nothing but
   * missing values may become one of texts. Names never change; a batch is cut before they do.
   */
  setKinds({ featureKinds, predictionKind }: Omit<BatchColumns, 'featureNames'>): void {
    assert.equal(featureKinds.length, this.#featureKinds.length)
    for (const [index, kind] of featureKinds.entries()) {
      if (kind === this.#featureKinds[index]) continue
      assert(kind === 'text', 'texts never become numbers')
      this.#featureKinds[index] = kind
      this.#featureTexts.set(index, new Array<null>(this.#rowCount).fill(null))
    }
    if (predictionKind === this.#predictionKind) return
    assert(predictionKind === 'text', 'texts never become numbers')
    this.#predictionKind = predictionKind
    for (let count = 0; count < this.#predictionCount; count++) this.#predictionTexts.push(null)
  }

  /** Memory that the rows take, about. */
  get bytes(): number {
    const texts = this.#requestIds.byteLength + this.#lastRequests.byteLength + this.#textBytes
    return this.#numbers.byteLength + this.#predictions.byteLength + texts
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
    if (at + this.#stride > this.#numbers.length) this.#numbers = doubled(this.#numbers)
    const numbers = this.#numbers
    numbers[at + ROW.atUs] = row.atUs
    numbers[at + ROW.latencyUs] = row.latencyUs
    numbers[at + ROW.errorCount] = row.errorCount
    numbers[at + ROW.offset] = row.offset
    numbers[at + ROW.identity] = this.#identities.indexOf(row.identity)
    numbers[at + ROW.labels] = row.labels === null ? -1 : this.#labelSets.indexOf(row.labels)
    numbers[at + ROW.firstRequest] = this.#firstRequests.indexOf(row.firstRequest)
    numbers[at + ROW.predictionCount] = this.#appendPredictions(row.predictions)
    const featureCount = this.#featureNames.length
    for (let index = 0; index < featureCount; index++) {
      numbers[at + ROW.features + index] = row.features[index] ?? Number.NaN
    }
    if (this.#featureTexts.size > 0) this.#appendTexts(row.featureTexts)
    this.#requestIds.push(row.requestId)
    this.#lastRequests.push(row.lastRequest)
    if (row.extras !== null) this.#extras.set(this.#rowCount, row.extras)
    if (row.extras !== null) this.#textBytes += bytesOfExtras(row.extras)
    this.#rowCount++
  }

  #appendTexts(featureTexts: readonly (string | null)[]): void {
    for (const [index, texts] of this.#featureTexts) {
      const text = featureTexts[index] ?? null
      texts.push(text)
      this.#textBytes += text === null ? 0 : text.length + TEXT_OVERHEAD_BYTES
    }
  }

  /** How many values the row has, -1 for no prediction at all. */
  #appendPredictions(values: readonly (number | string | null)[] | null): number {
    if (values === null) return -1
    if (this.#predictionKind === 'text') {
      for (const value of values) this.#predictionTexts.push(value === null ? null : String(value))
      return values.length
    }
    for (const value of values) {
      if (this.#predictionCount === this.#predictions.length) {
        this.#predictions = doubled(this.#predictions)
      }
      this.#predictions[this.#predictionCount++] = typeof value === 'number' ? value : Number.NaN
    }
    return values.length
  }

  /** The rows as the contents of the file that a claim names. The batch must not grow after that. */
  toFile(claim: Claim): PredictionFile {
    const { first, last } = this.offsets
    // A promised range can be longer than what a power cut has left of the log.
    assert(claim.firstOffset <= first && last <= claim.lastOffset)
    return {
      claim,
      rowCount: this.#rowCount,
      featureNames: this.#featureNames,
      featureKinds: this.#featureKinds,
      predictionKind: this.#predictionKind,
      identities: this.#identities.values,
      labelSets: this.#labelSets.values,
      firstRequests: this.#firstRequests.values,
      numbers: this.#numbers.subarray(0, this.#rowCount * this.#stride),
      predictions:
        this.#predictionKind === 'text'
          ? this.#predictionTexts
          : this.#predictions.subarray(0, this.#predictionCount),
      requestIds: this.#requestIds.toTexts(),
      lastRequests: this.#lastRequests.toTexts(),
      featureTexts: this.#featureTexts,
      extras: this.#extras,
    }
  }
}

/** Values that repeat from row to row, each kept once; the newest is looked at first. */
class Interned<T> {
  readonly values: T[] = []
  readonly #isSame: (a: T, b: T) => boolean

  constructor(isSame: (a: T, b: T) => boolean) {
    this.#isSame = isSame
  }

  indexOf(value: T): number {
    for (let index = this.values.length - 1; index >= 0; index--) {
      const known = this.values[index]
      if (known !== undefined && this.#isSame(known, value)) return index
    }
    return this.values.push(value) - 1
  }
}

function isSameIdentity(a: Identity, b: Identity): boolean {
  return (
    a === b ||
    (a.functionUri === b.functionUri && a.model === b.model && a.modelClass === b.modelClass)
  )
}

function doubled(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length * 2)
  larger.set(numbers)
  return larger
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
