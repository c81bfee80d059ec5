import { badAnswer } from './answer-json.ts'
import type { HttpTransport } from './http-transport.ts'
import { type ListEntry, readListPage } from './object-listing.ts'
import { containerPath, directoryPath, objectPath } from './paths.ts'
import { V3ioError } from './v3io-error.ts'
import { checkWhole, sendExpecting } from './web-api.ts'

/** A part of an object, as `subarray(from, to)` of its bytes. */
export interface ByteRange {
  /** The first byte that is wanted, >= 0. Default 0. */
  readonly from?: number
  /** The first byte that is not wanted any more, > from. Default: to the end. */
  readonly to?: number
}

/** What is known of an object without reading it. */
export interface ObjectInfo {
  /** Null where the server does not say it, as of directories. */
  readonly sizeBytes: number | null
  readonly modifiedAt: Date | null
}

/** What a listing shows. */
export interface ListOptions {
  /** Entries of one answer at most, > 0. Default: the server decides. */
  readonly pageSize?: number
  readonly directoriesOnly?: boolean
  /** Sizes and times of directories too. */
  readonly withInfo?: boolean
}

/** What became of the deletion of a directory. */
export type DirectoryDeletion = 'deleted' | 'absent' | 'not-empty'

// Not a slash: so the platform's own Python client writes it, and objects are to look the same.
const BYTES = { 'Content-Type': 'application-octet-stream' }

/**
 * The objects of a container: paths to bytes. Every method throws V3ioError. All are repeated after a
 * passing failure, but `append`.
 */
export class ObjectStore {
  readonly #transport: HttpTransport
  readonly #container: string

  constructor(transport: HttpTransport, container: string) {
    this.#transport = transport
    this.#container = container
  }

  /** Writes a whole object; its directories are made. Readers see the old bytes or the new ones. */
  async put(path: string, bytes: string | Uint8Array): Promise<void> {
    await sendExpecting(this.#transport, {
      method: 'PUT',
      path: this.#pathOf(path),
      headers: BYTES,
      body: bytes,
      isRepeatable: true,
    })
  }

  /**
   * Writes at the end of an object. Never repeated when it may have been applied: look at the size
   * after an error with `mayBeApplied`.
   */
  async append(path: string, bytes: string | Uint8Array): Promise<void> {
    await sendExpecting(this.#transport, {
      method: 'PUT',
      path: this.#pathOf(path),
      headers: { Range: '-1' },
      body: bytes,
      isRepeatable: false,
    })
  }

  /**
   * Reads an object or a part of it.
   *
   * @returns null where there is none; fewer bytes than wanted where it is shorter
   */
  async get(path: string, range: ByteRange = {}): Promise<Buffer | null> {
    const headers = rangeHeader(range)
    const call = { method: 'GET', path: this.#pathOf(path), headers, isRepeatable: true }
    // 416: it ends before the part begins.
    const { status, body } = await sendExpecting(this.#transport, call, [404, 416])
    if (status === 404) return null
    if (status === 416) return Buffer.alloc(0)
    const { from = 0, to = Number.POSITIVE_INFINITY } = range
    // 200 is the whole object: a server may pass over the header.
    if (status !== 206) return body.subarray(from, to)
    if (body.length > to - from) throw badAnswer('a part of an object is longer than was asked for')
    return body
  }

  /** Looks whether there is an object or a directory; null where there is none. */
  async head(path: string): Promise<ObjectInfo | null> {
    const call = { method: 'HEAD', path: this.#pathOf(path), isRepeatable: true }
    const { status, headers } = await sendExpecting(this.#transport, call, [404])
    if (status === 404) return null
    const size = headers['content-length']
    const modifiedAt = new Date(headers['last-modified'] ?? Number.NaN)
    return {
      sizeBytes: size === undefined ? null : Number(size),
      modifiedAt: Number.isNaN(modifiedAt.getTime()) ? null : modifiedAt,
    }
  }

  /**
   * Deletes an object.
   *
   * @returns false where there was none; after a lost answer it may be this call that deleted it
   */
  async delete(path: string): Promise<boolean> {
    const call = { method: 'DELETE', path: this.#pathOf(path), isRepeatable: true }
    return (await sendExpecting(this.#transport, call, [404])).status !== 404
  }

  /** What lies directly in a directory; nothing where there is none. An empty path is the container. */
  async *list(
    directory: string,
    { pageSize, directoriesOnly = false, withInfo = false }: ListOptions = {},
  ): AsyncGenerator<ListEntry, void, undefined> {
    const path = containerPath(this.#container)
    const prefix = this.#prefixOf(directory)
    const query = [
      ...(prefix === '' ? [] : [`prefix=${encodeURIComponent(prefix)}`]),
      ...(directoriesOnly ? ['prefix-only=1'] : []),
      ...(withInfo ? ['prefix-info=1'] : []),
      ...(pageSize === undefined
        ? []
        : [`max-keys=${checkWhole('pageSize', pageSize, { min: 1 })}`]),
    ]
    let marker: string | null = null
    do {
      const sent: string | null = marker
      const parts = sent === null ? query : [...query, `marker=${encodeURIComponent(sent)}`]
      const call = { method: 'GET', path: withQuery(path, parts), isRepeatable: true }
      const { status, body } = await sendExpecting(this.#transport, call, [404])
      if (status === 404) return
      const page = readListPage(body)
      yield* page.entries
      marker = page.nextMarker
      if (marker !== null && marker === sent) throw badAnswer('a listing leads back to itself')
    } while (marker !== null)
  }

  /** Makes a directory, and those above it. */
  async makeDirectory(path: string): Promise<'created' | 'exists'> {
    const call = { method: 'PUT', path: this.#directoryPathOf(path), isRepeatable: true }
    return (await sendExpecting(this.#transport, call, [409])).status === 409 ? 'exists' : 'created'
  }

  /** Deletes a directory, if nothing is in it. */
  async deleteDirectory(path: string): Promise<DirectoryDeletion> {
    const call = { method: 'DELETE', path: this.#directoryPathOf(path), isRepeatable: true }
    const { status } = await sendExpecting(this.#transport, call, [404, 409])
    if (status === 404) return 'absent'
    return status === 409 ? 'not-empty' : 'deleted'
  }

  /** As the query takes it, before it is encoded. */
  #prefixOf(directory: string): string {
    // Only its check is of use: a query has no parts.
    this.#directoryPathOf(directory)
    const parts = directory.split('/').filter((part) => part !== '')
    return parts.map((part) => `${part}/`).join('')
  }

  #pathOf(path: string): string {
    return objectPath(this.#container, path)
  }

  #directoryPathOf(path: string): string {
    return directoryPath({ container: this.#container, path })
  }
}

function withQuery(path: string, parts: readonly string[]): string {
  return parts.length === 0 ? path : `${path}?${parts.join('&')}`
}

function rangeHeader({ from, to }: ByteRange): Record<string, string> {
  if (from === undefined && to === undefined) return {}
  const first = checkWhole('from', from ?? 0, { min: 0 })
  if (to === undefined) return { Range: `bytes=${first}-` }
  if (!Number.isSafeInteger(to) || to <= first) {
    throw new V3ioError('invalid-argument', `to is ${to}; wanted a whole number above ${first}`)
  }
  return { Range: `bytes=${first}-${to - 1}` }
}
