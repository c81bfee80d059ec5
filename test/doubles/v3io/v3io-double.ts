import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { listenLocally } from '../listen-locally.ts'
import { type Answer, refusalAnswer } from './answer.ts'
import { routes, runFunction, runObjectOperation } from './dispatch.ts'
import { type Fault, type FaultKind, Faults, faultBody } from './faults.ts'
import { forbidden, invalid, Refusal, unauthorized } from './refusal.ts'
import { parseTarget } from './request-target.ts'
import { Scanner } from './scan.ts'
import { sendAnswer, sendCutAnswer } from './send-answer.ts'
import { type Directory, type Place, Store } from './store.ts'
import type { TypedAttribute } from './typed-attribute.ts'

export interface V3ioDoubleOptions {
  /** The one key that opens it. */
  readonly accessKey: string
  /** Default 0: any free one. */
  readonly port?: number
  /** Default projects, users and bigdata. */
  readonly containers?: readonly string[]
  /** Most objects that a page of GetItems, a listing or GetRecords looks at, >= 1; default 1000. */
  readonly pageItemsMax?: number
}

/** A request as it came, in full. */
export interface RecordedRequest {
  readonly method: string
  /** As sent: percent-encoded, with its query. */
  readonly path: string
  /** X-v3io-function, or null. */
  readonly function: string | null
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The status answered; null as long as there is none, and for ever after a reset or a hang. */
  readonly status: number | null
}

/** A running double of the V3IO web API, on 127.0.0.1. */
export interface V3ioDouble {
  /** http://127.0.0.1:PORT */
  readonly url: string
  /** Every request, in the order in which their last bytes came. */
  readonly requests: readonly RecordedRequest[]
  /** Adds a rule; the first that matches a request is used for it, and used up `times` times. */
  inject(fault: Fault): void
  /** Forgets all rules. */
  clearFaults(): void
  /** User attributes of an object in wire form, or null where there is no object. */
  item(container: string, path: string): ReadonlyMap<string, TypedAttribute> | null
  /** Bytes of an object, or null where there is none. */
  object(container: string, path: string): Buffer | null
  /** Full paths of all objects and items that begin with `prefix`, sorted. */
  paths(container: string, prefix?: string): readonly string[]
  /** Ends all connections, those that hang too. */
  close(): Promise<void>
}

const CONTAINERS = ['projects', 'users', 'bigdata']
const PAGE_ITEMS_MAX = 1000

/**
 * Starts a strict double of the web API: what the platform would refuse, or is not known to take,
 * is refused here too. Everything is in memory.
 */
export async function startV3ioDouble(options: V3ioDoubleOptions): Promise<V3ioDouble> {
  const double = new Double(options)
  await double.listen(options.port ?? 0)
  return double
}

class Double implements V3ioDouble {
  readonly requests: RecordedRequest[] = []
  readonly #options: V3ioDoubleOptions
  readonly #store: Store
  readonly #routes = routes(new Scanner())
  readonly #faults = new Faults()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #server: Server
  #url = ''

  constructor(options: V3ioDoubleOptions) {
    this.#options = options
    this.#store = new Store(options.containers ?? CONTAINERS)
    this.#server = createServer((request, response) => {
      this.#receive(request, response)
    })
    // A client that pools connections must not lose one to a timer in the middle of a test.
    this.#server.keepAliveTimeout = 0
  }

  get url(): string {
    return this.#url
  }

  async listen(port: number): Promise<void> {
    this.#url = await listenLocally(this.#server, port)
  }

  inject(fault: Fault): void {
    this.#faults.add(fault)
  }

  clearFaults(): void {
    this.#faults.clear()
  }

  item(container: string, path: string): ReadonlyMap<string, TypedAttribute> | null {
    const object = this.#store.object(placeOf(container, path))
    return object === undefined ? null : new Map(object.attributes)
  }

  object(container: string, path: string): Buffer | null {
    const object = this.#store.object(placeOf(container, path))
    return object === undefined ? null : Buffer.from(object.data)
  }

  paths(container: string, prefix = ''): readonly string[] {
    const root = this.#store.directory({ container, names: [] })
    const start = prefix.replace(/^\//, '')
    return root === undefined ? [] : pathsBelow(root, '').filter((path) => path.startsWith(start))
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    if (!this.#server.listening) return
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const recorded = this.#record(request, Buffer.concat(parts))
      const kind = this.#faults.take(recorded)
      if (kind === undefined) send(response, recorded, this.#answer(recorded))
      else this.#carryOut(kind, recorded, response)
    })
  }

  #record(request: IncomingMessage, body: Buffer): Recording {
    const name = request.headers['x-v3io-function']
    const recorded: Recording = {
      method: request.method ?? '',
      path: request.url ?? '',
      function: typeof name === 'string' ? name : null,
      headers: request.headers,
      body,
      status: null,
    }
    this.requests.push(recorded)
    return recorded
  }

  #carryOut(kind: FaultKind, recorded: Recording, response: ServerResponse): void {
    switch (kind.kind) {
      case 'status':
        if (kind.applied === true) this.#answer(recorded)
        send(response, recorded, faultAnswer(kind.status, faultBody(kind), 'application/json'))
        break
      case 'reset':
        if (kind.applied) this.#answer(recorded)
        response.destroy()
        break
      case 'delay':
        this.#after(kind.ms, () => send(response, recorded, this.#answer(recorded)))
        break
      case 'hang':
        break
      case 'truncate': {
        const answer = this.#answer(recorded)
        recorded.status = answer.status
        sendCutAnswer(response, answer)
        break
      }
      case 'body':
        send(response, recorded, faultAnswer(kind.status, kind.body, 'text/plain'))
    }
  }

  #after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, ms)
    this.#timers.add(timer)
  }

  #answer(request: RecordedRequest): Answer {
    try {
      return this.#run(request)
    } catch (error) {
      if (error instanceof Refusal) return refusalAnswer(error)
      throw error
    }
  }

  #run(request: RecordedRequest): Answer {
    this.#checkKey(request.headers['x-v3io-session-key'])
    const name = request.function
    const call = {
      store: this.#store,
      method: request.method,
      target: parseTarget(request.path),
      contentType: request.headers['content-type'] ?? '',
      range: request.headers.range,
      body: request.body,
      pageItemsMax: this.#options.pageItemsMax ?? PAGE_ITEMS_MAX,
    }
    if (name === null) return runObjectOperation(call)
    const route = this.#routes.get(name)
    if (route === undefined) throw invalid(`no function ${name}`)
    return runFunction(route, name, call)
  }

  #checkKey(key: string | string[] | undefined): void {
    if (key === undefined || key === '') throw unauthorized()
    if (key !== this.#options.accessKey) throw forbidden()
  }
}

type Recording = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] }

function send(response: ServerResponse, recorded: Recording, answer: Answer): void {
  recorded.status = answer.status
  sendAnswer(response, answer)
}

function faultAnswer(status: number, body: string | Buffer, contentType: string): Answer {
  return { status, headers: { 'Content-Type': contentType }, body: Buffer.from(body) }
}

function placeOf(container: string, path: string): Place {
  return { container, names: path.split('/').filter((name) => name !== '') }
}

function pathsBelow(directory: Directory, before: string): readonly string[] {
  const objects = [...directory.objects.keys()].map((name) => before + name)
  const deeper = [...directory.directories].flatMap(([name, child]) =>
    pathsBelow(child, `${before}${name}/`),
  )
  return [...objects, ...deeper].sort()
}
