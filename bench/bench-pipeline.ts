import { randomUUID } from 'node:crypto'
import { wallClock } from '../handler/clocks.ts'
import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import type { Outcome, ParquetSink, SegmentDisk, Store } from '../lib/stream/ports.ts'
import { spoolLog } from '../lib/stream/spool-log.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'

const silent = (): void => undefined
const WRITTEN: Outcome = { kind: 'written' }

/** A pipeline on a real spool; its store takes all, Parquet files too, and keeps none. */
export function openBenchPipeline(
  folder: string,
  segmentBytes: number,
  disk: SegmentDisk = openSegmentFolder(folder),
): Promise<Pipeline> {
  return Pipeline.open({
    tables: [],
    log: randomUUID(),
    settings: streamSettings(parseConfig({})),
    ...spoolLog(disk, { segmentBytes, syncEvery: false, epoch: 1 }),
    deadLetterFile: { append: silent, sync: silent, close: silent },
    deadLetterLines: [],
    store: emptyStore(),
    parquet: emptyParquet(),
    clock: wallClock(),
    random: Math.random,
    telemetry: new Telemetry({ debug: silent, info: silent, warn: silent, error: silent }),
  })
}

/** Lets reads and writes come to their end that wait for nothing. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Takes all and keeps none. */
export function emptyParquet(): ParquetSink {
  return { write: async () => WRITTEN, has: async () => true }
}

/** The same. */
export function emptyStore(): Store {
  return {
    kv: { write: async () => WRITTEN },
    tsdb: { write: async () => WRITTEN },
    claims: { list: async () => [], create: async () => true },
    logs: {
      takeOver: async () => ({ epoch: 1, checkpoint: null }),
      look: async () => ({ epoch: 1, offset: null }),
      writeCheckpoint: async () => true,
    },
    records: { read: async () => new Map() },
    ledger: { write: async () => WRITTEN },
    reader: {
      endpoints: async () => [],
      series: async () => [],
      ledger: async () => [],
      claims: async () => [],
    },
    close: async () => undefined,
  }
}
