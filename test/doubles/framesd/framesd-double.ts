import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { listenLocally } from '../listen-locally.ts'
import { type Fault, type FaultKind, Faults, shareOf } from './fault.ts'
import { readableFrame, readableWrite } from './frames-messages.ts'
import { framedMessages } from './framing.ts'
import {
  type Backends,
  type Call,
  handlePost,
  jsonReply,
  type Reply,
  textReply,
} from './handlers.ts'
import { KvBackend } from './kv/kv-backend.ts'
import { ProcessDeath, Refusal } from './refusal.ts'
import { TsdbBackend } from './tsdb/tsdb-backend.ts'
import { type StoredSample, seriesName } from './tsdb/tsdb-table.ts'

export type { Fault, FaultKind } from './fault.ts'
export type { StoredSample } from './tsdb/tsdb-table.ts'

export interface FramesdDoubleOptions {
  /** The only access key that the TSDB takes; for kv the web API decides. */
  readonly accessKey: string
  /** Default: any free one of 127.0.0.1. */
  readonly port?: number
  /** V3IO's web API, for kv; sessions may name another one. */
  readonly webApiUrl?: string
  /** The container of sessions that name none; default 'bigdata', '' for none. */
  readonly container?: string
  /** What `now` means; default: the clock of the machine, in milliseconds. */
  readonly nowMs?: () => number
}

/** A request as it came, in order of arrival. */
export interface FramesdRequest {
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Buffer
  /** Of the answer; null while there is none, and when there never was one. */
  readonly status: number | null
  /**
   * The JSON, or for a write `{initial, frames}` with int64 as text, enums by name and defaults
   * left out; null when the body cannot be read.
   */
  readonly decoded: unknown
}

/** A sample that was not stored. */
export interface UnstoredSample {
  readonly table: string
  /** As in `series`: `metric{a=b,c=d}`. */
  readonly series: string
  readonly atMs: number
  readonly value: number | string
}

/** A framesd on 127.0.0.1 that stores a TSDB in memory and passes kv on to a web API. */
export interface FramesdDouble {
  readonly url: string
  readonly requests: readonly FramesdRequest[]
  /** Faults are looked at in order for each request; the first that matches is used up. */
  inject(fault: Fault): void
  clearFaults(): void
  /** Every series of a table by `metric{a=b,c=d}`, labels sorted by name, samples by time. */
  series(container: string, table: string): ReadonlyMap<string, readonly StoredSample[]>
  /** Tables of the TSDB that were created, sorted. */
  tables(container: string): readonly string[]
  /** What was dropped silently: samples at or before the newest of their series. */
  readonly dropped: readonly UnstoredSample[]
  /** Texts of the requests that would have ended a real framesd. */
  readonly deaths: readonly string[]
  /** Starts again after a death, with the same tables; until then connections are destroyed. */
  revive(): void
  /** Destroys connections that are open. */
  close(): Promise<void>
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Starts a double. Rejects when the port is taken. */
export async function startFramesdDouble(options: FramesdDoubleOptions): Promise<FramesdDouble> {
  const double = new Double(options)
  await double.listen(options.port ?? 0)
  return double
}

class Double implements FramesdDouble {
  readonly requests: Mutable<FramesdRequest>[] = []
  readonly dropped: UnstoredSample[] = []
  readonly deaths: string[] = []
  readonly #backends: Backends
  readonly #faults = new Faults()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #server: Server
  #isDead = false
  #url = ''

