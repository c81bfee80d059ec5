import { join } from 'node:path'
import type { Config } from '../lib/config/fields.ts'
import { StreamError } from '../lib/stream/errors.ts'
import type { Store } from '../lib/stream/ports.ts'

/** An open store, and what it is called where people read it. */
export interface OpenStore {
  readonly name: 'embedded' | 'postgres'
  readonly store: Store
  /** Tells other processes about this one; only an embedded store has others that ask. */
  readonly setOwnerFacts: (facts: Readonly<Record<string, string | number>>) => void
}

/** A file of its own beside this one: 120 KB that other stores have no use for. */
function loadPostgresStores(): typeof import('./postgres-stores.ts') {
  return require(join(__dirname, 'postgres-stores.js'))
}

/**
 * Opens the store that STORE_URL chooses. What only one store needs is loaded only with it.
 *
 * @throws StreamError `bad-config`, and what opening throws
 */
export async function openStore(config: Config): Promise<OpenStore> {
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
  const wantsV3io = storeUrl === 'v3io' || config.v3ioApi !== '' || config.v3ioFramesd !== ''
  throw new StreamError(
    'bad-config',
    wantsV3io
      ? 'This version has no V3IO store yet: set STORE_URL to postgres://USER:PASSWORD@HOST/DATABASE.'
      : 'There is no store to write to: set STORE_URL to postgres://USER:PASSWORD@HOST/DATABASE, or V3IO_API and V3IO_FRAMESD.',
  )
}
