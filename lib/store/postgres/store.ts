import type { Store } from '../../stream/ports.ts'
import { createClaimStore } from './claim-store.ts'
import type { Database } from './database.ts'
import { createKvSink } from './kv-sink.ts'
import { createLedgerSink } from './ledger.ts'
import { createLogStore } from './log-store.ts'
import { createRecordReader, createStoreReader } from './readers.ts'
import { createTsdbSink } from './tsdb-sink.ts'

/** The ports over a database whose schema is up to date. `close` closes the database. */
export function createStore(database: Database, nowMs: () => number = Date.now): Store {
  return {
    kv: createKvSink(database),
    tsdb: createTsdbSink(database, nowMs),
    claims: createClaimStore(database),
    logs: createLogStore(database),
    ledger: createLedgerSink(database),
    records: createRecordReader(database),
    reader: createStoreReader(database),
    close: () => database.close(),
  }
}
