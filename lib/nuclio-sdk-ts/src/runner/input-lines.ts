import { LineSplitter } from '../line-splitter.ts'
import type { ByteSource } from './byte-source.ts'

const CARRIAGE_RETURN = 13

/**
 * The lines of a source from its start: any bytes but a newline, a trailing carriage return taken
 * off, empty lines left out, the last line also without a newline. Ends early when `cancelled`
 * settles.
 */
export async function* readLines(
  source: ByteSource,
  cancelled: Promise<void>,
): AsyncGenerator<Buffer, void, void> {
  const splitter = new LineSplitter()
  let isCancelled = false
  void cancelled.then(() => {
    isCancelled = true
  })
  for (let position = 0; ; ) {
    const chunk = await source.read(position, cancelled)
    if (isCancelled) return
    if (chunk.length === 0) break
    position += chunk.length
    const lines: Buffer[] = []
    splitter.push(chunk, (line) => lines.push(line))
    for (const line of lines) {
      const trimmed = trimReturn(line)
      if (trimmed.length > 0) yield trimmed
    }
  }
  const rest = splitter.takeRest()
  if (rest !== null && trimReturn(rest).length > 0) yield trimReturn(rest)
}

function trimReturn(line: Buffer): Buffer {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line
}
