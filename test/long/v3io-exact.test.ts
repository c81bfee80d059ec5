// Claim: what is played into the V3IO store is, value by value, what the embedded store has of the same
// events; playing it again changes nothing; and the same comes out when every server fails now and then.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { cli, storeIn, temporaryFolder } from '../contract/cli-child.ts'
import { type FramesdDouble, startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble, type V3ioDouble } from '../doubles/v3io/v3io-double.ts'
import { objectWithoutVersion } from '../support/record-versions.ts'

const KEY = 'very-secret-access-key'
const SERIES_LIMIT = '1000000'
const PARQUET = 'demo/model-endpoints/parquet'

type Rows = readonly Readonly<Record<string, unknown>>[]

/** What readers find after a run. */
interface Content {
  readonly endpoints: Rows
  readonly series: Rows
  readonly predictions: Rows
}

interface Servers {
  readonly v3io: V3ioDouble
  readonly framesd: FramesdDouble
  readonly env: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

async function startServers(): Promise<Servers> {
  const v3io = await startV3ioDouble({ accessKey: KEY })
  const framesd = await startFramesdDouble({ accessKey: KEY, webApiUrl: v3io.url })
  return {
    v3io,
    framesd,
    env: {
      PROJECT: 'demo',
      STORE_URL: 'v3io',
      V3IO_API: v3io.url,
      V3IO_FRAMESD: framesd.url,
      V3IO_ACCESS_KEY: KEY,
    },
    close: async () => {
      await framesd.close()
      await v3io.close()
    },
  }
}

interface Run {
  readonly cwd: string
  readonly input: string
  readonly env: Readonly<Record<string, string>>
}

async function play({ cwd, input, env }: Run): Promise<string> {
  const path = join(process.cwd(), 'examples', input)
  const args = ['run', '--once', '--input', path, '--data', 'data', '--port', '0']
  const { exitCode, stdout, stderr } = await cli(args, { cwd, env })
  assert.equal(exitCode, 0, stderr)
  assert(!`${stdout}${stderr}`.includes(KEY))
  return stderr
}

async function readTables({
  cwd,
  env,
}: Pick<Run, 'cwd' | 'env'>): Promise<Omit<Content, 'predictions'>> {
  const json = async (args: readonly string[]): Promise<Rows> => {
    const { exitCode, stdout, stderr } = await cli([...args, '--json'], { cwd, env })
    assert.equal(exitCode, 0, stderr)
    return JSON.parse(stdout)
  }
  return {
    endpoints: await json(['endpoints']),
    series: await json(['series', '--limit', SERIES_LIMIT]),
  }
}

async function readFile(bytes: Uint8Array): Promise<Rows> {
  return await parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors })
}

async function readFolder(root: string): Promise<Rows> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.endsWith('.parquet'))
  const rows = await Promise.all(files.map((name) => readFile(readFileSync(join(root, name)))))
  return sorted(rows.flat())
}

async function readObjects(v3io: V3ioDouble): Promise<Rows> {
  const paths = v3io.paths('projects', PARQUET).filter((path) => path.endsWith('.parquet'))
  const rows = await Promise.all(
    paths.map((path) => readFile(v3io.object('projects', path) ?? Buffer.alloc(0))),
  )
  return sorted(rows.flat())
}

function sorted(rows: Rows): Rows {
  const keyOf = (row: Rows[number]): string =>
    JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  return rows
    .map((row) => ({ row, key: keyOf(row) }))
    .sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)))
    .map(({ row }) => row)
}

/** Without what no two runs can have in common. */
function assertEqual(content: Content, expected: Content): void {
  assert.equal(content.endpoints.length, expected.endpoints.length)
  assert.deepEqual(
    content.endpoints.map(objectWithoutVersion),
    expected.endpoints.map(objectWithoutVersion),
  )
  assert.equal(content.series.length, expected.series.length)
  assert.deepEqual(content.series, expected.series)
  assert.equal(content.predictions.length, expected.predictions.length)
  assert.deepEqual(content.predictions, expected.predictions)
}

for (const input of ['events-2021.jsonl', 'events-1.12.jsonl']) {
  describe(input, () => {
    let embedded: Content
    const servers: Servers[] = []
    const start = async (): Promise<Servers> => {
      const started = await startServers()
      servers.push(started)
      return started
    }
    after(() => Promise.all(servers.map(({ close }) => close())))

    before(async () => {
      const cwd = temporaryFolder()
      await play({ cwd, input, env: { PROJECT: 'demo' } })
      const tables = await readTables({ cwd, env: storeIn(cwd) })
      embedded = { ...tables, predictions: await readFolder(join(cwd, 'data/parquet')) }
      assert(embedded.predictions.length > 1_000)
    })

    test('the V3IO store has what the embedded one has, and a second run changes nothing', async () => {
      const { env, framesd } = await start()
      const cwd = temporaryFolder()
      for (const run of ['first', 'second']) {
        await play({ cwd, input, env })
        // The second one reads the spool again; framesd drops what it has, and nothing before that.
        if (run === 'first') assert.equal(framesd.dropped.length, 0)
        const tables = await readTables({ cwd, env })
        const predictions = await readFolder(join(cwd, 'data/parquet'))
        assertEqual({ ...tables, predictions }, embedded)
        assert.deepEqual(framesd.deaths, [])
      }
    })

    test('the same comes out while every fifth request fails, files as objects included', async () => {
      const { env, v3io, framesd } = await start()
      const cwd = temporaryFolder()
      failNowAndThen(v3io, framesd)
      const objects = { PARQUET_PATH_TEMPLATE: 'v3io://projects/{project}/model-endpoints/parquet' }
      const told = await play({ cwd, input, env: { ...env, ...objects } })
      v3io.clearFaults()
      framesd.clearFaults()
      const tables = await readTables({ cwd, env })
      assertEqual({ ...tables, predictions: await readObjects(v3io) }, embedded)
      assert.deepEqual(framesd.deaths, [])
      assert(!told.includes('refused'), told)
    })
  })
}

/** Every fifth request meets the next one of these. */
function failNowAndThen(v3io: V3ioDouble, framesd: FramesdDouble): void {
  const kinds = [
    { kind: 'status', status: 503 },
    { kind: 'reset', applied: false },
    { kind: 'reset', applied: true },
    { kind: 'status', status: 503, applied: true },
    { kind: 'truncate' },
    { kind: 'delay', ms: 50 },
  ] as const
  const text = 'write error: HTTP/1.1 503 Service Unavailable'
  const framesKinds = [
    { kind: 'status', status: 500, text },
    { kind: 'reset', applied: false },
    { kind: 'reset', applied: true },
    { kind: 'body', status: 200, body: '{"num_frames":1' },
    { kind: 'delay', ms: 50 },
  ] as const
  for (const [index, kind] of kinds.entries()) {
    v3io.inject({ kind, times: Number.POSITIVE_INFINITY, matches: everyFifth(index, kinds.length) })
  }
  for (const [index, kind] of framesKinds.entries()) {
    const matches = everyFifth(index, framesKinds.length)
    framesd.inject({ kind, times: Number.POSITIVE_INFINITY, matches })
  }
}

/** Of every fifth request the ones whose turn it is; each fault is asked about each request it may meet. */
function everyFifth(turn: number, turns: number): () => boolean {
  let asked = 0
  return () => ++asked % (5 * turns) === 5 * turn + 1
}
