import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { RunnerError } from './runner-error.ts'

/** Bytes that can be read again from any position that was reached before. */
export interface ByteSource {
  /**
   * Some bytes from `position` on; none at the end. Waits for them where they are still to come,
   * but no longer than until `cancelled` settles: then none too.
   */
  read(position: number, cancelled: Promise<void>): Promise<Buffer>
  close(): Promise<void>
}

const READ_BYTES = 64 * 1024

/**
 * Reads a file. Anything that is not a plain file (a pipe) is read as a stream: see spoolStream.
 */
export async function openInputFile(path: string, spoolFolder: string): Promise<ByteSource> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RunnerError('input_not_found', `Cannot read the input ${path}: ${reason}`, error)
  }
  const stats = await file.stat()
  if (stats.isDirectory()) {
    await file.close()
    throw new RunnerError('input_not_found', `The input ${path} is a folder, not a file.`)
  }
  if (!stats.isFile()) return spoolStream(file.createReadStream(), spoolFolder)
  return { read: (position) => readAt(file, position), close: () => file.close() }
}

async function readAt(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const { bytesRead } = await file.read(buffer, 0, READ_BYTES, position)
  return buffer.subarray(0, bytesRead)
}

/**
 * Reads a stream that comes only once, such as stdin: what was read is kept in a temporary file, so
 * that events can be delivered again after a worker's death without holding them in memory. Takes
 * from the stream only what a reader asks for, so that its writer feels the back-pressure.
 */
export async function spoolStream(stream: Readable, spoolFolder: string): Promise<ByteSource> {
  const file = await open(join(spoolFolder, 'input'), 'w+', 0o600)
  const chunks = stream[Symbol.asyncIterator]()
  let length = 0
  let hasEnded = false
  let pulling: Promise<void> | undefined

  async function pull(): Promise<void> {
    const { done, value } = await chunks.next()
    if (done) {
      hasEnded = true
      return
    }
    const bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value))
    await file.write(bytes, 0, bytes.length, length)
    length += bytes.length
  }

  return {
    async read(position, cancelled) {
      let isCancelled = false
      const cancel = cancelled.then(() => {
        isCancelled = true
      })
      while (position >= length && !hasEnded && !isCancelled) {
        pulling ??= pull().finally(() => {
          pulling = undefined
        })
        await Promise.race([pulling, cancel])
      }
      return isCancelled ? Buffer.alloc(0) : await readAt(file, position)
    },
    async close() {
      stream.destroy()
      await file.close()
    },
  }
}
