import assert from 'node:assert'
import { serverForm } from '../accept/parse-when.ts'
import type { RowColumns } from '../compute/endpoint-schema.ts'
import { readShortText, writeShortText } from '../compute/short-text.ts'
import type { Claim, Identity, PredictionFile, RowExtras } from '../ports.ts'
import { ROW } from '../ports.ts'
import { NO_ROW, RowPool, type RowRoom } from './row-pool.ts'

/** What a row's endpoint says of itself at that moment. */
export interface RowOwner {
  readonly errorCount: number
  readonly identity: Identity
  /** As text values; null if the event has none. The same object for the same labels saves memory. */
  readonly labelTexts: ReadonlyMap<string, string> | null
  readonly firstRequest: string
  readonly lastRequestUs: number
  /** Its text where that is not spelled as serverForm() does, else ''. */
  readonly lastRequestText: string
}

/** A row's own values. */
export interface RowValues {
  /** One per feature of the columns; NaN = missing, or a text. */
  readonly features: Float64Array
  /** One per feature; null = missing, or a number. */
  readonly featureTexts: readonly (string | null)[]
  /** A null inside the list is a missing value. */
  readonly predictions: readonly (number | string | null)[]
  /** The whole prediction is null. */
  readonly isPredictionNull: boolean
}

/**
 * One prediction on its way to Parquet; the batch keeps no reference to it or to its arrays. It is made of
 * what there is already: to copy that into a row would cost a look at all that is only referred to.
 */
export interface PredictionRow {
  /** Position of its event in the log. */
  readonly offset: number
  readonly owner: RowOwner
  readonly call: {
    readonly atUs: number
    /** Whole microseconds, or NaN. */
    readonly latencyUs: number
    readonly requestId: string
  }
  readonly values: RowValues
  readonly extras: RowExtras | null
}

/** A JavaScript string: header and two words for the reference, besides its characters. */
const TEXT_OVERHEAD_BYTES = 24

/**
 * Rows of one (log, endpoint, hour) that wait for their file, appended in the order of the log.
 * Nearly every row is nothing but numbers in a row of the pool; what does not fit in there is kept
 * aside, in maps by the row's index that most batches never need.
 */
export class PredictionBatch {
  readonly #room: RowRoom
  readonly #width: number
  #columns: RowColumns
  #newestRow = NO_ROW
  #rowCount = 0
  #lastOffset = 0
  #bytes = 0
  /** Values that were used last: nearly always those of the next row too. */
  #identity: Identity | null = null
  #identityIndex = -1
  #firstRequest: string | null = null
  #firstRequestIndex = -1
  readonly openedAtMs: number
  #oldestRow = NO_ROW
  #firstOffset = 0
  #identities: Identity[] = []
  #firstRequests: string[] = []
  #labelSets: ReadonlyMap<string, string>[] | null = null
  /** Predictions of rows that have not just one number, in order. */
  #predictions: (number | string | null)[] | null = null
  #featureTexts: Map<number, (string | null)[]> | null = null
  #extras: Map<number, RowExtras> | null = null
  /** Request ids that do not fit into a row, and last requests in a spelling of their own. */
  #longIds: Map<number, string> | null = null
  #lastRequests: Map<number, string> | null = null

  /** @param openedAtMs  the clock when the batch got its first row, milliseconds since 1970 UTC */
  constructor(columns: RowColumns, openedAtMs: number, pool = new RowPool()) {
    assert.equal(columns.featureNames.length, columns.featureKinds.length)
    this.#columns = columns
    this.openedAtMs = openedAtMs
    this.#width = ROW.features + columns.featureNames.length
    this.#room = pool.roomFor(this.#width)
    for (const [index, kind] of columns.featureKinds.entries()) {
      if (kind === 'text') this.#textsOf(index)
    }
  }

