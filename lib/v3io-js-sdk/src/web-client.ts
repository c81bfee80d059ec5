import { HttpTransport, type HttpTransportOptions } from './http-transport.ts'
import { KvTable } from './kv-table.ts'
import { type ContainerInfo, readContainers } from './object-listing.ts'
import { ObjectStore } from './object-store.ts'
import { V3ioError } from './v3io-error.ts'
import { V3ioStream } from './v3io-stream.ts'
import { sendExpecting } from './web-api.ts'

/** How the web API is reached, such as `{ url: 'http://v3io-webapi:8081', accessKey }`. */
export interface V3ioClientOptions extends Omit<HttpTransportOptions, 'headers' | 'secrets'> {
  /** An access key; empty sends none. Printable ASCII without blanks. */
  readonly accessKey: string
}

/** A client of the web API: tables, objects and streams over one pool of connections. */
export class V3ioClient {
  readonly #transport: HttpTransport

  /** @throws V3ioError `invalid-argument`, which never shows the key */
  constructor({ accessKey, ...options }: V3ioClientOptions) {
    this.#transport = new HttpTransport({
      ...options,
      headers: accessKeyHeader(accessKey),
      secrets: [accessKey],
    })
  }

  /** The table at a path inside a container; @throws V3ioError `invalid-argument` */
  table(container: string, path: string): KvTable {
    return new KvTable(this.#transport, this.objects(container), { container, path })
  }

  /** The objects of a container. */
  objects(container: string): ObjectStore {
    return new ObjectStore(this.#transport, container)
  }

  /** The stream at a path inside a container; @throws V3ioError `invalid-argument` */
  stream(container: string, path: string): V3ioStream {
    return new V3ioStream(this.#transport, this.objects(container), { container, path })
  }

  /** The containers that the key may see; @throws V3ioError */
  async containers(): Promise<readonly ContainerInfo[]> {
    const call = { method: 'GET', path: '/', isRepeatable: true }
    return readContainers((await sendExpecting(this.#transport, call)).body)
  }

  /** Ends all connections; calls under way and later ones throw `closed`. */
  close(): void {
    this.#transport.close()
  }
}

function accessKeyHeader(accessKey: string): Record<string, string> {
  if (accessKey === '') return {}
  // A line break would begin another header; a blank is most likely a mistake in a file or a setting.
  if (/^[\x21-\x7e]+$/.test(accessKey)) return { 'X-v3io-session-key': accessKey }
  throw new V3ioError(
    'invalid-argument',
    'The access key holds a blank, a line break, or what is not printable ASCII',
  )
}
