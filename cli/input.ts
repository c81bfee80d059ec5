import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, type Stats, statSync } from 'node:fs'
import { basename, extname } from 'node:path'
import type { Readable } from 'node:stream'
import { errorCode, errorMessage } from '../lib/stream/errors.ts'
import { type CliError, oneLine, trouble } from './errors.ts'

/** Something to play. */
export interface Input {
  /** What the local runner reads: the path of a file, or a stream that comes only once. */
  readonly source: string | Readable
  /** Name of the stream that the events seem to come from: the same for the same content. */
  readonly topic: string
  /** Events in it; null where only the end tells. */
  readonly eventCount: number | null
  /** What people call it. */
  readonly shown: string
}

const NEWLINE = 10
const CARRIAGE_RETURN = 13

/**
 * Looks at a file before it is played: its topic is `<name>-<8 hex digits of its SHA-256>`, so that
 * another content is another stream. A pipe is read only once, when it is played.
 *
 * @throws CliError
 */
export async function openInput(path: string): Promise<Input> {
  const stats = statOf(path)
  if (stats.isDirectory()) {
    throw trouble(`The input ${path} is a folder: name a file with one event a line.`)
  }
  if (!stats.isFile()) return streamInput(path, basename(path, extname(path)))
  const hash = createHash('sha256')
  const lines = new LineCounter()
  try {
    for await (const bytes of createReadStream(path)) {
      hash.update(bytes)
      lines.push(bytes)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  const name = basename(path, extname(path))
  const topic = `${name}-${hash.digest('hex').slice(0, 8)}`
  return { source: path, topic, eventCount: lines.end(), shown: path }
}

/**
 * Events that come only once. Their stream has a name that no other has: offsets begin at 0 again,
 * and under the same name they would be taken for a redelivery.
 */
export function streamInput(source: string | Readable, name: string): Input {
  const shown = typeof source === 'string' ? source : name
  return { source, topic: `${name}-${randomUUID().slice(0, 8)}`, eventCount: null, shown }
}

function statOf(path: string): Stats {
  try {
    return statSync(path)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw unreadable(path, error)
    throw trouble(`The input ${path} does not exist: name a file with one event a line.`)
  }
}

function unreadable(path: string, error: unknown): CliError {
  const why = errorCode(error) || oneLine(errorMessage(error))
  return trouble(`The input ${path} cannot be read (${why}): make it readable for this user.`)
}

/** Counts lines as the local runner deals them: empty ones, be it with a carriage return, are none. */
export class LineCounter {
  #count = 0
  #length = 0
  #last = 0

  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, from)
      const to = newline === -1 ? bytes.length : newline
      if (to > from) {
        this.#length += to - from
        this.#last = bytes[to - 1] ?? 0
      }
      if (newline === -1) return
      this.#endLine()
      from = newline + 1
    }
  }

  /** Ends the last line and gives the count. */
  end(): number {
    this.#endLine()
    return this.#count
  }

  #endLine(): void {
    const isEmpty = this.#length === 0 || (this.#length === 1 && this.#last === CARRIAGE_RETURN)
    if (!isEmpty) this.#count++
    this.#length = 0
  }
}
