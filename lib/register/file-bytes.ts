import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'

const READ_BYTES = 1024 * 1024
/** How every gzip file begins. */
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b)

/** Whether a file begins with some bytes; throws the disk's error. */
export function beginsWith(path: string, magic: Buffer): boolean {
  const fd = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(magic.length)
    return readSync(fd, bytes, 0, bytes.length, 0) === magic.length && bytes.equals(magic)
  } finally {
    closeSync(fd)
  }
}

/**
 * The bytes of a file; of a gzip file, by its content and whatever it is called, those that were packed. Fails with
 * the disk's error, or with zlib's (`Z_...`) where what is packed is damaged or not whole.
 */
export function bytesOf(path: string): Readable {
  const isPacked = beginsWith(path, GZIP_MAGIC)
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
  if (!isPacked) return file
  const unpacked = createGunzip({ chunkSize: READ_BYTES })
  file.once('error', (error) => unpacked.destroy(error))
  unpacked.once('close', () => file.destroy())
  return file.pipe(unpacked)
}
