/**
 * The way of an event through decode, compute and batch, and the same with the spool before it, over
 * JSON.parse of the same bodies, as after hours of traffic (`ProcessorBench.warmUp`).
 */
import assert from 'node:assert'
import { EventStream, FEATURES, firstEvents, makeEvents } from './events.ts'
import { LiveService } from './live-service.ts'
import { ProcessorBench } from './processor-bench.ts'
import { cpuUsOf, type Findings, interleave, type Rounds, ratioOf, withFolder } from './support.ts'

const EVENTS = 20_000
/** 2026-11-02 08:00:00 UTC. */
const START_US = 1_793_606_400_000_000

/** Decode, compute and batch, with so many endpoints. */
export async function measureHotPath(
  { endpointCount, key }: { readonly endpointCount: number; readonly key: string },
  rounds: Rounds,
): Promise<Findings> {
  const bench = new ProcessorBench()
  const bodies = eventsOf(endpointCount)
  const turns = rounds.warmups + rounds.rounds
  const startUs = bench.warmUp(bodies, { endpointCount, turns, startUs: START_US })
  const warmUpCount = bench.acceptedCount
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
  assert.equal(bench.acceptedCount, warmUpCount + EVENTS * turns)
  return { [key]: ratioOf(figures.apply, figures.parse) }
}

/**
 * An event of a stream as the handler takes it: its position is read, it is appended to the spool by one
 * write and then applied; the spool is synced in the background every 1,000 events.
 */
export function measureWithSpool(endpointCount: number, rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const service = await LiveService.open(folder, { keepsFiles: false })
    const bodies = eventsOf(endpointCount)
    const turns = rounds.warmups + rounds.rounds
    let { startUs } = service
    const take = async (stream: EventStream): Promise<void> => {
      await service.takeAll(stream)
      startUs = stream.endUs
    }
    for (const first of firstEvents(endpointCount, startUs)) await take(first)
    for (let turn = 0; turn < turns; turn++) await take(new EventStream(bodies, startUs))
    await service.flushAll()
    for (const first of firstEvents(endpointCount, startUs)) await take(first)
    const warmUpCount = service.counts.accepted
    const stream = new EventStream(bodies, startUs)
    const figures = await interleave(
      {
        parse: () => parseUsPerEvent(stream.bodies),
        withSpool: async () => (await service.takeAll(stream)) / EVENTS,
      },
      rounds,
    )
    assert.equal(service.counts.accepted, warmUpCount + EVENTS * turns)
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
