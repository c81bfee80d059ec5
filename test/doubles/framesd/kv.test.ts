// The kv backend: save modes, keys, schemas and commands, over a double of the web API.
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import { startV3ioDouble, type V3ioDouble } from '../v3io/v3io-double.ts'
import type { FrameParts, WireFrame } from './frames-messages.ts'
import { type FramesdDouble, startFramesdDouble } from './framesd-double.ts'
import { KEY, read, SESSION, send, sendJson, writeBody } from './test-client.ts'

let v3io: V3ioDouble
let double: FramesdDouble
before(async () => {
  v3io = await startV3ioDouble({ accessKey: KEY, pageItemsMax: 3 })
  double = await startFramesdDouble({ accessKey: KEY, webApiUrl: v3io.url })
})
after(async () => {
  await double.close()
  await v3io.close()
})

function counts(...cells: readonly (readonly [id: string, count: number])[]): FrameParts {
  return {
    columns: [{ name: 'count', dtype: 'INTEGER', ints: cells.map(([, count]) => BigInt(count)) }],
    indices: [{ name: 'id', dtype: 'STRING', strings: cells.map(([id]) => id) }],
  }
}

async function store(
  table: string,
  frame: FrameParts,
  parts: Parameters<typeof writeBody>[1],
): Promise<string> {
  const body = writeBody([frame], { backend: 'kv', table, ...parts })
  const answer = await send(double.url, { path: '/write', body })
  assert.equal(answer.status, answer.body.includes('num_rows') ? 200 : 500)
  return answer.body.toString()
}

function item(table: string, key: string): unknown {
  return Object.fromEntries(v3io.item('projects', `${table}/${key}`) ?? [])
}

async function infer(table: string, args: object = {}): Promise<number> {
  const fields = { session: SESSION, backend: 'kv', table, command: 'infer_schema', args }
  const { status, body } = await sendJson(double.url, '/exec', fields)
  assert.equal(body.toString(), status === 200 ? '{"frame":""}\n' : "can't exec")
  return status
}

interface Schema {
  readonly key: string
  readonly fields: readonly { name: string; type: string; nullable: boolean }[]
}

function schemaOf(table: string): Schema {
  return JSON.parse(v3io.object('projects', `${table}/.#schema`)?.toString() ?? '{}') as Schema
}

/** A column of all frames, together. */
function cells(frames: readonly WireFrame[], name: string): unknown[] {
  return frames.flatMap((frame) => {
    const column = [...frame.columns, ...frame.indices].find((one) => one.name === name)
    return [...(column?.ints ?? []), ...(column?.strings ?? []), ...(column?.floats ?? [])]
  })
}

