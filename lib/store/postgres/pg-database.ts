import type { Pool, PoolClient, PoolConfig } from 'pg'
import { errorCode, StreamError } from '../../stream/errors.ts'
import type { Database, Parameter, Queryable, Row } from './database.ts'

/** Bounds of the connections to a server; whole milliseconds, > 0. */
export interface PgLimits {
  readonly connectionsMax: number
  readonly connectMsMax: number
  /** A statement that runs longer is cancelled by the server, and given up here a little later. */
  readonly statementMsMax: number
}

/** A PostgreSQL server behind a bounded pool of connections. */
export class PgDatabase implements Database {
  readonly #pool: Pool
  readonly #secrets: readonly string[]
  #ending: Promise<void> | undefined

  private constructor(pool: Pool, secrets: readonly string[]) {
    this.#pool = pool
    this.#secrets = secrets
    // An idle connection that breaks is dropped by the pool; the next statement makes a new one and
    // reports what is wrong then. Without a listener the event would end the process.
    pool.on('error', () => undefined)
  }

  /**
   * Connects lazily: this only reads the URL.
   *
   * @throws StreamError `bad-config` for a URL that `pg` cannot read
   */
  static async create(url: string, limits: PgLimits): Promise<PgDatabase> {
    const secrets = secretsOf(url)
    const { default: pg } = await import('pg')
    const config: PoolConfig = {
      connectionString: url,
      application_name: 'model-monitoring-stream',
      max: limits.connectionsMax,
      connectionTimeoutMillis: limits.connectMsMax,
      idleTimeoutMillis: 30_000,
      keepAlive: true,
      statement_timeout: limits.statementMsMax,
      lock_timeout: Math.ceil(limits.statementMsMax / 2),
      idle_in_transaction_session_timeout: limits.statementMsMax * 2,
      // For a server that is gone without a word; longer, so that a living one can speak first.
      query_timeout: limits.statementMsMax + 5_000,
    }
    return new PgDatabase(new pg.Pool(config), secrets)
  }

  async query(sql: string, parameters: readonly Parameter[] = []): Promise<readonly Row[]> {
    return this.#telling(async () => (await this.#pool.query<Row>(sql, [...parameters])).rows)
  }

  async transaction<T>(run: (queryable: Queryable) => Promise<T>): Promise<T> {
    return this.#telling(async () => {
      const client = await this.#pool.connect()
      // The statement under way rejects as well; the event alone would end the process.
      client.on('error', ignore)
      let isBroken = false
      try {
        return await inTransaction(client, run)
      } catch (error) {
        isBroken = !(await rollBack(client, error))
        throw error
      } finally {
        client.off('error', ignore)
        client.release(isBroken)
      }
    })
  }

  close(): Promise<void> {
    this.#ending ??= this.#pool.end()
    return this.#ending
  }

  /** Whatever a server or a proxy says, the password is not repeated. */
  async #telling<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      if (error instanceof Error) {
        for (const secret of this.#secrets) {
          error.message = error.message.replaceAll(secret, '***')
          error.stack = `${error.stack}`.replaceAll(secret, '***')
        }
      }
      throw error
    }
  }
}

function ignore(): void {}

async function inTransaction<T>(
  client: PoolClient,
  run: (queryable: Queryable) => Promise<T>,
): Promise<T> {
  await client.query('BEGIN')
  const result = await run({
    query: async (sql, parameters = []) => (await client.query<Row>(sql, [...parameters])).rows,
  })
  await client.query('COMMIT')
  return result
}

/** False when the connection is of no more use; the server then rolls back by itself. */
async function rollBack(client: PoolClient, error: unknown): Promise<boolean> {
  // Without a SQLSTATE the server has not answered: a statement may still be running there.
  if (errorCode(error).length !== 5) return false
  return client.query('ROLLBACK').then(
    () => true,
    () => false,
  )
}

/** The password as written in the URL and as sent, if it is long enough to be searched for. */
function secretsOf(url: string): readonly string[] {
  try {
    // Without a host (it may come as `?host=/run/postgresql`) a URL with a user is none to Node.
    const { password, searchParams } = new URL(url.replace('@/', '@localhost/'))
    const all = [password, decodeURIComponent(password), searchParams.get('password') ?? '']
    return all.filter((secret) => secret.length >= 4)
  } catch (error) {
    // The error holds the URL, and with it the password: it must not become a cause.
    throw new StreamError(
      'bad-config',
      `The URL of the PostgreSQL server cannot be read (${errorCode(error) || 'malformed'}): ` +
        'write postgres://USER:PASSWORD@HOST:PORT/DATABASE and percent-encode special characters.',
    )
  }
}
