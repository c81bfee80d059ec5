import assert from 'node:assert'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { DeadLetters } from '../lib/stream/accept/dead-letters.ts'
import { endpointCandidates } from '../lib/stream/accept/decode.ts'
import { encodeRead } from '../lib/stream/accept/endpoint-read.ts'
import { Spool } from '../lib/stream/accept/spool.ts'
import { EndpointTable } from '../lib/stream/compute/endpoint-table.ts'
import { IdleRows } from '../lib/stream/compute/idle-rows.ts'
import { ChangedEndpoints } from '../lib/stream/deliver/changed-endpoints.ts'
import { ClaimedRanges } from '../lib/stream/deliver/claimed-ranges.ts'
import { MetricBatches } from '../lib/stream/deliver/metric-batches.ts'
import { MetricWriter } from '../lib/stream/deliver/metric-writer.ts'
import { PredictionBatches } from '../lib/stream/deliver/prediction-batches.ts'
import { Processor, type WaitingCall } from '../lib/stream/processor.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { FIRST_AT_MS, makeEvents } from './events.ts'
import { cpuUsOf, type Figure, interleave } from './support.ts'

const EVENTS = 20_000
/** Rows that an endpoint has on average before anything is measured. */
const ROWS_BEFORE = 4
const SPOOL_SEGMENT_BYTES = 64 * 1024 * 1024
const silent = (): void => undefined

/** Cost per event over that of JSON.parse of the same body, and memory per endpoint. */
export interface HotPathResult {
  readonly endpointCount: number
  readonly parseUs: Figure
  /** Decode, compute and batch. */
  readonly applyUs: Figure
  /** The same, and the durable write before it. */
  readonly withSpoolUs: Figure
  readonly hotPathOverJsonParse: number
  readonly withSpoolOverJsonParse: number
}

/** Measures events of 20 features on so many endpoints, all registered before. */
export function measureHotPath(endpointCount: number): HotPathResult {
  const all = makeEvents({ count: endpointCount + EVENTS, endpointCount, featureCount: 20 })
  const bodies = all.slice(endpointCount)
  const bench = new Bench()
  const folder = mkdtempSync(join(tmpdir(), 'bench-spool-'))
  const spool = new Spool(openSegmentFolder(folder), {
    segmentBytes: SPOOL_SEGMENT_BYTES,
    syncEvery: false,
  })
  try {
    bench.register(all.slice(0, endpointCount))
    for (let row = 0; row < ROWS_BEFORE * endpointCount; row++) {
      bench.apply(all[row % all.length] ?? Buffer.alloc(0), bench.offset++)
    }
    bench.dropDue()
    const perEvent = (work: (body: Buffer) => void) => (): number => {
      const us = cpuUsOf(() => {
        for (const body of bodies) work(body)
        bench.dropDue()
      })
      return us / bodies.length
    }
    const figures = interleave(
      {
        parse: perEvent((body) => JSON.parse(body.toString('utf8'))),
        apply: perEvent((body) => bench.apply(body, bench.offset++)),
        withSpool: perEvent((body) => {
          const arrivedAtUs = bench.arrivedAtUs()
          spool.append({ kind: 'event', arrivedAtUs, position: null, body })
          bench.apply(body, bench.offset++)
        }),
      },
      { rounds: 5, warmups: 2 },
    )
    return {
      endpointCount,
      parseUs: figures.parse,
      applyUs: figures.apply,
      withSpoolUs: figures.withSpool,
      hotPathOverJsonParse: figures.apply.least / figures.parse.least,
      withSpoolOverJsonParse: figures.withSpool.least / figures.parse.least,
    }
  } finally {
    spool.close()
    rmSync(folder, { recursive: true })
  }
}

/** A processor with its batches, whose rows are dropped instead of written. */
export class Bench {
  readonly #changed: ChangedEndpoints
  readonly #metrics: MetricBatches
  readonly #predictions: PredictionBatches
  readonly processor: Processor
  offset = 0

  constructor() {
    const settings = streamSettings(parseConfig({}))
    const table = new EndpointTable<WaitingCall>(settings)
    this.#changed = new ChangedEndpoints(settings.recordAgeMsMax)
    this.#metrics = new MetricBatches(settings.metricLimits)
    this.#predictions = new PredictionBatches(settings.predictionLimits, new ClaimedRanges([]))
    this.processor = new Processor({
      log: 'bench',
      table,
      changed: this.#changed,
      metricWriter: new MetricWriter({
        table,
        idleRows: new IdleRows(table, settings.idleLayout),
        metrics: this.#metrics,
        changed: this.#changed,
      }),
      predictions: this.#predictions,
      deadLetters: new DeadLetters({ append: silent, close: silent }, 'bench', []),
      telemetry: new Telemetry({ debug: silent, info: silent, warn: silent, error: silent }),
      bounds: settings.bounds,
      sampleWindow: settings.sampleWindow,
      defaultVersion: settings.defaultVersion,
    })
  }

  arrivedAtUs(): number {
    return (FIRST_AT_MS + 1_000_000) * 1000
  }

  apply(body: Buffer, offset: number): void {
    const arrivedAtUs = this.arrivedAtUs()
    this.processor.apply({ kind: 'event', offset, arrivedAtUs, position: null, body })
  }

  /** Meets every endpoint for the first time. */
  register(bodies: readonly Buffer[]): void {
    for (const body of bodies) this.apply(body, this.offset++)
    for (const { source } of [...this.processor.unread]) {
      const [candidate] = endpointCandidates(source, 'latest')
      assert(candidate !== undefined)
      const json = encodeRead({ source, ...candidate, record: null })
      const arrivedAtUs = this.arrivedAtUs()
      this.processor.apply({ kind: 'read', offset: this.offset++, arrivedAtUs, json })
    }
    this.dropDue()
  }

  /** Takes out everything that waits, open batches too. */
  dropAll(): void {
    this.#predictions.cutDue(Number.POSITIVE_INFINITY)
    this.#metrics.takeDue(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    this.dropDue()
  }

  /** Takes out what would be written now; batches that are neither full nor too many stay open. */
  dropDue(): void {
    this.#changed.takeDue(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)
    this.#metrics.takeDue(0, Number.POSITIVE_INFINITY)
    for (let cut = this.#predictions.takeCut(); cut !== null; cut = this.#predictions.takeCut()) {
      this.#predictions.settle(cut)
    }
  }
}
