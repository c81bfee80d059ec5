import { streamSettings } from '../../handler/stream-settings.ts'
import { parseConfig } from '../../lib/config/parse.ts'
import type { LogEndpoints } from '../../lib/stream/compute/endpoint-merge.ts'
import { Pipeline } from '../../lib/stream/pipeline.ts'
import type { Clock, StreamPosition } from '../../lib/stream/ports.ts'
import { spoolLog } from '../../lib/stream/spool-log.ts'
import { Telemetry } from '../../lib/stream/telemetry.ts'
import { type MemoryDisk, memoryDisk } from './memory-disk.ts'
import { type MemoryStore, memoryStore } from './memory-store.ts'

export const TEST_LOG = '00000000-0000-4000-8000-000000000001'

/** A pipeline on a disk and a store in memory, with a clock that a test sets. */
export interface TestPipeline {
  readonly pipeline: Pipeline
  /** Endpoints of all logs of its process: `tables` of the next log of that process. */
  readonly processTables: LogEndpoints[]
  readonly store: MemoryStore
  readonly disk: MemoryDisk
  readonly deadLetterLines: string[]
  /** Sentences that were logged, with their fields. */
  readonly logged: { readonly level: string; readonly message: string; readonly fields: object }[]
  readonly clock: TestClock
  /** While it is full, it takes no dead letter. */
  readonly deadLetterDisk: { isFull: boolean }
  /** Gives the event to the pipeline, as bytes or as JSON; its arrival is the clock's time. */
  accept(event: unknown, position?: StreamPosition | null): ReturnType<Pipeline['accept']>
}

/** A clock that stands still until a test moves it; timers fire at once, one turn later. */
export interface TestClock extends Clock {
  timeUs: number
}

/**
 * What outlives a process: give it to the next pipeline, and it takes over. A clock goes on where it was;
 * without one the pipeline begins at the same time as all others.
 */
export type Survivors = Partial<
  Pick<TestPipeline, 'store' | 'disk' | 'deadLetterLines' | 'deadLetterDisk' | 'clock'>
> & {
  /** Another log than TEST_LOG, and the endpoints of all logs of the process. */
  readonly log?: string
  readonly tables?: LogEndpoints[]
  /** Leaves it to the test to let the pipeline catch up with its log. */
  readonly isLeftBehind?: boolean
}

/** A clock at 2026-11-02 08:00 UTC. */
export function testClock(): TestClock {
  const clock: TestClock = {
    timeUs: Date.parse('2026-11-02T08:00:00Z') * 1000,
    nowUs: () => clock.timeUs,
    after: (_ms, call) => {
      const timer = setImmediate(call)
      return () => clearImmediate(timer)
    },
  }
  return clock
}

/** Whichever log they take up, later ones have greater epochs. */
let ownerCount = 0

/** Opens a pipeline; settings as the environment names them. */
export async function openTestPipeline(
  env: Readonly<Record<string, string>> = {},
  survivors: Survivors = {},
): Promise<TestPipeline> {
  const { store = memoryStore(), disk = memoryDisk(), deadLetterLines = [] } = survivors
  const { clock = testClock(), deadLetterDisk = { isFull: false } } = survivors
  const logged: TestPipeline['logged'] = []
  const { log = TEST_LOG, tables = [] } = survivors
  const logTo =
    (level: string) =>
    (message: string, fields: object): void =>
      void logged.push({ level, message, fields })
  const config = parseConfig({ SPOOL_SEGMENT_BYTES: '1MiB', ...env })
  const pipeline = await Pipeline.open({
    tables,
    log,
    settings: streamSettings(config),
    ...spoolLog(disk, {
      segmentBytes: config.spoolSegmentBytes,
      bytesMax: config.spoolBytesMax,
      syncEvery: false,
      // So little that a disk without room takes no event.
      aheadBytes: 64,
      epoch: ++ownerCount,
    }),
    deadLetterFile: {
      append: (line) => {
        if (deadLetterDisk.isFull) throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
        deadLetterLines.push(line)
      },
      sync: () => undefined,
      close: () => undefined,
    },
    deadLetterLines: [...deadLetterLines],
    store,
    parquet: store.parquet,
    clock,
    random: () => 0.5,
    telemetry: new Telemetry({
      debug: logTo('debug'),
      info: logTo('info'),
      warn: logTo('warn'),
      error: logTo('error'),
    }),
  })
  if (survivors.isLeftBehind !== true) await pipeline.catchUp()
  return {
    pipeline,
    processTables: tables,
    store,
    disk,
    deadLetterLines,
    logged,
    clock,
    deadLetterDisk,
    accept: (event, position = null) => {
      const body = event instanceof Uint8Array ? event : Buffer.from(JSON.stringify(event))
      return pipeline.accept(body, position, clock.timeUs)
    },
  }
}

/** Lets reads and writes go on that wait for nothing but a store in memory. */
export async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
}
