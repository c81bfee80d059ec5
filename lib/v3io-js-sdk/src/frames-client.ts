import { frameComplaint, kvFrameComplaint, tsdbFrameComplaint } from './frames-checks.ts'
import { decodeFrame, splitMessages } from './frames-decode.ts'
import { encodeWrite, type Session } from './frames-encode.ts'
import { codeOfText, framesFailure } from './frames-failure.ts'
import type { Frame } from './frames-types.ts'
import {
  type HttpAnswer,
  type HttpCall,
  HttpTransport,
  type HttpTransportOptions,
} from './http-transport.ts'
import { V3ioError } from './v3io-error.ts'

/** How framesd is reached, such as `{ url: 'http://framesd:8080', container: 'projects', accessKey }`. */
export interface FramesClientOptions extends Omit<HttpTransportOptions, 'headers'> {
  readonly accessKey: string
  /** Container of the tables. */
  readonly container: string
}

/** Where framesd keeps a table. */
export type Backend = 'kv' | 'tsdb' | 'stream' | 'csv'

/** A table. */
export interface FramesTable {
  readonly backend: Backend
  /** Path inside the container. */
  readonly table: string
}

/** A table to be made. */
export interface CreateTable extends FramesTable {
  /** Of a time series: how often samples come, `[0-9]+/[smh]`, such as `1/s`. Required there. */
  readonly rate?: string
  /** Of count, avg, min, max, sum, sqr, last, rate, stddev, stdvar, with commas between. */
  readonly aggregates?: string
  /** Divides a day; default `1h`. */
  readonly aggregationGranularity?: string
  /** Of a stream. */
  readonly shards?: number
  readonly retentionHours?: number
  /** What a table that exists does. Default `fail`. */
  readonly ifExists?: 'fail' | 'ignore'
}

/** Frames to be written. */
export interface WriteFrames extends FramesTable {
  readonly frames: readonly Frame[]
  /** Of a KV table: `errorIfTableExists`, `overwriteTable`, `updateItem`, `overwriteItem`, `createNewItemsOnly`. */
  readonly saveMode?: string
  /** Of a KV table: an expression with `{column}` for a row's value; rows where it is false are left out. */
  readonly condition?: string
  readonly expression?: string
  readonly partitionKeys?: readonly string[]
}

/** What is to be read. */
export interface ReadFrames extends FramesTable {
  /** SQL, instead of table, columns and filter. */
  readonly query?: string
  /** Metrics or attributes; default all. */
  readonly columns?: readonly string[]
  /** On labels or attributes, such as `endpoint_id=='a' AND record_type=='b'`. */
  readonly filter?: string
  readonly groupBy?: string
  /** Milliseconds as digits, RFC 3339, `now`, `now-1h`, `0`. framesd's default is the last hour. */
  readonly start?: string
  readonly end?: string
  /** Such as `avg,max,count`, by `step`. */
  readonly aggregators?: string
  /** `[0-9]+[smhd]`; none is one bucket for the whole range. */
  readonly step?: string
  readonly aggregationWindow?: string
  /** Labels as indices after the time, instead of columns. */
  readonly multiIndex?: boolean
  readonly limit?: number
  /** Rows of one frame at most; framesd's default is 256. */
  readonly messageLimit?: number
}

/** What is to be deleted: without a part the whole table. */
export interface DeleteFrames extends FramesTable {
  readonly filter?: string
  readonly start?: string
  readonly end?: string
  readonly metrics?: readonly string[]
  readonly ifMissing?: 'fail' | 'ignore'
}

/** A command of a backend. */
export interface ExecuteCommand extends FramesTable {
  /** Such as `infer_schema` of a KV table. */
  readonly command: string
  readonly args?: Readonly<Record<string, string | number | boolean>>
  readonly expression?: string
  /** Whether to do it twice is as good as once. Default false. */
  readonly isRepeatable?: boolean
}

/** What framesd says it has received. It may have dropped rows of a time series all the same. */
export interface WrittenFrames {
  readonly frameCount: number
  readonly rowCount: number
}

/** Modes in which a second write leaves what the first one left. */
const REPEATABLE_MODES = new Set(['updateItem', 'overwriteItem', 'createNewItemsOnly'])
const JSON_BODY = { 'Content-Type': 'application/json' }

