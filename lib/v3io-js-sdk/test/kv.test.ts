// Tables: what answers to writes mean, and that scans neither stop early, nor go on for ever, nor ask
// for what the platform does not have.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf, collect } from './support/clients.ts'
import { type Reply, type SeenRequest, startServer } from './support/scripted-server.ts'

const REFUSAL = (...codes: readonly number[]): Reply => ({
  status: 400,
  body: codes.map((code) => `{"ErrorCode": ${code}, "ErrorMessage": "x"}`).join('\n'),
})
const page = (names: readonly string[], rest: object = {}): Reply => ({
  body: JSON.stringify({
    LastItemIncluded: 'FALSE',
    Items: names.map((name) => ({ __name: { S: name } })),
    ...rest,
  }),
})
const LAST = { LastItemIncluded: 'TRUE' }
const scanned = async (replies: readonly Reply[], scan = {}) => {
  const server = await startServer(replies)
  const items = await collect(clientOf(server).table('c', 't').scan(scan))
  const names = items.map((item) => item.get('__name')?.value)
  return { names, bodies: server.seen.map(({ body }) => JSON.parse(body)) }
}

test('a false condition is an outcome, in each of the forms that clients look for', async () => {
  for (const code of [-16777244, -16777245]) {
    const table = clientOf(await startServer([REFUSAL(code)])).table('c', 't')
    const options = { condition: 'a == 1' }
    assert.deepEqual(await table.put('k', {}, options), { kind: 'condition-false' })
    assert.deepEqual(await table.update('k', {}, options), { kind: 'condition-false' })
    const update = { expression: 'a = 2', ...options }
    assert.deepEqual(await table.updateByExpression('k', update), { kind: 'condition-false' })
    await assert.rejects(table.create('k', {}), { code: 'refused' })
  }
})

test('create tells an item that exists from one that was made', async () => {
  const exists = clientOf(await startServer([REFUSAL(-16777244, -369098809)]))
  assert.deepEqual(await exists.table('c', 't').create('k', {}), { kind: 'exists' })
  const made = clientOf(await startServer([{}]))
  const result = await made.table('c', 't').create('k', { a: 1 })
  assert.deepEqual(result, { kind: 'written', verifier: null })
})

test('other refusals stay errors: another code, another status, a number without a code', async () => {
  const body = 'about 16777244'
  for (const reply of [
    REFUSAL(-201326592),
    { ...REFUSAL(-16777244), status: 409 },
    { status: 400, body },
  ]) {
    const table = clientOf(await startServer([reply])).table('c', 't')
    const put = table.put('k', {}, { condition: 'a == 1' })
    await assert.rejects(put, { code: reply.status === 409 ? 'conflict' : 'refused' })
  }
})

test('the modes of writing are the ones of the platform', async () => {
  const server = await startServer([{}])
  const table = clientOf(server).table('c', 't')
  await table.put('k', {})
  await table.put('k', {}, { mode: 'merge', condition: 'a == "1"' })
  await table.create('k', {})
  assert.deepEqual(
    server.seen.map(({ body }) => JSON.parse(body)),
    [
      { Item: {} },
      { Item: {}, UpdateMode: 'CreateOrReplaceAttributes', ConditionExpression: 'a == "1"' },
      { Item: {}, UpdateMode: 'CreateNewItemOnly' },
    ],
  )
})

test('reading asks for names without blanks', async () => {
  const server = await startServer([{ body: '{"Item":{}}' }])
  const table = clientOf(server).table('c', 't')
  await table.get('k', ['a', '__mtime_secs'])
  await table.get('k', 'all')
  assert.deepEqual(
    server.seen.map(({ body }) => JSON.parse(body).AttributesToGet),
    ['a,__mtime_secs', '**'],
  )
  for (const names of [[], ['a,b'], ['a b'], ['']]) {
    await assert.rejects(table.get('k', names), { code: 'invalid-argument' })
  }
})

test('a scan goes on over empty pages, with the marker and everything else unchanged', async () => {
  const pages = [
    page([], { NextMarker: 'm1' }),
    page(['a'], { NextMarker: 'm2' }),
    page([], { NextMarker: 'm3' }),
    page(['b', 'c'], LAST),
  ]
  const filter = 'a > 1'
  const { names, bodies } = await scanned(pages, { filter, pageItems: 2, shardingKey: 's' })
  assert.deepEqual(names, ['a', 'b', 'c'])
  const sent = { AttributesToGet: '*', FilterExpression: filter, Limit: 2, ShardingKey: 's' }
  const markers = [{}, { Marker: 'm1' }, { Marker: 'm2' }, { Marker: 'm3' }]
  assert.deepEqual(
    bodies,
    markers.map((marker) => ({ ...sent, ...marker })),
  )
})

