import type { IncomingMessage, ServerResponse } from 'node:http'

const VERIFIER = '__mtime_secs==1793606400 and __mtime_nsecs==498349956'

/**
 * V3IO's web API and framesd as far as a flush needs them, at next to no cost: items are written without
 * being kept, none is found, and only objects, such as a table's schema, are there to be read again.
 */
export class TrivialStore {
  readonly #objects = new Map<string, Buffer>()

  /** Answers a request that was read to its end. */
  answer(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { method, headers, url = '' } = request
    const called = headers['x-v3io-function']
    if (called === undefined && method === 'GET') {
      const object = this.#objects.get(url)
      response.writeHead(object === undefined ? 404 : 200).end(object)
    } else if (called === 'GetItem' || called === 'GetItems') {
      response.writeHead(404).end()
    } else if (url === '/exec') {
      response.end('{"frame":""}')
    } else {
      if (called === undefined) this.#objects.set(url, body)
      response.setHeader('X-v3io-transaction-verifier', VERIFIER).end()
    }
  }
}

/** A request's body. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces)
}
