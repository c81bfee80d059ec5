import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type FolderLock, lockFolder, readFolderOwner } from '../lib/store/disk/folder-lock.ts'
import { trouble } from './errors.ts'

/**
 * Where everything of a local run lies, absolute:
 *
 * root/lock-N.json              which run has the folder (folder-lock.ts)
 * root/.model-monitoring-demo   there when a demo made the folder: the next one may empty it
 * root/offsets.json             how far each input was played
 * root/store/                   the embedded store
 * root/spool/, root/dead-letters/, root/parquet/
 */
export interface DataPaths {
  readonly root: string
  readonly offsets: string
  readonly store: string
  readonly spool: string
  readonly deadLetters: string
  readonly parquet: string
}

const DEMO_MARKER = '.model-monitoring-demo'

/**
 * The paths in a data folder.
 *
 * @throws CliError when the function's settings could not name them
 */
export function dataPaths(folder: string): DataPaths {
  const root = resolve(folder)
  // Braces and "://" mean something in PARQUET_PATH_TEMPLATE; no setting takes control characters.
  if (/[{}\p{Cc}]|:\/\//u.test(root)) {
    throw trouble(
      `The data folder ${JSON.stringify(root)} has braces, "://" or control characters in its ` +
        'path: name another one with --data.',
    )
  }
  return {
    root,
    offsets: join(root, 'offsets.json'),
    store: join(root, 'store'),
    spool: join(root, 'spool'),
    deadLetters: join(root, 'dead-letters'),
    parquet: join(root, 'parquet'),
  }
}

/**
 * Takes the data folder for this process and makes it if there is none. With `isFreshDemo` it is
 * emptied first, if a demo made it.
 *
 * @throws CliError, StreamError
 */
export async function takeDataFolder(
  paths: DataPaths,
  { isFreshDemo }: { isFreshDemo: boolean },
): Promise<FolderLock> {
  checkIsFolder(paths.root)
  if (isFreshDemo) checkIsDemo(paths.root)
  checkIsFree(paths)
  const lock = await lockFolder(paths.root)
  try {
    if (isFreshDemo) empty(paths.root)
    checkOffsets(paths.offsets)
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}

/** The process that has the folder, as far as it can be seen from here; undefined for none. */
export function ownerOf(paths: DataPaths): { readonly pid: number } | undefined {
  for (const folder of [paths.root, paths.store]) {
    const owner = existsSync(folder) ? readFolderOwner(folder) : undefined
    if (owner?.liveness === 'alive') return owner
  }
  return undefined
}

function checkIsFree(paths: DataPaths): void {
  const owner = ownerOf(paths)
  if (owner === undefined) return
  throw trouble(
    `The data folder ${paths.root} is in use by process ${owner.pid}: ` +
      'stop that process, or name another folder with --data.',
  )
}

function checkIsFolder(root: string): void {
  if (!existsSync(root) || statSync(root).isDirectory()) return
  throw trouble(`The data folder ${root} is a file: name a folder with --data.`)
}

function checkIsDemo(root: string): void {
  if (!existsSync(root) || existsSync(join(root, DEMO_MARKER))) return
  if (readdirSync(root).length === 0) return
  throw trouble(
    `The folder ${root} was not made by a demo and is left alone: ` +
      'move it away, or name another folder with --data.',
  )
}

/** Leaves the locks: this process holds the newest. */
function empty(root: string): void {
  // First, so that a demo that is cut short here is still known as one.
  writeFileSync(join(root, DEMO_MARKER), '')
  for (const name of readdirSync(root)) {
    if (name === DEMO_MARKER || /^lock-\d+\.json$/.test(name)) continue
    rmSync(join(root, name), { recursive: true, force: true })
  }
}

/** The local runner takes a file that is no JSON object of its own for a bug. */
function checkOffsets(path: string): void {
  if (!existsSync(path) || isJsonObject(readFileSync(path, 'utf8'))) return
  throw trouble(
    `The file ${path} holds no offsets: move it away, and inputs are played from their beginning.`,
  )
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false // no JSON at all
  }
}
