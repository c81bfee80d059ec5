import type { KvTable } from 'v3io-js-sdk'
import type { EndpointUpdate, KvSink } from '../../stream/ports.ts'
import { versionOf } from '../../stream/record-version.ts'
import { outcomeOf } from '../outcome.ts'
import { type ItemUpdate, itemUpdate, removal } from './record-attributes.ts'
import type { RecordSchema } from './record-schema.ts'
import { isOfVersion, updateUnlessNewer } from './versioned-update.ts'
import { writeEach } from './write-each.ts'

/**
 * Endpoint records as items of a table: one merge an endpoint, on a condition, several under way at once. The
 * table's schema follows when an attribute was never written before.
 *
 * @param atOnce  merges at once, > 0
 */
export function createKvSink({
  table,
  schema,
  atOnce,
}: {
  readonly table: KvTable
  readonly schema: RecordSchema
  readonly atOnce: number
}): KvSink {
  async function merge(endpointId: string, { values, removed }: ItemUpdate): Promise<void> {
    const version = versionOf(values)
    if (version === null) await table.update(endpointId, values)
    else if (!(await updateUnlessNewer(table, endpointId, { values, version }))) return
    schema.note(values)
    if (removed.length === 0) return
    // Taking out what is not there changes nothing, so it may be repeated; a newer update has its own removals.
    await table.updateByExpression(endpointId, {
      expression: removal(removed),
      ...(version === null ? {} : { condition: isOfVersion(version) }),
      isRepeatable: true,
    })
  }

  return {
    async write(updates) {
      const fates = await writeEach(updates.length, { atOnce }, (index) => {
        const { endpointId = '', attributes = NO_ATTRIBUTES } = updates[index] ?? {}
        return merge(endpointId, itemUpdate(attributes))
      })
      const trouble = fates.trouble === null ? await schema.keep() : null
      if (trouble === null) return outcomeOf(fates)
      // Whoever has the last update to write again comes back for the schema as well.
      return outcomeOf({ ...fates, unwritten: [updates.length - 1], trouble })
    },
  }
}

const NO_ATTRIBUTES: EndpointUpdate['attributes'] = new Map()
