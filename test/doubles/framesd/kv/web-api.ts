// The little of V3IO's web API that framesd's kv backend speaks.
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { Refusal } from '../refusal.ts'
import type { Session } from '../session.ts'

/** An attribute as the web API has it, such as `{"S": "text"}`. */
export type Typed = Readonly<Record<string, unknown>>
export type Item = Readonly<Record<string, Typed>>

export interface WebApiAnswer {
  readonly status: number
  readonly body: string
}

export interface WebApiCall {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Path inside the container, not encoded; a directory ends in `/`. */
  readonly path: string
  readonly function?: 'PutItem' | 'UpdateItem' | 'GetItems'
  /** Sent as JSON. */
  readonly body?: unknown
}

/** The web API of one session's container. */
export interface WebApi {
  /** Answers of any status. Throws Refusal when the web API cannot be reached. */
  send(call: WebApiCall): Promise<WebApiAnswer>
  /** Throws Refusal for a status beyond 2xx. */
  demand(call: WebApiCall): Promise<WebApiAnswer>
}

/** A client for a session; its url wins over the one framesd is configured with. */
export function webApiOf(session: Session, options: { url: string; container: string }): WebApi {
  const base = (session.url || options.url).replace(/\/+$/, '')
  const root = /^https?:\/\//.test(base) ? base : `http://${base}`
  const credentials: Record<string, string> =
    session.token !== ''
      ? { 'X-v3io-session-key': session.token }
      : { authorization: `Basic ${btoa(`${session.user}:${session.password}`)}` }

  async function send(call: WebApiCall): Promise<WebApiAnswer> {
    if (base === '') throw new Refusal('framesd has no webApiEndpoint')
    const path = call.path.split('/').map(encodeURIComponent).join('/')
    const url = `${root}/${encodeURIComponent(options.container)}/${path}`
    const body = call.body === undefined ? '' : JSON.stringify(call.body)
    const headers = {
      ...credentials,
      ...(call.function !== undefined && { 'X-v3io-function': call.function }),
      ...(body !== '' && { 'content-type': 'application/json' }),
      'content-length': String(Buffer.byteLength(body)),
    }
    return exchange(url, { method: call.method, headers, body })
  }

  return {
    send,
    async demand(call) {
      const answer = await send(call)
      if (!isGood(answer)) throw new Refusal(describe(answer))
      return answer
    },
  }
}

export function isGood({ status }: WebApiAnswer): boolean {
  return status >= 200 && status < 300
}

/** A bad answer the way framesd tells it. */
export function describe({ status, body }: WebApiAnswer): string {
  return `Expected a 2xx response status code: HTTP/1.1 ${status}\r\n\r\n${body}`
}

/** All items of a directory with attributes and filter as given; null when it is absent. */
export async function scan(
  api: WebApi,
  query: { path: string; attributes: string; filter: string; countMax?: number },
): Promise<readonly Item[] | null> {
  const items: Item[] = []
  let marker: string | null = null
  do {
    const answer = await api.send({
      method: 'PUT',
      path: query.path,
      function: 'GetItems',
      body: {
        AttributesToGet: query.attributes,
        ...(query.filter !== '' && { FilterExpression: query.filter }),
        ...(marker !== null && { Marker: marker }),
      },
    })
    if (answer.status === 404) return null
    if (!isGood(answer)) throw new Refusal(describe(answer))
    const page = JSON.parse(answer.body) as Page
    items.push(...page.Items)
    marker = page.LastItemIncluded === 'TRUE' ? null : (page.NextMarker ?? null)
  } while (marker !== null && items.length < (query.countMax ?? Number.POSITIVE_INFINITY))
  return items
}

interface Page {
  readonly LastItemIncluded: string
  readonly NextMarker?: string
  readonly Items: readonly Item[]
}

function exchange(
  url: string,
  { method, headers, body }: { method: string; headers: Record<string, string>; body: string },
): Promise<WebApiAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new Refusal(`${method} ${url}: ${error.message}`))
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      readAll(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, body: text }),
        fail,
      )
    })
    request.on('error', fail)
    request.end(body)
  })
}

async function readAll(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}
