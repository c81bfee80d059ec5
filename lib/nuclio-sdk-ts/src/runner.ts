// Plays the part of Nuclio's processor on one machine: starts the built function in worker
// processes under a wrapper that repeats Nuclio's (wrapper.ts), and feeds them from triggers.

import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { type ByteSource, openInputFile, spoolStream } from './runner/byte-source.ts'
import { type HttpTrigger, type HttpTriggerOptions, listenHttp } from './runner/http-trigger.ts'
import { RunnerError } from './runner/runner-error.ts'
import {
  playStream,
  type StreamTrigger,
  type StreamTriggerOptions,
} from './runner/stream-trigger.ts'
import { cronEvent, type SentEvent } from './runner/wire-events.ts'
import { startWorker } from './runner/worker.ts'
import type { WorkerExit, WorkerOutput } from './runner/worker-output.ts'
import { type RestartPolicy, WorkerPool } from './runner/worker-pool.ts'
import type { WireResponse } from './wire.ts'

export { CommitMarks, type CommitRules } from './runner/commit-marks.ts'
export type { HttpTrigger, HttpTriggerOptions } from './runner/http-trigger.ts'
export {
  type CommittedOffsets,
  fileOffsetStore,
  memoryOffsetStore,
  type OffsetStore,
} from './runner/offset-store.ts'
export { RunnerError, type RunnerErrorCode, runnerErrorCode } from './runner/runner-error.ts'
export type {
  Delivery,
  StreamResult,
  StreamTrigger,
  StreamTriggerOptions,
} from './runner/stream-trigger.ts'
export type { SentEvent } from './runner/wire-events.ts'
export type { WorkerExit, WorkerOutput } from './runner/worker-output.ts'
export type { RestartPolicy } from './runner/worker-pool.ts'
export { readBody, type WireResponse } from './wire.ts'

/** What the runner starts. */
export interface RunnerOptions {
  /** The built function: a file that `require` takes. */
  readonly handlerFile: string
  /** The export to call. Default `handler`. */
  readonly functionName?: string
  /**
   * Worker processes, each with the function's state of its own, shared by all triggers. Default 1.
   */
  readonly workerCount?: number
  /**
   * The script the workers run. Default `wrapper.js` beside the runner's own file (CommonJS only).
   */
  readonly wrapperPath?: string
  /** Environment of the workers. Default that of this process. */
  readonly env?: NodeJS.ProcessEnv
  /** Options of node itself for the workers, such as --max-old-space-size=512. */
  readonly execArgv?: readonly string[]
  /** Takes what the workers print and log. Default: nobody. */
  readonly onOutput?: (output: WorkerOutput) => void
  /** Told when a worker process has ended. */
  readonly onWorkerExit?: (exit: WorkerExit) => void
  /**
   * When a dead worker is started again, as a cluster restarts a pod; its stream shards are then
   * delivered again from the committed offset. Default after 100 ms, doubling up to 5 s, for ever.
   */
  readonly restart?: Partial<RestartPolicy>
  /** What `stop` allows for the events in hand, then again for the flush. Default 5,000. */
  readonly stopGraceMs?: number
}

/** A running function. */
export interface Runner {
  readonly workerCount: number
  /** Pids by worker index; undefined for a worker that is down. */
  readonly pids: readonly (number | undefined)[]
  /** Opens an HTTP trigger. Rejects with `port_in_use` or `listen_failed`. */
  listenHttp(options: HttpTriggerOptions): Promise<HttpTrigger>
  /**
   * Plays the lines of a file, or of a stream such as process.stdin, to the workers. Rejects with
   * `input_not_found`.
   */
  playStream(input: string | Readable, options?: StreamTriggerOptions): Promise<StreamTrigger>
  /** Sends one event to one worker, by default as a cron trigger would, and gives its answer. */
  send(event: SentEvent, workerIndex?: number): Promise<WireResponse>
  /** Sends one event to each worker and gives the answers by worker index. */
  sendToEach(event: SentEvent): Promise<readonly WireResponse[]>
  /**
   * Stops the triggers, then the workers: SIGTERM (so that they flush), SIGKILL. Leaves nothing.
   */
  stop(): Promise<void>
}

const DEFAULT_RESTART: RestartPolicy = {
  backoffMsMin: 100,
  backoffMsMax: 5_000,
  deathsMax: Number.POSITIVE_INFINITY,
}

