import assert from 'node:assert'
import type { DeadLetters } from './accept/dead-letters.ts'
import { decode, type EventBounds, endpointCandidates } from './accept/decode.ts'
import { decodeRead, digestOf, type EndpointRead } from './accept/endpoint-read.ts'
import type { Call, EventSource, PredictionCall } from './accept/event.ts'
import { parseWhen } from './accept/parse-when.ts'
import { type Rejection, refused } from './accept/rejection.ts'
import type { SpoolRecord } from './accept/spool-format.ts'
import type { Applied, EventOutcome } from './applied.ts'
import {
  type CallPlace,
  callIndex,
  type EndpointCall,
  type EventRecord,
  rank,
  timeOf,
  type WaitingCall,
} from './call-place.ts'
import type { ReadCheckpoint } from './checkpoint-format.ts'
import { type CallOutcome, type Counters, EventTally } from './compute/counters.ts'
import type { Endpoint } from './compute/endpoint.ts'
import type { EndpointTable, Lead } from './compute/endpoint-table.ts'
import { LogState } from './compute/log-state.ts'
import { RowReader } from './compute/row-reader.ts'
import { isSampled } from './compute/sampler.ts'
import type { ChangedEndpoints } from './deliver/changed-endpoints.ts'
import { knownErrors } from './deliver/endpoint-update.ts'
import type { LogPlace } from './deliver/log-place.ts'
import type { MetricWriter } from './deliver/metric-writer.ts'
import type { PredictionBatches } from './deliver/prediction-batches.ts'
import { extrasOf } from './deliver/row-extras.ts'
import type { DriftMonitor } from './drift/drift-monitor.ts'
import { unreachable } from './errors.ts'
import type { RowExtras } from './ports.ts'
import { ReadAhead } from './read-ahead.ts'
import { Rejections } from './rejections.ts'
import type { Telemetry } from './telemetry.ts'

/** What a processor works on; the windows, batches and files are its own from then on. */
export interface ProcessorParts {
  /** Name of the log whose records are applied. */
  readonly log: string
  readonly table: EndpointTable<WaitingCall>
  readonly changed: ChangedEndpoints
  readonly metricWriter: MetricWriter
  readonly drift: DriftMonitor
  readonly predictions: PredictionBatches
  readonly deadLetters: DeadLetters
  readonly telemetry: Telemetry
  readonly bounds: EventBounds & { readonly featuresMax: number }
  readonly sampleWindow: number
  readonly defaultVersion: string
  /** Tells batches which record they are filled from. */
  readonly place: LogPlace
  /** Told of an endpoint before it changes. */
  readonly onChange: (endpoint: Endpoint) => void
}

/**
 * The state of one log. `apply` is the one function that live records and a replay both call: it sees
 * no clock, no disk and no store, and the same records give the same state, to the byte.
 */
export class Processor {
  /** What is known of the log besides its endpoints. */
  readonly state = new LogState()
  readonly counters: Counters = this.state.counters
  readonly #parts: ProcessorParts
  readonly #reader: RowReader
  readonly #ahead: ReadAhead
  readonly #rejections: Rejections
  readonly #unread = new Set<Lead<WaitingCall>>()
  #waitingBytes = 0
  #applyingOffset = -1

  constructor(parts: ProcessorParts) {
    this.#parts = parts
    this.#reader = new RowReader(parts.bounds)
    this.#ahead = new ReadAhead(parts)
    this.#rejections = new Rejections(parts, this.counters)
  }

  /** Endpoints that wait for the store to be read. */
  get unread(): ReadonlySet<Lead<WaitingCall>> {
    return this.#unread
  }

  /** Bytes of the events that wait for that. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Offset of the record that is being applied, or of the event that has waited for it. */
  get applyingOffset(): number {
    return this.#applyingOffset
  }

