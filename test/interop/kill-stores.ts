import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import pg from 'pg'
import { type Attribute, V3ioClient } from 'v3io-js-sdk'
import { heard } from '../contract/cli-child.ts'
import type { Deployment } from '../contract/deployment.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'
import { type ReadKind, StoreGate, type WriteKind } from './store-gate.ts'
import type { TriggerKind } from './stream-source.ts'

type Row = Readonly<Record<string, unknown>>
type Env = Readonly<Record<string, string>>

/** How one worker reaches the store: through gates of its own. */
export interface WayToStore {
  readonly gates: readonly StoreGate[]
  readonly env: Env
}

/** A place for one deployment in a store that runs in a process of its own. */
export interface KillStore {
  readonly trigger: TriggerKind
  /** Settings that name the place of the Parquet files. */
  readonly env: Env
  openWay(): Promise<WayToStore>
  /** Claims of a log, and how many of their files are there. */
  claimsOf(log: string): Promise<{ readonly claimCount: number; readonly fileCount: number }>
  /** Every row of every Parquet file. */
  readRows(): Promise<readonly Row[]>
  /** Endpoint records, as the store has them. */
  readRecords(): Promise<readonly Row[]>
  close(): Promise<void>
}

/** A store's process. */
export interface StoreProcess {
  place(name: string, deployment: Deployment): Promise<KillStore>
  stop(): Promise<void>
}

/** A real server. */
export async function startPostgresProcess(): Promise<StoreProcess> {
  const server = await startPostgres()
  return {
    place: (name, deployment) => placeInPostgres(server, name, deployment),
    stop: () => server.stop(),
  }
}

async function placeInPostgres(
  server: PostgresServer,
  name: string,
  { data }: Deployment,
): Promise<KillStore> {
  const url = new URL(await server.createDatabase(name))
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  const root = join(data, 'parquet')
  const gates: StoreGate[] = []
  return {
    trigger: 'kafka-cluster',
    env: { PARQUET_PATH_TEMPLATE: root },
    openWay: async () => {
      const target = { host: url.hostname, port: Number(url.port) }
      const gate = await StoreGate.open(target, kindInPostgres)
      gates.push(gate)
      const own = new URL(url)
      own.port = String(gate.port)
      return { gates: [gate], env: { STORE_URL: own.href } }
    },
    claimsOf: async (log) => {
      const sql = 'SELECT count(*)::int AS count FROM parquet_claims WHERE log = $1'
      const { rows } = await client.query<{ count: number }>(sql, [log])
      const files = parquetNames(root).filter((path) => path.includes(`/${log}-`))
      return { claimCount: rows[0]?.count ?? 0, fileCount: files.length }
    },
    readRows: async () => rowsOf(parquetNames(root).map((path) => readFileSync(join(root, path)))),
    readRecords: async () => {
      const { rows } = await client.query<{ record: Row }>('SELECT record FROM model_endpoints')
      return rows.map(({ record }) => record)
    },
    close: async () => {
      for (const gate of gates) gate.close()
      await client.end()
    },
  }
}

const kindInPostgres: ReadKind = (bytes) => {
  const text = bytes.toString('latin1')
  if (text.includes('INSERT INTO parquet_claims')) return 'claim'
  if (text.includes('INSERT INTO model_endpoints ')) return 'records'
  if (text.includes('INSERT INTO model_endpoint_metrics') || text.includes('COMMIT\0')) {
    return 'metrics'
  }
  return null
}

function parquetNames(root: string): readonly string[] {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.parquet'))
}

async function rowsOf(files: readonly Uint8Array[]): Promise<readonly Row[]> {
  const rows = files.map((bytes) =>
    parquetReadObjects({ file: new Uint8Array(bytes).buffer, compressors }),
  )
  return (await Promise.all(rows)).flat()
}

const CONTAINER = 'projects'

