import { attributeName, equals, type FoundItem, type KvTable, V3ioError } from 'v3io-js-sdk'
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
  {
    values,
    version,
  }: {
    readonly values: ReadonlyMap<string, RecordAttribute>
    readonly version: RecordVersion
  },
): Promise<boolean> {
  // A try whose answer is lost makes the next one's condition false, and then the look tells.
  const options = { condition: isOlderThan(version), isRepeatable: true }
  const { kind } = await table.update(endpointId, values, options)
  if (kind === 'written') return true
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const found = await table.get(endpointId, NAMES)
    const there = found === null ? 'older' : compareVersions(versionOf(found.item), version)
    if (there !== 'older') return there === 'same'
    if (await writeOver(found)) return true
  }
  throw new V3ioError('unavailable', 'A record is written by others again and again')

  /** Whether it was written: nobody else has, since it was found so. */
  async function writeOver(found: FoundItem | null): Promise<boolean> {
    if (found === null) {
      const created = await table.create(endpointId, values, { isRepeatable: true })
      return created.kind === 'written'
    }
    const { verifier } = found
    const result = await table.update(
      endpointId,
      values,
      verifier === null ? {} : { condition: verifier, isRepeatable: true },
    )
    return result.kind === 'written'
  }
}

/** The condition that the record has nothing as new of this log's. */
function isOlderThan({ log, epoch, version }: RecordVersion): string {
  const [epochName, versionName] = [attributeName(STREAM_EPOCH), attributeName(STREAM_VERSION)]
  const isAsNew = `${epochName} == ${epoch} AND ${versionName} >= ${version}`
  return `NOT (${equals(STREAM_LOG, log)} AND (${epochName} > ${epoch} OR (${isAsNew})))`
}

/** The condition that this update is the one that the record has. */
export function isOfVersion({ log, epoch, version }: RecordVersion): string {
  return [
    equals(STREAM_LOG, log),
    equals(STREAM_EPOCH, epoch),
    equals(STREAM_VERSION, version),
  ].join(' AND ')
}
