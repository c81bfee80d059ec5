/**
 * Tables of the store and how they came about.
 *
 * model_endpoints         endpoint_id   key
 *                         record        jsonb object: attribute name -> text, number or bool
 *                         project, function_uri, model   of the record, kept by the engine itself
 *                         updated_at    when the record was last merged into
 * model_endpoint_metrics  key (endpoint_id, record_type, metric, time); time is exact to the
 *                         millisecond; value or text, the other one NULL. Native partitions: one a
 *                         month and a default one (partitions.ts).
 * parquet_claims          key (log, endpoint_id, hour, number); both offsets are included
 * stream_logs             key log; the epoch of its owner, and its newest checkpoint, gzip, with its offset
 * model_endpoint_ledger   key (log, endpoint_id, at_offset): what the log had counted of the endpoint, or
 *                         in all ('' as endpoint_id), when it was at that offset; minute is the clock's.
 *                         The count of a time is the difference of two lines. quality is JSON, of an
 *                         endpoint whose values are held against a reference.
 * model_monitoring_schema one row per migration that was applied
 *
 * Keys are COLLATE "C": the same order on every machine, and the cheapest one.
 */
import { StreamError } from '../../stream/errors.ts'
import type { Database, Queryable } from './database.ts'
import { numberOf } from './database.ts'

/** One step of the schema. `version` counts from 1; a step that was released never changes. */
export interface Migration {
  readonly version: number
  readonly statements: readonly string[]
}

/** Every step up to the schema that this program works with. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE model_endpoints (
        endpoint_id text COLLATE "C" PRIMARY KEY,
        project text GENERATED ALWAYS AS (record->>'project') STORED,
        function_uri text GENERATED ALWAYS AS (record->>'function_uri') STORED,
        model text GENERATED ALWAYS AS (record->>'model') STORED,
        record jsonb NOT NULL,
        updated_at timestamptz NOT NULL
      )`,
      `CREATE TABLE model_endpoint_metrics (
        time timestamptz NOT NULL,
        endpoint_id text COLLATE "C" NOT NULL,
        record_type text COLLATE "C" NOT NULL,
        metric text COLLATE "C" NOT NULL,
        value double precision,
        text text,
        PRIMARY KEY (endpoint_id, record_type, metric, time)
      ) PARTITION BY RANGE (time)`,
      'CREATE INDEX model_endpoint_metrics_time ON model_endpoint_metrics (time)',
      `CREATE TABLE model_endpoint_metrics_default
        PARTITION OF model_endpoint_metrics DEFAULT`,
    ],
  },
  {
    version: 2,
    statements: [
      `CREATE TABLE parquet_claims (
        log text COLLATE "C" NOT NULL,
        endpoint_id text COLLATE "C" NOT NULL,
        hour bigint NOT NULL,
        number bigint NOT NULL,
        first_offset bigint NOT NULL,
        last_offset bigint NOT NULL,
        PRIMARY KEY (log, endpoint_id, hour, number)
      )`,
    ],
  },
  {
    version: 3,
    statements: [
      `CREATE TABLE stream_logs (
        log text COLLATE "C" PRIMARY KEY,
        epoch bigint NOT NULL,
        checkpoint_offset bigint,
        checkpoint bytea
      )`,
    ],
  },
  {
    version: 4,
    statements: [
      `CREATE TABLE model_endpoint_ledger (
        log text COLLATE "C" NOT NULL,
        endpoint_id text COLLATE "C" NOT NULL,
        at_offset bigint NOT NULL,
        minute timestamptz NOT NULL,
        received bigint NOT NULL,
        accepted bigint NOT NULL,
        error bigint NOT NULL,
        ignored bigint NOT NULL,
        rejected bigint NOT NULL,
        duplicate bigint NOT NULL,
        waiting bigint NOT NULL,
        rows_accepted bigint NOT NULL,
        rows_rejected bigint NOT NULL,
        letters bigint,
        delivered_before bigint,
        PRIMARY KEY (log, endpoint_id, at_offset)
      )`,
    ],
  },
  {
    version: 5,
    statements: ['ALTER TABLE model_endpoint_ledger ADD COLUMN quality text'],
  },
]

// Any number will do, as long as nobody else uses it in this database.
const SCHEMA_LOCK = 7_209_366_514

/**
 * Lets one process at a time change tables: waits for the lock, which ends with the transaction.
 * In the embedded store there is only one process and the lock is free.
 */
export async function lockSchema(transaction: Queryable): Promise<void> {
  await transaction.query('SELECT pg_advisory_xact_lock($1::bigint)::text', [SCHEMA_LOCK])
}

/**
 * Brings the schema up to the newest step, each step once and in a transaction of its own.
 *
 * @throws StreamError `store-version` when the schema is newer than the newest step
 * @throws what the engine throws
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await database.transaction(async (transaction) => {
    await lockSchema(transaction)
    await transaction.query(`CREATE TABLE IF NOT EXISTS model_monitoring_schema (
      version integer PRIMARY KEY,
      applied_at timestamptz NOT NULL
    )`)
  })
  const newest = migrations.at(-1)?.version ?? 0
  const found = await readVersion(database)
  if (found > newest) {
    throw new StreamError(
      'store-version',
      `The store's schema is version ${found}, this program knows version ${newest}: ` +
        'run a newer release, or use another database or folder.',
    )
  }
  for (const migration of migrations) {
    if (migration.version > found) await database.transaction((t) => apply(t, migration))
  }
}

async function apply(transaction: Queryable, migration: Migration): Promise<void> {
  await lockSchema(transaction)
  // Somebody else may have been faster.
  if ((await readVersion(transaction)) >= migration.version) return
  for (const statement of migration.statements) await transaction.query(statement)
  await transaction.query('INSERT INTO model_monitoring_schema VALUES ($1::integer, now())', [
    migration.version,
  ])
}

async function readVersion(queryable: Queryable): Promise<number> {
  const [row] = await queryable.query(
    'SELECT coalesce(max(version), 0)::float8 AS version FROM model_monitoring_schema',
  )
  return row === undefined ? 0 : numberOf(row, 'version')
}
