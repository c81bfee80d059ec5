// The very first process is killed while it still makes the database: the next one begins anew,
// instead of opening half a database.
import { strict as assert } from 'node:assert'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { linesOf, startRole } from './embedded-role.ts'

const [, , role, path = ''] = process.argv

if (role === 'owner') {
  await openEmbedded({ folder: path })
  console.log('too late')
} else {
  test('half a database is made anew', async () => {
    const folder = temporaryFolder()
    const owner = startRole(import.meta.url, ['owner', folder.path])
    const lines = linesOf(owner)
    const database = join(folder.path, 'pglite')
    while (!existsSync(database) || readdirSync(database).length < 5) await wait(1)
    owner.kill('SIGKILL')
    await lines.ended
    assert.ok(existsSync(join(folder.path, 'pglite-unfinished')))

    const store = await openEmbedded({ folder: folder.path })
    assert.deepEqual(await store.reader.endpoints(), [])
    await store.close()
    assert.deepEqual(readdirSync(folder.path).sort(), ['lock-1.json', 'lock-2.json', 'pglite'])
    folder.remove()
  })
}
