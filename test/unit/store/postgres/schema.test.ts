// Claim: a schema of any earlier version becomes the newest one and keeps its rows, each step is
// made once, and a newer schema is left alone. Shown on one embedded database, step by step.
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Partitions } from '../../../../lib/store/postgres/partitions.ts'
import { PgliteDatabase } from '../../../../lib/store/postgres/pglite-database.ts'
import { MIGRATIONS, migrate } from '../../../../lib/store/postgres/schema.ts'
import { createStore } from '../../../../lib/store/postgres/store.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const MAY_2024_MS = Date.UTC(2024, 4, 15)

const folder = temporaryFolder()
const database = new PgliteDatabase({ folder: join(folder.path, 'pglite'), isOurs: () => true })
after(async () => {
  await database.close()
  folder.remove()
})

function row(endpointId: string, atMs: number) {
  return { endpointId, recordType: 'base_metrics', atMs, names: ['a'], values: [1] }
}

/** Table of each row of an endpoint, oldest first. */
async function tablesOf(endpointId: string): Promise<unknown[]> {
  const sql = `
    SELECT tableoid::regclass::text AS name FROM model_endpoint_metrics
    WHERE endpoint_id = $1::text ORDER BY time`
  return (await database.query(sql, [endpointId])).map((found) => found['name'])
}

test('a store of version 1 becomes the newest one and keeps its rows', async () => {
  await migrate(database, MIGRATIONS.slice(0, 1))
  const store = createStore(database, () => MAY_2024_MS)
  await store.tsdb.write([row('old', MAY_2024_MS)])
  await assert.rejects(store.claims.list('log'), { code: 'store-unavailable' })

  await migrate(database)
  await migrate(database)
  assert.deepEqual(await store.claims.list('log'), [])
  assert.equal((await store.reader.series({ endpointId: 'old', limit: 9 })).length, 1)
  const versions = await database.query(
    'SELECT version::float8 FROM model_monitoring_schema ORDER BY version',
  )
  assert.deepEqual(
    versions.map((found) => found['version']),
    MIGRATIONS.map(({ version }) => version),
  )
})

test('a step that fails leaves nothing behind', async () => {
  const broken = {
    version: MIGRATIONS.length + 1,
    statements: ['CREATE TABLE half_made ()', 'CREATE TABLE half_made ()'],
  }
  await assert.rejects(migrate(database, [...MIGRATIONS, broken]), { code: '42P07' })
  const [found] = await database.query(
    "SELECT coalesce(to_regclass('half_made')::text, '') AS name",
  )
  assert.equal(found?.['name'], '')
})

test('a schema that is newer than the program is refused', async () => {
  await assert.rejects(migrate(database, MIGRATIONS.slice(0, 1)), { code: 'store-version' })
})

test('the last two years have monthly partitions, other times share one', async () => {
  const store = createStore(database, () => MAY_2024_MS)
  const times = [
    Date.UTC(2021, 0, 1),
    Date.UTC(2022, 3, 30, 23, 59, 59, 999),
    Date.UTC(2022, 4, 1),
    Date.UTC(2024, 4, 31, 23, 59, 59, 999),
    Date.UTC(2024, 5, 1),
    Date.UTC(2024, 6, 1),
  ]
  await store.tsdb.write(times.map((atMs) => row('months', atMs)))
  assert.deepEqual(await tablesOf('months'), [
    'model_endpoint_metrics_default',
    'model_endpoint_metrics_default',
    'model_endpoint_metrics_2022_05',
    'model_endpoint_metrics_2024_05',
    'model_endpoint_metrics_2024_06',
    'model_endpoint_metrics_default',
  ])
})

test('a month that lies in the default partition already stays there', async () => {
  const store = createStore(database, () => Date.UTC(2024, 7, 1)) // July 2024 has a row since above
  const outcome = await store.tsdb.write([row('late', Date.UTC(2024, 6, 2))])
  assert.deepEqual(outcome, { kind: 'written' })
  assert.deepEqual(await tablesOf('late'), ['model_endpoint_metrics_default'])
})

test('times of no calendar need no partition', async () => {
  const partitions = new Partitions(database, () => MAY_2024_MS)
  await partitions.prepare([Number.NaN, 9e15, -9e15])
})

test('model and function are columns of their own', async () => {
  const store = createStore(database)
  await store.kv.write([
    {
      endpointId: 'columns',
      attributes: new Map([
        ['project', { type: 'string', value: 'p' }],
        ['model', { type: 'string', value: 'iris:v1' }],
      ]),
    },
  ])
  const [found] = await database.query(
    "SELECT project, model, function_uri FROM model_endpoints WHERE endpoint_id = 'columns'",
  )
  assert.deepEqual({ ...found }, { project: 'p', model: 'iris:v1', function_uri: null })
})

test('a closed store answers, and may be closed again', async () => {
  await database.close()
  await database.close()
  const store = createStore(database)
  const outcome = await store.tsdb.write([row('closed', MAY_2024_MS)])
  assert.equal(outcome.kind, 'retry')
  await assert.rejects(store.reader.endpoints(), { code: 'store-unavailable' })
})