  get columns(): RowColumns {
    return this.#columns
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Reads from both ends of the batch (read-ahead.ts). */
  touch(): number {
    return this.#rowCount + (this.#extras === null ? 0 : 1)
  }

  /** Memory that the rows take, about. */
  get bytes(): number {
    return this.#bytes
  }

  /** The texts of a feature; missing in the rows that came before it was one of texts. */
  #textsOf(index: number): (string | null)[] {
    this.#featureTexts ??= new Map()
    const known = this.#featureTexts.get(index)
    if (known !== undefined) return known
    const texts = new Array<null>(this.#rowCount).fill(null)
    this.#featureTexts.set(index, texts)
    return texts
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
      this.#textsOf(index)
    }
    if (columns.predictionKind !== predictionKind) {
      assert(columns.predictionKind === 'text', 'texts never become numbers')
      // Single values that are missing lie in their rows; among texts they have no such place.
      this.#predictions = [...this.#predictionValues()].map(() => null)
    }
    this.#columns = columns
  }

  /** Offsets of the first and the last row; only of a batch that has rows. */
  get offsets(): { readonly first: number; readonly last: number } {
    assert(this.#rowCount > 0)
    return { first: this.#firstOffset, last: this.#lastOffset }
  }

  /** Appends a row; offsets never go down. */
  append({ offset, owner, call, values, extras }: PredictionRow): void {
    assert(offset >= this.#lastOffset)
    this.#lastOffset = offset
    const place = this.#takeRow(offset)
    const numbers = this.#room.numbersOf(place)
    const at = this.#room.placeOf(place)
    numbers[at + ROW.atUs] = call.atUs
    numbers[at + ROW.latencyUs] = call.latencyUs
    numbers[at + ROW.errorCount] = owner.errorCount
    numbers[at + ROW.offset] = offset
    numbers[at + ROW.identity] = this.#indexOfIdentity(owner.identity)
    numbers[at + ROW.labels] =
      owner.labelTexts === null ? -1 : this.#indexOfLabels(owner.labelTexts)
    numbers[at + ROW.firstRequest] = this.#indexOfFirstRequest(owner.firstRequest)
    numbers[at + ROW.lastRequest] = owner.lastRequestUs
    this.#appendPredictions(numbers, at, values.isPredictionNull ? null : values.predictions)
    if (!writeShortText(numbers, at + ROW.requestId, call.requestId)) this.#keepId(call.requestId)
    const { features } = values
    const featureCount = this.#width - ROW.features
    for (let index = 0; index < featureCount; index++) {
      numbers[at + ROW.features + index] = features[index] ?? Number.NaN
    }
    if (this.#featureTexts !== null) this.#appendTexts(this.#featureTexts, values.featureTexts)
    if (owner.lastRequestText !== '') this.#keepLastRequest(owner.lastRequestText)
    if (extras !== null) this.#keepExtras(extras)
    this.#rowCount++
  }

  #takeRow(offset: number): number {
    const row = this.#room.take(this.#newestRow)
    if (this.#rowCount === 0) {
      this.#oldestRow = row
      this.#firstOffset = offset
    }
    this.#newestRow = row
    this.#bytes += this.#room.rowBytes
    return row
  }

  // Object.is, because `===` looks into both of its sides first, to see of what kind they are.
  #indexOfIdentity(identity: Identity): number {
    return Object.is(identity, this.#identity) ? this.#identityIndex : this.#addIdentity(identity)
  }

  #addIdentity(identity: Identity): number {
    this.#identity = identity
    const known = this.#identities.findIndex((other) => isSameIdentity(other, identity))
    if (known < 0) this.#identities = [...this.#identities, identity]
    this.#identityIndex = known < 0 ? this.#identities.length - 1 : known
    return this.#identityIndex
  }

  #indexOfFirstRequest(firstRequest: string): number {
    const isLast = Object.is(firstRequest, this.#firstRequest)
    return isLast ? this.#firstRequestIndex : this.#addFirstRequest(firstRequest)
  }

  #addFirstRequest(firstRequest: string): number {
    this.#firstRequest = firstRequest
    const known = this.#firstRequests.lastIndexOf(firstRequest)
    if (known < 0) this.#firstRequests = [...this.#firstRequests, firstRequest]
    this.#firstRequestIndex = known < 0 ? this.#firstRequests.length - 1 : known
    return this.#firstRequestIndex
  }

  #indexOfLabels(labels: ReadonlyMap<string, string>): number {
    this.#labelSets ??= []
    return indexIn(this.#labelSets, labels)
  }

  #keepId(requestId: string): void {
    this.#longIds ??= new Map()
    this.#longIds.set(this.#rowCount, requestId)
    this.#bytes += requestId.length * 2 + TEXT_OVERHEAD_BYTES
  }

