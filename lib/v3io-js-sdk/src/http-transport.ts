import { setMaxListeners } from 'node:events'
import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps, Agent as TlsAgent } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAddress } from './address.ts'
import { complaintOf, oneLine, redactor } from './complaint.ts'
import { Slots } from './slots.ts'
import { codeOfStatus, V3ioError, type V3ioErrorDetails } from './v3io-error.ts'

/** How a server is reached. */
export interface HttpTransportOptions {
  /** `http://HOST:PORT` or `https://...`; without a scheme http. A path in front of all others is kept. */
  readonly url: string
  /** Sent with every request, such as the access key. */
  readonly headers?: Readonly<Record<string, string>>
  /** Never shown in an error, whatever a server answers. */
  readonly secrets?: readonly string[]
  /**
   * From the call to the whole answer, one try, the wait for a connection included; ms, > 0, less than
   * 2^31. Default 10,000.
   */
  readonly timeoutMs?: number
  /** Connections at once, the others wait; > 0. Default 8. */
  readonly connectionsMax?: number
  /** Tries of a request that is safe to repeat, > 0. Default 3. */
  readonly triesMax?: number
  /** Longest wait before the second try, ms; it doubles with each one, and is jittered. Default 100. */
  readonly backoffMs?: number
  /** Bytes of an answer at most. Default 128 MB, as framesd's clients take. */
  readonly answerBytesMax?: number
  /** Certificates of authorities, PEM, instead of Node's own. */
  readonly ca?: string
  /** False accepts any certificate, as the Python and Go clients do. Default true. */
  readonly verifiesTls?: boolean
}

/** One request. */
export interface HttpCall {
  readonly method: string
  /** Percent-encoded, begins with a slash. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Doing it twice has the effect of doing it once. */
  readonly isRepeatable: boolean
}

/** A whole answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Answers that can be others at the next try. 500 is not one: framesd's refusals have it too. */
const PASSING_STATUS = new Set([408, 429, 502, 503, 504])
const BACKOFF_MS_MAX = 5_000
const ERROR_BYTES_MAX = 2 ** 16
/** A longer timer fires at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

type NotKept = 'ca' | 'verifiesTls' | 'url' | 'secrets' | 'headers'

/**
 * Requests to one server over a bounded pool of connections that are kept open. A passing failure of a
 * repeatable request is tried again; a request that may have been applied and must not be repeated
 * is not.
 */
export class HttpTransport {
  /** Where requests go, as it may be shown. */
  readonly origin: string
  readonly #prefix: string
  readonly #isTls: boolean
  readonly #agent: Agent
  /** Of every request, names and values in turn. */
  readonly #headers: readonly string[]
  readonly #options: Required<Omit<HttpTransportOptions, NotKept>>
  readonly #target: { readonly hostname: string; readonly port: string }
  readonly #redacted: (text: string) => string
  /** Connections that were made; only what went over one of them can have been applied. */
  readonly #made = new WeakSet<object>()
  readonly #underWay = new Slots<ClientRequest>()
  readonly #closing = new AbortController()

