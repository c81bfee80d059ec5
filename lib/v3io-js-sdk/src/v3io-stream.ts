import { setTimeout as sleep } from 'node:timers/promises'
import { badAnswer, parseAnswer, readCount, readText } from './answer-json.ts'
import type { HttpAnswer, HttpTransport } from './http-transport.ts'
import { inParallel } from './in-parallel.ts'
import type { DirectoryDeletion, ObjectStore } from './object-store.ts'
import { directoryPath, type Location } from './paths.ts'
import {
  readShardRecords,
  type ShardRecord,
  type ShardRecords,
  type ShardStart,
  seekBody,
} from './stream-read.ts'
import {
  batchesOf,
  failureOf,
  type RecordBatch,
  type RecordResult,
  readResults,
  type StreamRecord,
} from './stream-write.ts'
import { V3ioError } from './v3io-error.ts'
import { checkWhole, type FunctionCall, functionCall, sendExpecting } from './web-api.ts'

/** How a stream is laid out. */
export interface StreamLayout {
  /** > 0; grows only. */
  readonly shardCount: number
  /** How long records are kept, > 0. */
  readonly retentionHours: number
}

/** How failed records are put again. */
export interface RetryOptions {
  /** Requests with the same record, > 0. Default 3. */
  readonly triesMax?: number
  /** Wait before the second try, ms, > 0; doubles with each one. Default 100. */
  readonly backoffMs?: number
}

/** How a shard is read on and on. */
export interface ReadOptions {
  /** Records of one answer at most, > 0. Default: the server decides. */
  readonly limit?: number
  /** Wait at the shard's end before it is looked at again, ms, > 0. Without it reading ends there. */
  readonly pollMs?: number
}

const DELETES_AT_ONCE = 8

/**
 * A stream: a directory whose objects are its shards, numbered from 0. Every method throws V3ioError.
 * All are repeated after a passing failure, but those that put records.
 */
export class V3ioStream {
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

  /** Makes the stream; `exists` may also be this call's own work, after a lost answer. */
  async create({ shardCount, retentionHours }: StreamLayout): Promise<'created' | 'exists'> {
    const body = {
      ShardCount: checkWhole('shardCount', shardCount, { min: 1 }),
      RetentionPeriodHours: checkWhole('retentionHours', retentionHours, { min: 1 }),
    }
    const { status } = await this.#call({ name: 'CreateStream', method: 'POST', body }, [409])
    return status === 409 ? 'exists' : 'created'
  }

  /** Gives it more shards; never fewer. */
  async grow(shardCount: number): Promise<void> {
    const body = { ShardCount: checkWhole('shardCount', shardCount, { min: 1 }) }
    await this.#call({ name: 'UpdateStream', method: 'POST', body })
  }

  /** Its layout, or null where there is none. */
  async describe(): Promise<StreamLayout | null> {
    const answer = await this.#call({ name: 'DescribeStream', method: 'PUT' }, [404])
    if (answer.status === 404) return null
    const layout = parseAnswer(answer.body)
    return {
      shardCount: readCount(layout, 'ShardCount'),
      retentionHours: readCount(layout, 'RetentionPeriodHours'),
    }
  }

  /**
   * Puts records, one request after the other, each of at most 1000 records and 10 MB. No record is
   * sent a second time, unless it is certain that nothing of its request arrived.
   *
   * @returns a result for each record, in order. After a request that failed as a whole its records
   *   and all later ones are `failed`; `mayBeStored` only those of that request can be.
   * @throws  V3ioError when the first request fails as a whole: look at `mayBeApplied`
   */
  async putRecords(records: readonly StreamRecord[]): Promise<readonly RecordResult[]> {
    const results: RecordResult[] = []
    for (const batch of batchesOf(records)) {
      try {
        for (const result of await this.#putBatch(batch)) results.push(result)
      } catch (error) {
        if (!(error instanceof V3ioError) || results.length === 0) throw error
        const failed = failureOf(error)
        for (const _ of batch) results.push(failed)
        const unsent = { ...failed, mayBeStored: false }
        while (results.length < records.length) results.push(unsent)
        return results
      }
    }
    return results
  }

  /**
   * The same, and puts again the records that failed in passing and are certainly not stored. Their
   * order among the others is then lost.
   *
   * @returns the last result of each record, in the order of `records`
   */
  async putRecordsRetrying(
    records: readonly StreamRecord[],
    { triesMax = 3, backoffMs = 100 }: RetryOptions = {},
  ): Promise<readonly RecordResult[]> {
    checkWhole('triesMax', triesMax, { min: 1 })
    checkWhole('backoffMs', backoffMs, { min: 1, max: 60_000 })
    const results = [...(await this.putRecords(records))]
    for (let tries = 1; tries < triesMax; tries++) {
      const again = [...results.entries()].filter(([, result]) => isWorthAnotherTry(result))
      if (again.length === 0) break
      await sleep(backoffMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2))
      const sent = again.flatMap(([index]) => records[index] ?? [])
      const later = await this.#putAnswering(sent)
      for (const [position, [index]] of again.entries()) {
        const result = later[position]
        if (result !== undefined) results[index] = result
      }
    }
    return results
  }

