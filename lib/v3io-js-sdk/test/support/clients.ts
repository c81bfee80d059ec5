import { after } from 'node:test'
import { V3ioClient, type V3ioClientOptions } from '../../src/web-client.ts'

/** The key of all tests; it must not be seen in anything but a header. */
export const ACCESS_KEY = 'test-access-key'

/** A client that waits little between tries and is closed with the tests of the file. */
export function clientOf(
  { url }: { readonly url: string },
  options: Partial<V3ioClientOptions> = {},
): V3ioClient {
  const client = new V3ioClient({ url, accessKey: ACCESS_KEY, backoffMs: 1, ...options })
  after(() => client.close())
  return client
}

/** What an async generator yields, all of it. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of source) all.push(one)
  return all
}
