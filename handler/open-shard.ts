import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { makeFolder } from '../lib/store/disk/make-folder.ts'
import { readLines } from '../lib/store/disk/read-lines.ts'
import { openLineFile, openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import { ShardLog } from '../lib/stream/shard-log.ts'
import type { OpenShard } from '../lib/stream/shards.ts'
import { StoredCheckpoints } from '../lib/stream/stored-checkpoints.ts'
import type { PipelineSurroundings } from './open-pipeline.ts'
import { streamSettings } from './stream-settings.ts'

const NAME_CHARS_MAX = 60

/**
 * Takes over the log of a shard: from now on no earlier owner can store anything of it.
 *
 * @param shard   topic or stream path and shard, such as `events/3`
 * @param onLost  when another worker has taken it over since
 * @throws StreamError
 */
export async function openShard(
  shard: string,
  onLost: () => void,
  { config, ...shared }: PipelineSurroundings,
): Promise<OpenShard> {
  const { store, clock, telemetry } = shared
  const name = shardLogName(config.project, shard)
  const markFolder = join(config.spoolPath, 'shards', name)
  makeFolder(markFolder)
  const taken = await store.logs.takeOver(name)
  const storedOffset = taken.checkpoint?.offset ?? null
  const log = new ShardLog(config.ackWindowSize, storedOffset ?? -1)
  const checkpoints = new StoredCheckpoints({
    log: name,
    store: store.logs,
    taken,
    clock,
    random: Math.random,
    telemetry,
    onStored: (offset) => log.stored(offset),
    onLost,
  })
  const deadLetterName = `${name}.jsonl`
  const deadLetterFile = openLineFile(config.deadLetterPath, deadLetterName)
  try {
    const pipeline = await Pipeline.open({
      ...shared,
      log: name,
      settings: streamSettings(config),
      spool: log,
      checkpointDisk: checkpoints,
      markDisk: openSegmentFolder(markFolder),
      isStillOwner: () => checkpoints.check(),
      deadLetterFile,
      deadLetterLines: readLines(join(config.deadLetterPath, deadLetterName)),
      random: Math.random,
    })
    telemetry.shardTaken({ shard, log: name, epoch: taken.epoch, offset: storedOffset })
    return { pipeline, log, checkpoints }
  } catch (error) {
    deadLetterFile.close()
    throw error
  }
}

/**
 * Name of a shard's log, in claims, files and tables: readable, and no other shard's of this project or of
 * another one that shares the database.
 */
export function shardLogName(project: string, shard: string): string {
  const readable = shard.replace(/[^A-Za-z0-9]+/g, '-').slice(-NAME_CHARS_MAX)
  const digest = createHash('sha1').update(`${project}\n${shard}`, 'utf8').digest('hex')
  return `${readable}-${digest.slice(0, 8)}`
}
