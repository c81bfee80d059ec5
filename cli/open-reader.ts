import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Environment, parseConfig } from '../lib/config/parse.ts'
import { readFolderOwner } from '../lib/store/disk/folder-lock.ts'
import { openEmbedded } from '../lib/store/postgres/open-embedded.ts'
import { openPostgres } from '../lib/store/postgres/open-postgres.ts'
import type { SeriesQuery, StoreReader } from '../lib/stream/ports.ts'
import { dataPaths, ownerOf } from './data-folder.ts'
import { trouble } from './errors.ts'
import { httpReader, type JsonPoint, type JsonRecord } from './http-reader.ts'
import { DATA_FOLDER, DEMO_FOLDER } from './run-options.ts'

/** Reads what was written, wherever it lies. */
export interface Reader {
  endpoints(): Promise<readonly JsonRecord[]>
  /** Ordered by time; the newest `limit` of them. */
  series(query: SeriesQuery): Promise<readonly JsonPoint[]>
  close(): Promise<void>
}

/**
 * Opens what is to be read: the data folder if one is named, else STORE_URL, else the data folder
 * of `run` or of the demo, whichever there is. Makes nothing that is not there.
 *
 * @throws CliError, StreamError
 */
export async function openReader(
  dataFolder: string | undefined,
  env: Environment,
): Promise<Reader> {
  if (dataFolder !== undefined) return await openDataFolder(dataFolder)
  const storeUrl = env['STORE_URL'] === undefined ? 'auto' : parseStoreUrl(env['STORE_URL'])
  if (/^postgres(?:ql)?:/.test(storeUrl)) {
    const { reader, close } = await openPostgres({ url: storeUrl })
    return storeReader({ reader, close })
  }
  if (storeUrl.startsWith('embedded:')) {
    return await openStoreFolder(storeUrl.slice('embedded:'.length))
  }
  if (storeUrl === 'v3io') {
    throw trouble(
      'The V3IO store cannot be read by this command: name a folder with --data, or set STORE_URL ' +
        'to postgres://USER:PASSWORD@HOST/DATABASE.',
    )
  }
  const found = [DATA_FOLDER, DEMO_FOLDER].find((folder) => existsSync(join(folder, 'store')))
  if (found !== undefined) return await openDataFolder(found)
  throw trouble(
    'There is nothing to read here: name a data folder with --data, set STORE_URL, or begin with ' +
      '"model-monitoring run --demo".',
  )
}

function parseStoreUrl(storeUrl: string): string {
  return parseConfig({ STORE_URL: storeUrl }).storeUrl
}

async function openDataFolder(folder: string): Promise<Reader> {
  const paths = dataPaths(folder)
  if (!existsSync(paths.root)) {
    throw trouble(`There is no data folder ${paths.root}: name one that "run" has written to.`)
  }
  return await openStoreFolder(paths.store, () => ownerOf(paths)?.pid)
}

/** Through the HTTP of the process that has the folder, or directly when nobody has it. */
async function openStoreFolder(
  folder: string,
  otherPid: () => number | undefined = () => undefined,
): Promise<Reader> {
  const owner = existsSync(folder) ? readFolderOwner(folder) : undefined
  const isOwned = owner?.liveness === 'alive'
  const port = isOwned ? owner.facts['port'] : undefined
  if (typeof port === 'number') return httpReader({ port, pid: owner?.pid ?? 0 })
  const pid = otherPid() ?? (isOwned ? owner.pid : undefined)
  if (pid !== undefined) {
    throw trouble(
      `The store in ${folder} is in use by process ${pid}, which serves no HTTP: ` +
        'wait until it has ended, or stop it.',
    )
  }
  if (!existsSync(join(folder, 'pglite')) || existsSync(join(folder, 'pglite-unfinished'))) {
    throw trouble(`There is no store in ${folder}: name a data folder that "run" has written to.`)
  }
  return storeReader(await openEmbedded({ folder }))
}

function storeReader({
  reader,
  close,
}: {
  readonly reader: StoreReader
  readonly close: () => Promise<void>
}): Reader {
  return {
    endpoints: async () => {
      const records = await reader.endpoints()
      return records.map((record) => Object.fromEntries(record))
    },
    series: async (query) => {
      const points = await reader.series(query)
      return points.map(({ atMs, endpointId, recordType, metric, value }) => ({
        time: timeText(atMs),
        endpoint_id: endpointId,
        record_type: recordType,
        metric,
        value,
      }))
    },
    close,
  }
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString()
}
