// A path arrives as it was meant, whatever it holds: the server that decodes it has the same parts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { directoryPath, itemPath, objectPath } from '../src/paths.ts'
import { clientOf } from './support/clients.ts'
import { startServer } from './support/scripted-server.ts'

const part = () =>
  fc
    .string({ unit: 'grapheme', minLength: 1 })
    .map((text) => text.replaceAll('/', '#'))
    .filter((text) => text !== '.' && text !== '..')

test('any key and any path arrive percent-decoded as they were given', async () => {
  const server = await startServer([{ headers: { 'x-v3io-transaction-verifier': 'v' } }])
  const client = clientOf(server)
  const parts = fc.array(part(), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(part(), parts, part(), async (container, path, key) => {
      await client.table(container, path.join('/')).put(key, {})
      const arrived = server.seen.at(-1)?.path.split('/').map(decodeURIComponent)
      assert.deepEqual(arrived, ['', container, ...path, key])
    }),
    { numRuns: 60 },
  )
})

test('signs that mean something in a URL are encoded, the others are not', () => {
  assert.equal(objectPath('c', 'a/.#schema'), '/c/a/.%23schema')
  assert.equal(objectPath('c', '/a b:c?d%20/'), '/c/a%20b%3Ac%3Fd%2520')
  assert.equal(itemPath('/c/t/', "it's(*)!"), '/c/t/it%27s%28%2A%29%21')
  assert.equal(objectPath('c', 'A-z_0.~'), '/c/A-z_0.~')
  assert.equal(directoryPath({ container: 'c', path: '//a//b/' }), '/c/a/b/')
  assert.equal(directoryPath({ container: 'c', path: '' }), '/c/')
})

test('parts that a server would resolve or lose are refused', () => {
  for (const path of ['', '..', 'a/../b', 'a//b', './a', '\udc00']) {
    assert.throws(() => objectPath('c', path), { code: 'invalid-argument' }, path)
  }
  for (const key of ['', '.', '..', 'a/b']) {
    assert.throws(() => itemPath('/c/t/', key), { code: 'invalid-argument' }, key)
  }
  assert.throws(() => directoryPath({ container: 'a/b', path: '' }), { code: 'invalid-argument' })
})
