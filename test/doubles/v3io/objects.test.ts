// Objects, directories and their listings, as plain HTTP requests see them.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { KEY, send, type TestAnswer } from './test-client.ts'
import { startV3ioDouble, type V3ioDouble } from './v3io-double.ts'

let double: V3ioDouble
beforeEach(async () => {
  double = await startV3ioDouble({ accessKey: KEY })
})
afterEach(() => double.close())

function ask(method: string, path: string, body: string | Buffer = ''): Promise<TestAnswer> {
  return send(double.url, { method, path, body })
}

function range(value: string): Promise<TestAnswer> {
  return send(double.url, { method: 'GET', path: '/bigdata/o', headers: { Range: value } })
}

test('an object comes back byte by byte, whole and in parts', async () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  await ask('PUT', '/bigdata/bytes', bytes)
  assert.deepEqual(double.object('bigdata', 'bytes'), bytes)
  await ask('PUT', '/bigdata/o', '0123456789')
  assert.equal((await ask('GET', '/bigdata/o')).text, '0123456789')
  const part = await range('bytes=2-4')
  assert.deepEqual([part.status, part.text], [206, '234'])
  assert.equal(part.headers['content-range'], 'bytes 2-4/10')
  assert.equal((await range('bytes=7')).text, '789')
  assert.equal((await range('bytes=7-')).text, '789')
  assert.equal((await range('bytes=8-99')).text, '89')
  assert.equal((await range('bytes=10-11')).status, 416)
})

test('append grows an object, or makes one', async () => {
  for (const body of ['a', 'b']) {
    await send(double.url, { method: 'PUT', path: '/users/log', body, headers: { Range: '-1' } })
  }
  assert.equal(double.object('users', 'log')?.toString(), 'ab')
})

test('paths are decoded segment by segment, and one more slash in front is tolerated', async () => {
  await ask('PUT', '//users/a%20b/%E2%82%AC%3A+%25/.%23schema', 'x')
  assert.deepEqual(double.paths('users'), ['a b/€:+%/.#schema'])
  assert.deepEqual(double.paths('users', 'a b/'), double.paths('users'))
  assert.deepEqual(double.paths('users', 'b'), [])
})

test('a directory is made, found and removed when it is empty', async () => {
  assert.equal((await ask('PUT', '/users/d/e/')).status, 200)
  assert.equal((await ask('HEAD', '/users/d/e/')).status, 200)
  assert.equal((await ask('HEAD', '/users/d')).status, 200)
  assert.equal((await ask('HEAD', '/users/x/')).status, 404)
  assert.equal((await ask('DELETE', '/users/d/')).status, 409)
  assert.equal((await ask('DELETE', '/users/d/e/')).status, 204)
  assert.equal((await ask('DELETE', '/users/d/')).status, 204)
  assert.equal((await ask('DELETE', '/users/d/')).status, 404)
})

test('a listing has pages, which are followed by IsTruncated and not by NextMarker', async () => {
  for (const name of ['b', 'a&<', 'c', 'sub/file']) {
    await ask('PUT', `/users/dir/${encodeURIComponent(name).replace('%2F', '/')}`, 'xy')
  }
  const first = (await ask('GET', '/users?prefix=dir&max-keys=2')).text
  assert.deepEqual(values(first, 'Key'), ['dir/a&amp;&lt;', 'dir/b'])
  assert.deepEqual(values(first, 'IsTruncated'), ['true'])
  const [marker] = values(first, 'NextMarker')
  const second = (await ask('GET', `/users?prefix=dir%2F&marker=${marker}`)).text
  assert.deepEqual(values(second, 'Key'), ['dir/c'])
  assert.deepEqual(values(second, 'Prefix'), ['dir/', 'dir/sub/'])
  assert.deepEqual(values(second, 'IsTruncated'), ['false'])
  assert.deepEqual(values(second, 'NextMarker'), ['dir/sub/'])
  assert.deepEqual(values(second, 'InodeNumber'), [])
})

test('a listing of directories only, with all that is known of them', async () => {
  await ask('PUT', '/users/file', 'x')
  await ask('PUT', '/users/sub/file', 'x')
  const { text } = await ask('GET', '/users/?prefix-only=1&prefix-info=1')
  assert.deepEqual(values(text, 'Key'), [])
  assert.deepEqual(values(text, 'Prefix'), ['', 'sub/'])
  for (const name of ['Mode', 'AccessTime', 'CreatingTime', 'GID', 'UID', 'InodeNumber']) {
    assert.equal(values(text, name).length, 1, name)
  }
})

test('containers are listed, and the cluster counts its workers', async () => {
  for (const path of ['/', '//']) {
    const { text } = await ask('GET', path)
    assert.deepEqual(values(text, 'Name'), ['projects', 'users', 'bigdata'])
    assert.match(text, /<Buckets><Bucket><Name>\w+<\/Name><CreationDate>.*?<Id>\d+<\/Id>/)
  }
  for (const path of ['/users', '/users/']) {
    const { text } = await send(double.url, { method: 'PUT', path, function: 'GetClusterMD' })
    assert.match(text, /^\{"NumberOfVNs":\d+\}$/)
  }
})

function values(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'g'))].map(
    ([, value]) => value ?? '',
  )
}
