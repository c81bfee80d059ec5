// Objects and listings: parts of objects, directories, and XML that is read whole or not at all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseListXml } from '../src/list-xml.ts'
import { clientOf, collect } from './support/clients.ts'
import { startServer } from './support/scripted-server.ts'

const BYTES = '0123456789'
const objectsOf = async (script: Parameters<typeof startServer>[0]) =>
  clientOf(await startServer(script)).objects('c')

test('a part is what subarray gives, whether or not the server knows Range', async () => {
  const ranges = [{}, { from: 3 }, { to: 4 }, { from: 2, to: 5 }, { from: 8, to: 99 }, { from: 20 }]
  const honouring = await objectsOf(({ headers }) => {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(String(headers.range ?? '')) ?? []
    if (from === undefined) return { body: BYTES }
    if (Number(from) >= BYTES.length) return { status: 416 }
    const end = to === '' ? BYTES.length : Number(to) + 1
    return { status: 206, body: BYTES.slice(Number(from), end) }
  })
  const ignoring = await objectsOf([{ body: BYTES }])
  for (const range of ranges) {
    const expected = BYTES.slice(range.from, range.to)
    assert.equal((await honouring.get('a', range))?.toString(), expected)
    assert.equal((await ignoring.get('a', range))?.toString(), expected)
  }
  const tooMuch = await objectsOf([{ status: 206, body: BYTES }])
  await assert.rejects(tooMuch.get('a', { to: 2 }), { code: 'bad-answer' })
  for (const range of [{ from: -1 }, { from: 2, to: 2 }, { to: 0 }, { from: 0.5 }]) {
    await assert.rejects(honouring.get('a', range), { code: 'invalid-argument' })
  }
})

test('bytes are sent as they are', async () => {
  const lengths: number[] = []
  const objects = await objectsOf(({ headers }) => {
    lengths.push(Number(headers['content-length']))
    return { status: 204 }
  })
  await objects.put('a', Buffer.from([0, 255, 10]))
  await objects.put('a', 'é')
  await objects.put('a', '')
  assert.deepEqual(lengths, [3, 2, 0])
})

test('what is absent is null, false or absent; what is not empty says so', async () => {
  const absent = await objectsOf([{ status: 404 }])
  assert.equal(await absent.get('a'), null)
  assert.equal(await absent.head('a'), null)
  assert.equal(await absent.delete('a'), false)
  assert.equal(await absent.deleteDirectory('a'), 'absent')
  assert.deepEqual(await collect(absent.list('a')), [])
  const full = await objectsOf([{ status: 409 }])
  assert.equal(await full.deleteDirectory('a'), 'not-empty')
  assert.equal(await full.makeDirectory('a'), 'exists')
  await assert.rejects(full.delete('a'), { code: 'conflict' })
  const fine = await objectsOf([{ status: 204 }])
  assert.equal(await fine.deleteDirectory('a'), 'deleted')
  assert.equal(await fine.makeDirectory('a'), 'created')
})

const listing = (inner: string) =>
  `<?xml version="1.0" encoding="utf-8"?><ListBucketResult xmlns="x">${inner}</ListBucketResult>`

test('a listing follows IsTruncated, never the marker alone', async () => {
  const server = await startServer((_, index) => ({
    body: listing(
      `<NextMarker>a&amp;${index}</NextMarker><IsTruncated>${index < 2}</IsTruncated>` +
        `<Contents><Key>d/${index}</Key><Size>${index}</Size><ETag/></Contents>`,
    ),
  }))
  const options = { pageSize: 1, withInfo: true, directoriesOnly: true }
  const entries = await collect(clientOf(server).objects('c').list('/d e/', options))
  assert.deepEqual(
    entries.map(({ path, sizeBytes }) => [path, sizeBytes]),
    [
      ['d/0', 0],
      ['d/1', 1],
      ['d/2', 2],
    ],
  )
  const first = '/c?prefix=d%20e%2F&prefix-only=1&prefix-info=1&max-keys=1'
  const paths = [first, `${first}&marker=a%260`, `${first}&marker=a%261`]
  assert.deepEqual(
    server.seen.map(({ path }) => path),
    paths,
  )
})

test('directories and containers are read with their sizes and times', async () => {
  const time = '2026-11-24T07:37:58Z'
  const inner = `<IsTruncated>false</IsTruncated><CommonPrefixes><Prefix>d/s/</Prefix></CommonPrefixes>
    <CommonPrefixes><Prefix>d/t/</Prefix><LastModified>${time}</LastModified></CommonPrefixes>`
  const objects = await objectsOf([{ body: listing(inner) }])
  assert.deepEqual(await collect(objects.list('d')), [
    { kind: 'directory', path: 'd/s' },
    { kind: 'directory', path: 'd/t', modifiedAt: new Date(time) },
  ])
  const buckets = `<Buckets><Bucket><Name>users</Name><CreationDate>${time}</CreationDate><Id>2</Id></Bucket></Buckets>`
  const server = await startServer([{ body: listing(buckets) }])
  const containers = await clientOf(server).containers()
  assert.deepEqual(containers, [{ name: 'users', id: 2, createdAt: new Date(time) }])
  assert.equal(server.seen[0]?.path, '/')
})

test('a listing that is cut off, turns in a circle or is damaged is a bad answer', async () => {
  const truncated = '<IsTruncated>true</IsTruncated>'
  const bodies = [
    listing(truncated),
    listing(`${truncated}<NextMarker>m</NextMarker>`),
    listing('<Contents><Size>1</Size></Contents>'),
    listing('<Contents><Key>a</Key><Size>one</Size></Contents>'),
    listing('<Contents><Key>a</Key><LastModified>soon</LastModified></Contents>'),
    listing('<a>').slice(0, -5),
    '<html></html>',
    '',
  ]
  for (const body of bodies) {
    const objects = await objectsOf([{ body }])
    await assert.rejects(collect(objects.list('d')), { code: 'bad-answer' }, body)
  }
})

test('any text comes through XML, and no beginning of a document is one', () => {
  const escaped = (text: string) =>
    text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`).replaceAll('x', '&#x78;')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(parseListXml(`<a>${escaped(text)}</a>`).text, text)
    }),
  )
  const whole = '<?xml version="1.0"?><a><b c="1">x</b><b/>&amp;&lt;&gt;&quot;&apos;</a>'
  assert.equal(parseListXml(whole).text, '&<>"\'')
  for (let end = 0; end < whole.length; end++) {
    assert.throws(() => parseListXml(whole.slice(0, end)), { code: 'bad-answer' }, String(end))
  }
  const damaged = ['<a></b>', '<a/><b/>', '<a>&nbsp;</a>', '<a>&x</a>', '<a>&#1114112;</a>', '</a>']
  for (const xml of [...damaged, 'x', '<a><!DOCTYPE x></a>', '<a>'.repeat(50)]) {
    assert.throws(() => parseListXml(xml), { code: 'bad-answer' }, xml)
  }
})
