import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { LineSplitter } from '../line-splitter.ts'
import type { WireEvent, WireResponse } from '../wire.ts'
import { RunnerError } from './runner-error.ts'
import { readLogLine, type WorkerOutput } from './worker-output.ts'

/** What one worker process is started with. */
export interface WorkerOptions {
  readonly workerIndex: number
  /** Absolute path of the built function. */
  readonly handlerFile: string
  readonly functionName: string
  readonly wrapperPath: string
  /** Where the worker connects to; gone again once it has. */
  readonly socketPath: string
  readonly env: NodeJS.ProcessEnv
  readonly execArgv: readonly string[]
  readonly onOutput: (output: WorkerOutput) => void
}

/** A worker process that is ready for events. */
export interface Worker {
  readonly pid: number
  /** Settles when the process is gone and its output was read; never rejects. */
  readonly exited: Promise<ProcessExit>
  /**
   * Gives it one event; the next only after the answer. Rejects when the process ends before it.
   */
  execute(event: WireEvent): Promise<WireResponse>
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when the process is gone. */
  stop(graceMs: number): Promise<void>
  /** SIGKILL, at once. */
  kill(): void
}

/** How a process ended. */
export interface ProcessExit {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

type Child = ChildProcessByStdio<null, Readable, Readable>

// Something the function left behind may hold its stdout open for ever.
const OUTPUT_WAIT_MS_MAX = 500

/** Starts `node wrapper SOCKET FILE FUNCTION` and resolves when the function is ready. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const server = createServer()
  server.listen(options.socketPath)
  await once(server, 'listening')
  const { execArgv, wrapperPath, socketPath, handlerFile, functionName, env } = options
  const child: Child = spawn(
    process.execPath,
    [...execArgv, wrapperPath, socketPath, handlerFile, functionName],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  // Without a pid there was no process; its 'error' event ends `exited` below.
  const pid = child.pid ?? -1
  const exited = watchExit(child)
  forwardLines(child.stdout, (text) =>
    options.onOutput({ kind: 'stdout', workerIndex: options.workerIndex, pid, text }),
  )
  forwardLines(child.stderr, (text) =>
    options.onOutput({ kind: 'stderr', workerIndex: options.workerIndex, pid, text }),
  )
  const line = await connectLine({ server, exited, pid, options })
  return {
    pid,
    exited,
    execute: line.execute,
    kill: () => child.kill('SIGKILL'),
    stop: async (graceMs) => {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      await exited
      clearTimeout(timer)
    },
  }
}

async function watchExit(child: Child): Promise<ProcessExit> {
  const closed = once(child, 'close')
  // Both lead to an answer below: a failed spawn has 'error' and no 'exit'.
  closed.catch(() => {})
  try {
    await once(child, 'exit')
  } catch {
    return { exitCode: null, signal: null }
  }
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((resolve) => {
    timer = setTimeout(resolve, OUTPUT_WAIT_MS_MAX)
  })
  await Promise.race([closed, timeout])
  clearTimeout(timer)
  return { exitCode: child.exitCode, signal: child.signalCode }
}

function forwardLines(stream: Readable, onText: (text: string) => void): void {
  const splitter = new LineSplitter()
  stream.on('data', (chunk: Buffer) => splitter.push(chunk, (line) => onText(line.toString())))
  stream.on('end', () => {
    const rest = splitter.takeRest()
    if (rest !== null) onText(rest.toString())
  })
}

interface Connecting {
  readonly server: Server
  readonly exited: Promise<ProcessExit>
  readonly pid: number
  readonly options: WorkerOptions
}

/** The processor's end of the socket. Resolves after the start line. */
async function connectLine({ server, exited, pid, options }: Connecting) {
  const worker = { workerIndex: options.workerIndex, pid }
  let pending: { answer(response: WireResponse): void; fail(error: Error): void } | undefined
  let socket: Socket | undefined
  let hasExited = false
  const splitter = new LineSplitter()

  const started = new Promise<void>((resolve, reject) => {
    server.once('connection', (connection) => {
      socket = connection
      server.close() // one worker, one connection; this also removes the socket's file
      connection.on('error', () => {}) // a dying worker resets it; its exit tells the story
      connection.on('data', (chunk) => splitter.push(chunk, onLine))
    })
    function onLine(line: Buffer): void {
      switch (String.fromCharCode(line[0] ?? 0)) {
        case 's':
          resolve()
          return
        case 'r':
          onResponse(line)
          return
        case 'm':
          return
        default: {
          const text = line.toString()
          options.onOutput(readLogLine(line, worker) ?? { kind: 'stdout', ...worker, text })
        }
      }
    }
    void exited.then(({ exitCode, signal }) => {
      hasExited = true
      server.close()
      const how = signal === null ? `exit code ${exitCode}` : `signal ${signal}`
      const start = `The function did not start: its process ended with ${how}.`
      reject(new RunnerError('worker_start_failed', start))
      const lost = `Worker ${options.workerIndex} ended with ${how} before it answered.`
      pending?.fail(new RunnerError('worker_exited', lost))
      pending = undefined
    })
  })

  function onResponse(line: Buffer): void {
    const { answer } = pending ?? {}
    pending = undefined
    // A second response line cannot come from our wrapper; a real processor would be confused by
    // it.
    answer?.(JSON.parse(line.toString('utf8', 1)))
  }

  await started
  return {
    execute: (event: WireEvent): Promise<WireResponse> =>
      new Promise((answer, fail) => {
        assert(pending === undefined, 'a worker gets one event at a time')
        if (hasExited || socket === undefined) {
          const gone = `Worker ${options.workerIndex} is gone.`
          fail(new RunnerError('worker_exited', gone))
          return
        }
        pending = { answer, fail }
        socket.write(`${JSON.stringify(event)}\n`)
      }),
  }
}
