import { FramesClient } from 'v3io-js-sdk'
import { openV3io, type V3ioStoreOptions } from '../../lib/store/v3io/open-v3io.ts'
import type { Store } from '../../lib/stream/ports.ts'
import { type FramesdDouble, startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble, type V3ioDouble } from '../doubles/v3io/v3io-double.ts'

export const ACCESS_KEY = 'very-secret-access-key'
export const CONTAINER = 'projects'
export const KV_TABLE = 'p/model-endpoints/endpoints'
export const TSDB_TABLE = 'p/model-endpoints/events'

/** Both servers and a store on them. */
export interface V3ioDoubles {
  readonly v3io: V3ioDouble
  readonly framesd: FramesdDouble
  readonly store: Store
  /** What the store told people, by sentence. */
  readonly warnings: { readonly message: string; readonly fields: object }[]
  /** Another store on the same servers, as of another process. */
  readonly openAnother: (options?: Partial<V3ioStoreOptions>) => Store
  /** What an operator may do behind the store's back. */
  readonly deleteMetrics: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts the doubles and opens a store on them. */
export async function startV3ioDoubles(
  options: Partial<V3ioStoreOptions> = {},
): Promise<V3ioDoubles> {
  const v3io = await startV3ioDouble({ accessKey: ACCESS_KEY })
  const framesd = await startFramesdDouble({ accessKey: ACCESS_KEY, webApiUrl: v3io.url })
  const warnings: { message: string; fields: object }[] = []
  const stores: Store[] = []
  const openAnother = (others: Partial<V3ioStoreOptions> = {}): Store => {
    const store = openV3io({
      api: v3io.url,
      framesd: framesd.url,
      accessKey: ACCESS_KEY,
      container: CONTAINER,
      kvTable: KV_TABLE,
      tsdb: { container: CONTAINER, table: TSDB_TABLE },
      warn: (message, fields) => warnings.push({ message, fields }),
      ...options,
      ...others,
    })
    stores.push(store)
    return store
  }
  return {
    v3io,
    framesd,
    store: openAnother(),
    warnings,
    openAnother,
    deleteMetrics: async () => {
      const { url } = framesd
      const client = new FramesClient({ url, container: CONTAINER, accessKey: ACCESS_KEY })
      await client.delete({ backend: 'tsdb', table: TSDB_TABLE })
      client.close()
    },
    close: async () => {
      await Promise.all(stores.map((store) => store.close()))
      await Promise.all([v3io.close(), framesd.close()])
    },
  }
}