test('a scan ends at the last page, even with a marker, and at a page that says nothing', async () => {
  assert.deepEqual((await scanned([page(['a'], { ...LAST, NextMarker: 'm' })])).names, ['a'])
  assert.deepEqual((await scanned([{ body: '{"Items":[]}' }])).names, [])
})

test('a table that does not exist is empty', async () => {
  assert.deepEqual((await scanned([{ status: 404 }])).names, [])
})

test('a scan that cannot go on fails, and does not pass over items', async () => {
  const moves = { NextMarker: 'm' }
  const broken = [
    [page(['a'])],
    [page(['a'], moves), page(['b'], moves), page(['c'], moves)],
    [page(['a'], { NextMarker: 7 })],
  ]
  for (const pages of broken) await assert.rejects(scanned(pages), { code: 'bad-answer' })
})

test('keys bound a scan; a segment cannot be bounded too', async () => {
  const { bodies } = await scanned([page([], LAST)], { sortKeyStart: 'a', sortKeyEnd: 'b' })
  assert.deepEqual(bodies[0], {
    AttributesToGet: '*',
    SortKeyRangeStart: 'a',
    SortKeyRangeEnd: 'b',
  })
  const both = { segment: { index: 0, count: 2 }, shardingKey: 's' }
  await assert.rejects(scanned([], both), { code: 'invalid-argument' })
  await assert.rejects(scanned([], { segment: { index: 2, count: 2 } }), {
    code: 'invalid-argument',
  })
})

test('a parallel scan reads each segment once, to its end', async () => {
  const server = await startServer(({ body }) => {
    const { Segment, TotalSegment, Marker } = JSON.parse(body)
    assert.equal(TotalSegment, 3)
    if (Marker === undefined) return page([`${Segment}a`], { NextMarker: `m${Segment}` })
    return page([`${Segment}b`], LAST)
  })
  const items = await collect(clientOf(server).table('c', 't').scanParallel({ segmentCount: 3 }))
  const names = items.map((item) => String(item.get('__name')?.value))
  assert.deepEqual(names.sort(), ['0a', '0b', '1a', '1b', '2a', '2b'])
  assert.equal(server.seen.length, 6)
})

test('an error in one segment ends a parallel scan; leaving it early sends no more', async () => {
  const failing = await startServer(({ body }) =>
    JSON.parse(body).Segment === 1
      ? { status: 403 }
      : page(['a'], { NextMarker: String(Math.random()) }),
  )
  const table = clientOf(failing).table('c', 't')
  await assert.rejects(collect(table.scanParallel({ segmentCount: 2 })), { code: 'forbidden' })
  const endless = await startServer((_, index) => page(['a'], { NextMarker: `m${index}` }))
  for await (const _ of clientOf(endless).table('c', 't').scanParallel({ segmentCount: 2 })) break
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert(endless.seen.length <= 3, `${endless.seen.length} requests`)
})

test('a table is deleted item by item, then its directory; what is gone already is fine', async () => {
  const server = await startServer(({ method, path }) => {
    if (method !== 'DELETE') return page(['a', 'gone', 'dir', '.#schema'], LAST)
    if (path.endsWith('/gone')) return { status: 404 }
    return { status: path.endsWith('/dir') ? 409 : 204 }
  })
  assert.equal(await clientOf(server).table('c', 't').deleteTable(), 'deleted')
  const paths = server.seen.map(({ method, path }) => `${method} ${path}`)
  const items = ['a', 'gone', 'dir', '.%23schema'].map((name) => `DELETE /c/t/${name}`)
  assert.deepEqual(paths.slice(1, 5).sort(), items.sort())
  assert.deepEqual([paths[0], paths[5]], ['PUT /c/t/', 'DELETE /c/t/'])
})

test('items that came while a table was deleted are deleted too, a bounded number of times', async () => {
  const isScan = ({ method }: SeenRequest) => method !== 'DELETE'
  const server = await startServer((request) => {
    if (isScan(request)) return page(['new'], LAST)
    return { status: request.path === '/c/t/' ? 409 : 204 }
  })
  assert.equal(await clientOf(server).table('c', 't').deleteTable(), 'not-empty')
  assert.equal(server.seen.filter(isScan).length, 3)
})
