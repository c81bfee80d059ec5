// A second process opens the folder of a running one: it is refused, told whom to ask, and the
// owner goes on undisturbed.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { readFolderOwner } from '../../lib/store/disk/folder-lock.ts'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { linesOf, startRole } from './embedded-role.ts'

const [, , role, path = ''] = process.argv

if (role === 'owner') {
  const store = await openEmbedded({ folder: path })
  store.setOwnerFacts({ port: 4711 })
  console.log('open')
  for await (const _ of process.stdin) {
    const outcome = await store.kv.write([{ endpointId: 'e', attributes: new Map() }])
    console.log(outcome.kind)
  }
  await store.close()
} else {
  test('a folder in use is refused', async () => {
    const folder = temporaryFolder()
    const owner = startRole(import.meta.url, ['owner', folder.path])
    const lines = linesOf(owner)
    assert.equal(await lines.next(), 'open')
    await assert.rejects(
      openEmbedded({ folder: folder.path }),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'data-folder-in-use')
        assert.ok(error.message.includes(`${folder.path} is in use by process ${owner.pid}`))
        return true
      },
    )
    assert.deepEqual(readFolderOwner(folder.path)?.facts, { port: 4711 })
    owner.stdin.write('go on\n')
    assert.equal(await lines.next(), 'written')
    owner.stdin.end()
    await lines.ended
    assert.equal(readFolderOwner(folder.path), undefined)
    folder.remove()
  })
}