  /** Applies the next record of the log. */
  apply(record: SpoolRecord): Applied {
    this.#rejections.begin()
    this.#parts.place.moveTo(record.offset)
    this.#applyingOffset = record.offset
    const outcome =
      record.kind === 'event' ? this.#applyEvent(record) : this.#applyRead(record.json)
    this.#parts.predictions.cutFull()
    return { outcome, rejection: this.#rejections.first }
  }

  #applyEvent(record: EventRecord): EventOutcome {
    const { counters, state } = this
    counters.received++
    if (record.arrivedAtUs > state.newestArrivedUs) state.newestArrivedUs = record.arrivedAtUs
    if (this.#isDuplicate(record)) return this.#count('duplicate')
    const calls = decode(record.body, record.arrivedAtUs, this.#parts.bounds)
    const [call] = calls
    // A batch that holds no calls is a good event without rows.
    if (call === undefined) return this.#count('accepted')
    if (calls.length > 1) return this.#applyCalls(calls, record)
    const outcome = this.#applyCall(call, { record, index: 0, tally: null })
    return outcome === 'waiting' ? outcome : this.#count(outcome)
  }

  #count<Outcome extends CallOutcome | 'duplicate'>(outcome: Outcome): Outcome {
    this.counters[outcome]++
    return outcome
  }

  /** Passes over a record that has ended the process too often: an event becomes a dead letter. */
  refuse(record: SpoolRecord): void {
    // What a store said is asked for again.
    if (record.kind !== 'event') return
    this.counters.received++
    const outcome = this.#count(this.#isDuplicate(record) ? 'duplicate' : 'rejected')
    if (outcome === 'duplicate') return
    this.#rejections.add(null, refused('crashed', '').rejection, { call: null, record })
  }

  #isDuplicate({ position }: EventRecord): boolean {
    return position !== null && !this.state.shardOffsets.take(position)
  }