/**
 * A client of framesd over HTTP. Every method throws V3ioError. The access key travels in the session
 * inside each message and nowhere else.
 *
 * framesd answers 500 for refusals and for troubles of the platform; its text decides the code:
 * `not-found` for a table that is not there, `unavailable`, `unauthorized` and `forbidden` for what the
 * platform answered it, `refused` for what is known to be wrong with a frame, and `failed` where the
 * text says nothing that is known. A 500 is never repeated here.
 */
export class FramesClient {
  readonly #transport: HttpTransport
  readonly #session: Session

  /** @throws V3ioError `invalid-argument` */
  constructor({ accessKey, container, ...options }: FramesClientOptions) {
    this.#transport = new HttpTransport({
      ...options,
      secrets: [accessKey, ...(options.secrets ?? [])],
    })
    if (!/^[^/]+$/.test(container)) throw invalid('the container is empty or holds a slash')
    this.#session = { container, token: accessKey }
  }

  /** Makes a table. */
  async create({ ifExists = 'fail', ...table }: CreateTable): Promise<void> {
    if (table.backend === 'tsdb' && !/^[0-9]+\/[smh]$/.test(table.rate ?? '')) {
      throw invalid('a time series needs a rate, such as 1/s')
    }
    const body = {
      ...this.#base(table),
      schema: null,
      if_exists: ifExists === 'ignore' ? 1 : 0,
      rate: table.rate,
      aggregates: table.aggregates,
      aggregation_granularity: table.aggregationGranularity,
      shards: table.shards,
      retention_hours: table.retentionHours,
    }
    await this.#post('/create', body, { isRepeatable: ifExists === 'ignore' })
  }

  /**
   * Writes frames, in order. Of a time series a second write of the same rows changes nothing: framesd
   * drops, and says nothing of it, every sample that is not newer than the newest of its series. So
   * rows of one series go in order of time, in a frame and from frame to frame.
   *
   * @throws V3ioError `invalid-argument`, before anything is sent, for frames that would end framesd,
   *   fail in the middle, or come back as something else
   */
  async write(write: WriteFrames): Promise<WrittenFrames> {
    const { backend, table, frames, saveMode = '' } = write
    checkWrite(write)
    if (frames.length === 0) return { frameCount: 0, rowCount: 0 }
    const body = encodeWrite(
      {
        session: this.#session,
        backend,
        table,
        expression: write.expression ?? '',
        partitionKeys: write.partitionKeys ?? [],
        condition: write.condition ?? '',
        saveMode,
      },
      frames,
    )
    const isRepeatable =
      backend === 'tsdb' || (backend === 'kv' && !write.condition && REPEATABLE_MODES.has(saveMode))
    const call = { method: 'POST', path: '/write', body, isRepeatable }
    const answer = parseJson(await this.#send(call))
    const { num_frames: frameCount, num_rows: rowCount } = answer
    if (typeof frameCount === 'number' && typeof rowCount === 'number') {
      return { frameCount, rowCount }
    }
    throw badAnswer('a write is answered without its counts')
  }

  /** Reads frames as they come. Not repeated once the first one has come. */
  async *read(read: ReadFrames): AsyncGenerator<Frame, void, undefined> {
    const call = this.#call('/read', {
      ...this.#base(read),
      query: read.query ?? '',
      columns: read.columns === undefined || read.columns.length === 0 ? null : read.columns,
      filter: read.filter ?? '',
      group_by: read.groupBy ?? '',
      limit: read.limit ?? 0,
      data_format: '',
      row_layout: false,
      message_limit: read.messageLimit ?? 0,
      marker: '',
      start: read.start,
      end: read.end,
      aggregators: read.aggregators,
      step: read.step,
      aggregation_window: read.aggregationWindow,
      multi_index: read.multiIndex === true ? true : undefined,
    })
    try {
      for await (const message of splitMessages(this.#transport.stream(call))) {
        const frame = decodeFrame(message)
        if ('error' in frame) throw this.#errorFrame(frame.error)
        yield frame
      }
    } catch (error) {
      if (!(error instanceof V3ioError)) throw error
      throw framesFailure(error, error.message, error.message)
    }
  }

  /** Deletes a table or a part of it. */
  async delete({ ifMissing = 'fail', ...part }: DeleteFrames): Promise<void> {
    const body = {
      ...this.#base(part),
      filter: part.filter ?? '',
      start: part.start ?? '',
      end: part.end ?? '',
      if_missing: ifMissing === 'ignore' ? 1 : 0,
      metrics: part.metrics ?? null,
    }
    await this.#post('/delete', body, { isRepeatable: ifMissing === 'ignore' })
  }

  /** Has a backend do something; what it answers, or null. */
  async execute(execute: ExecuteCommand): Promise<Frame | null> {
    const { command, args = {}, expression = null, isRepeatable = false } = execute
    const body = { ...this.#base(execute), command, args, expression }
    const { frame } = parseJson(await this.#post('/exec', body, { isRepeatable }))
    if (frame === undefined || frame === null || frame === '') return null
    if (typeof frame !== 'string') throw badAnswer('the frame of an answer is no text')
    const decoded = decodeFrame(Buffer.from(frame, 'base64'))
    if ('error' in decoded) throw this.#errorFrame(decoded.error)
    return decoded
  }

  /** framesd's version, as it calls it. */
  async version(): Promise<string> {
    const call = { method: 'POST', path: '/version', body: '{}', isRepeatable: true }
    const { version } = parseJson(await this.#send(call))
    if (typeof version === 'string') return version
    throw badAnswer('it says no version')
  }

  /** Ends all connections; calls under way and later ones throw `closed`. */
  close(): void {
    this.#transport.close()
  }

  #base({ backend, table }: FramesTable): object {
    return { session: this.#session, backend, table }
  }

  #call(path: string, body: object, { isRepeatable = true } = {}): HttpCall {
    return { method: 'POST', path, headers: JSON_BODY, body: JSON.stringify(body), isRepeatable }
  }

  #post(path: string, body: object, options: { readonly isRepeatable: boolean }) {
    return this.#send(this.#call(path, body, options))
  }

  async #send(call: HttpCall): Promise<HttpAnswer> {
    const answer = await this.#transport.send(call)
    if (answer.status === 200) return answer
    const text = answer.body.toString('utf8')
    const shown = `${this.#transport.origin} answered ${answer.status} to ${call.path}`
    const error = this.#transport.errorOf(call, answer)
    throw framesFailure(error, text, `${shown}: ${this.#transport.shown(text)}`)
  }

  /** The error that came in the place of a frame, with status 200. */
  #errorFrame(text: string): V3ioError {
    const { origin } = this.#transport
    const message = `${origin} could not do it: ${this.#transport.shown(text)}`
    return new V3ioError(codeOfText(text), message, { status: 200 })
  }
}

