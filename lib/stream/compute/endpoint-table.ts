import assert from 'node:assert'
import type { EventSource } from '../accept/event.ts'
import { Endpoint, EndpointNumbers, NO_TIME } from './endpoint.ts'
import { SlidingWindows, type Window, type WindowLayout } from './sliding-windows.ts'
import { SourceIndex } from './source-index.ts'

/** Count and sum over one window, with the window's name and length. */
export interface WindowTotal extends Window {
  readonly count: number
  readonly sum: number
}

/** An endpoint's windows as seen at one time. */
export interface WindowTotals {
  /** Weights of rows; never empty, the first is not necessarily the shortest. */
  readonly counts: readonly WindowTotal[]
  /** Rows that have a latency, and the sum of it in microseconds. */
  readonly latencies: readonly WindowTotal[]
}

/** What an event's source leads to: an endpoint, or the wait for what the store knows of it. */
export interface Lead<Waiting> {
  /** How the first event of it named the endpoint. */
  readonly source: EventSource
  endpoint: Endpoint | null
  /** What came before the store was read; null once there is an endpoint. */
  waiting: Waiting[] | null
}

/** Layout of a table. */
export interface EndpointTableOptions {
  readonly countWindows: WindowLayout
  readonly latencyWindows: WindowLayout
  /** Sources at most, > 0. */
  readonly endpointsMax: number
}

/** The endpoints of one log, with their windows. Slots are given in order of registration. */
export class EndpointTable<Waiting> {
  readonly endpoints: Endpoint[] = []
  /** By every id that a source may have: two spellings of one endpoint share their lead. */
  readonly #byId = new Map<string, Lead<Waiting>>()
  readonly #leads: SourceIndex<Lead<Waiting>>
  readonly #numbers = new EndpointNumbers()
  readonly #countWindows: WindowLayout
  readonly #latencyWindows: WindowLayout
  readonly #counts: SlidingWindows
  readonly #latencies: SlidingWindows

  constructor({ countWindows, latencyWindows, endpointsMax }: EndpointTableOptions) {
    this.#countWindows = countWindows
    this.#latencyWindows = latencyWindows
    this.#counts = new SlidingWindows(countWindows, { keepsSums: false })
    this.#latencies = new SlidingWindows(latencyWindows, { keepsSums: true })
    this.#leads = new SourceIndex(endpointsMax)
  }

  /** What a source leads to; undefined for a source that was never seen. */
  lead(source: EventSource): Lead<Waiting> | undefined {
    return this.#leads.get(source)
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
    if (!this.#leads.add(source, lead)) return null
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
    const place = this.#numbers.place(slot)
    const endpoint = new Endpoint({ endpointId, model, source, slot, place })
    this.endpoints.push(endpoint)
    lead.endpoint = endpoint
    return endpoint
  }

  /**
   * Adds a row to the endpoint's windows, in the buckets of its time; a row older than all of them
   * is counted as late.
   *
   * @param weight     predictions that the row stands for, >= 0
   * @param latencyUs  NaN for none
   */
  addRow(endpoint: Endpoint, atUs: number, row: { weight: number; latencyUs: number }): void {
    const { slot } = endpoint
    // Error events move stream time too, so the rings follow it and not the rows alone.
    this.#counts.advanceTo(slot, endpoint.newestUs)
    const isInTime = this.#counts.add(slot, atUs, { count: row.weight, sum: 0 })
    endpoint.countRow(!isInTime)
    if (Number.isNaN(row.latencyUs)) return
    this.#latencies.advanceTo(slot, endpoint.newestUs)
    this.#latencies.add(slot, atUs, { count: 1, sum: row.latencyUs })
  }

  /** The endpoint's windows as seen at a stream time (`Endpoint.streamTimeUs`). */
  totals({ slot }: Endpoint, streamTimeUs: number): WindowTotals {
    const atUs = streamTimeUs === NO_TIME ? 0 : streamTimeUs
    return {
      counts: named(this.#countWindows, this.#counts.read(slot, atUs)),
      latencies: named(this.#latencyWindows, this.#latencies.read(slot, atUs)),
    }
  }

  /** All state that later events build on, as plain values in a fixed order. */
  toState(): readonly unknown[] {
    return this.endpoints.map((endpoint) => [
      endpoint.toState(),
      this.#counts.toState(endpoint.slot),
      this.#latencies.toState(endpoint.slot),
    ])
  }
}

/** Totals with the names and lengths of their windows, in the order of the layout. */
function named(
  { windows }: WindowLayout,
  totals: readonly { readonly count: number; readonly sum: number }[],
): readonly WindowTotal[] {
  return windows.map(({ name, ms }, index) => {
    const { count = 0, sum = 0 } = totals[index] ?? {}
    return { name, ms, count, sum }
  })
}