test('the save modes: error, overwrite, update, replace, skip', async () => {
  const number = (count: number): object => ({ N: String(count) })
  assert.match(await store('modes', counts(['a', 1]), {}), /num_rows":1/)
  // The default of the server, not of the Python client.
  assert.match(await store('modes', counts(['a', 2]), {}), /already exists/)
  await store('modes', counts(['a', 3], ['b', 3]), { save_mode: 'createNewItemsOnly' })
  assert.deepEqual(item('modes', 'a'), { id: { S: 'a' }, count: number(1) })
  assert.deepEqual(item('modes', 'b'), { id: { S: 'b' }, count: number(3) })
  const other: FrameParts = {
    columns: [{ name: 'other', dtype: 'FLOAT', floats: [2] }],
    indices: counts(['a', 0]).indices ?? [],
  }
  await store('modes', other, { save_mode: 'updateItem' })
  const merged = item('modes', 'a') as Record<string, unknown>
  assert.deepEqual(Object.keys(merged).sort(), ['count', 'id', 'other'])
  await store('modes', other, { save_mode: 'overwriteItem' })
  assert.deepEqual(item('modes', 'a'), { id: { S: 'a' }, other: { N: '2E+00' } })
  await store('modes', counts(['c', 9]), { save_mode: 'overwriteTable' })
  assert.deepEqual(v3io.paths('projects', 'modes'), ['modes/.#schema', 'modes/c'])
  assert.match(await store('modes', counts(['a', 1]), { save_mode: 'append' }), /does not exist/)
})

test('a condition is filled in for each row, a false one skips it silently', async () => {
  await store('conditions', counts(['a', 5], ['b', 5]), {})
  const answer = await store('conditions', counts(['a', 4], ['b', 6]), {
    save_mode: 'updateItem',
    condition: '{count} > count',
  })
  assert.match(answer, /num_rows":2/)
  const frames = await read(double.url, { backend: 'kv', table: 'conditions' })
  assert.deepEqual(cells(frames, 'count').map(Number).sort(), [5, 6])
})

test('updateItem does not escape a quote, a replacing mode does not need to', async () => {
  const quoted: FrameParts = {
    columns: [{ name: 'text', dtype: 'STRING', strings: ["it's"] }],
    indices: [{ name: 'id', dtype: 'STRING', strings: ['q'] }],
  }
  assert.match(await store('quotes', quoted, { save_mode: 'updateItem' }), /HTTP\/1.1 400/)
  assert.match(await store('quotes', quoted, { save_mode: 'overwriteItem' }), /num_rows/)
})

test('keys are texts of the indices, a second index is the sorting key', async () => {
  const keyed = async (index: object): Promise<void> => {
    const indices = [{ name: 'id', ...index }] as FrameParts['indices']
    const columns = [{ name: 'v', dtype: 'INTEGER', ints: [1n] }] as const
    await store('keys', { columns, indices: indices ?? [] }, { save_mode: 'overwriteTable' })
  }
  const keyOf = (): unknown => v3io.paths('projects', 'keys')[1]
  await keyed({ dtype: 'BOOLEAN', bools: [true] })
  assert.equal(keyOf(), 'keys/True')
  await keyed({ dtype: 'FLOAT', floats: [2] })
  assert.equal(keyOf(), 'keys/2.0')
  await keyed({ dtype: 'FLOAT', floats: [1.5] })
  assert.equal(keyOf(), 'keys/1.5')
  await keyed({ dtype: 'INTEGER', ints: [7n] })
  assert.equal(keyOf(), 'keys/7')
  const sorted = { ...counts(['a', 1]) }
  const second = { name: 'at', dtype: 'INTEGER', ints: [3n] } as const
  await store('sorted', { ...sorted, indices: [...(sorted.indices ?? []), second] }, {})
  assert.deepEqual(v3io.paths('projects', 'sorted'), ['sorted/.#schema', 'sorted/a.3'])
})

test('the schema is merged: fields are added, numbers widen, other changes are refused', async () => {
  await store('merge', counts(['a', 1]), {})
  const changed = (column: object): FrameParts => ({
    columns: [{ name: 'count', ...column }] as FrameParts['columns'] & object,
    indices: counts(['a', 1]).indices ?? [],
  })
  const text = changed({ dtype: 'STRING', strings: ['x'] })
  assert.match(await store('merge', text, { save_mode: 'updateItem' }), /Schema change/)
  assert.deepEqual(item('merge', 'a'), { id: { S: 'a' }, count: { N: '1' } })
  await store('merge', changed({ dtype: 'FLOAT', floats: [1.5] }), { save_mode: 'updateItem' })
  const types = schemaOf('merge').fields.map(({ name, type }) => [name, type])
  assert.deepEqual(types, [
    ['count', 'double'],
    ['id', 'string'],
  ])
  const badName = { ...counts(['a', 1]), columns: [{ name: 'a-b', dtype: 'INTEGER', ints: [1n] }] }
  const answer = await store('merge', badName as FrameParts, { save_mode: 'updateItem' })
  assert.match(answer, /invalid name/)
})

test('a read needs a schema that lists every attribute', async () => {
  const put = (key: string, attributes: object) =>
    fetch(`${v3io.url}/projects/reads/${key}`, {
      method: 'PUT',
      headers: {
        'X-v3io-session-key': KEY,
        'X-v3io-function': 'PutItem',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ Item: attributes }),
    })
  const ask = (fields: object = {}) =>
    read(double.url, { backend: 'kv', table: 'reads', ...fields })
  assert.match((await ask())[0]?.error ?? '', /^can't query: No such file/)
  for (const key of ['a', 'b', 'c', 'd', 'e']) await put(key, { id: { S: key }, n: { N: '1' } })
  assert.match((await ask())[0]?.error ?? '', /Failed to find a schema .*`execute` 'infer'/)
  assert.equal(await infer('reads'), 200)
  const frames = await ask({ message_limit: 2 })
  assert.deepEqual(
    frames.map((frame) => frame.indices[0]?.strings.length),
    [2, 2, 1],
  )
  assert.deepEqual(cells(frames, 'id').sort(), ['a', 'b', 'c', 'd', 'e'])
  const [asked] = await ask({ columns: ['id', 'n'], filter: "id=='c'" })
  assert.deepEqual(
    asked?.indices.map(({ name }) => name),
    ['_id'],
  )
  assert.deepEqual(asked?.columns.map(({ name }) => name).sort(), ['id', 'n'])
  const [reset] = await ask({ reset_index: true })
  assert.deepEqual(reset?.indices, [])
  await put('f', { id: { S: 'f' }, more: { N: '1' } })
  assert.match((await ask())[0]?.error ?? '', /more is not in the schema/)
})

test('infer_schema samples ten items, and loses what those do not have', async () => {
  const all = Array.from({ length: 25 }, (_, index) => [`k${index}`, index] as const)
  await store('sampled', counts(...all), {})
  const last = v3io.paths('projects', 'sampled').length
  assert.equal(last, 26)
  await store(
    'sampled',
    { ...counts(['late', 1]), columns: [{ name: 'rare', dtype: 'INTEGER', ints: [1n] }] },
    { save_mode: 'updateItem' },
  )
  assert.ok(schemaOf('sampled').fields.some(({ name }) => name === 'rare'))
  assert.equal(await infer('sampled'), 200)
  const { key, fields } = schemaOf('sampled')
  assert.equal(key, 'id')
  assert.deepEqual(fields.map(({ name, type, nullable }) => [name, type, nullable]).sort(), [
    ['count', 'long', true],
    ['id', 'string', false],
  ])
})

test('infer_schema needs exactly one key, or the argument that names it', async () => {
  const twin: FrameParts = {
    columns: [{ name: 'twin', dtype: 'STRING', strings: ['a'] }],
    indices: [{ name: 'id', dtype: 'STRING', strings: ['a'] }],
  }
  await store('keyless', twin, {})
  assert.equal(await infer('keyless'), 500)
  assert.equal(await infer('keyless', { key: { sval: 'id' } }), 500)
  assert.equal(await infer('keyless', { key: 'twin' }), 200)
  assert.equal(schemaOf('keyless').key, 'twin')
  assert.equal(await infer('no/such'), 500)
})

test('a wrong key and an unreachable web API are told', async () => {
  const wrong = await store('denied', counts(['a', 1]), {
    session: { container: 'projects', token: 'no' },
  })
  assert.match(wrong, /403/)
  const lonely = await startFramesdDouble({ accessKey: KEY })
  try {
    const body = writeBody([counts(['a', 1])], { backend: 'kv', table: 't' })
    const { status, body: text } = await send(lonely.url, { path: '/write', body })
    assert.deepEqual([status, text.includes('webApiEndpoint')], [500, true])
    // A session may name the web API itself.
    const named = writeBody([counts(['a', 1])], {
      backend: 'kv',
      table: 'named',
      session: { ...SESSION, url: v3io.url },
    })
    assert.equal((await send(lonely.url, { path: '/write', body: named })).status, 200)
  } finally {
    await lonely.close()
  }
})

test('a table is deleted with its items, or some of its items only', async () => {
  await store('deleted', counts(['a', 1], ['b', 2]), {})
  const ask = async (fields: object): Promise<number> => {
    const all = { session: SESSION, backend: 'kv', table: 'deleted', ...fields }
    return (await sendJson(double.url, '/delete', all)).status
  }
  assert.equal(await ask({ filter: 'count == 1' }), 200)
  assert.deepEqual(v3io.paths('projects', 'deleted'), ['deleted/.#schema', 'deleted/b'])
  assert.equal(await ask({}), 200)
  assert.deepEqual(v3io.paths('projects', 'deleted'), [])
  assert.deepEqual([await ask({}), await ask({ if_missing: 1 })], [500, 200])
})

test('a 503 of V3IO is told, other than with the TSDB', async () => {
  v3io.inject({
    matches: (request) => request.function === 'PutItem',
    kind: { kind: 'status', status: 503 },
  })
  const mode = { save_mode: 'overwriteItem' }
  assert.match(await store('busy', counts(['a', 1]), mode), /HTTP\/1.1 503/)
})
