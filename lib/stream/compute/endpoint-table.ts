import assert from 'node:assert'
import { randomInt } from 'node:crypto'
import type { EventSource } from '../accept/event.ts'
import { Endpoint, NO_TIME } from './endpoint.ts'
import type { EndpointCheckpoint } from './endpoint-checkpoint.ts'
import { OWN_NUMBERS } from './endpoint-numbers.ts'
import { NO_TOTAL, SlidingWindows, type Window, type WindowLayout } from './sliding-windows.ts'
import { NO_NUMBER, nameOf, SourceIndex } from './source-index.ts'
import { isSourceName, writeSourceName } from './source-name.ts'

/** Stands for no slot where one is asked for. */
const NO_SLOT = -1

/** Predictions in one window: weights of rows, so they need not be whole. */
export interface WindowCount extends Window {
  readonly count: number
}

/** Rows with a latency in one window, and the sum of it in microseconds. */
export interface WindowSum extends WindowCount {
  readonly sum: number
}

/** An endpoint's windows as seen at one time. */
export interface WindowTotals {
  /** Never empty; the first is not necessarily the shortest. */
  readonly counts: readonly WindowCount[]
  readonly latencies: readonly WindowSum[]
}

/** What an event's source leads to: an endpoint, or the wait for what the store knows of it. */
export interface Lead<Waiting> {
  /** How the first event of it named the endpoint. */
  readonly source: EventSource
  endpoint: Endpoint | null
  /** What came before the store was read; null once there is an endpoint. */
  waiting: Waiting[] | null
}

/** One endpoint of a checkpoint: its slot, itself, and its rings. */
export type TableCheckpoint = readonly [
  slot: number,
  endpoint: EndpointCheckpoint,
  counts: readonly number[],
  latencies: readonly number[] | null,
]

/** Layout of a table. */
export interface EndpointTableOptions {
  /** Name of the log, default ''. */
  readonly log?: string
  readonly countWindows: WindowLayout
  readonly latencyWindows: WindowLayout
  /** Sources at most, > 0. */
  readonly endpointsMax: number
  /** What hashes of sources begin with, 0 to 2^32 - 1; by chance where this is missing. */
  readonly seed?: number
}

/** The endpoints of one log, with their windows. Slots are given in order of registration. */
export class EndpointTable<Waiting> {
  readonly log: string
  readonly endpoints: Endpoint[] = []
  /** By every id that a source may have: two spellings of one endpoint share their lead. */
  readonly #byId = new Map<string, Lead<Waiting>>()
  readonly #sources: SourceIndex
  /** By the number of a source: what it leads to, and the slot of that endpoint, NO_SLOT for none yet. */
  readonly #leads: Lead<Waiting>[] = []
  readonly #slots: number[] = []
  readonly #countWindows: WindowLayout
  readonly #latencyWindows: WindowLayout
  /** The endpoints' numbers, then counts, then latencies where one ring serves both. */
  readonly #windows: SlidingWindows
  /** Latencies, where their buckets have another width. */
  readonly #latencies: SlidingWindows | null

  constructor(options: EndpointTableOptions) {
    const { countWindows, latencyWindows, endpointsMax, log = '', seed } = options
    this.log = log
    this.#countWindows = countWindows
    this.#latencyWindows = latencyWindows
    const isShared = countWindows.periodMs === latencyWindows.periodMs
    const windows = [...countWindows.windows, ...(isShared ? latencyWindows.windows : [])]
    this.#windows = new SlidingWindows({ windows, periodMs: countWindows.periodMs }, OWN_NUMBERS)
    this.#latencies = isShared ? null : new SlidingWindows(latencyWindows)
    this.#sources = new SourceIndex(endpointsMax, seed ?? randomInt(2 ** 32))
  }

  /** What a source leads to; undefined for a source that was never seen. */
  lead(source: EventSource): Lead<Waiting> | undefined {
    return this.#leads[this.#sources.find(source)]
  }