/**
 * Starts the workers and resolves when the function is ready in all of them. Rejects with a
 * RunnerError: `handler_not_found`, `wrapper_not_found`, `worker_start_failed`.
 */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const handlerFile = resolveHandler(options.handlerFile)
  const wrapperPath = resolveWrapper(options.wrapperPath)
  const { workerCount = 1, stopGraceMs = 5_000, onOutput = () => {} } = options
  const folder = makeSocketFolder()
  const pool = new WorkerPool({
    workerCount,
    restart: { ...DEFAULT_RESTART, ...options.restart },
    onExit: (exit) => options.onWorkerExit?.(exit),
    start: (workerIndex) =>
      startWorker({
        workerIndex,
        handlerFile,
        functionName: options.functionName ?? 'handler',
        wrapperPath,
        // A new name for each start: the old socket may not be gone yet.
        socketPath: join(folder, randomUUID().slice(0, 8)),
        env: options.env ?? process.env,
        execArgv: options.execArgv ?? [],
        onOutput,
      }),
  })
  const removeAll = () => {
    pool.killAll()
    rmSync(folder, { recursive: true, force: true })
  }
  // When this process ends without stop(), its workers must not stay behind.
  process.once('exit', removeAll)
  const clean = () => {
    process.off('exit', removeAll)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await pool.start()
  } catch (error) {
    await pool.stop(0)
    clean()
    throw error
  }
  return createRunner({ pool, folder, workerCount, stopGraceMs, clean })
}

interface RunnerParts {
  readonly pool: WorkerPool
  readonly folder: string
  readonly workerCount: number
  readonly stopGraceMs: number
  readonly clean: () => void
}

function createRunner({ pool, folder, workerCount, stopGraceMs, clean }: RunnerParts): Runner {
  const triggers = new Set<{ stop(): Promise<void> }>()
  const cronId = randomUUID()
  let stopping: Promise<void> | undefined

  const send = (event: SentEvent, workerIndex?: number) =>
    pool.run(cronEvent(event, cronId), workerIndex === undefined ? {} : { workerIndex })

  async function openInput(input: string | Readable): Promise<ByteSource> {
    const spoolFolder = mkdtempSync(join(folder, 'input-'))
    if (typeof input === 'string') return await openInputFile(resolve(input), spoolFolder)
    return await spoolStream(input, spoolFolder)
  }

  async function stop(): Promise<void> {
    const stopped = [...triggers].map((trigger) => trigger.stop())
    // Stops after the grace also what hangs: killing its worker ends a trigger's event in hand.
    await pool.stop(stopGraceMs)
    await Promise.all(stopped)
    clean()
  }

  return {
    workerCount,
    get pids() {
      return pool.pids
    },
    listenHttp: async (options) => {
      const trigger = await listenHttp(pool, options)
      triggers.add(trigger)
      return trigger
    },
    playStream: async (input, options = {}) => {
      const source = await openInput(input)
      const trigger = playStream({ pool, workerCount, source }, options)
      triggers.add(trigger)
      return trigger
    },
    send,
    sendToEach: (event) =>
      Promise.all(Array.from({ length: workerCount }, (_, index) => send(event, index))),
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

function resolveHandler(file: string): string {
  const path = resolve(file)
  try {
    return createRequire(path).resolve(path)
  } catch (error) {
    throw new RunnerError('handler_not_found', `There is no function at ${path}.`, error)
  }
}

function resolveWrapper(path: string | undefined): string {
  const beside = typeof __dirname === 'string' ? join(__dirname, 'wrapper.js') : undefined
  const wrapperPath = path === undefined ? beside : resolve(path)
  if (wrapperPath !== undefined && existsSync(wrapperPath)) return wrapperPath
  const where = wrapperPath ?? 'wrapperPath, which an ES module must give'
  throw new RunnerError('wrapper_not_found', `There is no wrapper script at ${where}.`)
}

// macOS takes at most 103 bytes for a socket's path, and its temporary folder has about 50.
const SOCKET_FOLDER_LENGTH_MAX = 80

function makeSocketFolder(): string {
  const own = join(tmpdir(), 'nuclio-')
  return mkdtempSync(own.length <= SOCKET_FOLDER_LENGTH_MAX ? own : '/tmp/nuclio-')
}
