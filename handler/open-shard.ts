import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { makeFolder } from '../lib/store/disk/make-folder.ts'
import { openSegmentFolder } from '../lib/store/disk/segment-folder.ts'
import type { OpenShard } from '../lib/stream/shards.ts'
import { takeShard } from '../lib/stream/take-shard.ts'
import { openLogPipeline, type PipelineSurroundings } from './open-pipeline.ts'

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
  surroundings: PipelineSurroundings,
): Promise<OpenShard> {
  const { config, store, clock, telemetry } = surroundings
  const name = shardLogName(config.project, shard)
  const markFolder = join(config.spoolPath, 'shards', name)
  makeFolder(markFolder)
  const { log, checkpoints, parts, epoch, storedOffset } = await takeShard({
    name,
    window: config.ackWindowSize,
    store: store.logs,
    clock,
    random: Math.random,
    telemetry,
    onLost,
  })
  const logParts = { ...parts, markDisk: openSegmentFolder(markFolder) }
  const pipeline = await openLogPipeline(name, logParts, surroundings)
  telemetry.shardTaken({ shard, log: name, epoch, offset: storedOffset })
  return { pipeline, log, checkpoints }
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
