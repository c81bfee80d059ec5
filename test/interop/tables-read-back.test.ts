// Claim: what the function writes to V3IO is what the platform's own Python clients read, value by
// value and type by type. Recordings are played with the built command line into the doubles, and the
// clients' answers are compared with what the command line prints of the same tables.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../contract/cli-child.ts'
import { ACCESS_KEY, PROJECT, startPlatform } from './platform.ts'
import { runPython } from './programs.ts'
import { oddRecording, play, printedTables, RECORDINGS } from './recordings.ts'

for (const recording of [...RECORDINGS, oddRecording(temporaryFolder())]) {
  test(`${recording.name}: Python reads the tables as they are printed`, async (context) => {
    const { webApi, framesd, env } = await startPlatform(context)
    const folder = temporaryFolder()
    await play(recording, { folder, env })
    const printed = await printedTables({ folder, env })
    const paths = {
      endpoints: join(folder, 'endpoints.json'),
      series: join(folder, 'series.json'),
    }
    writeFileSync(paths.endpoints, printed.endpoints)
    writeFileSync(paths.series, printed.series)

    await context.test('endpoint records', async () => {
      const args = [webApi, framesd, ACCESS_KEY, PROJECT, paths.endpoints]
      await runPython('records_read_back.py', args)
    })
    await context.test('metrics', async () => {
      await runPython('metrics_read_back.py', [framesd, ACCESS_KEY, PROJECT, paths.series])
    })
  })
}
