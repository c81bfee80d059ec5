/**
 * The way of an event through decode, compute and batch, and the same with the spool before it, over
 * JSON.parse of the same bodies. All endpoints are known before, and each one is at another place of
 * its sampling and of its batch, as after hours of traffic.
 */
import assert from 'node:assert'
import { EventStream, makeEvents } from './events.ts'
import { LiveService } from './live-service.ts'
import { ProcessorBench } from './processor-bench.ts'
import { cpuUsOf, type Findings, interleave, type Rounds, ratioOf, withFolder } from './support.ts'

const EVENTS = 20_000
const FEATURES = 20
/** An endpoint's first event has 1 to so many rows, so that a tenth of all later ones is sampled. */
const FIRST_ROWS_MAX = 10
/** First events are that long that only so many are held at once. */
const ENDPOINTS_AT_ONCE = 1_000
/** 2026-11-02 08:00:00 UTC. */
const START_US = 1_793_606_400_000_000

/** Decode, compute and batch, with so many endpoints. */
export async function measureHotPath(
  { endpointCount, key }: { readonly endpointCount: number; readonly key: string },
  rounds: Rounds,
): Promise<Findings> {
  const bench = new ProcessorBench()
  let startUs = START_US
  for (const first of firstEvents(endpointCount, startUs)) {
    bench.register(first)
    startUs = first.endUs
  }
  bench.dropDue()
  const stream = new EventStream(eventsOf(endpointCount), startUs)
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
  assert.equal(bench.acceptedCount, endpointCount + EVENTS * (rounds.warmups + rounds.rounds))
  return { [key]: ratioOf(figures.apply, figures.parse) }
}

/**
 * An event of a stream as the handler takes it: its position is read, it is appended to the spool by one
 * write and then applied; the spool is synced in the background every 1,000 events.
 */
export function measureWithSpool(endpointCount: number, rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const service = await LiveService.open(folder)
    let { startUs } = service
    for (const first of firstEvents(endpointCount, startUs)) {
      await service.takeAll(first)
      startUs = first.endUs
    }
    const stream = new EventStream(eventsOf(endpointCount), startUs)
    const figures = await interleave(
      {
        parse: () => parseUsPerEvent(stream.bodies),
        withSpool: async () => (await service.takeAll(stream)) / EVENTS,
      },
      rounds,
    )
    const count = endpointCount + EVENTS * (rounds.warmups + rounds.rounds)
    assert.equal(service.counts.accepted, count)
    await service.close()
    return { withSpoolOverJsonParse: ratioOf(figures.withSpool, figures.parse) }
  })
}

/** CPU microseconds per event of JSON.parse of a body, from its bytes: the floor. */
export async function parseUsPerEvent(bodies: readonly Buffer[]): Promise<number> {
  const us = await cpuUsOf(() => {
    for (const body of bodies) JSON.parse(body.toString('utf8'))
  })
  return us / bodies.length
}

function eventsOf(endpointCount: number): readonly Buffer[] {
  return makeEvents({ count: EVENTS, endpointCount, featureCount: FEATURES })
}

/** Events that let all endpoints be met for the first time. */
export function* firstEvents(endpointCount: number, startUs: number): Generator<EventStream> {
  let nextUs = startUs
  for (let from = 0; from < endpointCount; from += ENDPOINTS_AT_ONCE) {
    const bodies = makeEvents({
      count: Math.min(ENDPOINTS_AT_ONCE, endpointCount - from),
      endpointCount,
      featureCount: FEATURES,
      endpointOf: (index) => from + index,
      rowsOf: (index) => 1 + (index % FIRST_ROWS_MAX),
      number: () => 0,
    })
    const stream = new EventStream(bodies, nextUs)
    yield stream
    nextUs = stream.endUs
  }
}
