import type { KvTable } from 'v3io-js-sdk'
import type { EndpointUpdate, KvSink, RefusedRow } from '../../stream/ports.ts'
import { outcomeOf } from '../outcome.ts'
import { verdict } from './failure.ts'
import { inParallel } from './in-parallel.ts'
import { type ItemUpdate, itemUpdate, removal } from './record-attributes.ts'
import type { RecordSchema } from './record-schema.ts'

/**
 * Endpoint records as items of a table: one merge an endpoint, several under way at once. The table's
 * schema follows when an attribute was never written before.
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
    await table.update(endpointId, values)
    schema.note(values)
    if (removed.length === 0) return
    // Taking out what is not there changes nothing, so it may be repeated.
    const expression = removal(removed)
    await table.updateByExpression(endpointId, { expression, isRepeatable: true })
  }

  return {
    async write(updates) {
      const unwritten = new Set(updates.keys())
      const refused: RefusedRow[] = []
      let trouble: string | null = null
      await inParallel(updates.length, { atOnce }, async (index) => {
        const { endpointId = '', attributes = NO_ATTRIBUTES } = updates[index] ?? {}
        try {
          await merge(endpointId, itemUpdate(attributes))
          unwritten.delete(index)
        } catch (error) {
          const { isRefusal, reason } = verdict(error)
          if (isRefusal) {
            refused.push({ index, reason })
            unwritten.delete(index)
          } else trouble ??= reason
        }
        // After trouble nothing else is begun: each try could wait for its time limit.
        return trouble === null
      })
      if (trouble === null) {
        trouble = await schema.keep()
        // Whoever has the last update to write again comes back for the schema as well.
        if (trouble !== null) unwritten.add(updates.length - 1)
      }
      return outcomeOf({ count: updates.length, unwritten: [...unwritten], refused, trouble })
    },
  }
}

const NO_ATTRIBUTES: EndpointUpdate['attributes'] = new Map()
