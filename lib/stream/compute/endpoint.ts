import type { EventSource, JsonObject } from '../accept/event.ts'
import { isServerForm, serverForm } from '../accept/parse-when.ts'
import type { Reason } from '../accept/rejection.ts'
import type { EndpointDrift } from '../drift/endpoint-drift.ts'
import type { Identity } from '../ports.ts'
import type { EndpointCheckpoint } from './endpoint-checkpoint.ts'
import {
  CALLS_ACCEPTED,
  CALLS_REJECTED,
  ERRORS_BEFORE,
  ERRORS_HERE,
  FIRST_REQUEST_US,
  IDLE_DUE_US,
  IDLE_SINCE_MS,
  IDLE_STAMP_MS,
  LAST_REQUEST_US,
  LATE_COUNT,
  NEWEST_ARRIVED_US,
  NEWEST_US,
  NUMBERS,
  ROW_COUNT,
  ROWS_REJECTED,
  STAMP_RUN_FIRST_MS,
  STAMP_RUN_LAST_MS,
  STATE,
  TIMES,
  TIMESTAMP_US,
} from './endpoint-numbers.ts'
import { EndpointSchema, type NamesForRecord, NO_SHAPE, type RowShape } from './endpoint-schema.ts'
import type { KnownErrors } from './known-errors.ts'
import { isSameFlat, textMap } from './labels.ts'
import { SharedTexts } from './shared-lists.ts'
import type { NumbersPlace } from './sliding-windows.ts'

/** No time yet: smaller than any time that decoding lets through. */
export const NO_TIME = -1

const sharedTexts = new SharedTexts(10_000)

/**
 * What is known of one endpoint from the events of one log. Its windows lie in the table's slabs, at
 * `slot`. Times are whole microseconds since 1970 UTC, stamps of metrics whole milliseconds; both
 * are NO_TIME where there is none.
 */
export class Endpoint {
  // What every event touches comes first, so that it is beside each other in memory.
  readonly #numbers: Float64Array
  readonly #at: number
  readonly slot: number
  /** How nearly every row is read; the schema, which sets it, is asked only for the others. */
  shape: RowShape = NO_SHAPE
  /** Function, versioned model and class as the newest event names them. */
  identity: Identity
  /** The class of the identity, '' for none; nearly every event is compared with it. */
  #modelClass = ''
  /** Labels of the newest event, null if it had none, and the same with their values as texts. */
  labels: JsonObject | null = null
  labelTexts: ReadonlyMap<string, string> | null = null
  /** `when` of the earliest row or call by event time. */
  firstRequest = ''
  /** `when` of the newest call, and of the latest by event time; '' where serverForm() gives it. */
  #timestampText = ''
  #lastRequestText = ''
  readonly schema = new EndpointSchema(this)
  readonly endpointId: string
  /** How its first event named it: the key under which its record is read again. */
  readonly source: EventSource
  /** Errors that other logs had counted by then; null for none. */
  errorsElsewhere: ReadonlyMap<string, number> | null = null
  /** Rejected calls and rows by reason; made at the first one. */
  rejections: Map<Reason, number> | null = null
  /** What the record said when it was last read: decides whether a later reading is news. */
  recordDigest = ''
  /** What its last metric row said (idle-rows.ts). */
  lastRowHadCounts = false
  lastRowErrorCount = 0
  /**
   * Names generated here, as they are in the update that is under way, and as its record got them. They are
   * written once, and not with each update, because a registration may replace them before it is read.
   * After a restart they are written once more.
   */
  offeredNames: NamesForRecord | null = null
  recordedNames: NamesForRecord | null = null
  /** What is counted of its drift; null for one without statistics of a training set. */
  drift: EndpointDrift | null = null
  /** Rows that its record includes as it was last written, and whether that said more than zeros. */
  recordedRowCount = 0
  hasRecordCounts = false
  /** Of the newest update of its record that this process has made (record-version.ts). */
  recordVersion = -1

