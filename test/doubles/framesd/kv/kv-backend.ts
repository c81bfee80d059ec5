import type { FrameParts, WireFrame, WireWrite } from '../frames-messages.ts'
import type { JsonRequest } from '../json-request.ts'
import { Refusal } from '../refusal.ts'
import { placeOf, type Session } from '../session.ts'
import { type BackendConfig, isIgnored } from '../tsdb/tsdb-backend.ts'
import { deleteTable } from './kv-delete.ts'
import { readItems } from './kv-read.ts'
import { inferSchema } from './kv-schema.ts'
import { prepareTable, writeRows } from './kv-write.ts'
import { type WebApi, webApiOf } from './web-api.ts'

/** Tables of items; they live in V3IO, which also judges the key. All methods throw Refusal. */
export class KvBackend {
  readonly #config: BackendConfig

  constructor(config: BackendConfig) {
    this.#config = config
  }

  /** Answers what stores one frame. */
  async openWriter(
    session: Session,
    request: WireWrite,
  ): Promise<(frame: WireFrame) => Promise<void>> {
    if (request.expression !== '') throw new Refusal("'expression' is not supported")
    if (request.partition_keys.length > 0) throw new Refusal("'partition_keys' is not supported")
    const { save_mode: saveMode, condition } = request
    const target = { ...this.#open(session, request.table), saveMode, condition }
    await prepareTable(target)
    return (frame) => writeRows(target, frame)
  }

  async read(session: Session, request: JsonRequest): Promise<readonly FrameParts[]> {
    const { api, path } = this.#open(session, request.text('table'))
    return readItems(api, path, {
      columns: request.texts('columns'),
      filter: request.text('filter'),
      resetIndex: request.flag('reset_index'),
      messageLimit: request.count('message_limit'),
    })
  }

  async delete(session: Session, request: JsonRequest): Promise<void> {
    const { api, path } = this.#open(session, request.text('table'))
    const isFound = await deleteTable(api, path, request.text('filter'))
    if (!isFound && !isIgnored(request, 'if_missing')) {
      throw new Refusal(`No such file or directory: ${path}`)
    }
  }

  async execute(session: Session, request: JsonRequest): Promise<void> {
    const command = request.text('command').trim().toLowerCase()
    if (command !== 'infer' && command !== 'infer_schema') {
      throw new Refusal(`kv backend does not support the command '${command}'`)
    }
    const { key = '' } = request.values('args')
    if (typeof key !== 'string') throw new Refusal('the argument key is no text')
    const { api, path } = this.#open(session, request.text('table'))
    await inferSchema(api, path, key)
  }

  #open(session: Session, table: string): { readonly api: WebApi; readonly path: string } {
    const place = placeOf(session, table, this.#config.container)
    const options = { url: this.#config.webApiUrl, container: place.container }
    return { api: webApiOf(session, options), path: `${place.table}/` }
  }
}
