import { Child } from './child.ts'
import type { Report } from './store-server.ts'

/** `store-server.ts` in a process of its own. */
export class ServerProcess {
  readonly #child: Child<Report>

  private constructor(child: Child<Report>) {
    this.#child = child
  }

  /** Starts it and waits until it listens on 127.0.0.1. */
  static async start(): Promise<ServerProcess> {
    return new ServerProcess(await Child.start<Report>('store-server.mjs'))
  }

  get port(): number {
    return this.#child.first.port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** What it has seen so far. */
  report(): Promise<Report> {
    return this.#child.ask('report')
  }

  /** From now on it takes requests and never answers. */
  hang(): Promise<Report> {
    return this.#child.ask('hang')
  }

  /** Ends the process at once. */
  end(): Promise<void> {
    return this.#child.end()
  }
}