function checkWrite({
  backend,
  frames,
  saveMode,
  condition,
  expression,
  partitionKeys,
}: WriteFrames): void {
  const isTsdb = backend === 'tsdb'
  const extras = [saveMode, condition, expression].some((text) => (text ?? '') !== '')
  if (isTsdb && (extras || (partitionKeys ?? []).length > 0)) {
    throw invalid('a time series takes no save mode, condition, expression or partition keys')
  }
  const ownComplaint = (frame: Frame): string | null => {
    if (isTsdb) return tsdbFrameComplaint(frame)
    return backend === 'kv' ? kvFrameComplaint(frame, saveMode ?? '') : null
  }
  for (const [index, frame] of frames.entries()) {
    const complaint = frameComplaint(frame) ?? ownComplaint(frame)
    if (complaint !== null) throw invalid(`frame ${index} cannot be written: ${complaint}`)
  }
}

function parseJson({ body }: HttpAnswer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw badAnswer('it is not JSON', cause)
  }
  throw badAnswer('it is not a JSON object')
}

function badAnswer(what: string, cause?: unknown): V3ioError {
  return new V3ioError('bad-answer', `The answer of framesd cannot be read: ${what}`, {
    cause,
    mayBeApplied: true,
  })
}

function invalid(what: string): V3ioError {
  return new V3ioError('invalid-argument', `Frames: ${what}`)
}
