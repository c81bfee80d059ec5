import type { SegmentDisk } from '../../lib/stream/ports.ts'

/** A spool's folder in memory, with a disk that can run full. */
export interface MemoryDisk extends SegmentDisk {
  readonly files: Map<string, Uint8Array>
  /** Once so many more bytes are appended, the append that goes beyond them fails with ENOSPC. */
  failAfter(bytes: number): void
  /** With false, truncating fails with EIO. */
  canTruncate: boolean
}

/** Builds an empty folder. */
export function memoryDisk(): MemoryDisk {
  const files = new Map<string, Uint8Array>()
  let takes = Number.POSITIVE_INFINITY
  const bytesOf = (name: string): Uint8Array => files.get(name) ?? new Uint8Array()
  const disk: MemoryDisk = {
    files,
    canTruncate: true,
    failAfter: (bytes) => {
      takes = bytes
    },
    list: () => [...files.keys()],
    // Copies: slice() of a Buffer would be a view.
    read: (name) => Uint8Array.from(bytesOf(name)),
    remove: (name) => void files.delete(name),
    keepAside: (name, bytes) => {
      const aside = `${name}-${files.size}`
      files.set(aside, Uint8Array.from(bytes))
      return aside
    },
    open: (name) => {
      files.set(name, bytesOf(name))
      return {
        size: () => bytesOf(name).length,
        append: (bytes, count) => {
          const part = Math.min(count, takes)
          files.set(name, Buffer.concat([bytesOf(name), bytes.subarray(0, part)]))
          takes -= part
          if (part === count) return
          takes = Number.POSITIVE_INFINITY
          throw Object.assign(new Error('disk full'), { code: 'ENOSPC' })
        },
        truncate: (size) => {
          if (!disk.canTruncate) throw Object.assign(new Error('bad disk'), { code: 'EIO' })
          files.set(name, Uint8Array.from(bytesOf(name).subarray(0, size)))
        },
        sync: () => undefined,
        syncLater: async () => undefined,
        close: () => undefined,
      }
    },
  }
  return disk
}
