import type { FramesClient, KvTable, SchemaField } from 'v3io-js-sdk'
import { V3ioError } from 'v3io-js-sdk'
import { verdict } from './failure.ts'
import type { RecordAttribute } from './record-attributes.ts'

/** Attributes that the schema follows; labels of events may have any names, without end. */
const FIELDS_MAX = 5_000
const KEY = 'endpoint_id'

type FieldType = SchemaField['type']

/** Tells people what cannot be told by an outcome. */
export type Warn = (message: string, fields: object) => void

/**
 * Keeps the table's `.#schema`, without which Grafana, Spark and framesd do not see an attribute: each
 * one that was written and is not in it yet is added. An attribute that has another type there keeps
 * that type, as framesd refuses to change it.
 */
export class RecordSchema {
  readonly #table: KvTable
  readonly #infer: (() => Promise<void>) | null
  readonly #warn: Warn
  /** Fields that the schema has, as far as this process knows. */
  readonly #known = new Map<string, FieldType>()
  /** Fields that were written and may be missing there, or have a narrower type. */
  readonly #fresh = new Map<string, FieldType>()
  #isFullTold = false
  #isInferTold = false

  /** @param infer  has framesd look at the table itself, for attributes of other writers; or null */
  constructor(table: KvTable, infer: (() => Promise<void>) | null, warn: Warn) {
    this.#table = table
    this.#infer = infer
    this.#warn = warn
  }

  /** Takes note of attributes that were written. */
  note(values: ReadonlyMap<string, RecordAttribute>): void {
    for (const [name, value] of values) {
      const type = typeOf(value)
      const known = this.#known.get(name)
      // Nearly always, and for each attribute of each record.
      if (known === type) continue
      const there = this.#fresh.get(name) ?? known
      if (there === undefined) {
        if (this.#hasRoom()) this.#fresh.set(name, type)
      } else if (there === 'long' && type === 'double') this.#fresh.set(name, type)
    }
  }

  #hasRoom(): boolean {
    if (this.#known.size + this.#fresh.size < FIELDS_MAX) return true
    if (!this.#isFullTold) {
      const message = 'The schema of the endpoint table is full; it gets no more attributes.'
      this.#warn(message, { fields: FIELDS_MAX })
    }
    this.#isFullTold = true
    return false
  }

  /**
   * Brings the schema up to date if it may not be.
   *
   * @returns  null, or why it is to be tried again
   */
  async keep(): Promise<string | null> {
    if (this.#fresh.size === 0) return null
    const fresh = [...this.#fresh]
    try {
      // framesd writes the file anew from a few items: what it then lacks is put back by the merge.
      const before = (await this.#table.schema().read())?.fields ?? []
      await this.#letInfer()
      await this.#merge([...before, ...fresh.map(([name, type]) => fieldOf(name, type))])
    } catch (error) {
      const { isRefusal, reason } = verdict(error)
      if (!isRefusal) return reason
      this.#warn('The schema of the endpoint table cannot be kept.', { reason })
    }
    for (const [name, type] of fresh) {
      this.#known.set(name, type)
      // Unless it was noted with a wider type meanwhile.
      if (this.#fresh.get(name) === type) this.#fresh.delete(name)
    }
    return null
  }

  async #merge(fields: readonly SchemaField[]): Promise<void> {
    const schema = this.#table.schema()
    const { conflicts } = await schema.merge(fields, { key: KEY, onConflict: 'keep' })
    if (conflicts.length === 0) return
    this.#warn('Attributes have another type in the schema of the endpoint table; it stays.', {
      names: conflicts.map(({ name }) => name),
    })
  }

  /** It only helps readers to see what others wrote, so its trouble is told once and changes nothing. */
  async #letInfer(): Promise<void> {
    if (this.#infer === null) return
    try {
      await this.#infer()
    } catch (error) {
      if (!(error instanceof V3ioError)) throw error
      if (this.#isInferTold) return
      this.#isInferTold = true
      this.#warn('framesd could not infer the schema of the endpoint table; ours stands.', {
        reason: error.message,
      })
    }
  }
}

/** Has framesd infer the schema of a table whose key is the endpoint id. */
export function inferWith(frames: FramesClient, table: string): () => Promise<void> {
  return async () => {
    // Without the key framesd takes the only attribute that equals the item's name, if there is one.
    const args = { key: KEY }
    const command = 'infer_schema'
    await frames.execute({ backend: 'kv', table, command, args, isRepeatable: true })
  }
}

function fieldOf(name: string, type: FieldType): SchemaField {
  return { name, type, nullable: name !== KEY }
}

function typeOf({ type }: RecordAttribute): FieldType {
  switch (type) {
    case 'string':
    case 'boolean':
      return type
    case 'int':
      return 'long'
    case 'double':
      return 'double'
  }
}