  /** What is known of earlier records must not be lost with an error. */
  async #putAnswering(records: readonly StreamRecord[]): Promise<readonly RecordResult[]> {
    try {
      return await this.putRecords(records)
    } catch (error) {
      if (!(error instanceof V3ioError)) throw error
      const failed = failureOf(error)
      // Only the first request was sent; which records it held is not known here, so all may be stored.
      return records.map(() => failed)
    }
  }

  async #putBatch(batch: RecordBatch): Promise<readonly RecordResult[]> {
    const call = functionCall({
      name: 'PutRecords',
      method: 'POST',
      path: this.#path,
      body: `{"Records":[${batch.join(',')}]}`,
      isRepeatable: false,
    })
    const { body } = await sendExpecting(this.#transport, call)
    return readResults(body, batch.length)
  }

  /**
   * Finds a place in a shard.
   *
   * @param shard  >= 0
   * @returns      a location for `getRecords`
   */
  async seek(shard: number, start: ShardStart): Promise<string> {
    const path = this.#shardPath(shard)
    const body = seekBody(start)
    const call = { name: 'SeekShard', method: 'PUT', path, body, isRepeatable: true } as const
    const answer = await sendExpecting(this.#transport, functionCall(call))
    return readText(parseAnswer(answer.body), 'Location')
  }

  /** Reads records of a shard from a location on; none at its end. */
  async getRecords(
    shard: number,
    location: string,
    { limit }: Pick<ReadOptions, 'limit'> = {},
  ): Promise<ShardRecords> {
    if (limit !== undefined) checkWhole('limit', limit, { min: 1 })
    const call = functionCall({
      name: 'GetRecords',
      method: 'PUT',
      path: this.#shardPath(shard),
      body: JSON.stringify({ Location: location, Limit: limit }),
      isRepeatable: true,
    })
    return readShardRecords((await sendExpecting(this.#transport, call)).body)
  }

  /** Reads a shard in order, to its end or, with `pollMs`, for ever: leave the loop to stop. */
  async *read(
    shard: number,
    start: ShardStart,
    { limit, pollMs }: ReadOptions = {},
  ): AsyncGenerator<ShardRecord, void, undefined> {
    if (pollMs !== undefined) checkWhole('pollMs', pollMs, { min: 1, max: 2 ** 31 - 1 })
    let location = await this.seek(shard, start)
    for (;;) {
      const page = await this.getRecords(shard, location, limit === undefined ? {} : { limit })
      yield* page.records
      const isStuck = page.records.length === 0 && page.nextLocation === location
      const isEnd = page.records.length === 0 && page.behindRecords === 0
      location = page.nextLocation
      // An answer may be empty before the end, but then it leads on.
      if (!isEnd && !isStuck) continue
      if (pollMs === undefined) {
        if (isEnd) return
        throw badAnswer('a shard has more records, and does not lead to them')
      }
      await sleep(pollMs)
    }
  }

  /** Deletes the stream: its shards, then its directory. There is no such function on the platform. */
  async delete(): Promise<DirectoryDeletion> {
    const shards: string[] = []
    for await (const { kind, path } of this.#objects.list(this.#location.path)) {
      if (kind === 'object') shards.push(path)
    }
    await inParallel(shards, DELETES_AT_ONCE, async (path) => {
      await this.#objects.delete(path)
    })
    return this.#objects.deleteDirectory(this.#location.path)
  }

  #call(
    call: Pick<FunctionCall, 'name' | 'method'> & { readonly body?: object },
    expected: readonly number[] = [],
  ): Promise<HttpAnswer> {
    const { body, ...rest } = call
    const json = body === undefined ? {} : { body: JSON.stringify(body) }
    const request = functionCall({ ...rest, ...json, path: this.#path, isRepeatable: true })
    return sendExpecting(this.#transport, request, expected)
  }

  #shardPath(shard: number): string {
    return `${this.#path}${checkWhole('shard', shard, { min: 0 })}/`
  }
}

function isWorthAnotherTry(result: RecordResult): boolean {
  return result.kind === 'failed' && result.isPassing && !result.mayBeStored
}
