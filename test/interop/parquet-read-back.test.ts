// Claim: pyarrow and pandas read the Parquet files, in a folder and as objects of V3IO, with the types
// that are documented and with the values that Python works out from the events by itself.
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../contract/cli-child.ts'
import { ACCESS_KEY, startPlatform } from './platform.ts'
import { runPython } from './programs.ts'
import { oddRecording, play, RECORDINGS } from './recordings.ts'

const CONTAINER = 'projects'

for (const recording of [...RECORDINGS, oddRecording(temporaryFolder())]) {
  const { name, path, rowCount } = recording

  test(`${name}: Python reads the files of a folder`, async () => {
    const folder = temporaryFolder()
    await play(recording, { folder, env: {} })
    const args = [join(folder, 'data/parquet'), path, String(rowCount)]
    await runPython('parquet_read_back.py', args)
  })

  test(`${name}: Python reads the files that are objects`, async (context) => {
    const { webApi, env } = await startPlatform(context)
    const folder = temporaryFolder()
    const template = `v3io://${CONTAINER}/{project}/model-endpoints/parquet`
    await play(recording, { folder, env: { ...env, PARQUET_PATH_TEMPLATE: template } })
    const copies = join(folder, 'copies')
    const source = [CONTAINER, `${env['PROJECT']}/model-endpoints/parquet`]
    await runPython('fetch_objects.py', [webApi, ACCESS_KEY, ...source, copies])
    await runPython('parquet_read_back.py', [copies, path, String(rowCount)])
  })
}
