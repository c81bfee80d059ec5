import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a worker writes to its store: a flush, seen from the store's side. */
export type WriteKind = 'claim' | 'records' | 'metrics' | 'file'

/** `asked`: the store has not got it yet. `answered`: the worker has not got the answer yet. */
export type WritePoint = 'asked' | 'answered'

/** Tells from the first bytes of a request which write it is; null for any other request. */
export type ReadKind = (bytes: Buffer) => WriteKind | null

/** Where a store listens. */
export interface Address {
  readonly host: string
  readonly port: number
}

/**
 * Stands between one worker and its store, changes nothing, and sees each write before the store does and
 * each answer before the worker does. What has been sent arrives, also when the sender is dead by then.
 */
export class StoreGate {
  readonly #server: Server
  /** Connections whose last write has no answer yet. */
  readonly #underWay = new Map<Socket, WriteKind>()
  readonly #readKind: ReadKind
  readonly #target: Address
  /** Called before the bytes go on. */
  onWrite: (kind: WriteKind, point: WritePoint) => void = () => undefined

  private constructor(target: Address, readKind: ReadKind) {
    this.#target = target
    this.#readKind = readKind
    this.#server = createServer((worker) => this.#join(worker))
  }

  /** Opens a gate on 127.0.0.1. */
  static async open(target: Address, readKind: ReadKind): Promise<StoreGate> {
    const gate = new StoreGate(target, readKind)
    gate.#server.listen(0, '127.0.0.1')
    await once(gate.#server, 'listening')
    return gate
  }

  get port(): number {
    const address = this.#server.address()
    assert(typeof address === 'object' && address !== null)
    return address.port
  }

  /** Whether a write is on its way to the store, or its answer on the way back. */
  get isWriting(): boolean {
    return this.#underWay.size > 0
  }

  close(): void {
    this.#server.close()
  }

  #join(worker: Socket): void {
    const store = connect(this.#target.port, this.#target.host)
    worker.setNoDelay(true)
    store.setNoDelay(true)
    worker.on('data', (bytes: Buffer) => {
      const kind = this.#readKind(bytes)
      if (kind !== null) {
        this.#underWay.set(worker, kind)
        this.onWrite(kind, 'asked')
      }
      store.write(bytes)
    })
    store.on('data', (bytes: Buffer) => {
      const kind = this.#underWay.get(worker)
      if (kind !== undefined) this.onWrite(kind, 'answered')
      this.#underWay.delete(worker)
      worker.write(bytes)
    })
    // A worker that was killed leaves its connections in the middle of anything.
    worker.on('error', () => undefined)
    store.on('error', () => undefined)
    worker.on('close', () => {
      this.#underWay.delete(worker)
      store.end()
    })
    store.on('close', () => worker.end())
  }
}
