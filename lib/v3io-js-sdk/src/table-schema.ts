import { badAnswer, isObject, type JsonObject } from './answer-json.ts'
import type { ObjectStore } from './object-store.ts'
import {
  mergeSchema,
  readSchema,
  type SchemaConflict,
  type SchemaField,
  type TableSchema,
} from './schema-merge.ts'
import { V3ioError } from './v3io-error.ts'

/** How a merge goes about what does not fit. */
export interface SchemaMergeOptions {
  /** The attribute that holds the item's key, or the key up to its first dot. */
  readonly key: string
  /** The attribute that holds the key after its first dot. */
  readonly sortingKey?: string
  /** What another type or another key in the file does: `throw` (default), or `keep` what is there. */
  readonly onConflict?: 'throw' | 'keep'
}

/** What a merge came to. */
export interface SchemaMerge {
  /** As the file now is. */
  readonly schema: TableSchema
  /** Whether the file had to be written. */
  readonly isWritten: boolean
  /** What stayed as it was; always empty with `throw`. */
  readonly conflicts: readonly SchemaConflict[]
}

const WRITES_MAX = 5

/** The object `.#schema` of a table: the names and types of its attributes, for other programs. */
export class TableSchemaFile {
  readonly #objects: ObjectStore
  readonly #path: string

  /** @param tablePath  inside the container */
  constructor(objects: ObjectStore, tablePath: string) {
    this.#objects = objects
    this.#path = [...tablePath.split('/').filter((part) => part !== ''), '.#schema'].join('/')
  }

  /** Reads the file; null where there is none. @throws V3ioError */
  async read(): Promise<TableSchema | null> {
    const raw = await this.#readRaw()
    return raw === null ? null : readSchema(raw)
  }

  /** Puts this schema in the place of any other. @throws V3ioError */
  async write({ fields, key, sortingKey, hashingBucketNum = 0 }: TableSchema): Promise<void> {
    await this.#writeRaw({
      fields: fields.map(({ name, type, nullable }) => ({ name, type, nullable })),
      key,
      ...(sortingKey === undefined ? {} : { sortingKey }),
      hashingBucketNum,
    })
  }

  /**
   * Adds fields to the file, and makes the file where there is none. A long becomes a double where a
   * double is added; what the file holds besides is kept. It is written only when that changes it.
   *
   * The platform has no way to do this at once: the file is read, written, and read again, and if
   * another writer's version won meanwhile, the same is done again, 5 times at most. A writer whose
   * file comes later still can undo it; merge again then.
   *
   * @throws V3ioError `conflict` for a field that has another type there, or another key, unless that
   *   is to be kept; also when other writers won each time
   */
  async merge(fields: readonly SchemaField[], options: SchemaMergeOptions): Promise<SchemaMerge> {
    const { onConflict = 'throw', ...keys } = options
    for (let writes = 0; ; writes++) {
      const raw = await this.#readRaw()
      const { conflicts, ...merge } = mergeSchema(raw, fields, keys)
      const [first] = conflicts
      if (first !== undefined && onConflict === 'throw') throw conflictError(this.#path, first)
      if (!merge.isChanged) {
        return { schema: readSchema(merge.raw), isWritten: writes > 0, conflicts }
      }
      if (writes === WRITES_MAX) {
        const message = `${this.#path} was overwritten by others ${WRITES_MAX} times`
        throw new V3ioError('conflict', message, { mayBeApplied: true })
      }
      await this.#writeRaw(merge.raw)
    }
  }

  async #readRaw(): Promise<JsonObject | null> {
    const bytes = await this.#objects.get(this.#path)
    if (bytes === null) return null
    let raw: unknown
    try {
      // Not parseAnswer: numbers that this package does not know go back as they came.
      raw = JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw badAnswer(`${this.#path} is not JSON`, cause)
    }
    if (!isObject(raw)) throw badAnswer(`${this.#path} is not a JSON object`)
    return raw
  }

  async #writeRaw(raw: JsonObject): Promise<void> {
    await this.#objects.put(this.#path, JSON.stringify(raw))
  }
}

function conflictError(path: string, { name, there, wanted }: SchemaConflict): V3ioError {
  const what = `${JSON.stringify(name)} is ${JSON.stringify(there)} there, not ${JSON.stringify(wanted)}`
  return new V3ioError('conflict', `${path} cannot take the fields: ${what}`)
}
