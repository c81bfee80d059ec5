/**
 * What an endpoint costs in memory for as long as the process knows it: the heap and everything outside
 * of it after a full collection (node --expose-gc), slack of slabs and maps included. Rows, metric rows
 * and records that wait are bounded for all endpoints together, and are taken out before.
 */
import assert from 'node:assert'
import { memoryUsage } from 'node:process'
import { ClaimedRanges } from '../lib/stream/deliver/claimed-ranges.ts'
import { EventStream, makeEvents } from './events.ts'
import { ProcessorBench } from './processor-bench.ts'
import { type Findings, figureOf, plain } from './support.ts'

const ENDPOINTS = 20_000
const FEATURES = 20
const REPEATS = 2
/** 2026-11-02 08:00:00 UTC. */
const START_US = 1_793_606_400_000_000

/** Bytes per endpoint that has had one row, and per claim on a file, of 20,000 of each. */
export function measureMemory(): Findings {
  const bodies = makeEvents({
    count: ENDPOINTS,
    endpointCount: ENDPOINTS,
    featureCount: FEATURES,
    endpointOf: (index) => index,
  })
  const stream = new EventStream(bodies, START_US)
  const perEndpoint = (): number =>
    bytesOf(() => {
      // A batch is cut as soon as there is another one: its room is used again for the next.
      const bench = new ProcessorBench({
        PARQUET_OPEN_BYTES_MAX: '4096',
        PARQUET_BATCHING_BYTES_MAX: '4096',
      })
      bench.register(stream)
      bench.dropAll()
      assert.equal(bench.acceptedCount, ENDPOINTS)
      return bench
    })
  const perClaim = (): number => bytesOf(claimForEach)
  perEndpoint() // compiles
  const repeat = (measure: () => number): number[] =>
    Array.from({ length: REPEATS }, () => measure() / ENDPOINTS)
  return {
    bytesPerEndpoint: plain(figureOf(repeat(perEndpoint))),
    bytesPerClaim: plain(figureOf(repeat(perClaim))),
  }
}

/** Each endpoint makes a claim in each hour in which it has rows; two days of them are remembered. */
function claimForEach(): ClaimedRanges {
  const claimed = new ClaimedRanges([])
  for (let offset = 0; offset < ENDPOINTS; offset++) {
    const endpointId = offset.toString(16).padStart(40, '0')
    const range = { firstOffset: offset, lastOffset: offset }
    claimed.add({ log: 'bench', endpointId, hour: 500_000, number: 1, ...range })
  }
  return claimed
}

/** Memory that what is made keeps. */
export function bytesOf(make: () => object): number {
  const before = bytesInUse()
  const made = make()
  const after = bytesInUse()
  assert(made !== null) // still in use
  return after - before
}

function bytesInUse(): number {
  const { gc } = globalThis
  assert(gc !== undefined, 'node was started with --expose-gc')
  gc()
  gc()
  const { heapUsed, external } = memoryUsage()
  return heapUsed + external
}
