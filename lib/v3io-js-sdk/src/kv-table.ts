import { badAnswer, parseAnswer } from './answer-json.ts'
import { type Attributes, decodeItem, encodeItem, type Item } from './attributes.ts'
import { checkExpression } from './expressions.ts'
import type { HttpTransport } from './http-transport.ts'
import { inParallel, merged } from './in-parallel.ts'
import { type AttributeNames, attributesToGet, type Scan, scanBody, scanPages } from './kv-scan.ts'
import {
  type CreateResult,
  createResult,
  verifierOf,
  type WriteResult,
  writeResult,
} from './kv-writes.ts'
import type { DirectoryDeletion, ObjectStore } from './object-store.ts'
import { directoryPath, itemPath, type Location } from './paths.ts'
import { TableSchemaFile } from './table-schema.ts'
import { checkWhole, functionCall, sendExpecting } from './web-api.ts'

/** What a write depends on. */
export interface WriteOptions {
  /** An expression; nothing is written where it is false. 8 KB at most. */
  readonly condition?: string
  /**
   * Whether the write is tried again when it may have been applied already. Default: true without a
   * condition, false with one, because the first try may have made it false.
   */
  readonly isRepeatable?: boolean
}

/** A write by expression. */
export interface ExpressionUpdate {
  /** Statements such as `a = a + 1; delete(b)`. 8 KB at most. */
  readonly expression: string
  /** Statements that are carried out where the condition is false, instead of none. */
  readonly alternate?: string
  readonly condition?: string
  /** Whether to do it twice is as good as to do it once, as `a = 1` is and `a = a + 1` is not. Default false. */
  readonly isRepeatable?: boolean
}

/** An item as it was read. */
export interface FoundItem {
  readonly item: Item
  /** See `WriteResult`. */
  readonly verifier: string | null
}

/** As many as the default pool has connections. */
const DELETES_AT_ONCE = 8
/** Other writers may add items while a table is deleted. */
const DELETE_PASSES_MAX = 3

/**
 * A table: a directory whose objects are items. A key is text without a slash; what stands before its
 * first dot is its sharding key, the rest its sorting key.
 *
 * Every method throws V3ioError. **A conditional write is not repeated by default**: when its answer is
 * lost, it throws with `mayBeApplied`, and only reading the item tells what happened. Where it is
 * repeated (`isRepeatable: true`), `condition-false` may mean that the first try was applied and made
 * the condition false.
 */
export class KvTable {
  readonly #transport: HttpTransport
  readonly #objects: ObjectStore
  readonly #location: Location
  readonly #path: string

  /** @throws V3ioError `invalid-argument` for a path that cannot be one */
  constructor(transport: HttpTransport, objects: ObjectStore, location: Location) {
    this.#transport = transport
    this.#objects = objects
    this.#location = location
    this.#path = directoryPath(location)
  }

  /**
   * Writes an item.
   *
   * @param mode  `replace` (default) makes it hold these attributes and no others; `merge` is `update`
   */
  put(
    key: string,
    attributes: Attributes,
    options: WriteOptions & { readonly mode?: 'replace' | 'merge' } = {},
  ): Promise<WriteResult> {
    if (options.mode === 'merge') return this.update(key, attributes, options)
    return this.#putItem({ key, attributes, options })
  }

  /** Writes these attributes of an item and leaves its others; makes the item where there is none. */
  update(key: string, attributes: Attributes, options: WriteOptions = {}): Promise<WriteResult> {
    return this.#putItem({ key, attributes, options, head: MERGE })
  }

