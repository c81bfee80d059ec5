// Claim: a real PostgreSQL server is as good a store as the embedded one. Shown by the laws that hold
// for any store, and by playing recordings into both, whose printed tables must be the same text.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openPostgres } from '../../lib/store/postgres/open-postgres.ts'
import { storeIn, temporaryFolder } from '../contract/cli-child.ts'
import { objectWithoutVersion } from '../support/record-versions.ts'
import { describeStore } from '../unit/store/postgres/describe-store.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { oddRecording, play, printedTables, RECORDINGS } from './recordings.ts'

let server: PostgresServer
before(async () => {
  server = await startPostgres()
})
// There is none when it could not be started.
after(() => server?.stop())

describeStore('a real server', async () => {
  return await openPostgres({ url: await server.createDatabase('laws') })
})

for (const [index, recording] of [...RECORDINGS, oddRecording(temporaryFolder())].entries()) {
  test(`${recording.name}: the tables are those of the embedded store`, async () => {
    const url = await server.createDatabase(`recording_${index}`)
    const real = { folder: temporaryFolder(), env: { STORE_URL: url } }
    const folder = temporaryFolder()
    const embedded = { folder, env: storeIn(folder) }
    await play(recording, real)
    await play(recording, embedded)
    const [found, expected] = [await printedTables(real), await printedTables(embedded)]
    assert(JSON.parse(expected.series).length > 0)
    assert.equal(recordsIn(found.endpoints), recordsIn(expected.endpoints))
    assert.equal(found.series, expected.series)
  })
}

/** In the same text, but for what no two runs have in common. */
function recordsIn(printed: string): string {
  const records: readonly object[] = JSON.parse(printed)
  assert(records.length > 0)
  return JSON.stringify(records.map(objectWithoutVersion))
}
