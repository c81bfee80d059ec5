/**
 * How long a checkpoint holds up an event. 10,000 endpoints of 20 features; the next event comes when the one
 * before is answered, as from Nuclio. A chunk is what is copied in one go, the text of 50 endpoints
 * (Checkpoints.step); an event's hold-up is what the process does from the answer before to its own, the
 * event itself included, or the begin of the checkpoint. Until it is whole the longest hold-up is taken, over the
 * median chunk of the same checkpoint. Both are CPU time: what a disk makes wait is no part of it, nor are hold-ups in
 * which garbage is collected, as that comes without checkpoints too.
 */
import assert from 'node:assert'
import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks'
import { cpuUsage } from 'node:process'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { Checkpoints } from '../lib/stream/checkpoints.ts'
import type { Pipeline } from '../lib/stream/pipeline.ts'
import { openBenchPipeline, settled } from './bench-pipeline.ts'
import { EventStream, firstEvents, makeEvents, STEP_US } from './events.ts'
import { type Findings, median, type Rounds, withFolder } from './support.ts'

const ENDPOINTS = 10_000
const FEATURES = 20
const EVENTS = 20_000
/** A checkpoint is due after so much. */
const SEGMENT_BYTES = 512 * 1024
const EVENTS_PER_SEGMENT = 1_000
const HOUR_MS = 3_600_000

/** The least of the rounds: whatever disturbs one only adds to it. */
export function measureCheckpointStall({ warmups, rounds }: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const collections: PerformanceEntry[] = []
    const observer = new PerformanceObserver((list) => void collections.push(...list.getEntries()))
    observer.observe({ entryTypes: ['gc'] })
    const begins = watch('begin')
    const steps = watch('step')
    const pipeline = await openBenchPipeline(folder, SEGMENT_BYTES)
    const disk = openSegmentFolder(folder)
    const stream = await meetAll(pipeline)
    const events = new Events(pipeline, stream)
    const ratios: number[] = []
    for (let round = 0; round < warmups + rounds; round++) {
      for (let count = 0; count < EVENTS_PER_SEGMENT; count++) events.next()
      await pipeline.flushAll()
      steps.length = begins.length = 0
      pipeline.tick()
      assert(
        disk.list().some((name) => name.endsWith('-pending.jsonl')),
        'one is begun',
      )
      collections.length = 0
      const holdUps = await events.untilWhole()
      await new Promise((resolve) => setTimeout(resolve, 20)) // entries come late
      assert(begins.length === 1 && steps.length >= ENDPOINTS / 50)
      const mostUs = Math.max(...begins, longestUs(holdUps, collections))
      if (round >= warmups) ratios.push(mostUs / median(steps))
    }
    await pipeline.close()
    const [low, high] = [Math.min(...ratios), Math.max(...ratios)]
    return { checkpointStall: { value: low, low, high } }
  })
}

/** What each call of a part of a checkpoint costs, in microseconds. */
function watch(name: 'begin' | 'step'): number[] {
  const costs: number[] = []
  const work: (...args: never[]) => unknown = Checkpoints.prototype[name]
  Object.defineProperty(Checkpoints.prototype, name, {
    value(this: Checkpoints, ...args: never[]): unknown {
      const beginUs = nowCpuUs()
      const result = work.apply(this, args)
      costs.push(nowCpuUs() - beginUs)
      return result
    },
  })
  return costs
}

/** What an event had to wait for. */
interface HoldUp {
  readonly beginMs: number
  readonly endMs: number
  readonly us: number
}

/** The longest one in which no garbage was collected. */
function longestUs(holdUps: readonly HoldUp[], collections: readonly PerformanceEntry[]): number {
  const isClean = ({ beginMs, endMs }: HoldUp): boolean =>
    !collections.some(
      ({ startTime, duration }) => startTime < endMs && startTime + duration > beginMs,
    )
  const clean = holdUps.filter(isClean)
  assert(clean.length > holdUps.length / 2, 'most of them tell something')
  return Math.max(...clean.map(({ us }) => us))
}

function nowCpuUs(): number {
  const { user, system } = cpuUsage()
  return user + system
}

async function meetAll(pipeline: Pipeline): Promise<EventStream> {
  let nextUs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS * 1000
  for (const first of firstEvents(ENDPOINTS, nextUs)) {
    const atUs = first.restamp()
    for (const [index, body] of first.bodies.entries()) {
      pipeline.accept(body, null, atUs + index * STEP_US)
    }
    while (pipeline.status().events['waiting'] !== 0) await settled()
    nextUs = first.endUs
  }
  const bodies = makeEvents({ count: EVENTS, endpointCount: ENDPOINTS, featureCount: FEATURES })
  return new EventStream(bodies, nextUs)
}

/** One event after the other. */
class Events {
  readonly #pipeline: Pipeline
  readonly #stream: EventStream
  #atUs: number
  #index = 0

  constructor(pipeline: Pipeline, stream: EventStream) {
    this.#pipeline = pipeline
    this.#stream = stream
    this.#atUs = stream.restamp()
  }

  next(): void {
    const { bodies } = this.#stream
    if (this.#index === bodies.length) {
      this.#index = 0
      this.#atUs = this.#stream.restamp()
    }
    const body = bodies[this.#index]
    assert(body !== undefined)
    this.#pipeline.accept(body, null, this.#atUs + this.#index * STEP_US)
    this.#index++
  }

  /** What was done between two answers, until the checkpoint was whole. */
  async untilWhole(): Promise<readonly HoldUp[]> {
    const holdUps: HoldUp[] = []
    let isWhole = false
    const { finish } = Checkpoints.prototype
    Checkpoints.prototype.finish = async function () {
      await finish.call(this)
      isWhole = true
    }
    let beforeUs = nowCpuUs()
    let beginMs = performance.now()
    while (!isWhole) {
      await new Promise((resolve) => setImmediate(resolve))
      this.next()
      const nowUs = nowCpuUs()
      const endMs = performance.now()
      holdUps.push({ beginMs, endMs, us: nowUs - beforeUs })
      beforeUs = nowUs
      beginMs = endMs
    }
    Checkpoints.prototype.finish = finish
    return holdUps
  }
}
