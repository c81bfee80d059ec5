import { FramesClient, V3ioClient } from 'v3io-js-sdk'
import { StreamError } from '../../stream/errors.ts'
import type { Store } from '../../stream/ports.ts'
import { createClaimStore } from './claim-store.ts'
import { createKvSink } from './kv-sink.ts'
import { createLedgerSink } from './ledger.ts'
import { createLogStore } from './log-store.ts'
import { createRecordReader, createStoreReader } from './readers.ts'
import { inferWith, RecordSchema, type Warn } from './record-schema.ts'
import { createTsdbSink } from './tsdb-sink.ts'

/** What the platform is asked for at once by one process; the rest waits its turn. */
const AT_ONCE = 16

/** Where the tables lie and how they are reached. */
export interface V3ioStoreOptions {
  /** Address of the web API. */
  readonly api: string
  /** Address of framesd's HTTP side. */
  readonly framesd: string
  readonly accessKey: string
  /** Container of the endpoint records. */
  readonly container: string
  /** Table of the endpoint records inside it. */
  readonly kvTable: string
  /** Container and table of the metrics. */
  readonly tsdb: { readonly container: string; readonly table: string }
  readonly warn: Warn
  /** One try of one request, ms. Default 10,000. */
  readonly timeoutMs?: number
  /** Longest wait before the second of three tries, ms. Default 100. */
  readonly backoffMs?: number
}

/**
 * The store of an Iguazio system: endpoint records and claims as items of the web API, metrics in a
 * table of framesd. Nothing is asked for here; trouble shows at the first call.
 *
 * @throws StreamError `bad-config` for an address or a key that cannot be meant
 */
export function openV3io(options: V3ioStoreOptions): Store {
  const { api, framesd, accessKey, container, kvTable, tsdb, warn } = options
  const { timeoutMs = 10_000, backoffMs = 100 } = options
  const shared = { accessKey, connectionsMax: AT_ONCE, timeoutMs, backoffMs }
  const client = configured('V3IO_API', () => new V3ioClient({ ...shared, url: api }))
  const framesIn = (inContainer: string): FramesClient =>
    configured(
      'V3IO_FRAMESD',
      () => new FramesClient({ ...shared, url: framesd, container: inContainer }),
    )
  const frames = framesIn(tsdb.container)
  // framesd's session names one container, and the two tables need not share it.
  const recordFrames = container === tsdb.container ? frames : framesIn(container)
  const table = client.table(container, kvTable)
  const schema = new RecordSchema(table, inferWith(recordFrames, kvTable), warn)
  const claimTables = beside(kvTable, 'parquet-claims')
  const claims = createClaimStore((log) => client.table(container, `${claimTables}/${log}`))
  const ledger = client.table(container, beside(kvTable, 'ledger'))
  return {
    kv: createKvSink({ table, schema, atOnce: AT_ONCE }),
    tsdb: createTsdbSink(frames, tsdb.table),
    claims,
    logs: createLogStore({
      table: client.table(container, beside(kvTable, 'stream-logs')),
      objects: client.objects(container),
      folder: beside(kvTable, 'stream-checkpoints'),
    }),
    ledger: createLedgerSink(ledger, { atOnce: AT_ONCE }),
    records: createRecordReader(table, { atOnce: AT_ONCE }),
    reader: createStoreReader({
      table,
      ledger,
      claims,
      metrics: { frames, table: tsdb.table },
    }),
    close: async () => {
      client.close()
      frames.close()
      recordFrames.close()
    },
  }
}

/** Beside the table of the records: `p/model-endpoints/endpoints` -> `p/model-endpoints/NAME`. */
function beside(kvTable: string, name: string): string {
  return [...kvTable.split('/').slice(0, -1), name].join('/')
}

function configured<T>(name: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StreamError('bad-config', `${name}: ${reason}.`, { cause })
  }
}
