// Claim: the embedded engine's log stays small without its background processes, a failed
// transaction leaves nothing behind, and a folder that was lost to somebody else is not written to.
import { strict as assert } from 'node:assert'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PgliteDatabase } from '../../../../lib/store/postgres/pglite-database.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const temporary = temporaryFolder()
const folder = join(temporary.path, 'pglite')
let isOurs = true
const database = new PgliteDatabase({
  folder,
  isOurs: () => isOurs,
  upkeep: ['INSERT INTO upkeep VALUES (1)'],
})
after(async () => {
  await database.close()
  temporary.remove()
})

async function countOf(table: string): Promise<unknown> {
  const [row] = await database.query(`SELECT count(*)::float8 AS count FROM ${table}`)
  return row?.['count']
}

test('a failed transaction leaves nothing behind, whoever failed', async () => {
  await database.query('CREATE TABLE upkeep (a integer)')
  const ours = new Error('ours')
  await assert.rejects(
    database.transaction(async (transaction) => {
      await transaction.query('INSERT INTO upkeep VALUES (1)')
      throw ours
    }),
    ours,
  )
  await assert.rejects(
    database.transaction(async (transaction) => {
      await transaction.query('INSERT INTO upkeep VALUES (1)')
      await transaction.query('SELECT 1 / 0')
    }),
    { code: '22012' },
  )
  assert.equal(await countOf('upkeep'), 0)
})

test('calls run one after the other', async () => {
  const order: string[] = []
  const slow = database.transaction(async (transaction) => {
    for (let step = 0; step < 5; step++) await transaction.query('SELECT 1')
    order.push('transaction')
  })
  await Promise.all([slow, database.query('SELECT 1').then(() => order.push('query'))])
  assert.deepEqual(order, ['transaction', 'query'])
})

test('a long log makes checkpoints and upkeep, and stays below 10 segments of 16 MB', async () => {
  await database.query('CREATE TABLE filler (a text)')
  for (let part = 0; part < 8; part++) {
    await database.query(
      'INSERT INTO filler SELECT repeat(md5(n::text), 30) FROM generate_series(1, 20000) AS n',
    )
    await database.query('TRUNCATE filler')
  }
  const segments = readdirSync(join(folder, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name))
  assert.ok(segments.length <= 10, `${segments.length} segments`)
  const upkeepCount = Number(await countOf('upkeep'))
  assert.ok(upkeepCount >= 1 && upkeepCount <= 3, `${upkeepCount} times`)
})

test('a folder that was lost is not written to', async () => {
  isOurs = false
  await assert.rejects(database.query('INSERT INTO upkeep VALUES (1)'), /taken the data folder/)
  isOurs = true
})
