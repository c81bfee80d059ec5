import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineSplitter } from '../../src/line-splitter.ts'

/** The processor's end of one wrapper process, line by line, for tests of what is on the wire. */
export interface Processor {
  readonly child: ChildProcess
  readonly socket: Socket
  readonly exited: Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>
  stderr(): string
  /** The next line, whatever its kind. Rejects when the process ends first. */
  nextLine(): Promise<string>
  /** The next line that begins with `mark`; those before it are kept in `passed`. */
  nextOf(mark: string): Promise<string>
  readonly passed: string[]
  stop(): Promise<void>
}

interface Started {
  readonly wrapper: string
  readonly file: string
  readonly env?: Record<string, string>
  /** Whether to wait for the start line. */
  readonly waits?: boolean
}

/** Starts `node wrapper SOCKET FILE handler` and waits for its start line. */
export async function startProcessor({
  wrapper,
  file,
  env = {},
  waits = true,
}: Started): Promise<Processor> {
  const path = join(tmpdir(), `nu-${randomUUID().slice(0, 13)}`)
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  const child = spawn(process.execPath, [wrapper, path, file, 'handler'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = once(child, 'close').then(([exitCode, signal]) => ({ exitCode, signal }))
  const lines: string[] = []
  let wake: () => void = () => {}
  let hasExited = false
  void exited.then(() => {
    hasExited = true
    server.close()
    wake()
  })
  const connected = once(server, 'connection').then(([socket]) => socket as Socket)
  const splitter = new LineSplitter()
  const socket = await Promise.race([connected, exited.then(() => null)])
  rmSync(path, { force: true })
  if (socket === null) throw new Error(`The wrapper ended: ${stderr}`)
  server.close()
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    splitter.push(chunk, (line) => lines.push(line.toString()))
    wake()
  })
  const passed: string[] = []

  async function nextLine(): Promise<string> {
    for (;;) {
      const line = lines.shift()
      if (line !== undefined) return line
      if (hasExited) throw new Error(`The wrapper ended: ${stderr}`)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }

  async function nextOf(mark: string): Promise<string> {
    for (;;) {
      const line = await nextLine()
      if (line.startsWith(mark)) return line
      passed.push(line)
    }
  }

  const stop = async () => {
    child.kill('SIGKILL')
    await exited
    socket.destroy()
  }
  if (waits) await nextOf('s')
  return { child, socket, exited, stderr: () => stderr, nextLine, nextOf, passed, stop }
}

/** An HTTP event's line, with the newline. */
export function eventLine(body: string | Buffer, changes: Record<string, unknown> = {}): string {
  const bytes = Buffer.from(body as Buffer)
  const event = {
    body: bytes.toString('base64'),
    'content-type': '',
    content_type: '',
    fields: {},
    headers: {},
    id: '1',
    method: 'POST',
    num_shards: 0,
    offset: 0,
    path: '/',
    shard_id: -1,
    size: bytes.length,
    timestamp: 1_795_504_910,
    topic: '',
    trigger: { kind: 'http', name: 'http' },
    type: '',
    type_version: '',
    url: '',
    version: '',
    ...changes,
  }
  return `${JSON.stringify(event)}\n`
}

/** The text of a response line's body. */
export function bodyOf(line: string): string {
  return JSON.parse(line.slice(1)).body
}
