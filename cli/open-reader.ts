import { existsSync } from 'node:fs'
import { openV3ioOf } from '../handler/v3io-store.ts'
import type { Environment } from '../lib/config/parse.ts'
import { openEmbedded } from '../lib/store/postgres/open-embedded.ts'
import { openPostgres } from '../lib/store/postgres/open-postgres.ts'
import { unreachable } from '../lib/stream/errors.ts'
import type {
  Claim,
  LedgerEntry,
  LedgerQuery,
  SeriesQuery,
  StoreReader,
} from '../lib/stream/ports.ts'
import { dataPaths } from './data-folder.ts'
import { trouble } from './errors.ts'
import { httpReader, type JsonPoint, type JsonRecord } from './http-reader.ts'
import { type ChosenStore, findStore } from './store-place.ts'

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

/** Reads from what `openReader` opens, and closes it. */
export async function withReader<T>(
  dataFolder: string | undefined,
  read: (reader: Reader) => Promise<T>,
): Promise<T> {
  const reader = await openReader(dataFolder, process.env)
  try {
    return await read(reader)
  } finally {
    await reader.close()
  }
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
  if (dataFolder !== undefined) checkDataFolder(dataFolder)
  const chosen = findStore(dataFolder, env)
  if (chosen === null) {
    throw trouble(
      'There is nothing to read here: name a data folder with --data, set STORE_URL, or begin with ' +
        '"model-monitoring run --demo".',
    )
  }
  return { ...(await readerOf(chosen)), dataFolder: chosen.dataFolder }
}

async function readerOf({ place, settings }: ChosenStore): Promise<Reader> {
  switch (place.kind) {
    case 'function':
      return httpReader(place)
    case 'postgres':
      return storeReader(await openPostgres({ url: place.url }))
    case 'v3io':
      return storeReader(openV3ioOf(settings, warnNobody))
    case 'embedded':
      if (place.isMade) return storeReader(await openEmbedded({ folder: place.folder }))
      throw trouble(
        `There is no store in ${place.folder}: name a data folder that "run" has written to.`,
      )
    default:
      return unreachable(place)
  }
}

/** Only writers warn. */
function warnNobody(): void {}

function checkDataFolder(folder: string): void {
  const { root } = dataPaths(folder)
  if (existsSync(root)) return
  throw trouble(`There is no data folder ${root}: name one that "run" has written to.`)
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
