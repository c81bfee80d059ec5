import { makeEvents } from './events.ts'
import { Bench } from './hot-path.ts'

const ENDPOINTS = 20_000

/** Bytes per endpoint of 20 features, besides bounded batches; the slack of slabs is in it. */
export interface MemoryResult {
  readonly endpointCount: number
  readonly bytesPerEndpoint: number
}

/** Events between two looks: what waits of so many is hardly any memory. */
const STEP = 200

/**
 * Memory before and after 20,000 endpoints have had two events each, where everything that waits to be
 * written is taken out again and again: the V8 heap after a collection, and what lies outside of it
 * (`node --expose-gc`).
 */
export function measureMemory(): MemoryResult {
  const events = makeEvents({
    count: ENDPOINTS * 2,
    endpointCount: ENDPOINTS,
    featureCount: 20,
  })
  const bench = new Bench()
  bench.register(events.slice(0, 1))
  bench.dropAll()
  const before = bytesNow()
  for (let from = 0; from < events.length; from += STEP) {
    bench.register(events.slice(from, from + STEP))
    bench.dropAll()
  }
  const bytesPerEndpoint = Math.round((bytesNow() - before) / ENDPOINTS)
  return { endpointCount: ENDPOINTS, bytesPerEndpoint }
}

function bytesNow(): number {
  if (globalThis.gc === undefined) throw new Error('Run this with node --expose-gc.')
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
