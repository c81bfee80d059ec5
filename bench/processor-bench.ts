import assert from 'node:assert'
import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { DeadLetters } from '../lib/stream/accept/dead-letters.ts'
import { endpointCandidates } from '../lib/stream/accept/decode.ts'
import { encodeRead } from '../lib/stream/accept/endpoint-read.ts'
import { EndpointMerge } from '../lib/stream/compute/endpoint-merge.ts'
import { EndpointTable } from '../lib/stream/compute/endpoint-table.ts'
import { IdleRows } from '../lib/stream/compute/idle-rows.ts'
import { ChangedEndpoints } from '../lib/stream/deliver/changed-endpoints.ts'
import { ClaimedRanges } from '../lib/stream/deliver/claimed-ranges.ts'
import { LogPlace } from '../lib/stream/deliver/log-place.ts'
import { MetricBatches } from '../lib/stream/deliver/metric-batches.ts'
import { MetricWriter } from '../lib/stream/deliver/metric-writer.ts'
import { PredictionBatches } from '../lib/stream/deliver/prediction-batches.ts'
import { Processor, type WaitingCall } from '../lib/stream/processor.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { type EventStream, STEP_US } from './events.ts'

const silent = (): void => undefined
const EVER = Number.POSITIVE_INFINITY

/** A processor with the batches that it fills, whose rows are dropped instead of written. */
export class ProcessorBench {
  readonly #processor: Processor
  readonly #changed: ChangedEndpoints
  readonly #metrics: MetricBatches
  readonly #predictions: PredictionBatches
  #offset = 0

  /** @param env  settings that are not the defaults, as the environment names them */
  constructor(env: Readonly<Record<string, string>> = {}) {
    const settings = streamSettings(parseConfig(env))
    const table = new EndpointTable<WaitingCall>(settings)
    const merge = new EndpointMerge(table, [])
    this.#changed = new ChangedEndpoints(settings.recordAgeMsMax)
    this.#metrics = new MetricBatches(settings.metricLimits)
    this.#predictions = new PredictionBatches(settings.predictionLimits, new ClaimedRanges([]))
    // As a pipeline does once its log is read: until then each row is compared with all claims.
    this.#predictions.cutPromised()
    this.#processor = new Processor({
      log: 'bench',
      table,
      changed: this.#changed,
      metricWriter: new MetricWriter({
        merge,
        idleRows: new IdleRows(merge, settings.idleLayout),
        metrics: this.#metrics,
        changed: this.#changed,
        onChange: silent,
      }),
      place: new LogPlace(),
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

  /** Meets endpoints for the first time: takes their events, then what a store without records says. */
  register(stream: EventStream): void {
    const startUs = stream.restamp()
    for (const [index, body] of stream.bodies.entries()) {
      const arrivedAtUs = startUs + index * STEP_US
      this.#apply(body, arrivedAtUs)
      for (const { source } of [...this.#processor.unread]) {
        const [candidate] = endpointCandidates(source, 'latest')
        assert(candidate !== undefined)
        const json = encodeRead({ source, ...candidate, record: null })
        this.#processor.apply({ kind: 'read', offset: this.#offset++, arrivedAtUs, json })
      }
      this.#dropCut() // so that the room of its rows is used again
    }
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
