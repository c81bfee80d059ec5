/**
 * What drift costs: counting each row on the reference's edges, memory of the panes, and the evaluation in
 * slices between events. Each endpoint has a training set of its own, with 20 features of 20 bins.
 */
import assert from 'node:assert'
import { performance } from 'node:perf_hooks'
import type { Clock, StoredRecord } from '../lib/stream/ports.ts'
import { EventStream, FEATURES, firstEvents, makeEvents } from './events.ts'
import { parseUsPerEvent } from './hot-path.ts'
import { bytesOf } from './memory.ts'
import { ProcessorBench } from './processor-bench.ts'
import {
  cpuUsOf,
  type Findings,
  figureOf,
  interleave,
  plain,
  type Rounds,
  ratioOf,
  seededRandom,
} from './support.ts'

const EVENTS = 20_000
const ENDPOINTS = 1_000
const BINS = 20
const TRAINING_ROWS = 1_000
/** An hour's beginning, so that no pane ends while rows are counted. */
const START_US = 1_793_606_400_000_000
const PANE_US = 300_000_000
/** Rows of an endpoint before its windows are measured. */
const ROWS_PER_ENDPOINT = 20
const MEMORY_ENDPOINTS = 1_000
/** Fewer than are spoken of: a slice is one of an endpoint's, and many rounds find its least time. */
const SLICED_ENDPOINTS = 100

/**
 * The whole event with drift on, for evenly spaced edges or for any. Each in a process of its own: two of them
 * would take each other's memory out of the caches.
 */
export async function measureDrift(edges: 'even' | 'any', rounds: Rounds): Promise<Findings> {
  const bodies = makeEvents({ count: EVENTS, endpointCount: ENDPOINTS, featureCount: FEATURES })
  const bench = new ProcessorBench()
  const startUs = bench.warmUp(bodies, {
    endpointCount: ENDPOINTS,
    turns: rounds.warmups + rounds.rounds,
    startUs: START_US,
    recordOf: recordMaker(edges === 'even' ? evenEdges : unevenEdges),
  })
  const stream = new EventStream(bodies, startUs)
  const figures = await interleave(
    {
      parse: () => parseUsPerEvent(stream.bodies),
      apply: async () => {
        const atUs = stream.restamp()
        const us = await cpuUsOf(() => {
          bench.applyAll(stream, atUs)
          bench.dropDue()
        })
        return us / EVENTS
      },
    },
    rounds,
  )
  const key = edges === 'even' ? 'driftOverJsonParse' : 'driftAnyEdgesOverJsonParse'
  return { [key]: ratioOf(figures.apply, figures.parse) }
}

/** Bytes per endpoint with a reference of its own and panes that have rows. */
export function measureDriftMemory(): Findings {
  const perEndpoint = (): number =>
    bytesOf(() => {
      const bench = new ProcessorBench({
        PARQUET_OPEN_BYTES_MAX: '4096',
        PARQUET_BATCHING_BYTES_MAX: '4096',
      })
      for (const first of firstEvents(MEMORY_ENDPOINTS, START_US)) {
        bench.register(first, recordMaker(evenEdges))
      }
      bench.dropAll()
      return bench
    }) / MEMORY_ENDPOINTS
  perEndpoint() // compiles
  return { bytesPerEndpointWithDrift: plain(figureOf([perEndpoint(), perEndpoint()])) }
}

/**
 * The longest slice of measuring the endpoints' windows, over what an event costs. A slice does the same
 * work in each round, so its least time is what it takes.
 */
export async function measureDriftSlices({ warmups, rounds }: Rounds): Promise<Findings> {
  const ticker = new Ticker()
  const bench = new ProcessorBench({}, ticker)
  let startUs = START_US
  for (const first of firstEvents(SLICED_ENDPOINTS, startUs)) {
    bench.register(first, recordMaker(evenEdges))
    startUs = first.endUs
  }
  const rowsOf = makeEvents({
    count: SLICED_ENDPOINTS * ROWS_PER_ENDPOINT,
    endpointCount: SLICED_ENDPOINTS,
    featureCount: FEATURES,
    endpointOf: (index) => index % SLICED_ENDPOINTS,
  })
  let pane = Math.floor(startUs / PANE_US)
  const least: number[] = []
  const events: number[] = []
  for (let round = 0; round < warmups + rounds; round++) {
    const stream = new EventStream(rowsOf, ++pane * PANE_US)
    const atUs = stream.restamp()
    events.push((await cpuUsOf(() => bench.applyAll(stream, atUs))) / rowsOf.length)
    bench.dropDue()
    const slices = await ticker.slicesOf(() => bench.endPane((pane + 1) * PANE_US))
    bench.dropAll()
    if (round < warmups) continue
    for (const [index, us] of slices.entries()) {
      least[index] = Math.min(least[index] ?? Number.POSITIVE_INFINITY, us)
    }
  }
  assert(least.length > SLICED_ENDPOINTS * FEATURES, 'a slice measures a feature')
  const eventUs = Math.min(...events)
  // One in a hundred is left out: a machine that others use too does not let go of all of them.
  const longest = [...least].sort((one, other) => one - other)[Math.floor(least.length * 0.99)] ?? 0
  const perEndpoint = least.reduce((sum, us) => sum + us, 0) / SLICED_ENDPOINTS
  const value = longest / eventUs
  return {
    driftSliceOverEvent: { value, low: value, high: value },
    driftEvaluationUs: { value: perEndpoint, low: perEndpoint, high: perEndpoint },
  }
}

type EdgeMaker = (random: () => number) => readonly number[]

/** As numpy.linspace gives them. */
const evenEdges: EdgeMaker = () => {
  const step = 1 / BINS
  return [...Array.from({ length: BINS }, (_, edge) => edge * step), 1]
}

const unevenEdges: EdgeMaker = (random) => {
  const inner = Array.from({ length: BINS - 1 }, random)
  return [0, ...inner.sort((one, other) => one - other), 1]
}

/** Records with statistics of training sets, each another. */
function recordMaker(edgesOf: EdgeMaker): () => StoredRecord {
  const random = seededRandom(1)
  return () => {
    const columns = Array.from({ length: FEATURES }, (_, index) => {
      const edges = edgesOf(random)
      const counts = edges.slice(1).map((edge, bin) => {
        return 1 + Math.floor(TRAINING_ROWS * (edge - (edges[bin] ?? 0)) + 5 * random())
      })
      const count = counts.reduce((sum, rows) => sum + rows, 0)
      const stats = { count, mean: 0.5, std: 0.29, min: 0, max: 1, hist: [counts, edges] }
      return [`f${index}`, stats]
    })
    return new Map([['feature_stats', JSON.stringify(Object.fromEntries(columns))]])
  }
}

/** A clock whose timers are called by hand, one slice of work each. */
class Ticker implements Clock {
  #next: (() => void) | null = null
  readonly nowUs = (): number => START_US

  after(_ms: number, call: () => void): () => void {
    this.#next = call
    return () => undefined
  }

  /** Microseconds of each slice of work that comes of beginning it. */
  async slicesOf(begin: () => void): Promise<readonly number[]> {
    const slices: number[] = []
    begin()
    for (let next = this.#next; next !== null; next = this.#next) {
      this.#next = null
      const before = performance.now()
      next()
      // What waits for it goes on in microtasks.
      await Promise.resolve()
      await Promise.resolve()
      slices.push((performance.now() - before) * 1000)
    }
    return slices
  }
}
