import { StreamError } from '../../stream/errors.ts'
import type { Store } from '../../stream/ports.ts'
import { type Database, textOf, unavailable } from './database.ts'
import { PgDatabase, type PgLimits } from './pg-database.ts'
import { migrate } from './schema.ts'
import { createStore } from './store.ts'

// A worker flushes its three sinks at once and reads meanwhile; many workers share one server.
const LIMITS: PgLimits = { connectionsMax: 4, connectMsMax: 10_000, statementMsMax: 30_000 }

/**
 * Opens the store of a PostgreSQL server and brings its schema up to date.
 *
 * @param url  postgres://USER:PASSWORD@HOST:PORT/DATABASE, with `?sslmode=...` as `pg` takes it
 * @throws StreamError `bad-config`, `store-version`, `store-unavailable`; none shows the password
 */
export async function openPostgres({
  url,
  limits = {},
}: {
  url: string
  limits?: Partial<PgLimits>
}): Promise<Store> {
  const database = await PgDatabase.create(url, { ...LIMITS, ...limits })
  try {
    await checkEncoding(database)
    await migrate(database)
  } catch (error) {
    await database.close().catch(() => undefined) // the first error is the one to report
    if (error instanceof StreamError) throw error
    throw unavailable(
      'The PostgreSQL server could not be used, see that it runs and that STORE_URL names it',
      error,
    )
  }
  return createStore(database)
}

/** In any other encoding every name outside it would be refused. */
async function checkEncoding(database: Database): Promise<void> {
  const [row] = await database.query("SELECT current_setting('server_encoding') AS encoding")
  const encoding = row === undefined ? '' : textOf(row, 'encoding')
  if (encoding === 'UTF8') return
  throw new StreamError(
    'bad-config',
    `The database's encoding is ${encoding}, and must be UTF8: name another database.`,
  )
}
