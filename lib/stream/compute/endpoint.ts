import type { EventSource, JsonObject } from '../accept/event.ts'
import type { Reason } from '../accept/rejection.ts'
import type { Identity } from '../ports.ts'
import { EndpointSchema } from './endpoint-schema.ts'

/** No time yet: smaller than any time that decoding lets through. */
export const NO_TIME = -1

/**
 * What is known of one endpoint from the events of one log. Its windows lie in the table's slabs, at
 * `slot`. Times are whole microseconds since 1970 UTC, stamps of metrics whole milliseconds; both
 * are NO_TIME where there is none.
 */
export class Endpoint {
  readonly endpointId: string
  /** How its first event named it: the key under which its record is read again. */
  readonly source: EventSource
  readonly slot: number
  readonly schema = new EndpointSchema()
  /** Function, versioned model and class as the newest event names them. */
  identity: Identity
  /** Labels of the newest event, null if it had none, and the same with their values as texts. */
  labels: JsonObject | null = null
  labelTexts: ReadonlyMap<string, string> | null = null
  /** `when` of the call that came last, and of the earliest and the latest by event time. */
  timestamp = ''
  firstRequest = ''
  lastRequest = ''
  #firstRequestUs = NO_TIME
  #lastRequestUs = NO_TIME
  /** What the record counted before this log, and what this log has counted since. */
  errorsBefore = 0
  errorsHere = 0
  /** Time of its newest event, error events included, and when that event arrived. */
  newestUs = NO_TIME
  newestArrivedUs = NO_TIME
  /** Rows that were taken; `lateCount` of them were too old for the windows. */
  rowCount = 0
  lateCount = 0
  /** Rejected calls and rows by reason; made at the first one. */
  rejections: Map<Reason, number> | null = null
  /** What the record said when it was last read: decides whether a later reading is news. */
  recordDigest = ''
  /** The stamps that its newest metric rows took without a gap: [first, last]. */
  stampRunFirstMs = NO_TIME
  stampRunLastMs = NO_TIME
  /** Idle rows (idle-rows.ts): where the wait for the next one began, and what the last row said. */
  idleSinceMs = NO_TIME
  idleStampMs = NO_TIME
  idleDueUs = Number.POSITIVE_INFINITY
  lastRowHadCounts = false
  lastRowErrorCount = 0
  /** Rows that its record includes as it was last written, and whether that said more than zeros. */
  recordedRowCount = 0
  hasRecordCounts = false

  constructor(facts: {
    readonly endpointId: string
    readonly model: string
    readonly source: EventSource
    readonly slot: number
  }) {
    this.endpointId = facts.endpointId
    this.source = facts.source
    this.slot = facts.slot
    this.identity = {
      functionUri: facts.source.functionUri,
      model: facts.model,
      modelClass: null,
    }
  }

  /** Errors and rejected calls, those that the record knew before this log included. */
  get errorCount(): number {
    return this.errorsBefore + this.errorsHere
  }

  /** Moves stream time on to an event's time; never back. */
  observe(atUs: number, arrivedAtUs: number): void {
    if (atUs < this.newestUs) return
    this.newestUs = atUs
    this.newestArrivedUs = arrivedAtUs
  }

  /**
   * Stream time at a moment of the clock: the newest event's time, which goes on while no event
   * arrives. NO_TIME before the first event.
   */
  streamTimeUs(nowUs: number): number {
    if (this.newestUs === NO_TIME) return NO_TIME
    return this.newestUs + Math.max(nowUs - this.newestArrivedUs, 0)
  }

  /** Takes note of a call with rows; events arrive out of order. */
  recordRequest(when: string, atUs: number): void {
    this.timestamp = when
    this.recordFirstRequest(when, atUs)
    if (atUs > this.#lastRequestUs) {
      this.#lastRequestUs = atUs
      this.lastRequest = when
    }
  }

  /** The same for the first request that the record remembers from before this log. */
  recordFirstRequest(when: string, atUs: number): void {
    if (this.#firstRequestUs !== NO_TIME && atUs >= this.#firstRequestUs) return
    this.#firstRequestUs = atUs
    this.firstRequest = when
  }

  /** Takes over what an event says of the endpoint besides its rows. */
  describe(functionUri: string, modelClass: string, labels: JsonObject | null): void {
    const { identity } = this
    const known = identity.modelClass ?? ''
    if (functionUri !== identity.functionUri || (modelClass !== known && modelClass !== '')) {
      const newest = modelClass === '' ? identity.modelClass : modelClass
      this.identity = { functionUri, model: identity.model, modelClass: newest }
    }
    if (labels === null && this.labels === null) return
    if (isSameFlat(labels, this.labels)) return
    this.labels = labels
    this.labelTexts = textMap(labels)
  }

  /** Counts a rejected call or row. */
  countRejection(reason: Reason): void {
    this.rejections ??= new Map()
    this.rejections.set(reason, (this.rejections.get(reason) ?? 0) + 1)
  }

  /**
   * The stamp of a metric row, so that no two of an endpoint's rows share one: rows of one time come
   * after each other, one millisecond each. Decided from the events alone, so a replay gives the same.
   *
   * @param wantedMs  the row's own time, rounded down
   */
  takeStamp(wantedMs: number): number {
    let stampMs = wantedMs === this.idleStampMs ? wantedMs + 1 : wantedMs
    if (stampMs >= this.stampRunFirstMs && stampMs <= this.stampRunLastMs) {
      stampMs = this.stampRunLastMs + 1
    }
    if (stampMs !== this.stampRunLastMs + 1) this.stampRunFirstMs = stampMs
    this.stampRunLastMs = stampMs
    return stampMs
  }

  /** Everything that later events build on, as plain values in a fixed order. */
  toState(): readonly unknown[] {
    return [
      this.endpointId,
      this.identity,
      this.labels,
      [this.timestamp, this.firstRequest, this.lastRequest],
      [this.#firstRequestUs, this.#lastRequestUs, this.newestUs, this.newestArrivedUs],
      [this.errorsBefore, this.errorsHere, this.rowCount, this.lateCount],
      [...(this.rejections ?? [])].sort(),
      [this.stampRunFirstMs, this.stampRunLastMs],
      this.recordDigest,
      this.schema.toState(),
    ]
  }
}

/** Labels and entities as texts: nested values as JSON. null for none. */
export function textMap(entries: JsonObject | null): ReadonlyMap<string, string> | null {
  if (entries === null) return null
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(entries)) {
    texts.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
  }
  return texts
}

/** Whether two objects of labels hold the same plain values; nested ones count as different. */
function isSameFlat(a: JsonObject | null, b: JsonObject | null): boolean {
  if (a === null || b === null) return a === b
  let count = 0
  for (const name in a) {
    if (a[name] !== b[name] || !Object.hasOwn(b, name)) return false
    count++
  }
  return count === Object.keys(b).length
}
