// GetItems: following the markers gives every matching object once, however the pages are cut.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { KEY, send } from './test-client.ts'
import { startV3ioDouble, type V3ioDouble } from './v3io-double.ts'

interface Page {
  readonly LastItemIncluded: string
  readonly NumItems: number
  readonly NextMarker?: string
  readonly Items: readonly Record<string, { readonly S?: string }>[]
}

const KEYS = ['a.1', 'a.2', 'a.3', 'ab.1', 'b.1', 'c', 'd', 'e']
let double: V3ioDouble

before(async () => {
  double = await startV3ioDouble({ accessKey: KEY, pageItemsMax: 3 })
  for (const [index, key] of KEYS.entries()) {
    const body = { Item: { key: { S: key }, n: { N: String(index) } } }
    await send(double.url, { method: 'PUT', path: `/users/t/${key}`, function: 'PutItem', body })
  }
  await send(double.url, { method: 'PUT', path: '/users/t/.%23schema', body: '{}' })
  await send(double.url, { method: 'PUT', path: '/users/t/deeper/file', body: '' })
})
after(() => double.close())

async function page(fields: Readonly<Record<string, unknown>>): Promise<Page> {
  const body = { AttributesToGet: '__name', ...fields }
  const request = { method: 'PUT', path: '/users/t/', function: 'GetItems', body }
  const { status, text } = await send(double.url, request)
  assert.equal(status, 200, text)
  const read = JSON.parse(text) as Page
  assert.equal(read.NumItems, read.Items.length)
  assert.equal(read.LastItemIncluded, 'NextMarker' in read ? 'FALSE' : 'TRUE')
  return read
}

async function pages(fields: Readonly<Record<string, unknown>>): Promise<readonly Page[]> {
  const all = [await page(fields)]
  for (let marker = all[0]?.NextMarker; marker !== undefined; marker = all.at(-1)?.NextMarker) {
    all.push(await page({ ...fields, Marker: marker }))
  }
  return all
}

async function names(fields: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const all = await pages(fields)
  return all.flatMap(({ Items }) => Items.map((item) => item['__name']?.S ?? ''))
}

test('all objects come back, plain files among them, directories not', async () => {
  assert.deepEqual(await names({}), ['.#schema', ...KEYS])
})

test('a page ends early, and may hold nothing without being the last', async () => {
  const found = await pages({ FilterExpression: "__name == 'e'" })
  assert.deepEqual(
    found.map(({ NumItems }) => NumItems),
    [0, 0, 1],
  )
})

test('Limit bounds a page; a filter is applied before it counts', async () => {
  assert.deepEqual(
    (await pages({ Limit: 2 })).map(({ NumItems }) => NumItems),
    [2, 2, 2, 2, 1],
  )
  assert.deepEqual(await names({ Limit: 1, FilterExpression: 'n >= 6' }), ['d', 'e'])
})

test('a filter sees system attributes and every type', async () => {
  assert.deepEqual(await names({ FilterExpression: '__name!=".#schema"' }), KEYS)
  assert.deepEqual(await names({ FilterExpression: "n < 2 and starts(key, 'a')" }), ['a.1', 'a.2'])
  assert.deepEqual(await names({ FilterExpression: 'not exists(key)' }), ['.#schema'])
  assert.deepEqual(await names({ FilterExpression: '__size == 2' }), ['.#schema'])
})

test('segments share the objects out, whole sharding keys at a time', async () => {
  const segments = await Promise.all(
    [0, 1, 2].map((Segment) => names({ Segment, TotalSegment: 3 })),
  )
  assert.deepEqual(segments.flat().sort(), ['.#schema', ...KEYS])
  assert(segments.some((segment) => segment.filter((key) => key.startsWith('a.')).length === 3))
  assert(segments.filter(({ length }) => length > 0).length > 1)
})

test('a sharding key selects by the part before the dot, with or without it', async () => {
  assert.deepEqual(await names({ ShardingKey: 'a' }), ['a.1', 'a.2', 'a.3'])
  assert.deepEqual(await names({ ShardingKey: 'a.' }), ['a.1', 'a.2', 'a.3'])
  const range = { ShardingKey: 'a', SortKeyRangeStart: '1', SortKeyRangeEnd: '3' }
  assert.deepEqual(await names(range), ['a.1', 'a.2'])
})

test('* includes __name here; the table may be named in the body', async () => {
  const [first] = (await page({ AttributesToGet: '*', ShardingKey: 'c' })).Items
  assert.deepEqual(first, { key: { S: 'c' }, n: { N: '5' }, __name: { S: 'c' } })
  const body = { AttributesToGet: 'key', TableName: 't', ShardingKey: 'c' }
  const request = { method: 'PUT', path: '/users/', function: 'GetItems', body }
  assert.match((await send(double.url, request)).text, /"Items":\[\{"key":\{"S":"c"\}\}\]/)
})

test('a marker continues only the scan that gave it; the limit may change', async () => {
  const Marker = (await page({ FilterExpression: 'n >= 0' })).NextMarker
  const body = { AttributesToGet: '__name', FilterExpression: 'n >= 1', Marker }
  const request = { method: 'PUT', path: '/users/t/', function: 'GetItems', body }
  assert.equal((await send(double.url, request)).status, 400)
  await page({ FilterExpression: 'n >= 0', Marker, Limit: 1 })
})
