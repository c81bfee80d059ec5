import { existsSync, rmSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { errorCode, StreamError } from '../../stream/errors.ts'
import { type Database, numberOf, type Parameter, type Queryable, type Row } from './database.ts'
import { readTemplate } from './pglite-template.ts'

type Engine = Pick<PGlite, 'query' | 'close'>

// An engine that meets a full disk while it writes its log panics, and a call on a panicked engine
// never returns and holds the thread. So nothing is written when less than this is free: some
// segments of 16 MB and what a statement writes.
const FREE_BYTES_MIN = 64 * 2 ** 20

// The embedded engine has no background processes: nobody writes checkpoints, and its log would
// grow for ever. 64 MB of log are about 150,000 values.
const LOG_BYTES_MAX = 64 * 2 ** 20

// A broken engine's memory (some hundred MB) is not given back before the process ends.
const OPENINGS_MAX = 4

/** Settings of the engine besides its own defaults: a smaller folder and less memory. */
const SETTINGS = ['shared_buffers=32MB', 'max_wal_size=64MB', 'min_wal_size=32MB']

/** What a `PgliteDatabase` is made of. */
export interface PgliteOptions {
  /** The database's own folder; the one above it exists. */
  readonly folder: string
  /** Asked before every call: two processes on one folder lose each other's writes. */
  readonly isOurs: () => boolean
  /** Statements to run after every 64 MB of log, besides the checkpoint. */
  readonly upkeep?: readonly string[]
}

/**
 * The embedded PostgreSQL on a folder, which this process has for itself (folder-lock.ts). Opens at
 * the first call; calls run one after the other.
 *
 * When the engine breaks (a panic, no memory), it is left alone and the next call opens another
 * one, which recovers the folder as after a crash.
 */
export class PgliteDatabase implements Database {
  readonly #options: PgliteOptions
  #engine: Engine | undefined
  #openingCount = 0
  #checkpointByte = 0 // position in the log, bytes
  #tail: Promise<unknown> = Promise.resolve()
  #isClosed = false

  constructor(options: PgliteOptions) {
    this.#options = options
  }

  query(sql: string, parameters: readonly Parameter[] = []): Promise<readonly Row[]> {
    const isRead = /^\s*SELECT\b/i.test(sql)
    return this.#inTurn({ isRead }, (engine) => this.#run(engine, sql, parameters))
  }

  transaction<T>(body: (queryable: Queryable) => Promise<T>): Promise<T> {
    return this.#inTurn({ isRead: false }, async (engine) => {
      await this.#run(engine, 'BEGIN')
      try {
        const result = await body({ query: (sql, given) => this.#run(engine, sql, given) })
        await this.#run(engine, 'COMMIT')
        return result
      } catch (error) {
        if (this.#engine === engine) await this.#run(engine, 'ROLLBACK')
        throw error
      }
    })
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#tail
    const engine = this.#engine
    this.#engine = undefined
    await engine?.close() // writes the last checkpoint
  }

  #inTurn<T>({ isRead }: { isRead: boolean }, use: (engine: Engine) => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new Error('The embedded store is closed'))
    const turn = this.#tail.then(async () => {
      if (!this.#options.isOurs()) throw new Error('Another process has taken the data folder over')
      if (!isRead) this.#checkFreeBytes()
      const engine = await this.#opened()
      const result = await use(engine)
      if (!isRead) await this.#keepUp(engine)
      return result
    })
    this.#tail = turn.catch(() => undefined) // whoever asked is told
    return turn
  }

  async #run(
    engine: Engine,
    sql: string,
    parameters: readonly Parameter[] = [],
  ): Promise<readonly Row[]> {
    try {
      return (await engine.query<Row>(sql, [...parameters])).rows
    } catch (error) {
      // It must never be called again, not even to be closed.
      if (isBreakdown(error)) this.#engine = undefined
      throw error
    }
  }

  async #opened(): Promise<Engine> {
    if (this.#engine !== undefined) return this.#engine
    if (this.#openingCount === OPENINGS_MAX) {
      throw new Error('The embedded store broke too often: restart the process')
    }
    const pglite = await loadPglite()
    this.#checkFreeBytes()
    this.#openingCount += 1
    const engine = await this.#create(pglite)
    this.#engine = engine
    this.#checkpointByte = await this.#logByte(engine)
    return engine
  }

  /** A database that is not there yet begins as a copy of an empty one, where the build has made one. */
  async #create({ PGlite: Engine }: { PGlite: typeof PGlite }): Promise<Engine> {
    const { folder } = this.#options
    const parameters = SETTINGS.flatMap((setting) => ['-c', setting])
    const startParams = [...Engine.defaultStartParams, ...parameters]
    const template = existsSync(folder) ? null : readTemplate(process.argv[1] ?? '.')
    if (template === null) return await Engine.create({ dataDir: folder, startParams })
    try {
      return await Engine.create({ dataDir: folder, startParams, loadDataDir: template })
    } catch {
      // Whatever is wrong with the copy: a database can always be made without.
      rmSync(folder, { recursive: true, force: true })
      return await Engine.create({ dataDir: folder, startParams })
    }
  }

  async #keepUp(engine: Engine): Promise<void> {
    try {
      if ((await this.#logByte(engine)) - this.#checkpointByte < LOG_BYTES_MAX) return
      await this.#run(engine, 'CHECKPOINT')
      for (const statement of this.#options.upkeep ?? []) await this.#run(engine, statement)
      this.#checkpointByte = await this.#logByte(engine)
    } catch (error) {
      // What was asked for is done; the next call meets the same trouble and tells of it.
      if (errorCode(error) === 'ERR_ASSERTION') throw error
    }
  }

  async #logByte(engine: Engine): Promise<number> {
    const sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS byte"
    const [row] = await this.#run(engine, sql)
    return row === undefined ? 0 : numberOf(row, 'byte')
  }

  #checkFreeBytes(): void {
    const { bavail, blocks, bsize } = statfsSync(dirname(this.#options.folder))
    if (blocks === 0 || bavail * bsize >= FREE_BYTES_MIN) return // no blocks: it does not say
    throw new StreamError(
      'disk-full',
      `The disk has less than ${FREE_BYTES_MIN / 2 ** 20} MB free at ${this.#options.folder}`,
    )
  }
}

/** Did the machine below give up, rather than answer a statement? */
function isBreakdown(error: unknown): boolean {
  if (errorCode(error).length !== 5) return true
  const severity = error instanceof Error && 'severity' in error ? error.severity : ''
  return severity === 'PANIC' || severity === 'FATAL'
}

/** Only who opens an embedded store needs the package; it is not part of the bundle. */
async function loadPglite(): Promise<{ PGlite: typeof PGlite }> {
  try {
    return await import('@electric-sql/pglite')
  } catch (cause) {
    throw new StreamError(
      'store-unavailable',
      'The embedded store needs the package @electric-sql/pglite: run "npm install ' +
        '@electric-sql/pglite@0.5.16" here, or use a PostgreSQL server (STORE_URL=postgres://...).',
      { cause },
    )
  }
}
