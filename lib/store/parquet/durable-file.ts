import { randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { errorCode } from '../../stream/errors.ts'
import { makeFolder } from '../disk/make-folder.ts'
import { writeAll } from '../disk/write-all.ts'

/** What file systems answer that cannot sync a directory; there is nothing more to be done then. */
const UNSYNCABLE = new Set(['EINVAL', 'EISDIR', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM'])
const UUID_LENGTH = 36

/**
 * Makes a file appear whole under its name or not at all, so that it survives a power cut once this
 * returns. Whatever was there under that name is replaced.
 *
 * Order: leftovers of earlier tries are removed; `.{name}.{uuid}.tmp` is written beside the file
 * (hidden, and no reader takes it for a Parquet file), synced, renamed; the directories from the
 * file's own up to `root` are synced, each time, because an earlier try may have died between
 * making and syncing them.
 *
 * @param path  of the file, below root; directories are made as needed
 * @throws the disk's error (ENOSPC, EACCES, EROFS, ...); the temporary file is removed then.
 */
export function writeDurably(file: DurableFile): void {
  const root = resolve(file.root)
  const path = resolve(file.path)
  const folder = dirname(path)
  const newest = makeFolder(folder)
  removeLeftovers(path)
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`)
  try {
    writeAndSync(temporary, file.bytes)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
  // A root that had to be made has its name in its parent, and so on upwards.
  const top = newest !== undefined && newest.length <= root.length ? dirname(newest) : root
  for (let made = folder; made.length >= top.length; made = dirname(made)) {
    syncFolder(made)
    if (made === dirname(made)) return
  }
}

/** A file to be written below a folder. */
export interface DurableFile {
  readonly root: string
  readonly path: string
  readonly bytes: Uint8Array
}

function writeAndSync(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx')
  try {
    writeAll(file, bytes, bytes.length)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function removeLeftovers(path: string): void {
  const prefix = `.${basename(path)}.`
  const length = prefix.length + UUID_LENGTH + '.tmp'.length
  for (const name of readdirSync(dirname(path))) {
    if (!name.startsWith(prefix) || !name.endsWith('.tmp') || name.length !== length) continue
    rmSync(join(dirname(path), name), { force: true })
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } catch (error) {
    if (!UNSYNCABLE.has(errorCode(error))) throw error
  } finally {
    closeSync(folder)
  }
}
