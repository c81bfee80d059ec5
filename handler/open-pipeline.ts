import { join } from 'node:path'
import type { Config } from '../lib/config/fields.ts'
import { readLines } from '../lib/store/disk/read-lines.ts'
import { openLineFile, openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import type { PipelineParts } from '../lib/stream/pipeline-parts.ts'
import type { Store } from '../lib/stream/ports.ts'
import { type LogParts, spoolLog } from '../lib/stream/spool-log.ts'
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
export function openPipeline(
  { log, folder, lock }: OwnedLog,
  surroundings: PipelineSurroundings,
): Promise<Pipeline> {
  const { spoolSegmentBytes, spoolBytesMax, spoolSync } = surroundings.config
  const parts = spoolLog(openSegmentFolder(folder), {
    segmentBytes: spoolSegmentBytes,
    bytesMax: spoolBytesMax,
    syncEvery: spoolSync === 'every',
    epoch: lock.number,
  })
  return openLogPipeline(log, parts, surroundings)
}

/**
 * Opens the pipeline of a log, with the file of its dead letters.
 *
 * @param log  its name
 * @throws StreamError
 */
export async function openLogPipeline(
  log: string,
  parts: LogParts,
  { config, ...shared }: PipelineSurroundings,
): Promise<Pipeline> {
  const deadLetterName = `${log}.jsonl`
  const deadLetterFile = openLineFile(config.deadLetterPath, deadLetterName)
  try {
    return await Pipeline.open({
      ...shared,
      ...parts,
      log,
      settings: streamSettings(config),
      deadLetterFile,
      deadLetterLines: readLines(join(config.deadLetterPath, deadLetterName)),
      random: Math.random,
    })
  } catch (error) {
    // It may be tried again for as long as the process lives.
    parts.spool.close()
    deadLetterFile.close()
    throw error
  }
}
