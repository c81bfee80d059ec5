import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LineFile, SegmentDisk, SegmentFile } from '../../stream/ports.ts'
import { ensureWritable } from './ensure-writable.ts'
import { writeAll, writeAllAt } from './write-all.ts'

const fdatasyncLater = promisify(fdatasync)

/**
 * The folder of a spool on a real disk; makes it if there is none.
 *
 * @throws StreamError `path-unusable` if it cannot be made or written to
 */
export function openSegmentFolder(folder: string): SegmentDisk {
  ensureWritable(folder)
  return {
    list: () => readdirSync(folder),
    read: (name, from, to) => readPart(join(folder, name), from, to),
    size: (name) => statSync(join(folder, name)).size,
    open: (name) => openSegment(folder, name),
    keepAside: (name, bytes) => keepAside(folder, name, bytes),
    salt: () => randomBytes(8),
    remove: (name) => unlinkSync(join(folder, name)),
    rename: (from, to) => {
      renameSync(join(folder, from), join(folder, to))
      syncFolder(folder)
    },
  }
}

/** A file of lines on a real disk; a torn last line is ended first, so that the next one stands alone. */
export function openLineFile(folder: string, name: string): LineFile {
  ensureWritable(folder)
  const path = join(folder, name)
  const file = openSync(path, 'a+')
  const isTorn = fstatSync(file).size > 0 && readFileSync(path).at(-1) !== 0x0a
  if (isTorn) writeAll(file, Buffer.from('\n'), 1)
  syncFolder(folder)
  /** A write that failed may have left a part, which must not swallow the next line. */
  let mayBeTorn = false
  return {
    append: (line) => {
      const bytes = Buffer.from(mayBeTorn ? `\n${line}\n` : `${line}\n`)
      mayBeTorn = true
      writeAll(file, bytes, bytes.length)
      mayBeTorn = false
    },
    sync: () => fdatasyncSync(file),
    close: () => closeSync(file),
  }
}

function readPart(path: string, from = 0, to = Number.POSITIVE_INFINITY): Buffer {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.allocUnsafe(Math.max(Math.min(to, fstatSync(file).size) - from, 0))
    let count = 0
    while (count < bytes.length) {
      const read = readSync(file, bytes, count, bytes.length - count, from + count)
      if (read === 0) break // it was cut meanwhile
      count += read
    }
    return bytes.subarray(0, count)
  } finally {
    closeSync(file)
  }
}

function openSegment(folder: string, name: string): SegmentFile {
  // Not for appending: Linux would then write at the end whatever place is named.
  const file = openSync(join(folder, name), constants.O_WRONLY | constants.O_CREAT, 0o666)
  try {
    syncFolder(folder)
  } catch (error) {
    closeSync(file)
    throw error
  }
  return {
    size: () => fstatSync(file).size,
    append: (bytes, count) => writeAllAt(file, bytes, count, fstatSync(file).size),
    write: (bytes, count, at) => writeAllAt(file, bytes, count, at),
    truncate: (size) => ftruncateSync(file, size),
    sync: () => fdatasyncSync(file),
    syncLater: () => fdatasyncLater(file),
    close: () => closeSync(file),
  }
}

/** Written under another name first, so that a copy that a kill or a full disk tore is none. */
function keepAside(folder: string, name: string, bytes: Uint8Array): boolean {
  const path = join(folder, name)
  if (existsSync(path)) return false
  const part = `${path}.part`
  const file = openSync(part, 'w')
  try {
    writeAll(file, bytes, bytes.length)
    fdatasyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(part, path)
  syncFolder(folder)
  return true
}

/** A file's name survives a power cut only when its folder is synced; the file's own sync is not enough. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
