import { type IncomingHttpHeaders, request } from 'node:http'

/** A request for a double, with everything that a strict one looks at. */
export interface TestRequest {
  readonly method: string
  /** As it goes on the wire. */
  readonly path: string
  readonly function?: string
  /** An object is sent as JSON, with its Content-Type. */
  readonly body?: string | Buffer | Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the right one; null: none. */
  readonly key?: string | null
}

export interface TestAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** The key of every double in the tests. */
export const KEY = 'test-access-key'

/** Sends one request on a connection of its own; rejects when the answer does not come in full. */
export function send(url: string, sent: TestRequest): Promise<TestAnswer> {
  const { host, ...options } = connection(url, sent)
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, host, agent: false }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, text: Buffer.concat(parts).toString() })
      })
    })
    outgoing.on('error', reject)
    const body = bodyOf(sent)
    // For GET too, where Node would send a body without saying how long it is.
    if (body.length > 0) outgoing.setHeader('Content-Length', Buffer.byteLength(body))
    outgoing.end(body)
  })
}

function connection(url: string, { method, path, key = KEY, ...sent }: TestRequest) {
  const { hostname, port } = new URL(url)
  const headers = {
    ...(key === null ? {} : { 'X-v3io-session-key': key }),
    ...(sent.function === undefined ? {} : { 'X-v3io-function': sent.function }),
    ...(isText(sent.body) ? {} : { 'Content-Type': 'application/json' }),
    ...sent.headers,
  }
  return { host: hostname, port: Number(port), method, path, headers }
}

function bodyOf({ body = '' }: TestRequest): string | Buffer {
  return isText(body) ? (body ?? '') : JSON.stringify(body)
}

function isText(body: TestRequest['body']): body is string | Buffer | undefined {
  return body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
}
