import type { Item, KvTable } from 'v3io-js-sdk'
import { StreamError } from '../../stream/errors.ts'
import type { Claim, ClaimStore } from '../../stream/ports.ts'
import { unavailable } from './failure.ts'

/**
 * Claims as items, a table for each log. Both calls reject with StreamError `store-unavailable`;
 * whether a claim whose call was rejected exists is then unknown, and `list` tells.
 *
 * @param tableOf  the table of a log's claims
 */
export function createClaimStore(tableOf: (log: string) => KvTable): ClaimStore {
  return {
    async list(log) {
      const claims: Claim[] = []
      try {
        for await (const item of tableOf(log).scan({ names: NAMES }))
          claims.push(claimOf(log, item))
      } catch (error) {
        if (error instanceof StreamError) throw error
        throw unavailable('The claims on Parquet files could not be read', error)
      }
      return claims
    },
    async create({ log, endpointId, hour, number, firstOffset, lastOffset }) {
      try {
        // An underscore, because a dot would make the rest of the key a sorting key.
        const key = `${endpointId}_${hour}_${number}`
        const result = await tableOf(log).create(key, {
          endpoint_id: endpointId,
          hour,
          number,
          first_offset: firstOffset,
          last_offset: lastOffset,
        })
        return result.kind === 'written'
      } catch (error) {
        throw unavailable('A claim on a Parquet file could not be made', error)
      }
    },
  }
}

const NAMES = ['endpoint_id', 'hour', 'number', 'first_offset', 'last_offset']

function claimOf(log: string, item: Item): Claim {
  const number = (name: string): number => {
    const attribute = item.get(name)
    if (attribute?.type === 'int' && typeof attribute.value === 'number') return attribute.value
    throw damaged(log, name)
  }
  const endpointId = item.get('endpoint_id')
  if (endpointId?.type !== 'string') throw damaged(log, 'endpoint_id')
  return {
    log,
    endpointId: endpointId.value,
    hour: number('hour'),
    number: number('number'),
    firstOffset: number('first_offset'),
    lastOffset: number('last_offset'),
  }
}

/** Rows could be written twice if a claim were passed over. */
function damaged(log: string, name: string): StreamError {
  const message = `A claim of log ${log} has no ${name}: somebody else has written to that table, take out what is not ours.`
  return new StreamError('store-unavailable', message)
}
