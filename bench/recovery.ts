/**
 * What a start costs whose spool holds events that were not delivered: 20 features, 1,000 endpoints.
 *
 * `recoveryOverProcessing`: reading the spool again until all of it is applied, over decode, compute and
 * batch of the same bodies from memory. Nothing waits in it, so that its time is that of the CPU.
 * `firstAnswerSecs`: from the start of node to the answer to the first event, whole function, spool full.
 */
import assert from 'node:assert'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { Spool } from '../lib/stream/accept/spool.ts'
import type { Pipeline } from '../lib/stream/pipeline.ts'
import { openBenchPipeline, settled } from './bench-pipeline.ts'
import { eventLine } from './event-line.ts'
import { EventStream, firstEvents, makeEvents, STEP_US } from './events.ts'
import { ProcessorBench } from './processor-bench.ts'
import { ServerProcess } from './server-process.ts'
import {
  cpuUsOf,
  type Findings,
  figureOf,
  interleave,
  PRODUCT,
  plain,
  type Rounds,
  ratioOf,
  withFolder,
} from './support.ts'
import { WrappedFunction } from './wrapped-function.ts'

const ENDPOINTS = 1_000
const FEATURES = 20
/** Bodies that come again and again, each time with other times. */
const BODIES = 20_000
/** As many segments as a gibibyte has by default, so that what is read twice weighs the same. */
const SEGMENTS = 16
const EVENT_BYTES = 1_100
const HOUR_MS = 3_600_000
/** Nearly a whole segment of the default size: a start looks through the last one. */
const LAST_SEGMENT_EVENTS = 55_000

/** @param eventCount  a multiple of BODIES */
export function measureRecovery(eventCount: number, rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const turns = eventCount / BODIES
    const segmentBytes = Math.ceil((eventCount * EVENT_BYTES) / SEGMENTS)
    const startUs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS * 1000
    const stream = await fill(folder, { segmentBytes, turns, startUs })
    const figures = await interleave(
      {
        process: () => processUs(stream, turns, startUs),
        recover: () => recoverUs(folder, segmentBytes, eventCount + ENDPOINTS),
      },
      rounds,
    )
    return { recoveryOverProcessing: ratioOf(figures.recover, figures.process) }
  })
}

/** A spool that begins with the first event of each endpoint and what the store said of it. */
async function fill(
  folder: string,
  {
    segmentBytes,
    turns,
    startUs,
  }: { readonly segmentBytes: number; readonly turns: number; readonly startUs: number },
): Promise<EventStream> {
  const pipeline = await openBenchPipeline(folder, segmentBytes)
  let nextUs = startUs
  for (const first of firstEvents(ENDPOINTS, startUs)) {
    const atUs = first.restamp()
    for (const [index, body] of first.bodies.entries()) {
      pipeline.accept(body, null, atUs + index * STEP_US)
    }
    nextUs = first.endUs
  }
  while (pipeline.status().events['waiting'] !== 0) await settled()
  await pipeline.close()
  const stream = new EventStream(
    makeEvents({ count: BODIES, endpointCount: ENDPOINTS, featureCount: FEATURES }),
    nextUs,
  )
  append(folder, segmentBytes, { stream, turns })
  return stream
}

function append(
  folder: string,
  segmentBytes: number,
  { stream, turns }: { readonly stream: EventStream; readonly turns: number },
): void {
  const spool = new Spool(openSegmentFolder(folder), { segmentBytes, syncEvery: false })
  spool.open(() => assert.fail('there is no damage'))
  for (let turn = 0; turn < turns; turn++) {
    const atUs = stream.restamp()
    for (const [index, body] of stream.bodies.entries()) {
      spool.append({ kind: 'event', arrivedAtUs: atUs + index * STEP_US, position: null, body })
    }
  }
  spool.close()
}

/** CPU microseconds to process the same events anew, without any disk. */
async function processUs(stream: EventStream, turns: number, startUs: number): Promise<number> {
  const bench = new ProcessorBench()
  const firsts = [...firstEvents(ENDPOINTS, startUs)]
  let us = await cpuUsOf(() => {
    for (const first of firsts) bench.register(first)
    bench.dropDue()
  })
  for (let turn = 0; turn < turns; turn++) {
    const atUs = stream.restamp()
    us += await cpuUsOf(() => {
      bench.applyAll(stream, atUs)
      bench.dropDue()
    })
  }
  assert.equal(bench.acceptedCount, ENDPOINTS + turns * BODIES)
  return us
}

/** CPU microseconds to read all of them again. */
async function recoverUs(folder: string, segmentBytes: number, count: number): Promise<number> {
  const opened: Pipeline[] = []
  const us = await cpuUsOf(async () => {
    const pipeline = await openBenchPipeline(folder, segmentBytes)
    opened.push(pipeline)
    await pipeline.catchUp()
  })
  for (const pipeline of opened) {
    assert.equal(pipeline.status().events['accepted'], count)
    await pipeline.close()
  }
  return us
}

/** @param eventCount  a multiple of BODIES, besides those of the last segment */
export function measureFirstAnswer(eventCount: number, rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const server = await ServerProcess.start()
    try {
      const start = (data: string): Promise<number> => firstAnswerSecs(server, join(folder, data))
      await start('full')
      const [log = ''] = readdirSync(join(folder, 'full', 'spool'))
      const stream = new EventStream(
        makeEvents({
          count: LAST_SEGMENT_EVENTS,
          endpointCount: ENDPOINTS,
          featureCount: FEATURES,
        }),
        Math.floor(Date.now() / HOUR_MS) * HOUR_MS * 1000,
      )
      const turns = Math.max(Math.floor(eventCount / LAST_SEGMENT_EVENTS), 1)
      append(join(folder, 'full', 'spool', log), 64 * 1024 * 1024, { stream, turns })
      let emptyCount = 0
      const figures = await interleave(
        { empty: () => start(`empty-${emptyCount++}`), full: () => start('full') },
        rounds,
      )
      return {
        firstAnswerSecs: plain(figureOf(figures.full.runs)),
        firstAnswerOverEmpty: ratioOf(figures.full, figures.empty),
      }
    } finally {
      await server.end()
    }
  })
}

/** Starts the function, gives it an event and kills it when it has answered. */
async function firstAnswerSecs({ url }: ServerProcess, data: string): Promise<number> {
  const beginMs = performance.now()
  const wrapped = await WrappedFunction.start({
    file: join(PRODUCT, 'handler.js'),
    env: {
      STORE_URL: 'v3io',
      V3IO_API: url,
      V3IO_FRAMESD: url,
      V3IO_ACCESS_KEY: 'key',
      SPOOL_PATH: join(data, 'spool'),
      DEAD_LETTER_PATH: join(data, 'dead-letters'),
      PARQUET_PATH_TEMPLATE: join(data, 'parquet/{project}'),
    },
  })
  await wrapped.ask(eventLine(undefined))
  const secs = (performance.now() - beginMs) / 1000
  await wrapped.end()
  return secs
}
