import assert from 'node:assert'
import { Worker } from 'node:worker_threads'
import { errorMessage } from '../../stream/errors.ts'
import type { ParquetReply, ParquetRequest } from './parquet-protocol.ts'

/** A worker's answer, or what became of the worker instead. */
export type Answer =
  | Exclude<ParquetReply, { kind: 'ready' }>
  /** It ended before it could answer; `wasReady`: after it had started well. */
  | { readonly kind: 'died'; readonly wasReady: boolean; readonly reason: string }

/**
 * The Parquet worker's thread, started when it is needed and anew when it has ended. It keeps the
 * process alive only while it owes an answer.
 */
export class ParquetThread {
  readonly #workerPath: string
  #worker: Worker | null = null
  #wasReady = false
  #settle: ((answer: Answer) => void) | null = null

  /** @param workerPath  the bundle of parquet-worker.ts */
  constructor(workerPath: string) {
    this.#workerPath = workerPath
  }

  /** Asks one thing; the next may be asked when this is answered. Never rejects. */
  ask(request: ParquetRequest, handedOver: readonly ArrayBuffer[] = []): Promise<Answer> {
    assert(this.#settle === null, 'one request at a time')
    return new Promise((resolve) => {
      try {
        const worker = this.#worker ?? this.#start()
        this.#settle = resolve
        worker.ref()
        worker.postMessage(request, [...handedOver])
      } catch (error) {
        this.#settle = null
        resolve({ kind: 'died', wasReady: this.#wasReady, reason: errorMessage(error) })
      }
    })
  }

  /** Ends the thread and gives its memory back; the next request starts a new one. */
  async stop(): Promise<void> {
    await this.#worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(this.#workerPath, { name: 'parquet' })
    let trouble = ''
    this.#worker = worker
    this.#wasReady = false
    worker.on('message', (reply: ParquetReply) => {
      if (reply.kind === 'ready') this.#wasReady = true
      else this.#answer(reply)
    })
    worker.on('error', (error) => {
      trouble = errorMessage(error)
    })
    worker.on('exit', (code) => {
      this.#worker = null
      const reason = `The Parquet worker ended: ${trouble || `exit code ${code}`}.`
      this.#answer({ kind: 'died', wasReady: this.#wasReady, reason })
    })
    return worker
  }

  #answer(answer: Answer): void {
    const settle = this.#settle
    this.#settle = null
    this.#worker?.unref()
    settle?.(answer)
  }
}
