import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FolderLock, lockFolder } from '../lib/store/disk/folder-lock.ts'
import { makeFolder } from '../lib/store/disk/make-folder.ts'
import { errorCode, errorMessage, StreamError } from '../lib/stream/errors.ts'

/** A log's folder that this process has for itself. */
export interface OwnedLog {
  /** Its name, a UUID: the folder's name too. */
  readonly log: string
  readonly folder: string
  readonly lock: FolderLock
}

const LOG_NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Takes over a log that nobody owns any more, or begins a new one. Each worker process has a log of its
 * own below SPOOL_PATH; a restart finds the one that the process before it has left.
 *
 * @throws StreamError `path-unusable`, `disk-full`
 */
export async function openLog(spoolPath: string): Promise<OwnedLog> {
  const left = await adoptLog(spoolPath, new Set())
  if (left !== null) return left
  for (;;) {
    const begun = await tryToOwn(spoolPath, randomUUID())
    if (begun !== null) return begun
  }
}

/**
 * Takes over a log that nobody owns any more; null when there is none.
 *
 * @param known  logs that this process need not look at
 * @throws       StreamError `path-unusable`, `disk-full`
 */
export async function adoptLog(
  spoolPath: string,
  known: ReadonlySet<string>,
): Promise<OwnedLog | null> {
  for (const log of listLogs(spoolPath)) {
    const folder = join(spoolPath, log)
    try {
      // An empty one is about to be locked by a process that begins it.
      if (known.has(log) || isEmpty(folder)) continue
      const owned = await tryToOwn(spoolPath, log)
      if (owned !== null) return owned
    } catch (error) {
      // Somebody has taken it away meanwhile.
      if (existsSync(folder)) throw error
    }
  }
  return null
}

async function tryToOwn(spoolPath: string, log: string): Promise<OwnedLog | null> {
  const folder = join(spoolPath, log)
  try {
    return { log, folder, lock: await lockFolder(folder) }
  } catch (error) {
    if (errorCode(error) === 'data-folder-in-use') return null
    throw error
  }
}

function listLogs(spoolPath: string): readonly string[] {
  return onFolder(spoolPath, () => {
    makeFolder(spoolPath)
    return readdirSync(spoolPath).filter((name) => LOG_NAME.test(name))
  })
}

function isEmpty(folder: string): boolean {
  return onFolder(folder, () => readdirSync(folder).length === 0)
}

function onFolder<T>(folder: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const message = `The spool folder ${folder} cannot be used (${errorCode(cause) || errorMessage(cause)}): make it writable for this user, or set SPOOL_PATH to another one.`
    throw new StreamError('path-unusable', message, { cause })
  }
}