/** The doubles of V3IO and framesd, as a person starts them. */
export async function startV3ioProcess(): Promise<StoreProcess> {
  const child = spawn(process.execPath, ['tools/v3io-double.mjs', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const told = await heard(child, 'npm run demo')
  const setting = (name: string): string => new RegExp(`${name}=(\\S+)`).exec(told)?.[1] ?? ''
  const servers = {
    webApi: setting('V3IO_API'),
    framesd: setting('V3IO_FRAMESD'),
    accessKey: setting('V3IO_ACCESS_KEY'),
  }
  return {
    place: async (name) => placeInV3io(servers, name),
    stop: () => ended(child),
  }
}

interface V3ioServers {
  readonly webApi: string
  readonly framesd: string
  readonly accessKey: string
}

async function placeInV3io(
  { webApi, framesd, accessKey }: V3ioServers,
  project: string,
): Promise<KillStore> {
  const client = new V3ioClient({ url: webApi, accessKey })
  const objects = client.objects(CONTAINER)
  const monitoring = `${project}/model-endpoints`
  const gates: StoreGate[] = []
  async function pathsBelow(folder: string): Promise<readonly string[]> {
    const paths: string[] = []
    for await (const { kind, path } of objects.list(folder)) {
      if (kind === 'directory') paths.push(...(await pathsBelow(path)))
      else paths.push(path)
    }
    return paths
  }
  const files = async (): Promise<readonly string[]> => {
    const paths = await pathsBelow(`${monitoring}/parquet`)
    return paths.filter((path) => path.endsWith('.parquet'))
  }
  return {
    trigger: 'v3io-stream',
    env: {
      STORE_URL: 'v3io',
      V3IO_ACCESS_KEY: accessKey,
      PROJECT: project,
      PARQUET_PATH_TEMPLATE: `v3io://${CONTAINER}/{project}/model-endpoints/parquet`,
    },
    openWay: async () => {
      const [api, frames] = await Promise.all(
        [webApi, framesd].map(async (address) => {
          const { hostname: host, port } = new URL(address)
          return await StoreGate.open({ host, port: Number(port) }, kindInV3io)
        }),
      )
      assert(api !== undefined && frames !== undefined)
      gates.push(api, frames)
      return {
        gates: [api, frames],
        env: {
          V3IO_API: `http://127.0.0.1:${api.port}`,
          V3IO_FRAMESD: `http://127.0.0.1:${frames.port}`,
        },
      }
    },
    claimsOf: async (log) => {
      const claims = await pathsBelow(`${monitoring}/parquet-claims/${log}`)
      const own = (await files()).filter((path) => path.includes(`/${log}-`))
      return { claimCount: claims.length, fileCount: own.length }
    },
    readRows: async () => {
      const all = (await files()).map(async (path) => {
        const bytes = await objects.get(path)
        assert(bytes !== null)
        return bytes
      })
      return await rowsOf(await Promise.all(all))
    },
    readRecords: async () => {
      const records: Row[] = []
      const table = client.table(CONTAINER, `${monitoring}/endpoints`)
      for await (const item of table.scan()) records.push(plain(item))
      return records.filter((record) => 'endpoint_id' in record)
    },
    close: async () => {
      for (const gate of gates) gate.close()
      client.close()
    },
  }
}

const kindInV3io: ReadKind = (bytes) => {
  const [line = ''] = bytes.toString('latin1', 0, 500).split('\r\n', 1)
  return WRITES_OF_V3IO.find(([pattern]) => pattern.test(line))?.[1] ?? null
}

const WRITES_OF_V3IO: readonly (readonly [RegExp, WriteKind])[] = [
  [/^PUT \S*\/parquet-claims\//, 'claim'],
  [/^PUT \S*\.parquet /, 'file'],
  [/^PUT \S*\/endpoints\//, 'records'],
  [/^POST \/write /, 'metrics'],
]

function plain(item: ReadonlyMap<string, Attribute>): Row {
  return Object.fromEntries([...item].map(([name, { value }]) => [name, value]))
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill()
  await closed
}