  constructor(options: FramesdDoubleOptions) {
    const config = {
      accessKey: options.accessKey,
      webApiUrl: (options.webApiUrl ?? '').replace(/\/+$/, ''),
      container: options.container ?? 'bigdata',
      nowMs: options.nowMs ?? Date.now,
    }
    this.#backends = {
      tsdb: new TsdbBackend(config),
      kv: new KvBackend(config),
      nowMs: config.nowMs,
    }
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        if (error instanceof ProcessDeath) this.#die(error.message)
        // The client is gone, or this double has a fault of its own: no answer either way.
        else response.destroy(error instanceof Error ? error : new Error(String(error)))
      })
    })
    // A client that pools connections must not lose one to a timer in the middle of a test.
    this.#server.keepAliveTimeout = 0
    this.#server.on('connection', (socket) => {
      if (this.#isDead) socket.destroy()
    })
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

  series(container: string, table: string): ReadonlyMap<string, readonly StoredSample[]> {
    return namedSeries(this.#backends.tsdb, { container, table })
  }

  tables(container: string): readonly string[] {
    return this.#backends.tsdb.tableNames(container)
  }

  revive(): void {
    this.#isDead = false
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    await new Promise<void>((resolve) => {
      // Closing a second time is no mistake.
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  #die(why: string): void {
    this.deaths.push(why)
    this.#isDead = true
    this.#server.closeAllConnections()
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const record = this.#record(request, body)
    const fault = this.#faults.take(record)
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'reset' && !fault.applied) return void response.destroy()
    if (fault?.kind === 'delay') await this.#wait(fault.ms)
    const reply = faultReply(fault) ?? (await this.#replyTo(request, this.#callOf(record, fault)))
    if (this.#isDead || fault?.kind === 'reset') return void response.destroy()
    record.status = reply.status
    send(response, reply)
  }

  #record(request: IncomingMessage, body: Buffer): Mutable<FramesdRequest> {
    const path = new URL(request.url ?? '/', 'http://framesd').pathname
    const headers = headersOf(request)
    const record = { path, headers, body, status: null, decoded: decodedBody(path, body) }
    this.requests.push(record)
    return record
  }

  #callOf({ path, headers, body }: FramesdRequest, fault: FaultKind | null): Call {
    const isLost = shareOf(fault?.kind === 'lose' ? (fault.share ?? 1) : 0)
    return {
      path,
      authorization: headers['authorization'],
      body,
      isIgnored: fault?.kind === 'lose',
      reportOf: (table) => ({
        isLost,
        dropped: (series, sample) => this.dropped.push({ table, series, ...sample }),
      }),
    }
  }

  async #replyTo(request: IncomingMessage, call: Call): Promise<Reply> {
    if (request.method === 'GET' && ['/', '/_/status'].includes(call.path)) {
      return jsonReply({ state: 'running' })
    }
    if (request.method !== 'POST') return textReply(405, 'unsupported method')
    try {
      const reply = await handlePost(call, this.#backends)
      return reply ?? textReply(404, `unknown path - "${call.path}"`)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return textReply(error.status, error.message)
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        resolve()
      }, ms)
      this.#timers.add(timer)
    })
  }
}

function namedSeries(
  tsdb: TsdbBackend,
  place: { container: string; table: string },
): ReadonlyMap<string, readonly StoredSample[]> {
  const named = new Map<string, readonly StoredSample[]>()
  for (const { metric, labels, samples } of tsdb.find(place)?.all() ?? []) {
    const name = seriesName(metric, labels)
    // Label values with a comma or an equals sign can make two series look alike.
    const both = [...(named.get(name) ?? []), ...samples]
    named.set(
      name,
      both.sort((a, b) => a.atMs - b.atMs),
    )
  }
  return named
}

function faultReply(fault: FaultKind | null): Reply | null {
  if (fault?.kind === 'status') return textReply(fault.status, fault.text)
  if (fault?.kind === 'body') return textReply(fault.status, fault.body)
  return null
}

function decodedBody(path: string, body: Buffer): unknown {
  try {
    if (path !== '/write') return body.length === 0 ? null : JSON.parse(body.toString('utf8'))
    const [initial, ...frames] = framedMessages(body)
    if (initial === undefined) return null
    return { initial: readableWrite(initial), frames: frames.map(readableFrame) }
  } catch {
    // A body that cannot be read is answered as such; the record has its bytes.
    return null
  }
}

function headersOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  )
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function send(response: ServerResponse, reply: Reply): void {
  const { status, contentType, parts, isChunked } = reply
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  response.writeHead(status, {
    server: 'fasthttp',
    'content-type': contentType,
    ...(isChunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': size }),
  })
  for (const part of parts) response.write(part)
  response.end()
}
