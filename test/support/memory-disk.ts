import type { SegmentDisk } from '../../lib/stream/ports.ts'

/** A spool's folder in memory, with a disk that can run full and go bad. */
export interface MemoryDisk extends SegmentDisk {
  readonly files: Map<string, Uint8Array>
  /** What was removed, for tests that look back. */
  readonly removed: Map<string, Uint8Array>
  /** Once files are longer by so many bytes, the write that goes beyond them fails with ENOSPC. */
  failAfter(bytes: number): void
  /** What is false here fails with EIO. */
  readonly can: { truncate: boolean; sync: boolean; close: boolean; remove: boolean }
}

/**
 * Builds an empty folder.
 *
 * @param salts  disks of the same number give the same salts in the same order, others give others
 */
export function memoryDisk(salts = 1): MemoryDisk {
  const files = new Map<string, Uint8Array>()
  const removed = new Map<string, Uint8Array>()
  const can = { truncate: true, sync: true, close: true, remove: true }
  let takes = Number.POSITIVE_INFINITY
  let saltCount = 0
  const bytesOf = (name: string): Uint8Array => files.get(name) ?? new Uint8Array()
  const write = (name: string, bytes: Uint8Array, at: number): void => {
    const before = bytesOf(name)
    const part = bytes.subarray(0, Math.min(bytes.length, Math.max(before.length - at, 0) + takes))
    takes -= Math.max(at + part.length - before.length, 0)
    files.set(
      name,
      Buffer.concat([before.subarray(0, at), part, before.subarray(at + part.length)]),
    )
    if (part.length === bytes.length) return
    takes = Number.POSITIVE_INFINITY
    throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
  }
  return {
    files,
    removed,
    can,
    failAfter: (bytes) => {
      takes = bytes
    },
    salt: () => {
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32LE(salts, 0)
      bytes.writeUInt32LE(++saltCount, 4)
      return bytes
    },
    list: () => [...files.keys()],
    // Copies: slice() of a Buffer would be a view.
    read: (name, from, to) => Uint8Array.from(bytesOf(name).subarray(from, to)),
    size: (name) => bytesOf(name).length,
    remove: (name) => {
      failUnless(can.remove, 'remove')
      removed.set(name, bytesOf(name))
      files.delete(name)
    },
    rename: (from, to) => {
      files.set(to, bytesOf(from))
      files.delete(from)
    },
    keepAside: (name, bytes) => {
      if (files.has(name)) return false
      files.set(name, Uint8Array.from(bytes))
      return true
    },
    open: (name) => {
      files.set(name, bytesOf(name))
      return {
        size: () => bytesOf(name).length,
        append: (bytes, count) => write(name, bytes.subarray(0, count), bytesOf(name).length),
        write: (bytes, count, at) => write(name, bytes.subarray(0, count), at),
        truncate: (size) => {
          failUnless(can.truncate, 'truncate')
          files.set(name, Uint8Array.from(bytesOf(name).subarray(0, size)))
        },
        sync: () => failUnless(can.sync, 'sync'),
        syncLater: async () => failUnless(can.sync, 'sync'),
        close: () => failUnless(can.close, 'close'),
      }
    },
  }
}

function failUnless(works: boolean, call: string): void {
  if (!works) throw Object.assign(new Error(`bad disk: ${call}`), { code: 'EIO' })
}
