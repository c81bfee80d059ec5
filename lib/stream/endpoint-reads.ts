import { endpointCandidates } from './accept/decode.ts'
import { digestOf, type EndpointRead, encodeRead } from './accept/endpoint-read.ts'
import type { EventSource } from './accept/event.ts'
import type { WaitingCall } from './call-place.ts'
import type { Endpoint } from './compute/endpoint.ts'
import type { EndpointTable, Lead } from './compute/endpoint-table.ts'
import { Lane, type LaneTask } from './deliver/lane.ts'
import { errorMessage, isOurMistake } from './errors.ts'
import type { Clock, RecordReader, StoredRecord } from './ports.ts'
import type { Processor } from './processor.ts'
import type { Telemetry } from './telemetry.ts'

const READS_AT_ONCE = 100
const REFRESH_US = 60_000_000
/** A read costs a store about as much as 30 events cost us, so a refresh goes round in turns. */
const REFRESHES_PER_ROUND = 1_000

/** What the reads work on. */
export interface EndpointReadsParts {
  readonly processor: Processor
  readonly table: EndpointTable<WaitingCall>
  readonly records: RecordReader
  /** Writes a read into the log and applies it; throws the disk's error when it has no room. */
  readonly accept: (json: string) => void
  readonly clock: Clock
  readonly random: () => number
  readonly telemetry: Telemetry
  readonly defaultVersion: string
}

/**
 * Reads endpoint records: once when an endpoint is first met, its events wait for it, and then at most
 * once a minute while it has traffic, because a registration may have renamed its columns. What is
 * read enters through the log, so that a replay meets it at the same place.
 */
export class EndpointReads {
  readonly #parts: EndpointReadsParts
  readonly #lane: Lane
  #refreshes: Endpoint[] = []
  /** Ids whose records were changed, as somebody says. */
  readonly #soon = new Set<string>()
  #refreshedUs = 0
  #turn = 0

  constructor(parts: EndpointReadsParts) {
    this.#parts = parts
    const { clock, random, telemetry } = parts
    this.#lane = new Lane({
      next: () => this.#next(),
      clock,
      random,
      onRetry: (retry) => telemetry.sinkRetry({ sink: 'records', ...retry }),
    })
  }

  /** Reads what is to be read; settles when nothing is left. */
  run(): Promise<void> {
    return this.#lane.run()
  }

  close(): Promise<void> {
    return this.#lane.close()
  }

  /** Once a minute, lines up endpoints that had events since; in turns if they are very many. */
  planRefreshes(): void {
    const nowUs = this.#parts.clock.nowUs()
    if (nowUs - this.#refreshedUs < REFRESH_US || this.#refreshes.length > 0) return
    const { endpoints } = this.#parts.table
    for (let count = 0; count < endpoints.length; count++) {
      const endpoint = endpoints[(this.#turn + count) % endpoints.length]
      if (endpoint === undefined || endpoint.newestArrivedUs < this.#refreshedUs) continue
      this.#refreshes.push(endpoint)
      if (this.#refreshes.length < REFRESHES_PER_ROUND) continue
      this.#turn = (this.#turn + count + 1) % endpoints.length
      break
    }
    this.#refreshedUs = nowUs
  }

  /** Reads the record of an endpoint again if there is one here; settles when it is read. */
  async readSoon(endpointId: string): Promise<void> {
    this.#soon.add(endpointId)
    await this.#lane.run()
  }

  #next(): LaneTask | null {
    const leads = [...this.#parts.processor.unread].slice(0, READS_AT_ONCE)
    if (leads.length > 0) return { attempt: () => this.#try(() => this.#readNew(leads)) }
    if (this.#soon.size > 0) return { attempt: () => this.#try(() => this.#readChanged()) }
    const endpoints = this.#refreshes.slice(0, READS_AT_ONCE)
    if (endpoints.length === 0) return null
    return {
      attempt: () =>
        this.#try(async () => {
          await this.#readAgain(endpoints)
          this.#refreshes = this.#refreshes.slice(endpoints.length)
        }),
    }
  }

  /** The store, and the disk of the log, may have trouble: both are tried again. */
  async #try(read: () => Promise<void>): Promise<string | null> {
    try {
      await read()
      return null
    } catch (error) {
      if (isOurMistake(error)) throw error
      return errorMessage(error)
    }
  }

  async #readNew(leads: readonly Lead<WaitingCall>[]): Promise<void> {
    const candidates = leads.map(({ source }) => this.#candidatesOf(source))
    const ids = candidates.flat().map(({ endpointId }) => endpointId)
    const records = await this.#parts.records.read(ids)
    for (const [index, lead] of leads.entries()) {
      const read = choose(lead.source, candidates[index] ?? [], records)
      if (lead.endpoint === null && read !== null) this.#parts.accept(encodeRead(read))
    }
  }

  #candidatesOf(source: EventSource): readonly Candidate[] {
    return endpointCandidates(source, this.#parts.defaultVersion)
  }

  async #readChanged(): Promise<void> {
    const ids = [...this.#soon].slice(0, READS_AT_ONCE)
    // One that was met just now was read before it was changed, maybe.
    await this.#readAgain(ids.flatMap((id) => this.#parts.table.find(id) ?? []))
    for (const id of ids) this.#soon.delete(id)
  }

  async #readAgain(endpoints: readonly Endpoint[]): Promise<void> {
    if (endpoints.length === 0) return
    const records = await this.#parts.records.read(endpoints.map(({ endpointId }) => endpointId))
    for (const endpoint of endpoints) {
      const { endpointId, identity, source, recordDigest } = endpoint
      const record = records.get(endpointId) ?? null
      // It may say the same because somebody has taken out what was written since.
      endpoint.recordedNames = null
      if (digestOf(record) === recordDigest) continue
      this.#parts.accept(encodeRead({ source, endpointId, model: identity.model, record }))
    }
  }
}

interface Candidate {
  readonly endpointId: string
  readonly model: string
}

/** The first id, unless only a later one has a record (D3). */
function choose(
  source: EventSource,
  candidates: readonly Candidate[],
  records: ReadonlyMap<string, StoredRecord>,
): EndpointRead | null {
  const stored = candidates.find(({ endpointId }) => records.has(endpointId))
  const chosen = stored ?? candidates[0]
  if (chosen === undefined) return null
  return { source, ...chosen, record: records.get(chosen.endpointId) ?? null }
}
