import { join } from 'node:path'
import type { Config } from '../lib/config/fields.ts'
import { readLines } from '../lib/store/disk/read-lines.ts'
import { openLineFile, openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { Spool } from '../lib/stream/accept/spool.ts'
import { Pipeline, type PipelineParts } from '../lib/stream/pipeline.ts'
import type { Store } from '../lib/stream/ports.ts'
import type { OwnedLog } from './open-log.ts'
import { streamSettings } from './stream-settings.ts'

/** What the pipelines of all logs of a process share. */
export interface PipelineSurroundings
  extends Pick<PipelineParts, 'parquet' | 'clock' | 'telemetry' | 'tables'> {
  readonly store: PipelineParts['store'] & Pick<Store, 'logs'>
  readonly config: Config
}

/**
 * Opens the pipeline of a log whose folder this process has for itself.
 *
 * @throws StreamError
 */
export async function openPipeline(
  { log, folder }: OwnedLog,
  { config, ...shared }: PipelineSurroundings,
): Promise<Pipeline> {
  const disk = openSegmentFolder(folder)
  const deadLetterName = `${log}.jsonl`
  const deadLetterFile = openLineFile(config.deadLetterPath, deadLetterName)
  const parts: PipelineParts = {
    ...shared,
    log,
    settings: streamSettings(config),
    checkpointDisk: disk,
    markDisk: disk,
    isStillOwner: async () => true,
    spool: new Spool(disk, {
      segmentBytes: config.spoolSegmentBytes,
      bytesMax: config.spoolBytesMax,
      syncEvery: config.spoolSync === 'every',
    }),
    deadLetterFile,
    deadLetterLines: readLines(join(config.deadLetterPath, deadLetterName)),
    random: Math.random,
  }
  try {
    return await Pipeline.open(parts)
  } catch (error) {
    // It may be tried again for as long as the process lives.
    parts.spool.close()
    deadLetterFile.close()
    throw error
  }
}
