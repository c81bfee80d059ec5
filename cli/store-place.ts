import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../lib/config/fields.ts'
import { type Environment, parseConfig } from '../lib/config/parse.ts'
import { choosesV3io } from '../lib/config/v3io.ts'
import { readFolderOwner } from '../lib/store/disk/folder-lock.ts'
import type { FunctionPlace } from './ask-function.ts'
import { dataPaths, ownerOf } from './data-folder.ts'
import { trouble } from './errors.ts'
import { DATA_FOLDER, DEMO_FOLDER } from './run-options.ts'

/** Where a store is, and how it is reached at this moment. */
export type StorePlace =
  /** A function has the embedded store, and serves HTTP at a port of this machine. */
  | ({ readonly kind: 'function' } & FunctionPlace)
  /** Nobody has the embedded store. */
  | { readonly kind: 'embedded'; readonly folder: string; readonly isMade: boolean }
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'v3io' }

/** A store with the settings that say where its tables lie. */
export interface ChosenStore {
  readonly place: StorePlace
  readonly settings: Config
  /** The data folder that it is in; null for a store that the environment names. */
  readonly dataFolder: string | null
}

/**
 * Finds the store: of the data folder if one is named, else of STORE_URL, else of the data folder of `run` or
 * of the demo, whichever there is; null where there is none of all that. Makes nothing.
 *
 * @throws CliError, StreamError
 */
export function findStore(dataFolder: string | undefined, env: Environment): ChosenStore | null {
  const settings = parseConfig(storeSettings(env))
  if (dataFolder !== undefined) return inData(dataFolder, settings)
  const { storeUrl } = settings
  if (/^postgres(?:ql)?:/.test(storeUrl)) {
    return { place: { kind: 'postgres', url: storeUrl }, settings, dataFolder: null }
  }
  if (storeUrl.startsWith('embedded:')) {
    const place = placeInFolder(storeUrl.slice('embedded:'.length), settings)
    return { place, settings, dataFolder: null }
  }
  if (choosesV3io(settings)) return { place: { kind: 'v3io' }, settings, dataFolder: null }
  const found = [DATA_FOLDER, DEMO_FOLDER].find((folder) => existsSync(join(folder, 'store')))
  return found === undefined ? null : inData(found, settings)
}

/** Those that say where the tables lie; complaints about any other would help nobody here. */
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
  'DEFAULT_VERSION',
  'READ_TOKEN',
]

function inData(folder: string, settings: Config): ChosenStore {
  const paths = dataPaths(folder)
  const place = placeInFolder(paths.store, settings, () => ownerOf(paths)?.pid)
  return { place, settings, dataFolder: folder }
}

/** Through the HTTP of the process that has the folder, or directly when nobody has it. */
function placeInFolder(
  folder: string,
  { readToken, v3ioAccessKey }: Pick<Config, 'readToken' | 'v3ioAccessKey'>,
  otherPid: () => number | undefined = () => undefined,
): StorePlace {
  const owner = existsSync(folder) ? readFolderOwner(folder) : undefined
  const isOwned = owner?.liveness === 'alive'
  const port = isOwned ? owner.facts['port'] : undefined
  if (typeof port === 'number') {
    return { kind: 'function', port, pid: owner?.pid ?? 0, readKey: readToken || v3ioAccessKey }
  }
  const pid = otherPid() ?? (isOwned ? owner.pid : undefined)
  if (pid !== undefined) {
    throw trouble(
      `The store in ${folder} is in use by process ${pid}, which serves no HTTP: ` +
        'wait until it has ended, or stop it.',
    )
  }
  const isMade =
    existsSync(join(folder, 'pglite')) && !existsSync(join(folder, 'pglite-unfinished'))
  return { kind: 'embedded', folder, isMade }
}
