import assert from 'node:assert'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { Deployment } from './deployment.ts'
import type { Prediction } from './predictions.ts'

type Row = Readonly<Record<string, unknown>>

/** Every row of every Parquet file, all columns, read by a reader that shares nothing with the writer. */
export async function readRows({ data }: Deployment): Promise<readonly Row[]> {
  const root = join(data, 'parquet')
  if (!existsSync(root)) return []
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.parquet'))
  const rows = files.map((name) => {
    const file = new Uint8Array(readFileSync(join(root, name))).buffer
    return parquetReadObjects({ file, compressors })
  })
  return (await Promise.all(rows)).flat()
}

/** Asserts that each of these has all its rows in Parquet files, and none twice. */
export async function assertOnDisk(
  deployment: Deployment,
  predictions: readonly Pick<Prediction, 'requestId' | 'rowCount'>[],
): Promise<void> {
  const expected = new Map(predictions.map(({ requestId, rowCount }) => [requestId, rowCount]))
  const counts = new Map([...expected.keys()].map((id) => [id, 0]))
  for (const { request_id: id } of await readRows(deployment)) {
    const count = counts.get(String(id))
    if (count !== undefined) counts.set(String(id), count + 1)
  }
  assert.deepEqual(counts, expected)
}
