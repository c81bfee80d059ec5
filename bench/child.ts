import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A process of the bench that answers each message with one, and says one when it is ready. */
export class Child<Answer> {
  readonly #process: ChildProcess
  /** What it said when it was ready. */
  readonly first: Answer

  private constructor(process: ChildProcess, first: Answer) {
    this.#process = process
    this.first = first
  }

  /**
   * Starts it and waits until it is ready.
   *
   * @param name  of a bundled file beside this one, such as `store-server.mjs`
   */
  static async start<Answer>(name: string, args: readonly string[] = []): Promise<Child<Answer>> {
    const path = fileURLToPath(new URL(name, import.meta.url))
    const stdio = ['ignore', 'ignore', 'inherit', 'ipc'] as const
    const child = spawn(process.execPath, [path, ...args], { stdio: [...stdio] })
    running.add(child)
    child.once('close', () => running.delete(child))
    return new Child(child, await answerOf<Answer>(child))
  }

  ask(message: string): Promise<Answer> {
    const answer = answerOf<Answer>(this.#process)
    this.#process.send(message)
    return answer
  }

  /** Ends the process at once. */
  async end(): Promise<void> {
    const closed = once(this.#process, 'close')
    this.#process.kill('SIGKILL')
    await closed
  }
}

async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const ended = new AbortController()
  const onClose = (): void => ended.abort(new Error('A process of the bench has ended.'))
  child.once('close', onClose)
  try {
    const [answer] = (await once(child, 'message', { signal: ended.signal })) as [Answer]
    return answer
  } finally {
    child.off('close', onClose)
  }
}