  #keepLastRequest(text: string): void {
    this.#lastRequests ??= new Map()
    this.#lastRequests.set(this.#rowCount, text)
    this.#bytes += text.length + TEXT_OVERHEAD_BYTES
  }

  #keepExtras(extras: RowExtras): void {
    this.#extras ??= new Map()
    this.#extras.set(this.#rowCount, extras)
    this.#bytes += bytesOfExtras(extras)
  }

  #appendTexts(
    columns: ReadonlyMap<number, (string | null)[]>,
    featureTexts: readonly (string | null)[],
  ): void {
    for (const [index, texts] of columns) {
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
    this.#predictions ??= []
    for (const value of values) {
      this.#predictions.push(isText && value !== null ? String(value) : value)
      this.#bytes += typeof value === 'string' ? value.length + TEXT_OVERHEAD_BYTES : 8
    }
  }

  /** All predictions, row by row. */
  *#predictionValues(): Generator<number | string | null, void, undefined> {
    const isText = this.#columns.predictionKind === 'text'
    let next = 0
    for (const row of this.#rows()) {
      const numbers = this.#room.numbersOf(row)
      const at = this.#room.placeOf(row)
      const count = numbers[at + ROW.predictionCount] ?? -1
      if (count === 1 && !isText) yield numbers[at + ROW.prediction] ?? Number.NaN
      else for (let value = 0; value < count; value++) yield this.#predictions?.[next++] ?? null
    }
  }

  /** The rows in order. */
  #rows(): readonly number[] {
    const rows: number[] = []
    for (let row = this.#newestRow; rows.length < this.#rowCount; row = this.#room.olderOf(row)) {
      rows.push(row)
    }
    return rows.reverse()
  }

  /**
   * The rows as the contents of the file that a claim names. The batch must not grow after that.
   */
  toFile(claim: Claim): PredictionFile {
    const { first, last } = this.offsets
    // A promised range can be longer than what a power cut has left of the log.
    assert(claim.firstOffset <= first && last <= claim.lastOffset)
    const numbers = new Float64Array(this.#rowCount * this.#width)
    const requestIds: string[] = []
    const lastRequests: string[] = []
    for (const [index, row] of this.#rows().entries()) {
      const slab = this.#room.numbersOf(row)
      const at = this.#room.placeOf(row)
      numbers.set(slab.subarray(at, at + this.#width), index * this.#width)
      requestIds.push(readShortText(slab, at + ROW.requestId) ?? this.#longIds?.get(index) ?? '')
      const lastRequestUs = slab[at + ROW.lastRequest] ?? 0
      lastRequests.push(this.#lastRequests?.get(index) ?? serverForm(lastRequestUs))
    }
    return {
      claim,
      rowCount: this.#rowCount,
      ...this.#columns,
      identities: this.#identities,
      labelSets: this.#labelSets ?? [],
      firstRequests: this.#firstRequests,
      numbers,
      predictions: this.#predictionColumn(),
      requestIds,
      lastRequests,
      featureTexts: this.#featureTexts ?? new Map(),
      extras: this.#extras ?? new Map(),
    }
  }

  #predictionColumn(): PredictionFile['predictions'] {
    const values = [...this.#predictionValues()]
    if (this.#columns.predictionKind === 'text') return values as (string | null)[]
    return Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)))
  }

  /** Gives the memory of the rows back; the batch is of no use any more. */
  release(): void {
    if (this.#oldestRow === NO_ROW) return
    this.#room.give({ newest: this.#newestRow, oldest: this.#oldestRow })
    this.#oldestRow = NO_ROW
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
