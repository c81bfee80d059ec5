import { closeSync, existsSync, openSync, readSync } from 'node:fs'

const CHUNK_BYTES = 256 * 1024

/** The lines of a file, read a piece at a time; none if there is no such file. */
export function* readLines(path: string): Generator<string, void, undefined> {
  if (!existsSync(path)) return
  const file = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest: Buffer = Buffer.alloc(0)
    for (;;) {
      const count = readSync(file, chunk, 0, CHUNK_BYTES, null)
      if (count === 0) break
      rest = Buffer.concat([rest, chunk.subarray(0, count)])
      for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
        yield rest.toString('utf8', 0, end)
        rest = rest.subarray(end + 1)
      }
    }
    if (rest.length > 0) yield rest.toString('utf8')
  } finally {
    closeSync(file)
  }
}
