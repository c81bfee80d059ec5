import assert from 'node:assert'
import { access } from 'node:fs/promises'
import { errorCode, errorMessage, StreamError, unreachable } from '../../stream/errors.ts'
import type { Outcome, ParquetSink, PredictionFile } from '../../stream/ports.ts'
import { buffersOf, NumberRoom, packFile } from './parquet-pack.ts'
import { parquetPath } from './parquet-path.ts'
import type { ParquetRequest } from './parquet-protocol.ts'
import type { Answer } from './parquet-thread.ts'
import { ParquetThread } from './parquet-thread.ts'

/** A file that has cost that many workers in a row is given up. */
const DEATHS_MAX = 3

/** Where whole objects are put, for files that lie in no folder. */
export interface ObjectFolder {
  /** Puts an object under its path, over whatever is there; it is there whole or not at all. */
  put(path: string, bytes: Uint8Array): Promise<Outcome>
  /** Rejects with StreamError `path-unusable`. */
  has(path: string): Promise<boolean>
}

/** A ParquetSink that owns a worker thread. */
export interface ParquetFileSink extends ParquetSink {
  /**
   * Starts the worker and compiles its code, so that the first file is as fast as the others.
   *
   * @throws StreamError `path-unusable` when the worker cannot start.
   */
  warmUp(): Promise<void>
  /** Ends the worker after the files that were handed over; later files are answered `retry`. */
  close(): Promise<void>
}

/**
 * Writes prediction files below a folder (`parquet-path.ts`), one after the other, in a worker
 * thread.
 *
 * Answers `written` when the file and its name are on disk; `retry` when the disk refused or the
 * worker ended, which the next write starts anew; `rejected` when the rows can never be a Parquet
 * file, or ended the worker three times. The same file may be written again at any time. A file
 * must not change until its write is answered. Rejects only at a bug of the file's maker
 * (AssertionError).
 *
 * @param root        folder of all files, made when it does not exist; with `objects` a path there
 * @param workerPath  the bundle of `parquet-worker.ts`, parquet_wasm_bg.wasm beside it
 * @param objects     where files go instead of a folder, one put each
 */
export function createParquetSink({
  root,
  workerPath,
  objects = null,
}: {
  readonly root: string
  readonly workerPath: string
  readonly objects?: ObjectFolder | null
}): ParquetFileSink {
  const thread = new ParquetThread(workerPath)
  /** One for all, because the files go one after the other. */
  const room = new NumberRoom()
  /** Path -> workers that it has cost since it was last answered otherwise. */
  const deaths = new Map<string, number>()
  let last: Promise<unknown> = Promise.resolve()
  let isClosed = false

  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = last.then(task)
    // The caller answers for a failure of `turn`; the next in turn only waits for its end.
    last = turn.catch(() => undefined)
    return turn
  }

  async function writeFile(file: PredictionFile): Promise<Outcome> {
    const path = parquetPath(root, file.claim)
    const packed = packFile(file, room)
    const request: ParquetRequest =
      objects === null ? { kind: 'write', root, path, packed } : { kind: 'encode', packed }
    const answer = await thread.ask(request, buffersOf(packed))
    if (answer.kind === 'broken') await thread.stop()
    return outcomeOf(path, answer)
  }

  function outcomeOf(path: string, answer: Answer): Outcome | Promise<Outcome> {
    const deathCount = deaths.get(path) ?? 0
    deaths.delete(path)
    switch (answer.kind) {
      case 'done':
        return { kind: 'written' }
      case 'encoded':
        assert(objects !== null, 'only files for objects are encoded alone')
        return objects.put(path, answer.bytes)
      case 'disk':
        return { kind: 'retry', reason: answer.reason }
      case 'refused':
        return { kind: 'rejected', reason: answer.reason }
      case 'died':
        // A worker that cannot even start says nothing about the file.
        if (!answer.wasReady) return { kind: 'retry', reason: answer.reason }
        return afterDeath(path, deathCount + 1, answer.reason)
      case 'broken':
        return afterDeath(path, deathCount + 1, answer.reason)
      default:
        return unreachable(answer)
    }
  }

  function afterDeath(path: string, deathCount: number, reason: string): Outcome {
    if (deathCount >= DEATHS_MAX) return { kind: 'rejected', reason }
    deaths.set(path, deathCount)
    return { kind: 'retry', reason }
  }

  return {
    write: async (file) => {
      if (isClosed) return { kind: 'retry', reason: 'The Parquet sink is closed.' }
      return inTurn(() => writeFile(file))
    },
    has: async (claim) => {
      const path = parquetPath(root, claim)
      if (objects !== null) return objects.has(path)
      try {
        await access(path) // only whole files get this name
        return true
      } catch (cause) {
        if (errorCode(cause) === 'ENOENT') return false
        const message = `It cannot be told whether ${path} is there (${errorMessage(cause)}): make its folder readable.`
        throw new StreamError('path-unusable', message, { cause })
      }
    },
    warmUp: () =>
      inTurn(async () => {
        const answer = await thread.ask({ kind: 'warm-up' })
        if (answer.kind === 'done' || answer.kind === 'encoded') return
        throw new StreamError('path-unusable', `The Parquet worker cannot start: ${answer.reason}`)
      }),
    close: () => {
      isClosed = true
      return inTurn(() => thread.stop())
    },
  }
}
