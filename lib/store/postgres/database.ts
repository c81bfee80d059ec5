import { strict as assert } from 'node:assert'
import { errorCode, errorMessage, StreamError } from '../../stream/errors.ts'

/**
 * What a statement takes so that `pg` and PGlite mean the same by it: jsonb as JSON text, times as
 * ISO text that the statement casts, arrays plain and cast to `text[]` or `float8[]`.
 */
export type Parameter = string | number | null | readonly (string | number | null)[]

/** A row of an answer, by column name. Statements cast their columns to text, float8 or bool. */
export type Row = Readonly<Record<string, unknown>>

/** Runs one statement a call, with parameters $1, $2, ... */
export interface Queryable {
  /** Throws what the engine throws; a server's own complaint has its SQLSTATE in `code`. */
  query(sql: string, parameters?: readonly Parameter[]): Promise<readonly Row[]>
}

/** A PostgreSQL, be it a server or the embedded one. */
export interface Database extends Queryable {
  /** Commits when `run` resolves; rolls back and throws the same error when it rejects. */
  transaction<T>(run: (queryable: Queryable) => Promise<T>): Promise<T>
  /** Lets running statements end, then closes; later calls are refused. May be called twice. */
  close(): Promise<void>
}

/** A column that the statement casts to text and that is never NULL. */
export function textOf(row: Row, column: string): string {
  const value = row[column]
  assert(typeof value === 'string', `${column} is selected as text`)
  return value
}

/** A column that the statement casts to float8 and that is never NULL. */
export function numberOf(row: Row, column: string): number {
  const value = row[column]
  assert(typeof value === 'number', `${column} is selected as float8`)
  return value
}

/**
 * Runs a read, which has no outcome to answer with.
 *
 * @throws StreamError `store-unavailable` for any trouble of the store
 */
export async function readFrom(
  database: Queryable,
  sql: string,
  parameters: readonly Parameter[] = [],
): Promise<readonly Row[]> {
  try {
    return await database.query(sql, parameters)
  } catch (cause) {
    throw unavailable('The store could not be read', cause)
  }
}

/** A StreamError `store-unavailable` that ends in the engine's own words. */
export function unavailable(what: string, cause: unknown): StreamError {
  return new StreamError('store-unavailable', `${what}: ${describe(cause)}.`, { cause })
}

/** An engine's error as one line of 500 characters at most: `57P01 terminating connection`. */
export function describe(error: unknown): string {
  // A refused connection to a name with several addresses is an AggregateError without a message.
  const code = errorCode(error)
  const message = errorMessage(error).replaceAll(/\s+/g, ' ').replace(/\.$/, '')
  return (message.includes(code) ? message || code : `${code} ${message}`).trim().slice(0, 500)
}