  /** A batch event counts once, by the best of its calls. */
  #applyCalls(calls: readonly Call[], record: EventRecord): EventOutcome {
    const tally = new EventTally(this.counters, calls.length)
    let best: EventOutcome = 'rejected'
    for (const [index, call] of calls.entries()) {
      const outcome = this.#applyCall(call, { record, index, tally })
      if (outcome === 'waiting') best = 'waiting'
      else {
        tally.settle(outcome)
        if (best !== 'waiting' && rank(outcome) > rank(best)) best = outcome
      }
    }
    return best
  }

  #applyCall(call: Call, place: CallPlace): CallOutcome | 'waiting' {
    switch (call.kind) {
      case 'notice':
        this.counters.countNotice(call.notice)
        return 'ignored'
      case 'unknown':
        this.#rejections.add(null, call.rejection, { call: call.call, record: place.record })
        return 'rejected'
      case 'prediction':
      case 'error':
      case 'invalid':
        return this.#applyKnown(call, place)
      default:
        return unreachable(call)
    }
  }

  #applyKnown(call: EndpointCall, { record, index, tally }: CallPlace): CallOutcome | 'waiting' {
    const known = this.#parts.table.endpointOf(call.source, timeOf(call), this.#ahead)
    if (known !== null) return this.#applyTo(known, call, record)
    const lead = this.#parts.table.lead(call.source) ?? this.#addLead(call.source)
    if (!('waiting' in lead)) {
      this.#rejections.add(null, lead.rejection, { call: callIndex(call), record })
      return 'rejected'
    }
    if (lead.endpoint !== null) return this.#applyTo(lead.endpoint, call, record)
    const own = tally ?? new EventTally(this.counters, 1)
    lead.waiting?.push({ record, index, tally: own })
    this.#unread.add(lead)
    if (!own.isWaiting) this.#waitingBytes += record.body.length // once, however many calls wait
    own.isWaiting = true
    return 'waiting'
  }

  #addLead(source: EventSource): Lead<WaitingCall> | { readonly rejection: Rejection } {
    const ids = this.#idsOf(source)
    if (ids.length === 0) return refused('bad-function-uri', 'function_uri')
    return this.#parts.table.addLead(source, ids) ?? refused('endpoint-limit', 'model')
  }

  #idsOf(source: EventSource): readonly string[] {
    return endpointCandidates(source, this.#parts.defaultVersion).map((one) => one.endpointId)
  }

  #applyTo(endpoint: Endpoint, call: EndpointCall, record: EventRecord): CallOutcome {
    this.#parts.onChange(endpoint)
    this.#parts.metricWriter.writeIdle(endpoint, record.arrivedAtUs, timeOf(call))
    switch (call.kind) {
      case 'prediction':
        this.#applyPrediction(endpoint, call, record)
        return 'accepted'
      case 'error':
        endpoint.countError()
        if (!Number.isNaN(call.atUs)) this.#observe(endpoint, call.atUs, record)
        endpoint.describe(call.source, call.modelClass, call.labels)
        this.#parts.changed.add(endpoint, record.arrivedAtUs / 1000)
        return 'error'
      case 'invalid':
        endpoint.countRejectedCall()
        this.#rejections.add(endpoint, call.rejection, { call: call.call, record })
        this.#parts.changed.add(endpoint, record.arrivedAtUs / 1000)
        return 'rejected'
      default:
        return unreachable(call)
    }
  }

  #observe(endpoint: Endpoint, atUs: number, record: EventRecord): void {
    endpoint.observe(atUs, record.arrivedAtUs)
    this.#parts.metricWriter.begin(endpoint)
  }

  #applyPrediction(endpoint: Endpoint, call: PredictionCall, record: EventRecord): void {
    const { inputs, outputs } = call
    endpoint.countCall()
    this.#observe(endpoint, call.atUs, record)
    const isNews = endpoint.describe(call.source, call.modelClass, call.labels)
    // A call without rows is a request all the same; one whose rows are all rejected is none.
    if (inputs.length === 0) endpoint.recordRequest(call.when, call.atUs)
    let isFirst = true
    let extras: RowExtras | null = null
    const place = { row: 0, inputNames: call.inputNames, outputNames: call.outputNames }
    for (let row = 0; row < inputs.length; row++) {
      place.row = row
      const rejection = this.#reader.readPlain(endpoint.shape, inputs[row], outputs[row])
        ? null
        : this.#reader.read(endpoint.schema, inputs[row], outputs[row], place)
      if (rejection !== null) {
        const { refusedField } = this.#reader
        const feature = endpoint.schema.fields[refusedField] ?? null
        if (feature !== null) endpoint.drift?.addWrongType(refusedField, endpoint.schema, call.atUs)
        this.#rejections.addRows(endpoint, rejection, { call: call.call, record, feature })
        continue
      }
      if (isFirst) {
        endpoint.recordRequest(call.when, call.atUs)
        extras = extrasOf(call.metrics, call.entities)
        isFirst = false
      }
      this.#takeRow(endpoint, call, { row, record, extras })
    }
    // With rows the next sample, or flush, tells the record; without any nothing else would.
    if (isNews && isFirst) this.#parts.changed.add(endpoint, record.arrivedAtUs / 1000)
    const surplus = outputs.length - inputs.length
    if (surplus > 0) {
      const path = `resp.outputs[${inputs.length}]`
      const rejection = { reason: 'no-input', path, row: inputs.length } as const
      this.#rejections.addRows(endpoint, rejection, { call: call.call, record, count: surplus })
    }
  }

  /** Takes the row that the reader holds. */
  #takeRow(
    endpoint: Endpoint,
    call: PredictionCall,
    { row, record, extras }: { row: number; record: EventRecord; extras: RowExtras | null },
  ): void {
    const arrivedAtMs = record.arrivedAtUs / 1000
    const { table, sampleWindow, predictions } = this.#parts
    const isSample = isSampled(endpoint.rowCount, sampleWindow)
    table.addRow(endpoint, call.atUs, { weight: call.rowWeight, latencyUs: call.latencyUs })
    this.counters.rowsAccepted++
    endpoint.drift?.add(this.#reader, endpoint.schema, call.atUs)
    if (isSample)
      this.#parts.metricWriter.writeSample(endpoint, call, {
        reader: this.#reader,
        row,
        arrivedAtMs,
      })
    const { offset } = record
    const values = this.#reader
    predictions.add(endpoint, { offset, owner: endpoint, call, values, extras }, arrivedAtMs)
  }

  /** What the store says of an endpoint: the first time it makes it, later it may rename columns. */
  #applyRead(json: string): EventOutcome {
    const read = decodeRead(json)
    assert(read !== null, 'only this function writes store reads into its log')
    const lead = this.#parts.table.lead(read.source) ?? this.#addLead(read.source)
    // Refused only where ENDPOINTS_MAX is smaller than it was when this was read.
    if (!('waiting' in lead)) return 'rejected'
    if (lead.endpoint === null) this.#resume(lead, read)
    else this.#refresh(lead.endpoint, read)
    return 'accepted'
  }

  #resume(lead: Lead<WaitingCall>, read: EndpointRead): void {
    const endpoint = this.#parts.table.register(lead, read)
    // All of its rows come after it, also those of events that waited for it.
    this.#learn(endpoint, read, -1)
    const firstRequest = read.record?.get('first_request')
    const firstRequestUs = typeof firstRequest === 'string' ? parseWhen(firstRequest) : Number.NaN
    if (typeof firstRequest === 'string' && !Number.isNaN(firstRequestUs)) {
      endpoint.recordFirstRequest(firstRequest, firstRequestUs)
    }
    endpoint.resumeErrors(knownErrors(read.record, this.#parts.log))
    const { waiting } = lead
    lead.waiting = null
    this.#unread.delete(lead)
    this.#applyWaiting(endpoint, waiting ?? [])
  }

  #applyWaiting(endpoint: Endpoint, waiting: readonly WaitingCall[]): void {
    let decoded: EventRecord | null = null
    let calls: readonly Call[] = []
    for (const { index, record, tally } of waiting) {
      this.#applyingOffset = record.offset
      if (record !== decoded) calls = decode(record.body, record.arrivedAtUs, this.#parts.bounds)
      decoded = record
      const call = calls[index]
      assert(call !== undefined && 'source' in call, 'an event decodes the same way each time')
      if (tally.settle(this.#applyTo(endpoint, call, record))) {
        this.#waitingBytes -= record.body.length
      }
    }
  }

  #refresh(endpoint: Endpoint, read: EndpointRead): void {
    this.#parts.onChange(endpoint)
    // Rows from here on have other columns.
    if (this.#learn(endpoint, read, this.#parts.place.offset)) {
      this.#parts.predictions.cutEndpoint(endpoint)
    }
    const { features, labels } = endpoint.schema.namesForRecord
    // A registration has emptied the names that were generated here (D22): write them again.
    if (features !== null || labels !== null) this.#parts.changed.add(endpoint, 0)
  }

  /**
   * Takes over what the record says, after rows up to an offset.
   *
   * @returns  whether it names columns that were not there before
   */
  #learn(endpoint: Endpoint, { record }: EndpointRead, since: number): boolean {
    endpoint.recordDigest = digestOf(record)
    endpoint.recordedNames = null
    const isRenamed = endpoint.schema.learnRecord(record ?? new Map())
    this.#parts.drift.learn(endpoint, record ?? new Map(), since)
    return isRenamed
  }

  /** Becomes what a checkpoint tells of; only before the first record. */
  restore({ header, endpoints }: ReadCheckpoint): void {
    const { table, place, drift } = this.#parts
    place.offset = header.offset
    this.state.restore(header)
    for (const one of endpoints) {
      const endpoint = table.restore(one, this.#idsOf(one[1].source), header.periods)
      drift.restore(endpoint, one[1].drift)
    }
  }

  /** Everything that later records build on, as one text: equal for equal logs, byte by byte. */
  encodeState(): string {
    return JSON.stringify([
      this.counters.toState(),
      [...this.state.shardOffsets.toState()].sort(),
      this.#parts.table.toState(),
      this.#waitingBytes,
    ])
  }
}
