import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Report } from './store-server.ts'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** `store-server.ts` in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess
  readonly port: number

  private constructor(child: ChildProcess, { port }: Report) {
    this.#child = child
    this.port = port
  }

  /** Starts it and waits until it listens on 127.0.0.1. */
  static async start(): Promise<ServerProcess> {
    // Bundled beside this file.
    const path = fileURLToPath(new URL('store-server.mjs', import.meta.url))
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = spawn(process.execPath, [path], { stdio: [...stdio] })
    running.add(child)
    child.once('close', () => running.delete(child))
    return new ServerProcess(child, await reportOf(child))
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What it has seen so far. */
  report(): Promise<Report> {
    return this.#ask('report')
  }

  /** From now on it takes requests and never answers. */
  hang(): Promise<Report> {
    return this.#ask('hang')
  }

  #ask(message: string): Promise<Report> {
    const reported = reportOf(this.#child)
    this.#child.send(message)
    return reported
  }

  /** Ends the process at once. */
  async end(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}

async function reportOf(child: ChildProcess): Promise<Report> {
  const ended = new AbortController()
  const onClose = (): void => ended.abort(new Error('The server has ended.'))
  child.once('close', onClose)
  try {
    const [report] = (await once(child, 'message', { signal: ended.signal })) as [Report]
    return report
  } finally {
    child.off('close', onClose)
  }
}