  /** @throws V3ioError `invalid-argument` */
  constructor(options: HttpTransportOptions) {
    const url = parseAddress(options.url)
    this.#redacted = redactor(options.secrets ?? [])
    this.origin = url.origin
    this.#prefix = url.pathname.replace(/\/+$/, '')
    this.#isTls = url.protocol === 'https:'
    this.#target = { hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port }
    this.#headers = ['Host', url.host, ...Object.entries(options.headers ?? {}).flat()]
    this.#options = {
      timeoutMs: positive('timeoutMs', options.timeoutMs ?? 10_000, TIMER_MS_MAX),
      connectionsMax: count('connectionsMax', options.connectionsMax ?? 8),
      triesMax: count('triesMax', options.triesMax ?? 3),
      backoffMs: positive('backoffMs', options.backoffMs ?? 100, TIMER_MS_MAX),
      answerBytesMax: count('answerBytesMax', options.answerBytesMax ?? 128 * 2 ** 20),
    }
    // Each request that waits to be tried again listens; there are as many as callers, and all leave.
    setMaxListeners(0, this.#closing.signal)
    const pool = { keepAlive: true, maxSockets: this.#options.connectionsMax }
    this.#agent = this.#isTls
      ? new TlsAgent({
          ...pool,
          rejectUnauthorized: options.verifiesTls ?? true,
          ...(options.ca === undefined ? {} : { ca: options.ca }),
        })
      : new Agent(pool)
    this.#noteConnections()
  }

  /** Once a connection: a listener on each request would cost more than sending it waits for. */
  #noteConnections(): void {
    const agent = this.#agent
    const connect = agent.createConnection.bind(agent)
    agent.createConnection = (options, callback) => {
      const socket = connect(options, callback)
      socket?.once(this.#isTls ? 'secureConnect' : 'connect', () => this.#made.add(socket))
      return socket
    }
  }

  /**
   * Sends a request and reads its whole answer, whatever its status.
   *
   * @throws V3ioError `timeout`, `connection`, `bad-answer` (longer than answerBytesMax), `closed`
   */
  async send(call: HttpCall): Promise<HttpAnswer> {
    for (let tries = 1; ; tries++) {
      const isLast = tries >= this.#options.triesMax
      try {
        const answer = await this.#sendOnce(call)
        const isPassing = call.isRepeatable && PASSING_STATUS.has(answer.status)
        if (isLast || !isPassing) return answer
      } catch (error) {
        if (isLast || !mayRepeat(call, error)) throw error
      }
      await this.#backOff(tries)
    }
  }

  async #backOff(tries: number): Promise<void> {
    const waitMs = Math.min(this.#options.backoffMs * 2 ** (tries - 1), BACKOFF_MS_MAX)
    try {
      await sleep(waitMs * (0.5 + Math.random() / 2), undefined, { signal: this.#closing.signal })
    } catch (cause) {
      throw this.#closedError({ cause, mayBeApplied: true })
    }
  }

  /**
   * Sends a request and hands out its answer piece by piece; timeoutMs is then the longest silence. A
   * status other than 200 is read to its end and thrown. Repeated like any other, until it is answered.
   *
   * @throws V3ioError at the call or while the pieces are read
   */
  async *stream(call: HttpCall): AsyncGenerator<Buffer, void, undefined> {
    const incoming = await this.#openRepeating(call)
    const { timeoutMs } = this.#options
    let timer = setTimeout(giveUp, timeoutMs)
    let isSilent = false
    function giveUp(): void {
      isSilent = true
      incoming.destroy()
    }
    const errorBody: Buffer[] = []
    let errorBytes = 0
    try {
      for await (const piece of incoming) {
        clearTimeout(timer)
        if (incoming.statusCode === 200) yield piece
        else {
          errorBody.push(piece)
          errorBytes += piece.length
          // The rest of a refusal is not shown anyway.
          if (errorBytes > ERROR_BYTES_MAX) break
        }
        timer = setTimeout(giveUp, timeoutMs)
      }
    } catch (cause) {
      throw this.#failure(call, isSilent ? timeoutError() : cause, true)
    } finally {
      clearTimeout(timer)
      incoming.destroy()
    }
    const status = incoming.statusCode ?? 0
    if (status === 200) return
    throw this.errorOf(call, { status, headers: incoming.headers, body: Buffer.concat(errorBody) })
  }

  /** The error that an answer stands for; its status is not 2xx. */
  errorOf(call: HttpCall, { status, body }: HttpAnswer): V3ioError {
    const { message, platformCode } = complaintOf(body, this.#redacted)
    const text = message === '' ? '' : `: ${message}`
    return new V3ioError(
      codeOfStatus(status),
      this.#redacted(
        `${this.origin} answered ${status} to ${call.method} ${shortPath(call)}${text}`,
      ),
      { status, mayBeApplied: status >= 500, ...(platformCode === null ? {} : { platformCode }) },
    )
  }

  /** A server's text as it may be shown: one line, no secrets, 500 characters at most. */
  shown(text: string): string {
    return oneLine(this.#redacted(text))
  }

  /** Ends all connections; calls under way, and those that wait for a connection, fail with `closed`. */
  close(): void {
    this.#closing.abort()
    for (const request of this.#underWay.all()) request.destroy()
    this.#agent.destroy()
  }

  #start(call: HttpCall): ClientRequest {
    const options = {
      hostname: this.#target.hostname,
      port: this.#target.port,
      agent: this.#agent,
      method: call.method,
      path: this.#prefix + call.path,
      headers: this.#headersOf(call),
    }
    const request = this.#isTls ? requestHttps(options) : requestHttp(options)
    const slot = this.#underWay.take(request)
    request.on('close', () => this.#underWay.free(slot))
    request.end(call.body)
    return request
  }

  /** Names and values in turn: node:http sends such a list as it is, which takes half the time of an object. */
  #headersOf({ method, headers, body }: HttpCall): string[] {
    const all = this.#headers.slice()
    for (const name in headers) all.push(name, headers[name] ?? '')
    // Without a length Node would send DELETE and GET without one, and anything else in pieces.
    if (body !== undefined) all.push('Content-Length', String(lengthOf(body)))
    else if (method === 'PUT' || method === 'POST') all.push('Content-Length', '0')
    return all
  }

  /** Whether a byte of the request can have left. */
  #isSent({ socket }: ClientRequest): boolean {
    return socket !== null && this.#made.has(socket)
  }

  #sendOnce(call: HttpCall): Promise<HttpAnswer> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closedError({}))
    return new Promise((resolve, reject) => {
      const { timeoutMs, answerBytesMax } = this.#options
      const request = this.#start(call)
      const fail = (cause: unknown): void => {
        clearTimeout(timer)
        reject(this.#failure(call, cause, this.#isSent(request)))
      }
      // Never destroyed with an error: a connection that was just given back would throw it at nobody.
      const giveUp = (cause: Error): void => {
        fail(cause)
        request.destroy()
      }
      const timer = setTimeout(() => giveUp(timeoutError()), timeoutMs)
      request.on('error', fail)
      request.on('response', (incoming) => {
        const pieces: Buffer[] = []
        let byteCount = 0
        incoming.on('data', (piece: Buffer) => {
          pieces.push(piece)
          byteCount += piece.length
          if (byteCount > answerBytesMax) giveUp(tooLongError(answerBytesMax))
        })
        incoming.on('error', fail)
        incoming.on('end', () => {
          clearTimeout(timer)
          const body =
            pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
        })
      })
    })
  }

  async #openRepeating(call: HttpCall): Promise<IncomingMessage> {
    for (let tries = 1; ; tries++) {
      const isLast = tries >= this.#options.triesMax
      try {
        const incoming = await this.#open(call)
        const isPassing = call.isRepeatable && PASSING_STATUS.has(incoming.statusCode ?? 0)
        if (isLast || !isPassing) return incoming
        incoming.destroy()
      } catch (error) {
        if (isLast || !mayRepeat(call, error)) throw error
      }
      await this.#backOff(tries)
    }
  }

  #open(call: HttpCall): Promise<IncomingMessage> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closedError({}))
    return new Promise((resolve, reject) => {
      const request = this.#start(call)
      const fail = (cause: Error): void => {
        clearTimeout(timer)
        reject(this.#failure(call, cause, this.#isSent(request)))
      }
      const timer = setTimeout(() => {
        fail(timeoutError())
        request.destroy()
      }, this.#options.timeoutMs)
      request.on('error', fail)
      request.on('response', (incoming) => {
        clearTimeout(timer)
        resolve(incoming)
      })
    })
  }

  #failure(call: HttpCall, cause: unknown, mayBeApplied: boolean): V3ioError {
    if (this.#closing.signal.aborted) return this.#closedError({ cause, mayBeApplied })
    if (cause instanceof V3ioError) return cause
    const { code, message } = describeCause(cause)
    const what = `${call.method} ${shortPath(call)}`
    if (code === 'ETIMEDOUT') {
      const text = `${this.origin} did not answer ${what} in ${this.#options.timeoutMs} ms`
      return new V3ioError('timeout', text, { cause, mayBeApplied })
    }
    const text = this.#redacted(`${this.origin} cannot be reached for ${what}: ${message}`)
    return new V3ioError('connection', text, { cause, mayBeApplied })
  }

  #closedError(details: V3ioErrorDetails): V3ioError {
    return new V3ioError('closed', `The client of ${this.origin} is closed`, details)
  }
}

function lengthOf(body: string | Uint8Array): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length
}

function mayRepeat(call: HttpCall, error: unknown): boolean {
  if (!(error instanceof V3ioError) || !error.isPassing) return false
  return call.isRepeatable || !error.mayBeApplied
}

function timeoutError(): Error {
  return Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
}

function tooLongError(bytesMax: number): V3ioError {
  return new V3ioError('bad-answer', `An answer is longer than ${bytesMax} bytes`, {
    mayBeApplied: true,
  })
}

function positive(name: string, value: number, max: number): number {
  if (value > 0 && value <= max) return value
  throw new V3ioError(
    'invalid-argument',
    `${name} is ${value}, and must be more than 0, ${max} at most`,
  )
}

function count(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new V3ioError('invalid-argument', `${name} is ${value}, and must be a whole number above 0`)
}

/** Long enough to find the object, short enough for a line. */
function shortPath({ path }: HttpCall): string {
  return path.length <= 200 ? path : `${path.slice(0, 200)}...`
}

function describeCause(cause: unknown): { readonly code: string; readonly message: string } {
  if (!(cause instanceof Error)) return { code: '', message: String(cause) }
  // A name with several addresses fails with an AggregateError that has a code and no message.
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return { code, message: oneLine(cause.message === '' ? code : cause.message) }
}
