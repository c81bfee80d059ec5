import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { PRODUCT } from './support.ts'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

const IDLE_MS = 200
/** A process that uses less of a CPU does nothing but wait. */
const IDLE_SHARE = 0.02

/** A function in a process of its own under the local wrapper, with the processor's end of its socket. */
export class WrappedFunction {
  readonly #child: ChildProcess
  readonly #server: Server
  #socket: Socket | null = null
  #rest = ''
  #answer: (line: string) => void = () => undefined
  #stderr = ''

  private constructor(child: ChildProcess, server: Server) {
    this.#child = child
    this.#server = server
    running.add(child)
    child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk
    })
  }

  /**
   * Starts the function and waits for the wrapper's start line.
   *
   * @param file  the module with the export `handler`
   * @param env   all of its environment
   */
  static async start({
    file,
    env,
  }: {
    readonly file: string
    readonly env: Readonly<Record<string, string>>
  }): Promise<WrappedFunction> {
    const path = join(tmpdir(), `mm-bench-${randomUUID().slice(0, 13)}.sock`)
    const server = createServer()
    server.listen(path)
    await once(server, 'listening')
    const preload = ['--require', resolve('bench/report-cpu.cjs')]
    const args = [...preload, join(PRODUCT, 'local-wrapper.js'), path, file, 'handler']
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const
    const child = spawn(process.execPath, args, { env: { ...env }, stdio: [...stdio] })
    const wrapped = new WrappedFunction(child, server)
    child.once('close', () => {
      running.delete(child)
      rmSync(path, { force: true })
    })
    await wrapped.#connected()
    return wrapped
  }

  async #connected(): Promise<void> {
    const started = new Promise<string>((resolve) => {
      this.#answer = resolve
    })
    this.#server.once('connection', (socket) => {
      this.#socket = socket
      socket.on('error', () => undefined) // how the process has ended is told by its exit
      socket.on('data', (chunk) => this.#read(chunk))
    })
    await this.#unlessEnded(started)
  }

  /** Of the lines that come, the start and the responses matter; metrics and logs do not. */
  #read(chunk: Buffer): void {
    const lines = (this.#rest + chunk.toString()).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('r') || line === 's') this.#answer(line)
  }

  async #unlessEnded<T>(what: Promise<T>): Promise<T> {
    let onClose: () => void = () => undefined
    const ended = new Promise<never>((_, reject) => {
      onClose = () => reject(new Error(`The function ended: ${this.#stderr}`))
      this.#child.once('close', onClose)
    })
    try {
      return await Promise.race([what, ended])
    } finally {
      this.#child.off('close', onClose)
    }
  }

  /** Sends one event as a line and waits for its response line. */
  ask(line: string): Promise<string> {
    return new Promise((resolve) => {
      this.#answer = resolve
      this.#socket?.write(line)
    })
  }

  /** Sends the first event, which is answered when the function has started, and waits until it rests. */
  async rest(line: string): Promise<void> {
    await this.#unlessEnded(this.ask(line))
    for (let isIdle = false; !isIdle; ) {
      const before = await this.cpuUs()
      await wait(IDLE_MS)
      isIdle = (await this.cpuUs()) - before < IDLE_MS * 1000 * IDLE_SHARE
    }
  }

  /** CPU time of the process so far in microseconds, all threads. */
  async cpuUs(): Promise<number> {
    const reported = once(this.#child, 'message')
    this.#child.send('cpu')
    const [{ user, system }] = (await this.#unlessEnded(reported)) as [NodeJS.CpuUsage]
    return user + system
  }

  /** Ends the process at once. */
  async end(): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
    this.#socket?.destroy()
    this.#server.close()
  }
}