  constructor(facts: {
    readonly endpointId: string
    readonly model: string
    readonly source: EventSource
    readonly slot: number
    readonly place: NumbersPlace
  }) {
    this.endpointId = facts.endpointId
    this.source = facts.source
    this.slot = facts.slot
    const { functionUri } = facts.source
    this.identity = { functionUri, model: facts.model, modelClass: null }
    this.#numbers = facts.place.numbers
    this.#at = facts.place.at
    for (const time of TIMES) this.#numbers[this.#at + time] = NO_TIME
    this.idleDueUs = Number.POSITIVE_INFINITY
  }

  #number(place: number): number {
    return this.#numbers[this.#at + place] ?? 0
  }

  /** Time of its newest event, error events included, and when that event arrived. */
  get newestUs(): number {
    return this.#number(NEWEST_US)
  }

  get newestArrivedUs(): number {
    return this.#number(NEWEST_ARRIVED_US)
  }

  /** Rows that were taken; `lateCount` of them were too old for the windows. */
  get rowCount(): number {
    return this.#number(ROW_COUNT)
  }

  get lateCount(): number {
    return this.#number(LATE_COUNT)
  }

  /** Errors and rejected calls, those that the record knew before this log included. */
  get errorCount(): number {
    let count = this.errorsBefore + this.errorsHere
    // Once per event: an iterator over nothing costs more than the question.
    if (this.errorsElsewhere === null) return count
    for (const elsewhere of this.errorsElsewhere.values()) count += elsewhere
    return count
  }

  /** Those that the record knew when this log first read it, and that no log has counted. */
  get errorsBefore(): number {
    return this.#number(ERRORS_BEFORE)
  }

  get errorsHere(): number {
    return this.#number(ERRORS_HERE)
  }

  /** Calls with predictions, calls that were rejected as a whole, and rejected rows of the others. */
  get callsAccepted(): number {
    return this.#number(CALLS_ACCEPTED)
  }

  get callsRejected(): number {
    return this.#number(CALLS_REJECTED)
  }

  get rowsRejected(): number {
    return this.#number(ROWS_REJECTED)
  }

  /** When the next idle row is due by stream time (idle-rows.ts). */
  get idleDueUs(): number {
    return this.#number(IDLE_DUE_US)
  }

  set idleDueUs(dueUs: number) {
    this.#numbers[this.#at + IDLE_DUE_US] = dueUs
  }

  /** Where the wait for an idle row began. */
  get idleSinceMs(): number {
    return this.#number(IDLE_SINCE_MS)
  }

  set idleSinceMs(sinceMs: number) {
    this.#numbers[this.#at + IDLE_SINCE_MS] = sinceMs
  }

  /** Stamp of the idle row that was written last. */
  get idleStampMs(): number {
    return this.#number(IDLE_STAMP_MS)
  }

  set idleStampMs(stampMs: number) {
    this.#numbers[this.#at + IDLE_STAMP_MS] = stampMs
  }

  /** `when` of the call that came last, '' before the first one. */
  get timestamp(): string {
    return textOf(this.#number(TIMESTAMP_US), this.#timestampText)
  }

  /** The same as a time. */
  get timestampUs(): number {
    return this.#number(TIMESTAMP_US)
  }

  /** Event time of the earliest row or call. */
  get firstRequestUs(): number {
    return this.#number(FIRST_REQUEST_US)
  }

  /** `when` of the latest call by event time. */
  get lastRequest(): string {
    return textOf(this.#number(LAST_REQUEST_US), this.#lastRequestText)
  }

  /** The same as a time, and its text where that is spelled in another way than serverForm(). */
  get lastRequestUs(): number {
    return this.#number(LAST_REQUEST_US)
  }

  get lastRequestText(): string {
    return this.#lastRequestText
  }

  /** Counts a row that was taken, and whether it came too late for the windows. */
  countRow(isLate: boolean): void {
    this.#numbers[this.#at + ROW_COUNT] = this.rowCount + 1
    if (isLate) this.#numbers[this.#at + LATE_COUNT] = this.lateCount + 1
  }

  /** Counts a call with predictions, whatever becomes of its rows. */
  countCall(): void {
    this.#numbers[this.#at + CALLS_ACCEPTED] = this.callsAccepted + 1
  }

  /** Counts an error event. */
  countError(): void {
    this.#numbers[this.#at + ERRORS_HERE] = this.errorsHere + 1
  }

  /** Counts a call that is rejected as a whole, which is an error of the endpoint as well. */
  countRejectedCall(): void {
    this.#numbers[this.#at + CALLS_REJECTED] = this.callsRejected + 1
    this.countError()
  }

  /** Counts rejected rows. */
  countRejectedRows(count: number): void {
    this.#numbers[this.#at + ROWS_REJECTED] = this.rowsRejected + count
  }

  /** Goes on from what the endpoint's record knew before this log. */
  resumeErrors({ before, elsewhere }: KnownErrors): void {
    this.#numbers[this.#at + ERRORS_BEFORE] = before
    this.errorsElsewhere = elsewhere.size === 0 ? null : elsewhere
  }

  /** Moves stream time on to an event's time; never back. */
  observe(atUs: number, arrivedAtUs: number): void {
    if (atUs < this.newestUs) return
    this.#numbers[this.#at + NEWEST_US] = atUs
    this.#numbers[this.#at + NEWEST_ARRIVED_US] = arrivedAtUs
  }

  /**
   * Stream time at a moment of the clock: the newest event's time, which goes on while no event
   * arrives. NO_TIME before the first event.
   */
  streamTimeUs(nowUs: number): number {
    const newestUs = this.newestUs
    if (newestUs === NO_TIME) return NO_TIME
    return newestUs + Math.max(nowUs - this.newestArrivedUs, 0)
  }

  /** Takes note of a call with rows; events arrive out of order. */
  recordRequest(when: string, atUs: number): void {
    // Kept as a number wherever that is as good: a text that lives on costs more than it says.
    const text = isServerForm(when) ? '' : when
    this.#numbers[this.#at + TIMESTAMP_US] = atUs
    // To store a reference costs a look at the page that the endpoint lies in, even if it is the same again.
    if (this.#timestampText !== text) this.#timestampText = text
    this.recordFirstRequest(when, atUs)
    if (atUs <= this.#number(LAST_REQUEST_US)) return
    this.#numbers[this.#at + LAST_REQUEST_US] = atUs
    if (this.#lastRequestText !== text) this.#lastRequestText = text
  }

  /** The same for the first request that the record remembers from before this log. */
  recordFirstRequest(when: string, atUs: number): void {
    const firstUs = this.#number(FIRST_REQUEST_US)
    if (firstUs !== NO_TIME && atUs >= firstUs) return
    this.#numbers[this.#at + FIRST_REQUEST_US] = atUs
    this.firstRequest = when
  }

  /** Takes over what an event says of the endpoint besides its rows; true if that was new. */
  describe(source: EventSource, modelClass: string, labels: JsonObject | null): boolean {
    // An endpoint that is found by its function's uri has always the same.
    const hasMoved = source.endpointId !== '' && source.functionUri !== this.identity.functionUri
    const isNew = hasMoved || (modelClass !== this.#modelClass && modelClass !== '')
    if (isNew) {
      if (modelClass !== '') this.#modelClass = sharedTexts.share(modelClass)
      this.identity = {
        functionUri: source.functionUri,
        model: this.identity.model,
        modelClass: this.#modelClass === '' ? null : this.#modelClass,
      }
    }
    if (labels === null && this.labels === null) return isNew
    if (isSameFlat(labels, this.labels)) return isNew
    this.labels = labels
    this.labelTexts = textMap(labels)
    return true
  }

  /** Counts rejected calls or rows by the reason. */
  countRejection(reason: Reason, count: number): void {
    this.rejections ??= new Map()
    this.rejections.set(reason, (this.rejections.get(reason) ?? 0) + count)
  }

  /**
   * The stamp of a metric row. Rows of one time, or of times that touch, come after each other, one
   * millisecond each; a late row that goes back to a time before them may share a stamp, and stores keep
   * the first of two. Decided from the events alone, so a replay gives the same.
   *
   * @param wantedMs  the row's own time, rounded down
   */
  takeStamp(wantedMs: number): number {
    let stampMs = wantedMs === this.idleStampMs ? wantedMs + 1 : wantedMs
    const lastMs = this.#number(STAMP_RUN_LAST_MS)
    if (stampMs >= this.#number(STAMP_RUN_FIRST_MS) && stampMs <= lastMs) stampMs = lastMs + 1
    if (stampMs !== lastMs + 1) this.#numbers[this.#at + STAMP_RUN_FIRST_MS] = stampMs
    this.#numbers[this.#at + STAMP_RUN_LAST_MS] = stampMs
    return stampMs
  }

  /** Everything of it for a checkpoint, what only timers move included. */
  toCheckpoint(): EndpointCheckpoint {
    const numbers = [...this.#numbers.subarray(this.#at, this.#at + NUMBERS)]
    return {
      source: this.source,
      endpointId: this.endpointId,
      identity: this.identity,
      labels: this.labels,
      texts: [this.firstRequest, this.#timestampText, this.#lastRequestText],
      // JSON has no infinity.
      numbers: numbers.map((number) => (Number.isFinite(number) ? number : null)),
      rejections: [...(this.rejections ?? [])],
      recordDigest: this.recordDigest,
      lastRow: [this.lastRowHadCounts, this.lastRowErrorCount],
      record: [this.recordedRowCount, this.hasRecordCounts],
      schema: this.schema.toState(),
      ...(this.errorsElsewhere === null ? {} : { errorsElsewhere: [...this.errorsElsewhere] }),
      ...(this.drift === null ? {} : { drift: this.drift.toCheckpoint() }),
    }
  }

  /** Becomes what a checkpoint tells of; only before its first event. */
  restore(state: EndpointCheckpoint): void {
    this.identity = state.identity
    this.#modelClass = sharedTexts.share(state.identity.modelClass ?? '')
    this.labels = state.labels
    this.labelTexts = textMap(state.labels)
    const [firstRequest, timestampText, lastRequestText] = state.texts
    this.firstRequest = firstRequest
    this.#timestampText = timestampText
    this.#lastRequestText = lastRequestText
    const numbers = state.numbers.map((number) => number ?? Number.POSITIVE_INFINITY)
    this.#numbers.set(numbers.slice(0, NUMBERS), this.#at)
    this.rejections = state.rejections.length === 0 ? null : new Map(state.rejections)
    this.recordDigest = state.recordDigest
    ;[this.lastRowHadCounts, this.lastRowErrorCount] = state.lastRow
    ;[this.recordedRowCount, this.hasRecordCounts] = state.record
    this.schema.restore(state.schema)
    this.errorsElsewhere = state.errorsElsewhere ? new Map(state.errorsElsewhere) : null
  }

  /** Everything that later events build on, as plain values in a fixed order. */
  toState(): readonly unknown[] {
    return [
      this.endpointId,
      this.identity,
      this.labels,
      [this.firstRequest, this.#timestampText, this.#lastRequestText],
      STATE.map((place) => this.#number(place)),
      [...(this.rejections ?? [])].sort(),
      this.recordDigest,
      this.schema.toState(),
      [...(this.errorsElsewhere ?? [])],
      this.drift?.toState() ?? null,
    ]
  }
}

function textOf(atUs: number, text: string): string {
  if (text !== '') return text
  return atUs === NO_TIME ? '' : serverForm(atUs)
}
