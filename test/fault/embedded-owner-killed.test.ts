// The owner of the folder is killed with SIGKILL while it writes: the next process takes the folder
// over at once, and everything that was answered with `written` is there.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { openEmbedded } from '../../lib/store/postgres/open-embedded.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { linesOf, startRole } from './embedded-role.ts'

const [, , role, path = ''] = process.argv

if (role === 'owner') {
  const store = await openEmbedded({ folder: path })
  for (let atMs = 1; ; atMs++) {
    const outcome = await store.tsdb.write([
      { endpointId: 'e', recordType: 'base_metrics', atMs, names: ['a', 'b'], values: [atMs, 'b'] },
    ])
    console.log(outcome.kind === 'written' ? atMs : JSON.stringify(outcome))
  }
} else {
  test('nothing that was written is lost with its writer', async () => {
    const folder = temporaryFolder()
    const owner = startRole(import.meta.url, ['owner', folder.path])
    const lines = linesOf(owner)
    let lastMs = 0
    while (lastMs < 200) lastMs = Number(await lines.next())
    owner.kill('SIGKILL')
    for (let line = await lines.next(); line !== undefined; line = await lines.next()) {
      lastMs = Number(line)
    }
    await lines.ended

    const store = await openEmbedded({ folder: folder.path })
    const points = await store.reader.series({ endpointId: 'e', metric: 'a', limit: 1_000_000 })
    assert.ok(points.length >= lastMs && points.length <= lastMs + 1, `${points.length} ${lastMs}`)
    points.forEach(({ atMs, value }, index) => {
      assert.deepEqual([atMs, value], [index + 1, index + 1])
    })
    await store.close()
    folder.remove()
  })
}
