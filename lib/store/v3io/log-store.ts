import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { FoundItem, KvTable, ObjectStore } from 'v3io-js-sdk'
import { StreamError } from '../../stream/errors.ts'
import type { LogStore } from '../../stream/ports.ts'
import { unavailable } from './failure.ts'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** Others may take a log over at the same moment; each try sees a newer epoch. */
const TRIES_MAX = 20

/**
 * Logs as items: the epoch of a log's owner, and the object that holds its newest checkpoint, gzip, with its
 * offset. An object that no item names is one whose owner was not fast enough; the next checkpoint of the
 * same offset writes over it.
 *
 * @param table    of the items, one a log
 * @param objects  of the table's container
 * @param folder   where the checkpoints lie in it
 */
export function createLogStore({
  table,
  objects,
  folder,
}: {
  readonly table: KvTable
  readonly objects: ObjectStore
  readonly folder: string
}): LogStore {
  async function guarded<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof StreamError) throw error
      throw unavailable(what, error)
    }
  }

  async function raise(log: string, found: FoundItem | null): Promise<number | null> {
    if (found === null) {
      // Greater than those in the records (record-version.ts) also where the item was deleted, to begin anew.
      const first = Math.floor(Date.now() / 1000)
      const created = await table.create(log, { epoch: first })
      return created.kind === 'written' ? first : null
    }
    const epoch = wholeOf(log, found, 'epoch')
    const result = await table.update(log, { epoch: epoch + 1 }, { condition: `epoch == ${epoch}` })
    return result.kind === 'written' ? epoch + 1 : null
  }

  return {
    takeOver: (log) =>
      guarded('A log could not be taken over', async () => {
        for (let tries = 0; tries < TRIES_MAX; tries++) {
          const epoch = await raise(log, await table.get(log))
          if (epoch === null) continue
          // After it: what an earlier owner has stored until now is stored, and nothing more.
          const found = await table.get(log)
          const name = found?.item.get('object')
          if (found === null || name?.type !== 'string') return { epoch, checkpoint: null }
          const body = await objects.get(name.value)
          if (body === null) throw damaged(log, 'checkpoint where it should be')
          const bytes = await decompress(body)
          return { epoch, checkpoint: { offset: wholeOf(log, found, 'offset'), bytes } }
        }
        throw new StreamError('store-unavailable', `Log ${log} is taken over again and again.`)
      }),

    look: (log) =>
      guarded('The owner of a log could not be read', async () => {
        const found = await table.get(log)
        if (found === null) return { epoch: 0, offset: null }
        const offset = found.item.has('offset') ? wholeOf(log, found, 'offset') : null
        return { epoch: wholeOf(log, found, 'epoch'), offset }
      }),

    writeCheckpoint: (log, { epoch, offset, bytes }) =>
      guarded('A checkpoint could not be written', async () => {
        const before = await table.get(log)
        if (before === null || wholeOf(log, before, 'epoch') !== epoch) return false
        const name = `${folder}/${log}/${epoch}-${offset}.jsonl.gz`
        await objects.put(name, await compress(bytes))
        const result = await table.update(
          log,
          { offset, object: name },
          { condition: `epoch == ${epoch}` },
        )
        if (result.kind !== 'written') return false
        const older = before.item.get('object')
        if (older?.type === 'string' && older.value !== name) await objects.delete(older.value)
        return true
      }),
  }
}

function wholeOf(log: string, { item }: FoundItem, name: string): number {
  const attribute = item.get(name)
  if (attribute?.type === 'int' && typeof attribute.value === 'number') return attribute.value
  throw damaged(log, name)
}

function damaged(log: string, what: string): StreamError {
  const message = `Log ${log} has no ${what}: somebody else has written to or deleted from that table or its checkpoints; put it back, or delete the log's item to begin anew.`
  return new StreamError('store-unavailable', message)
}
