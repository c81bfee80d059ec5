import { join } from 'node:path'
import type { Config } from '../lib/config/fields.ts'
import { parquetPlace } from '../lib/config/paths.ts'
import { choosesV3io } from '../lib/config/v3io.ts'
import { ensureWritable } from '../lib/store/disk/ensure-writable.ts'
import { createParquetSink, type ParquetFileSink } from '../lib/store/parquet/parquet-sink.ts'
import { StreamError } from '../lib/stream/errors.ts'
import type { Store } from '../lib/stream/ports.ts'

/** An open store, and what it is called where people read it. */
export interface OpenStore {
  readonly name: 'embedded' | 'postgres' | 'v3io'
  readonly store: Store
  /** Tells other processes about this one; only an embedded store has others that ask. */
  readonly setOwnerFacts: (facts: Readonly<Record<string, string | number>>) => void
}

/** Files of their own beside this one: what only one store needs is loaded only with it. */
function loadPostgresStores(): typeof import('./postgres-stores.ts') {
  return require(join(__dirname, 'postgres-stores.js'))
}

function loadV3ioStore(): typeof import('./v3io-store.ts') {
  return require(join(__dirname, 'v3io-store.js'))
}

/**
 * Opens the store that STORE_URL chooses.
 *
 * @param warn  tells people what no outcome tells
 * @throws StreamError `bad-config`, and what opening throws
 */
export async function openStore(
  config: Config,
  warn: (message: string, fields: object) => void,
): Promise<OpenStore> {
  const { storeUrl } = config
  if (storeUrl.startsWith('embedded:')) {
    const { openEmbedded } = loadPostgresStores()
    const store = await openEmbedded({ folder: storeUrl.slice('embedded:'.length) })
    return { name: 'embedded', store, setOwnerFacts: (facts) => store.setOwnerFacts(facts) }
  }
  if (/^postgres(ql)?:/.test(storeUrl)) {
    const { openPostgres } = loadPostgresStores()
    const store = await openPostgres({ url: storeUrl })
    return { name: 'postgres', store, setOwnerFacts: () => undefined }
  }
  if (choosesV3io(config)) {
    const store = loadV3ioStore().openV3ioOf(config, warn)
    return { name: 'v3io', store, setOwnerFacts: () => undefined }
  }
  throw new StreamError(
    'bad-config',
    'There is no store to write to: set STORE_URL to postgres://USER:PASSWORD@HOST/DATABASE, or V3IO_API and V3IO_FRAMESD.',
  )
}

/**
 * Opens the place of the Parquet files: a mounted directory or a V3IO container.
 *
 * @throws StreamError `path-unusable`, `bad-config`
 */
export function openParquet(config: Config): ParquetFileSink {
  const workerPath = join(__dirname, 'parquet-worker.js')
  const place = parquetPlace(config)
  if (place.kind === 'directory') {
    ensureWritable(place.path)
    return createParquetSink({ root: place.path, workerPath })
  }
  const { container, path: root } = place
  const { openObjectFolder } = loadV3ioStore()
  const { v3ioApi: api, v3ioAccessKey: accessKey } = config
  const objects = openObjectFolder({ api, accessKey, container })
  return createParquetSink({ root, workerPath, objects })
}
