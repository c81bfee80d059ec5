import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Deployment } from './deployment.ts'
import { lineOf, type WireEvent } from './wire-events.ts'

/** A response line as it came. */
export interface WireAnswer {
  readonly body: string
  readonly content_type: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly status_code: number
  readonly body_encoding: string
}

/** A log line as it came. */
export interface WireLog {
  readonly level: string
  readonly message: string
  readonly with: Readonly<Record<string, unknown>>
}

/** How a process ended. */
export interface Exit {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
}

interface Launch {
  readonly deployment: Deployment
  readonly settings: Readonly<Record<string, string>>
  /** Where Nuclio's default is `handler`: the module in the code folder. */
  readonly module?: string
}

/** Nothing that is waited for takes so long on a busy machine, unless it never comes. */
const WAIT_MS_MAX = 60_000
const LINES_SHOWN = 5

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
// Like Nuclio's, the wrapper outlives its processor: a test run that is stopped must not leave it behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** A deployed function under the plain wrapper, and the processor's end of its socket. */
export class FunctionProcess {
  readonly child: ChildProcess
  readonly #exited: Promise<Exit>
  /** Every answer so far, in order. */
  readonly answers: WireAnswer[] = []
  /** Every log line so far, in order. */
  readonly logs: WireLog[] = []
  #stderr = ''
  #isReady = false
  #exit: Exit | null = null
  #socket: Socket | null = null
  /** Settles when everything that came over the socket has been read. */
  #drained: Promise<unknown> = Promise.resolve()
  #sentCount = 0
  #wakers: (() => void)[] = []

  private constructor(child: ChildProcess, server: Server) {
    this.child = child
    running.add(child)
    child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk
    })
    server.once('connection', (socket) => {
      this.#socket = socket
      this.#drained = this.#readLines(socket)
    })
    this.#exited = this.#watchEnd(server)
  }

  /** Starts the function as Nuclio does, and does not wait for anything. */
  static async launch({ deployment, settings, module = 'handler' }: Launch) {
    const { code, data, sockets } = deployment
    const path = join(sockets, randomUUID().slice(0, 13))
    const server = createServer()
    server.listen(path)
    await once(server, 'listening')
    const args = [join(code, 'wrapper.js'), path, join(code, module), 'handler']
    // Nothing of the environment of the tests: NODE_PATH or STORE_URL there would change the claim.
    const child = spawn(process.execPath, args, {
      cwd: data,
      env: { ...settings },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    return new FunctionProcess(child, server)
  }

  /** Starts the function and waits for the wrapper's start line, which does not wait for init. */
  static async start(launch: Launch): Promise<FunctionProcess> {
    const started = await FunctionProcess.launch(launch)
    await started.ready()
    return started
  }

  /** Waits for the wrapper's start line. */
  async ready(): Promise<void> {
    await this.until(() => this.#isReady || undefined)
  }

  /** What the process has written to its stderr. */
  get stderr(): string {
    return this.#stderr
  }

  /** Waits until what is looked for is there; rejects when the function ends or is silent instead. */
  async until<T>(find: () => T | undefined): Promise<T> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#wake()
    }, WAIT_MS_MAX)
    try {
      for (;;) {
        const found = find()
        if (found !== undefined) return found
        if (this.#exit !== null) throw new Error(`The function ended: ${this.#stderr}`)
        if (isLate) throw new Error(`It did not come; the function said: ${this.#lastWords()}`)
        await new Promise<void>((resolve) => this.#wakers.push(resolve))
      }
    } finally {
      clearTimeout(timer)
    }
  }

  #lastWords(): string {
    return `${JSON.stringify(this.logs.slice(-LINES_SHOWN))} ${this.#stderr}`
  }

  /** Waits until the process ends by itself. */
  ended(): Promise<Exit> {
    return this.until(() => this.#exit ?? undefined)
  }

  /** Writes these events, all in one write. */
  async send(...events: readonly WireEvent[]): Promise<void> {
    this.#sentCount += events.length
    await this.#write(Buffer.from(events.map(lineOf).join('')))
  }

  /** Writes one event, piece by piece, so that it comes as many chunks. */
  async sendInPieces(event: WireEvent, pieceBytes: number): Promise<void> {
    this.#sentCount++
    const line = Buffer.from(lineOf(event))
    for (let start = 0; start < line.length; start += pieceBytes) {
      await this.#write(line.subarray(start, start + pieceBytes))
      await new Promise((resolve) => setImmediate(resolve)) // the other side may read meanwhile
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await new Promise((resolve) => this.#socket?.write(bytes, resolve))
  }

  /** The answers of the events sent last, when each has one; rejects if there are more than events. */
  async answersOfLast(count: number): Promise<readonly WireAnswer[]> {
    const sent = this.#sentCount
    await this.until(() => this.answers.length >= sent || undefined)
    if (this.answers.length > sent) throw new Error('An event was answered twice.')
    return this.answers.slice(sent - count)
  }

  /** Sends one event as Nuclio does and gives its answer. */
  async ask(event: WireEvent): Promise<WireAnswer> {
    await this.send(event)
    const [answer] = await this.answersOfLast(1)
    if (answer === undefined) throw new Error('No answer.')
    return answer
  }

  /** Ends the process at once. */
  async kill(): Promise<Exit> {
    this.child.kill('SIGKILL')
    return this.#exited
  }

  async #readLines(socket: Socket): Promise<void> {
    const lines = createInterface({ input: socket })
    // A process that dies with unread bytes resets its end; how it died is told by its exit.
    socket.on('error', () => undefined)
    lines.on('error', () => undefined)
    lines.on('line', (line) => {
      const rest = line.slice(1)
      if (line === 's') this.#isReady = true
      if (line.startsWith('r')) this.answers.push(JSON.parse(rest))
      if (line.startsWith('l')) this.logs.push(JSON.parse(rest))
      this.#wake()
    })
    await new Promise((resolve) => socket.once('close', resolve))
  }

  async #watchEnd(server: Server): Promise<Exit> {
    const [exitCode, signal] = await once(this.child, 'close')
    running.delete(this.child)
    server.close()
    await this.#drained
    this.#exit = { exitCode, signal }
    this.#wake()
    return this.#exit
  }

  #wake(): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
  }
}

/** Runs a function that is to fail at its start: how it ended, and what it said. */
export async function runToEnd(launch: Launch): Promise<Exit & { readonly stderr: string }> {
  const launched = await FunctionProcess.launch(launch)
  return { ...(await launched.ended()), stderr: launched.stderr }
}
