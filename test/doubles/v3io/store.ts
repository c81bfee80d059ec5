import { alreadyThere, notFound } from './refusal.ts'
import type { Stream } from './stream.ts'
import type { Attributes } from './typed-attribute.ts'

/** What every entry of the tree has. Times are nanoseconds since 1970 UTC. */
interface Entry {
  readonly inode: number
  readonly createdAt: bigint
  modifiedAt: bigint
}

/** An object: bytes and attributes. An item is an object that has attributes. */
export interface StoredObject extends Entry {
  data: Buffer
  attributes: Attributes
}

/** A directory, which is also a table or a stream. */
export interface Directory extends Entry {
  readonly objects: Map<string, StoredObject>
  readonly directories: Map<string, Directory>
  stream: Stream | undefined
}

/** A place in a container: the names from the container down. */
export interface Place {
  readonly container: string
  readonly names: readonly string[]
}

/** Containers with everything in them, in memory. */
export class Store {
  readonly #containers = new Map<string, Directory>()
  #inodeCount = 0
  #lastWriteAt = 0n

  constructor(containers: readonly string[]) {
    for (const name of containers) this.#containers.set(name, this.#newDirectory())
  }

  /** Containers by name, in the order they were made. */
  get containers(): ReadonlyMap<string, Directory> {
    return this.#containers
  }

  /** The time of a write: each is later than the one before, so that it can identify the write. */
  writeTime(): bigint {
    const now = BigInt(Date.now()) * 1_000_000n
    this.#lastWriteAt = now > this.#lastWriteAt ? now : this.#lastWriteAt + 1n
    return this.#lastWriteAt
  }

  /**
   * The directory at a place, or undefined.
   *
   * @throws Refusal 404 for a container that does not exist
   */
  directory({ container, names }: Place): Directory | undefined {
    let directory: Directory | undefined = this.#containers.get(container)
    if (directory === undefined) throw notFound()
    for (const name of names) directory = directory?.directories.get(name)
    return directory
  }

  /**
   * The object at a place, or undefined.
   *
   * @throws Refusal 404 for a container that does not exist
   */
  object(place: Place): StoredObject | undefined {
    return this.directory(parentOf(place))?.objects.get(lastName(place))
  }

  /**
   * The directory at a place, made with its parents if need be.
   *
   * @throws Refusal 404 for an absent container, 409 where an object is in the way
   */
  makeDirectory({ container, names }: Place): Directory {
    let directory = this.#containers.get(container)
    if (directory === undefined) throw notFound()
    for (const name of names) {
      if (directory.objects.has(name)) throw alreadyThere()
      let child = directory.directories.get(name)
      if (child === undefined) {
        child = this.#newDirectory()
        directory.directories.set(name, child)
      }
      directory = child
    }
    return directory
  }

  /**
   * Writes an object, which is made with its parents if need be.
   *
   * @throws Refusal 404 for an absent container, 409 where something else is in the way
   */
  write(place: Place, change: Partial<Pick<StoredObject, 'data' | 'attributes'>>): StoredObject {
    const directory = this.makeDirectory(parentOf(place))
    const name = lastName(place)
    if (directory.directories.has(name)) throw alreadyThere()
    const now = this.writeTime()
    let object = directory.objects.get(name)
    if (object === undefined) {
      object = { ...this.#newEntry(now), data: Buffer.alloc(0), attributes: new Map() }
      directory.objects.set(name, object)
    }
    Object.assign(object, change, { modifiedAt: now })
    return object
  }

  #newDirectory(): Directory {
    return {
      ...this.#newEntry(this.writeTime()),
      objects: new Map(),
      directories: new Map(),
      stream: undefined,
    }
  }

  #newEntry(now: bigint): Entry {
    return { inode: ++this.#inodeCount, createdAt: now, modifiedAt: now }
  }
}

/** The directory that holds a place. */
export function parentOf({ container, names }: Place): Place {
  return { container, names: names.slice(0, -1) }
}

/** The last name of a place; empty for the container itself. */
export function lastName({ names }: Place): string {
  return names.at(-1) ?? ''
}
