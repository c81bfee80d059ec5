import { type FoundItem, type KvTable, literal, V3ioError, type WriteOptions } from 'v3io-js-sdk'
import {
  compareVersions,
  type RecordVersion,
  STREAM_EPOCH,
  STREAM_LOG,
  STREAM_VERSION,
  versionOf,
} from '../../stream/record-version.ts'
import type { RecordAttribute } from './record-attributes.ts'

const NAMES = [STREAM_LOG, STREAM_EPOCH, STREAM_VERSION]
/** Others may write the record between a look at it and the write; each has written it then. */
const TRIES_MAX = 10

/** An update of a record that says which one it is. */
interface VersionedUpdate {
  readonly values: ReadonlyMap<string, RecordAttribute>
  readonly version: RecordVersion
}

/**
 * Merges an update into a record unless it has come too late (record-version.ts). One request where the
 * condition is taken to be true; where it is not, the record is looked at before that is believed, because a
 * condition with an attribute that the record lacks is false.
 *
 * @returns  false when the record has a newer update, and nothing was written
 * @throws   V3ioError
 */
export async function updateUnlessNewer(
  table: KvTable,
  endpointId: string,
  update: VersionedUpdate,
): Promise<boolean> {
  // A try whose answer is lost makes the next one's condition false, and then the look tells.
  const options = { condition: isOlderThan(update.version), isRepeatable: true }
  const { kind } = await table.update(endpointId, update.values, options)
  return kind === 'written' || lookAndUpdate(table, endpointId, update)
}

async function lookAndUpdate(
  table: KvTable,
  endpointId: string,
  { values, version }: VersionedUpdate,
): Promise<boolean> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const found = await table.get(endpointId, NAMES)
    const there = found === null ? 'older' : compareVersions(versionOf(found.item), version)
    if (there !== 'older') return there === 'same'
    const result =
      found === null
        ? await table.create(endpointId, values, { isRepeatable: true })
        : await table.update(endpointId, values, ifUnchanged(found))
    if (result.kind === 'written') return true
  }
  throw new V3ioError('unavailable', 'A record is written by others again and again')
}

/** Only as long as nobody else has written the item; a server that does not tell is not asked. */
function ifUnchanged({ verifier }: FoundItem): WriteOptions {
  return verifier === null ? {} : { condition: verifier, isRepeatable: true }
}

/** The condition that the record has nothing as new of this log's; once a record, so the names are as they are. */
function isOlderThan({ log, epoch, version }: RecordVersion): string {
  const isAsNew = `${STREAM_EPOCH} == ${epoch} AND ${STREAM_VERSION} >= ${version}`
  return `NOT (${isOfLog(log)} AND (${STREAM_EPOCH} > ${epoch} OR (${isAsNew})))`
}

/** The condition that this update is the one that the record has. */
export function isOfVersion({ log, epoch, version }: RecordVersion): string {
  return `${isOfLog(log)} AND ${STREAM_EPOCH} == ${epoch} AND ${STREAM_VERSION} == ${version}`
}

function isOfLog(log: string): string {
  return `${STREAM_LOG} == ${literal(log)}`
}
