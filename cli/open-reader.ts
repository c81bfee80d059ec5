import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openV3ioOf } from '../handler/v3io-store.ts'
import { type Environment, parseConfig } from '../lib/config/parse.ts'
import { choosesV3io } from '../lib/config/v3io.ts'
import { readFolderOwner } from '../lib/store/disk/folder-lock.ts'
import { openEmbedded } from '../lib/store/postgres/open-embedded.ts'
import { openPostgres } from '../lib/store/postgres/open-postgres.ts'
import type {
  Claim,
  LedgerEntry,
  LedgerQuery,
  SeriesQuery,
  StoreReader,
} from '../lib/stream/ports.ts'
import { dataPaths, ownerOf } from './data-folder.ts'
import { trouble } from './errors.ts'
import { httpReader, type JsonPoint, type JsonRecord } from './http-reader.ts'
import { DATA_FOLDER, DEMO_FOLDER } from './run-options.ts'

/** Reads what was written, wherever it lies. */
export interface Reader {
  /** The data folder that it was found in; null for a store that the environment names. */
  readonly dataFolder: string | null
  endpoints(): Promise<readonly JsonRecord[]>
  /** Ordered by time; the newest `limit` of them. */
  series(query: SeriesQuery): Promise<readonly JsonPoint[]>
  /** See StoreReader.ledger. */
  ledger(query: LedgerQuery): Promise<readonly LedgerEntry[]>
  /** See StoreReader.claims. */
  claims(log: string): Promise<readonly Claim[]>
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
  const settings = parseConfig(storeSettings(env))
  const { storeUrl } = settings
  if (/^postgres(?:ql)?:/.test(storeUrl)) {
    const { reader, close } = await openPostgres({ url: storeUrl })
    return storeReader({ reader, close })
  }
  if (storeUrl.startsWith('embedded:')) {
    return await openStoreFolder(storeUrl.slice('embedded:'.length))
  }
  if (choosesV3io(settings)) return storeReader(openV3ioOf(settings, warnNobody))
  const found = [DATA_FOLDER, DEMO_FOLDER].find((folder) => existsSync(join(folder, 'store')))
  if (found !== undefined) return await openDataFolder(found)
  throw trouble(
    'There is nothing to read here: name a data folder with --data, set STORE_URL, or begin with ' +
      '"model-monitoring run --demo".',
  )
}

/** Those that say where the tables lie; complaints about any other would help nobody who reads. */
function storeSettings(env: Environment): Environment {
  return Object.fromEntries(STORE_SETTINGS.map((name) => [name, env[name]]))
}

const STORE_SETTINGS = [
  'STORE_URL',
  'PROJECT',
  'CONTAINER',
  'KV_PATH_TEMPLATE',
  'TSDB_PATH_TEMPLATE',
  'V3IO_API',
  'V3IO_FRAMESD',
  'V3IO_ACCESS_KEY',
]

/** Only writers warn. */
function warnNobody(): void {}

async function openDataFolder(folder: string): Promise<Reader> {
  const paths = dataPaths(folder)
  if (!existsSync(paths.root)) {
    throw trouble(`There is no data folder ${paths.root}: name one that "run" has written to.`)
  }
  const reader = await openStoreFolder(paths.store, () => ownerOf(paths)?.pid)
  return { ...reader, dataFolder: folder }
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
    dataFolder: null,
    ledger: (query) => reader.ledger(query),
    claims: (log) => reader.claims(log),
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