  /**
   * Makes an item, unless there is one. Not repeated by default, because `exists` is to mean that
   * somebody else made it.
   */
  async create(
    key: string,
    attributes: Attributes,
    { isRepeatable = false }: Pick<WriteOptions, 'isRepeatable'> = {},
  ): Promise<CreateResult> {
    const call = functionCall({
      name: 'PutItem',
      method: 'PUT',
      path: itemPath(this.#path, key),
      body: `{"UpdateMode":"CreateNewItemOnly","Item":${encodeItem(attributes)}}`,
      isRepeatable,
    })
    return createResult(this.#transport, call, await this.#transport.send(call))
  }

  async #putItem({
    key,
    attributes,
    options: { condition, isRepeatable = condition === undefined },
    head = '{',
  }: {
    readonly key: string
    readonly attributes: Attributes
    readonly options: WriteOptions
    /** Of the body. */
    readonly head?: string
  }): Promise<WriteResult> {
    const call = functionCall({
      name: 'PutItem',
      method: 'PUT',
      path: itemPath(this.#path, key),
      body: `${head}${member('ConditionExpression', condition)}"Item":${encodeItem(attributes)}}`,
      isRepeatable,
    })
    return writeResult(this.#transport, call, await this.#transport.send(call))
  }

  /** Changes an item by an expression; makes the item where there is none. */
  async updateByExpression(key: string, update: ExpressionUpdate): Promise<WriteResult> {
    const call = functionCall({
      name: 'UpdateItem',
      method: 'POST',
      path: itemPath(this.#path, key),
      body:
        MERGE +
        member('ConditionExpression', update.condition) +
        member('AlternateUpdateExpression', update.alternate) +
        `"UpdateExpression":${expressionJson(update.expression)}}`,
      isRepeatable: update.isRepeatable ?? false,
    })
    return writeResult(this.#transport, call, await this.#transport.send(call))
  }

  /**
   * Reads an item; attributes that it does not have are left out.
   *
   * @param names  default `user`
   * @returns      null where there is none
   */
  async get(key: string, names: AttributeNames = 'user'): Promise<FoundItem | null> {
    const call = functionCall({
      name: 'GetItem',
      method: 'PUT',
      path: itemPath(this.#path, key),
      body: JSON.stringify({ AttributesToGet: attributesToGet(names) }),
      isRepeatable: true,
    })
    const answer = await sendExpecting(this.#transport, call, [404])
    if (answer.status === 404) return null
    return { item: decodeItem(parseAnswer(answer.body)['Item']), verifier: verifierOf(answer) }
  }

  /**
   * Reads the items of the table, page by page, as they are when their page is read. Files in the
   * directory, such as `.#schema`, come as items too; see `WITHOUT_SCHEMA`. A table that does not exist
   * has none.
   */
  async *scan(scan: Scan = {}): AsyncGenerator<Item, void, undefined> {
    for await (const page of scanPages(this.#transport, this.#path, scanBody(scan))) yield* page
  }

  /**
   * Reads the table in parts at once; the order is free.
   *
   * @param segmentCount  > 0
   */
  async *scanParallel({
    segmentCount,
    ...scan
  }: Omit<Scan, 'segment' | 'shardingKey' | 'sortKeyStart' | 'sortKeyEnd'> & {
    readonly segmentCount: number
  }): AsyncGenerator<Item, void, undefined> {
    const count = checkWhole('segmentCount', segmentCount, { min: 1 })
    const parts = Array.from({ length: count }, (_, index) =>
      scanPages(this.#transport, this.#path, scanBody({ ...scan, segment: { index, count } })),
    )
    for await (const page of merged(parts)) yield* page
  }

  /**
   * Deletes an item.
   *
   * @returns false where there was none; after a lost answer it may be this call that deleted it
   */
  async delete(key: string): Promise<boolean> {
    const path = itemPath(this.#path, key)
    const call = { method: 'DELETE', path, isRepeatable: true }
    return (await sendExpecting(this.#transport, call, [404])).status !== 404
  }

  /**
   * Deletes the table's items and files, then its directory. There is no such function on the platform:
   * readers see it happen, and what other writers add meanwhile may stay.
   *
   * @returns `not-empty` where directories lie in it, or others go on writing
   */
  async deleteTable(): Promise<DirectoryDeletion> {
    for (let pass = 1; ; pass++) {
      const deletedCount = await this.#deleteItems()
      const outcome = await this.#objects.deleteDirectory(this.#location.path)
      const isEnd = deletedCount === 0 || pass === DELETE_PASSES_MAX
      if (outcome !== 'not-empty' || isEnd) return outcome
    }
  }

  async #deleteItems(): Promise<number> {
    let count = 0
    const body = scanBody({ names: ['__name'] })
    for await (const page of scanPages(this.#transport, this.#path, body)) {
      await inParallel(page, DELETES_AT_ONCE, async (item) => {
        const path = itemPath(this.#path, nameOf(item))
        // 409 is a directory among the items, which stays.
        const call = { method: 'DELETE', path, isRepeatable: true }
        const { status } = await sendExpecting(this.#transport, call, [404, 409])
        if (status !== 404 && status !== 409) count++
      })
    }
    return count
  }

  /** The file that tells other programs the types of the table's attributes. */
  schema(): TableSchemaFile {
    return new TableSchemaFile(this.#objects, this.#location.path)
  }
}

/** The beginning of the body of a write that leaves other attributes. */
const MERGE = '{"UpdateMode":"CreateOrReplaceAttributes",'

/** A member of a body that others follow. */
function member(name: string, expression: string | undefined): string {
  return expression === undefined ? '' : `"${name}":${expressionJson(expression)},`
}

function expressionJson(expression: string): string {
  return JSON.stringify(checkExpression(expression))
}

function nameOf(item: Item): string {
  const name = item.get('__name')
  if (name?.type === 'string') return name.value
  throw badAnswer('an item has no __name')
}
