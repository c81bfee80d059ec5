import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { postgresFolder } from './programs.ts'

const USER = 'monitor'
const PASSWORD = 'pass/word %&'
const STARTS_MAX = 3
const INITDB = ['--no-sync', '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256']

/** A real server on a folder of its own. */
export interface PostgresServer {
  /** Makes a database; its URL, with the password. */
  readonly createDatabase: (name: string) => Promise<string>
  /** Ends the server and removes its folder. */
  readonly stop: () => Promise<void>
}

/** How the server's programs are called: they refuse to run as root. */
interface Identity {
  readonly uid?: number
  readonly gid?: number
}

/** Starts a server on 127.0.0.1 and on a socket in its folder. */
export async function startPostgres(): Promise<PostgresServer> {
  const identity = serverIdentity()
  const folder = mkdtempSync(join(tmpdir(), 'interop-pg-'))
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid ?? identity.uid)
  try {
    createCluster(folder, identity)
    const { child, port } = await startServer(folder, identity)
    return {
      createDatabase: (name) => createDatabase(name, { folder, port }),
      stop: async () => {
        await stopServer(child)
        rmSync(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function serverIdentity(): Identity {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((option) => {
    const { status, stdout } = spawnSync('id', [option, 'postgres'], { encoding: 'utf8' })
    assert.equal(status, 0, 'PostgreSQL does not run as root, and there is no user "postgres".')
    return Number(stdout)
  })
  return uid === undefined || gid === undefined ? {} : { uid, gid }
}

function createCluster(folder: string, identity: Identity): void {
  const passwordPath = join(folder, 'password')
  writeFileSync(passwordPath, `${PASSWORD}\n`)
  const args = [
    `--pgdata=${join(folder, 'data')}`,
    `--username=${USER}`,
    `--pwfile=${passwordPath}`,
  ]
  const { status, stdout, stderr } = spawnSync(
    join(postgresFolder(), 'initdb'),
    [...INITDB, ...args],
    { ...identity, cwd: folder, env: { LC_ALL: 'C' }, encoding: 'utf8' },
  )
  assert.equal(status, 0, `initdb: ${stdout}${stderr}`)
}

async function startServer(
  folder: string,
  identity: Identity,
): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  for (let count = 1; ; count++) {
    const port = await freePort()
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: folder,
      fsync: 'off',
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const child = spawn(
      join(postgresFolder(), 'postgres'),
      ['-D', join(folder, 'data'), ...options],
      { ...identity, cwd: folder, env: { LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const told = await untilReady(child)
    if (told === null) return { child, port }
    // Somebody else may have taken the port meanwhile.
    assert(count < STARTS_MAX, `The server does not start: ${told}`)
  }
}

/** Null when it takes connections; what it has said when it has ended instead. */
async function untilReady(child: ChildProcess): Promise<string | null> {
  let told = ''
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve(told))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      told += text
      if (told.includes('ready to accept connections')) resolve(null)
    })
  })
}

async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGINT') // its fast way to stop: sessions are ended
  await closed
}

async function createDatabase(
  name: string,
  { folder, port }: { readonly folder: string; readonly port: number },
): Promise<string> {
  const account = { user: USER, password: PASSWORD, database: 'postgres' }
  const client = new pg.Client({ ...account, host: folder, port })
  await client.connect()
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
  return `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${name}`
}