  /**
   * The endpoint that a source leads to, the shortest way; null where only `lead` can tell.
   *
   * @param atUs   time of the event
   * @param ahead  told of the slot as soon as it is known, before the source's texts are compared
   */
  endpointOf(
    source: EventSource,
    atUs: number,
    ahead: { read(slot: number, atUs: number): void },
  ): Endpoint | null {
    const scope = this.#sources.scopeOf(source)
    const name = nameOf(source)
    const slot = this.#slots[this.#sources.likely(scope, name)] ?? NO_SLOT
    if (slot === NO_SLOT) return null
    ahead.read(slot, atUs)
    return isSourceName(this.#windows.place(slot), { scope, name })
      ? (this.endpoints[slot] ?? null)
      : null
  }

  /**
   * Takes up a new source.
   *
   * @param endpointIds  those that it may have, at least one
   * @returns            what it leads to from now on; null when there are as many sources as may be
   */
  addLead(source: EventSource, endpointIds: readonly string[]): Lead<Waiting> | null {
    const known = endpointIds.map((id) => this.#byId.get(id)).find((lead) => lead !== undefined)
    const lead = known ?? { source, endpoint: null, waiting: [] }
    const number = this.#sources.add(source)
    if (number === NO_NUMBER) return null
    this.#leads[number] = lead
    this.#slots[number] = lead.endpoint?.slot ?? NO_SLOT
    for (const id of endpointIds) if (!this.#byId.has(id)) this.#byId.set(id, lead)
    return lead
  }

  /** Makes the endpoint that a lead leads to. */
  register(
    lead: Lead<Waiting>,
    { endpointId, model }: { readonly endpointId: string; readonly model: string },
  ): Endpoint {
    assert(lead.endpoint === null)
    const { source } = lead
    const slot = this.endpoints.length
    const place = this.#windows.place(slot)
    const endpoint = new Endpoint({ endpointId, model, source, slot, place })
    this.#keepName(slot, source)
    this.endpoints.push(endpoint)
    this.#slots[this.#sources.find(source)] = slot
    lead.endpoint = endpoint
    return endpoint
  }

  #keepName(slot: number, source: EventSource): void {
    const scope = this.#sources.scopeOf(source)
    writeSourceName(this.#windows.place(slot), { scope, name: nameOf(source) })
  }

  /** The endpoint of an id, if this log has it. */
  find(endpointId: string): Endpoint | null {
    const endpoint = this.#byId.get(endpointId)?.endpoint ?? null
    // Its other spelling leads to it too.
    return endpoint?.endpointId === endpointId ? endpoint : null
  }

  /** Reads numbers of the endpoint that an event of that time will need (read-ahead.ts). */
  touch(slot: number, atUs: number): number {
    return this.#windows.touch(slot, atUs) + (this.endpoints[slot]?.newestUs ?? 0)
  }

  /**
   * Adds a row to the endpoint's windows, in the buckets of its time; a row older than all of them
   * is counted as late.
   *
   * @param weight     predictions that the row stands for, >= 0
   * @param latencyUs  NaN for none
   */
  addRow(endpoint: Endpoint, atUs: number, row: { weight: number; latencyUs: number }): void {
    const { slot, newestUs } = endpoint
    // Error events move stream time too, so the rings follow it and not the rows alone.
    if (newestUs > atUs) this.#windows.advanceTo(slot, newestUs)
    const isInTime = this.#windows.add(slot, atUs, row)
    endpoint.countRow(!isInTime)
    if (this.#latencies === null) return
    this.#latencies.advanceTo(slot, newestUs)
    this.#latencies.add(slot, atUs, row)
  }

  /** The endpoint's windows as seen at a stream time (`Endpoint.streamTimeUs`). */
  totals({ slot }: Endpoint, streamTimeUs: number): WindowTotals {
    const atUs = streamTimeUs === NO_TIME ? 0 : streamTimeUs
    const totals = this.#windows.read(slot, atUs)
    const latencies = this.#latencies?.read(slot, atUs)
    const { windows } = this.#countWindows
    return {
      counts: windows.map(({ name, ms }, index) => {
        return { name, ms, count: totals[index]?.weight ?? 0 }
      }),
      latencies: this.#latencyWindows.windows.map(({ name, ms }, index) => {
        const { count, sum } =
          (latencies ?? totals)[latencies ? index : windows.length + index] ?? NO_TOTAL
        return { name, ms, count, sum }
      }),
    }
  }

  /** Widths of the buckets, which decide whether a checkpoint's rings can be read. */
  get periods(): readonly [countMs: number, latencyMs: number | null] {
    const { periodMs } = this.#countWindows
    return [periodMs, this.#latencies === null ? null : this.#latencyWindows.periodMs]
  }

  /** An endpoint for a checkpoint, as plain values. */
  toCheckpoint(endpoint: Endpoint): TableCheckpoint {
    const { slot } = endpoint
    const latencies = this.#latencies?.toCheckpoint(slot) ?? null
    return [slot, endpoint.toCheckpoint(), this.#windows.toCheckpoint(slot), latencies]
  }

  /**
   * Takes an endpoint of a checkpoint up, in its slot.
   *
   * @param endpointIds  those that its source may have
   * @param periods      of the table that made the checkpoint: rings of other buckets are left out
   */
  restore(
    [slot, state, counts, latencies]: TableCheckpoint,
    endpointIds: readonly string[],
    [countMs, latencyMs]: EndpointTable<Waiting>['periods'],
  ): Endpoint {
    const { source, endpointId, identity } = state
    const place = this.#windows.place(slot)
    const { model } = identity
    const endpoint = new Endpoint({ endpointId, model, source, slot, place })
    endpoint.restore(state)
    this.endpoints[slot] = endpoint
    const lead: Lead<Waiting> = { source, endpoint, waiting: null }
    const number = this.#sources.put(source)
    this.#leads[number] = lead
    this.#slots[number] = slot
    this.#keepName(slot, source)
    for (const id of endpointIds) this.#byId.set(id, lead)
    const [ownCountMs, ownLatencyMs] = this.periods
    if (countMs === ownCountMs) this.#windows.restore(slot, counts)
    if (latencyMs !== null && latencyMs === ownLatencyMs) {
      this.#latencies?.restore(slot, latencies ?? [])
    }
    return endpoint
  }

  /** All state that later events build on, as plain values in a fixed order. */
  toState(): readonly unknown[] {
    return this.endpoints.map((endpoint) => [
      endpoint.toState(),
      this.#windows.toState(endpoint.slot),
      this.#latencies?.toState(endpoint.slot) ?? null,
    ])
  }
}
