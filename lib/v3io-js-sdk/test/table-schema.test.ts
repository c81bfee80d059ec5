// The file of a table's types: a merge adds and widens, keeps all else, writes only what changed, and
// notices when another writer's version won.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SchemaField } from '../src/index.ts'
import { clientOf } from './support/clients.ts'
import { startServer } from './support/scripted-server.ts'

const field = (name: string, type: SchemaField['type']): SchemaField => ({
  name,
  type,
  nullable: name !== 'id',
})

/** A server that keeps one file; `interfere` may change what was written. */
async function schemaOf(initial: object | null, interfere = (body: string) => body) {
  let content = initial === null ? null : JSON.stringify(initial)
  let writes = 0
  const server = await startServer(({ method, path, body }) => {
    assert.equal(path, '/c/a/t/.%23schema')
    if (method === 'GET') return content === null ? { status: 404 } : { body: content }
    writes++
    content = interfere(body)
    return {}
  })
  const file = clientOf(server).table('c', 'a/t').schema()
  return { file, stored: () => JSON.parse(content ?? 'null'), writes: () => writes }
}

test('a file is made, and read back as it was written', async () => {
  const { file, writes } = await schemaOf(null)
  assert.equal(await file.read(), null)
  const fields = [field('id', 'string'), field('n', 'long')]
  const { schema, isWritten } = await file.merge(fields, { key: 'id' })
  assert.deepEqual(schema, { fields, key: 'id', hashingBucketNum: 0 })
  assert.equal(isWritten, true)
  assert.deepEqual(await file.read(), schema)
  assert.equal(writes(), 1)
})

test('a merge adds fields at the end, widens a long, keeps what it does not know', async () => {
  const { file, stored } = await schemaOf({
    owner: 'somebody',
    fields: [
      field('id', 'string'),
      { ...field('n', 'long'), comment: 'kept' },
      field('d', 'double'),
    ],
    key: 'id',
    hashingBucketNum: 7,
  })
  await file.merge([field('new', 'boolean'), field('n', 'double'), field('d', 'long')], {
    key: 'id',
  })
  assert.deepEqual(stored(), {
    owner: 'somebody',
    fields: [
      field('id', 'string'),
      { ...field('n', 'double'), comment: 'kept' },
      field('d', 'double'),
      field('new', 'boolean'),
    ],
    key: 'id',
    hashingBucketNum: 7,
  })
})

test('nothing is written when nothing changes', async () => {
  const fields = [field('id', 'string'), field('d', 'double')]
  const { file, writes } = await schemaOf({ fields, key: 'id' })
  const merge = await file.merge([field('d', 'long')], { key: 'id' })
  assert.deepEqual([merge.isWritten, merge.conflicts, writes()], [false, [], 0])
})

test('another type or another key is a conflict, which names the field; or it is kept', async () => {
  const there = { fields: [field('id', 'string'), field('x', 'string')], key: 'id' }
  const { file, stored, writes } = await schemaOf(there)
  const wanted = [field('x', 'long'), field('y', 'long')]
  await assert.rejects(file.merge(wanted, { key: 'id' }), { code: 'conflict', message: /"x"/ })
  await assert.rejects(file.merge([], { key: 'x' }), { code: 'conflict', message: /"key"/ })
  assert.equal(writes(), 0)
  const { conflicts } = await file.merge(wanted, { key: 'id', onConflict: 'keep' })
  assert.deepEqual(conflicts, [{ name: 'x', kind: 'type', there: 'string', wanted: 'long' }])
  assert.deepEqual(stored().fields, [...there.fields, field('y', 'long')])
})

test('the fields of a writer who came between are kept, and ours are written again', async () => {
  let isFirst = true
  const { file, stored, writes } = await schemaOf(
    { fields: [field('id', 'string')], key: 'id' },
    (body) => {
      if (!isFirst) return body
      isFirst = false
      return JSON.stringify({ fields: [field('id', 'string'), field('theirs', 'long')], key: 'id' })
    },
  )
  await file.merge([field('ours', 'long')], { key: 'id' })
  assert.deepEqual(
    stored().fields.map(({ name }: SchemaField) => name),
    ['id', 'theirs', 'ours'],
  )
  assert.equal(writes(), 2)
})

test('writers who win each time are a conflict in the end', async () => {
  const theirs = JSON.stringify({ fields: [field('id', 'string')], key: 'id' })
  const { file, writes } = await schemaOf(null, () => theirs)
  await assert.rejects(file.merge([field('ours', 'long')], { key: 'id' }), { code: 'conflict' })
  assert.equal(writes(), 5)
})

test('a damaged file is a bad answer and is not overwritten', async () => {
  const { writes, file } = await schemaOf({ fields: [{ name: 'id', type: 'float' }], key: 'id' })
  await assert.rejects(file.read(), { code: 'bad-answer' })
  await assert.rejects(file.merge([field('a', 'long')], { key: 'id' }), { code: 'bad-answer' })
  assert.equal(writes(), 0)
})
