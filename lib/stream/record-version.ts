/**
 * Which update of an endpoint's record is the newer one. Three attributes of the record say who wrote it:
 *
 * stream_log      text: the log whose owner wrote it
 * stream_epoch    int: of that owner; each one that takes the log over has a greater one (ports.ts, and
 *                 `lib/store/disk/folder-lock.ts` for a spool)
 * stream_version  int: of two updates of an endpoint by one owner the later one has the greater; at least
 *                 the offset of the log that it was made at
 *
 * A store writes an update that has them, unless the record has the same log with an epoch and version as
 * great or greater: then that update has come too late, and is settled as it is. Another log never keeps
 * one from being written, nor does a record that lacks one of the three, and an update without them is
 * always written.
 */
import type { Attribute } from './ports.ts'

/** Where an update of a record comes from. */
export interface RecordVersion {
  readonly log: string
  /** Of the log's owner, >= 0. */
  readonly epoch: number
  /** Of the owner's updates of that endpoint, >= 0. */
  readonly version: number
}

export const STREAM_LOG = 'stream_log'
export const STREAM_EPOCH = 'stream_epoch'
export const STREAM_VERSION = 'stream_version'

/** The attributes that say so. */
export function versionAttributes({
  log,
  epoch,
  version,
}: RecordVersion): readonly (readonly [name: string, attribute: Attribute])[] {
  return [
    [STREAM_LOG, { type: 'string', value: log }],
    [STREAM_EPOCH, { type: 'int', value: epoch }],
    [STREAM_VERSION, { type: 'int', value: version }],
  ]
}

/** What the attributes of an update or of a record say; null where one of them is missing or odd. */
export function versionOf(
  attributes: Pick<ReadonlyMap<string, { readonly type: string; readonly value: unknown }>, 'get'>,
): RecordVersion | null {
  const log = attributes.get(STREAM_LOG)?.value
  const epoch = attributes.get(STREAM_EPOCH)?.value
  const version = attributes.get(STREAM_VERSION)?.value
  if (typeof log !== 'string' || typeof epoch !== 'number' || typeof version !== 'number') {
    return null
  }
  return { log, epoch, version }
}

/**
 * What a record says, against an update.
 *
 * @param stored  null where the record does not say, or there is none
 * @returns       `newer` and `same`: the update is not to be written
 */
export function compareVersions(
  stored: RecordVersion | null,
  { log, epoch, version }: RecordVersion,
): 'older' | 'same' | 'newer' {
  if (stored?.log !== log) return 'older'
  if (stored.epoch !== epoch) return stored.epoch > epoch ? 'newer' : 'older'
  if (stored.version === version) return 'same'
  return stored.version > version ? 'newer' : 'older'
}
