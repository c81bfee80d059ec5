import assert from 'node:assert'
import { wallClock } from '../handler/clocks.ts'
import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { DeadLetters } from '../lib/stream/accept/dead-letters.ts'
import { endpointCandidates } from '../lib/stream/accept/decode.ts'
import { encodeRead } from '../lib/stream/accept/endpoint-read.ts'
import type { WaitingCall } from '../lib/stream/call-place.ts'
import { EndpointMerge } from '../lib/stream/compute/endpoint-merge.ts'
import { EndpointTable } from '../lib/stream/compute/endpoint-table.ts'
import { ChangedEndpoints } from '../lib/stream/deliver/changed-endpoints.ts'
import { ClaimedRanges } from '../lib/stream/deliver/claimed-ranges.ts'
import { LogPlace } from '../lib/stream/deliver/log-place.ts'
import type { MetricBatches } from '../lib/stream/deliver/metric-batches.ts'
import { PredictionBatches } from '../lib/stream/deliver/prediction-batches.ts'
import type { DriftMonitor } from '../lib/stream/drift/drift-monitor.ts'
import { openMetricParts } from '../lib/stream/metric-parts.ts'
import type { Clock, StoredRecord } from '../lib/stream/ports.ts'
import { Processor } from '../lib/stream/processor.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { EventStream, firstEvents, STEP_US } from './events.ts'

/** How a bench is warmed up. */
interface WarmUp {
  readonly endpointCount: number
  /** Turns of the bodies whose rows are written before. */
  readonly turns: number
  readonly startUs: number
  readonly recordOf?: (() => StoredRecord | null) | undefined
}

const silent = (): void => undefined
const EVER = Number.POSITIVE_INFINITY

/** A processor with the batches that it fills, whose rows are dropped instead of written. */
export class ProcessorBench {
  readonly #processor: Processor
  readonly #changed: ChangedEndpoints
  readonly #metrics: MetricBatches
  readonly #predictions: PredictionBatches
  readonly #table: EndpointTable<WaitingCall>
  readonly #drift: DriftMonitor
  #offset = 0

  /** @param env  settings that are not the defaults, as the environment names them */
  constructor(env: Readonly<Record<string, string>> = {}, clock: Clock = wallClock()) {
    const settings = streamSettings(parseConfig(env))
    const table = new EndpointTable<WaitingCall>(settings)
    const merge = new EndpointMerge(table, [])
    this.#changed = new ChangedEndpoints(settings.recordAgeMsMax)
    const place = new LogPlace()
    const { metrics, drift, metricWriter } = openMetricParts({
      settings,
      merge,
      changed: this.#changed,
      place,
      clock,
      onChange: silent,
    })
    this.#metrics = metrics
    this.#table = table
    this.#drift = drift
    this.#predictions = new PredictionBatches(settings.predictionLimits, new ClaimedRanges([]))
    // As a pipeline does once its log is read: until then each row is compared with all claims.
    this.#predictions.cutPromised()
    this.#processor = new Processor({
      log: 'bench',
      table,
      changed: this.#changed,
      metricWriter,
      drift,
      place,
      onChange: silent,
      predictions: this.#predictions,
      deadLetters: new DeadLetters({ append: silent, sync: silent, close: silent }, 'bench', []),
      telemetry: new Telemetry({ debug: silent, info: silent, warn: silent, error: silent }),
      bounds: settings.bounds,
      sampleWindow: settings.sampleWindow,
      defaultVersion: settings.defaultVersion,
    })
  }

  /** Events that had nothing wrong. */
  get acceptedCount(): number {
    return this.#processor.counters.accepted
  }

  /** Applies each event of the stream at its time. */
  applyAll({ bodies }: EventStream, startUs: number): void {
    let atUs = startUs
    for (const body of bodies) {
      this.#apply(body, atUs)
      atUs += STEP_US
    }
  }

  #apply(body: Buffer, arrivedAtUs: number): void {
    const offset = this.#offset++
    this.#processor.apply({ kind: 'event', offset, arrivedAtUs, position: null, body })
  }

  /** Meets endpoints for the first time: takes their events, then what a store says of them. */
  register(stream: EventStream, recordOf: () => StoredRecord | null = () => null): void {
    const startUs = stream.restamp()
    for (const [index, body] of stream.bodies.entries()) {
      const arrivedAtUs = startUs + index * STEP_US
      this.#apply(body, arrivedAtUs)
      for (const { source } of [...this.#processor.unread]) {
        const [candidate] = endpointCandidates(source, 'latest')
        assert(candidate !== undefined)
        const json = encodeRead({ source, ...candidate, record: recordOf() })
        this.#processor.apply({ kind: 'read', offset: this.#offset++, arrivedAtUs, json })
      }
      this.#dropCut() // so that the room of its rows is used again
    }
  }

  /**
   * Comes to where it is after hours of traffic: all endpoints known, each at another place of its sampling
   * and of its batch, whose rows lie in memory that rows of written batches had before.
   *
   * @returns  the time after the last event, microseconds since 1970 UTC
   */
  warmUp(bodies: readonly Buffer[], { endpointCount, turns, startUs, recordOf }: WarmUp): number {
    let nextUs = startUs
    const meetAll = (): void => {
      for (const first of firstEvents(endpointCount, nextUs)) {
        this.register(first, recordOf)
        nextUs = first.endUs
      }
      this.dropDue()
    }
    meetAll()
    const stream = new EventStream(bodies, nextUs)
    for (let turn = 0; turn < turns; turn++) {
      this.applyAll(stream, stream.restamp())
      this.dropDue()
    }
    nextUs = stream.endUs
    this.dropAll()
    meetAll()
    return nextUs
  }

  /** Lets stream time of all endpoints come to a time, and begins to measure what is due by then. */
  endPane(atUs: number): void {
    for (const endpoint of this.#table.endpoints) this.#drift.advance(endpoint, atUs)
    void this.#drift.run()
  }

  /** Takes out what would be written now; batches that are neither full nor too many stay open. */
  dropDue(): void {
    this.#changed.takeDue(EVER, EVER)
    this.#metrics.takeDue(0, EVER)
    this.#dropCut()
  }

  /** Takes out everything that waits to be written, so that only the endpoints are left. */
  dropAll(): void {
    this.#changed.takeDue(EVER, EVER)
    this.#metrics.takeDue(EVER, EVER)
    this.#predictions.cutDue(EVER)
    this.#dropCut()
  }

  #dropCut(): void {
    for (let cut = this.#predictions.takeCut(); cut !== null; cut = this.#predictions.takeCut()) {
      this.#predictions.settle(cut)
    }
  }
}
