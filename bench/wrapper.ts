/**
 * CPU per event of the whole function in the process that Nuclio gives it, over an empty handler under
 * the same wrapper. Each event is sent when the one before is answered, as Nuclio does, and the CPU is
 * that of the function's process, all threads.
 */
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { eventLine } from './event-line.ts'
import { EventStream, makeEvents } from './events.ts'
import { EMPTY_HANDLER } from './load.ts'
import { type Findings, interleave, PRODUCT, type Rounds, ratioOf, withFolder } from './support.ts'
import { WrappedFunction } from './wrapped-function.ts'

const EVENTS = 20_000
const ENDPOINTS = 1_000
const FEATURES = 20
/** First events of 1 to so many rows: some batch of metrics is full all the time, as after hours. */
const FIRST_ROWS_MAX = 100
const HOUR_MS = 3_600_000
/** Half the default, and one that is never reached. */
const TICK_MS = 500
const NO_TICK_MS = 60_000
/** In two ticks every changed record is written once. */
const ROUND_MS = 2 * TICK_MS
const SHORT_ROUND_MS = 400

/**
 * `wrapperOverEmpty` has all that the timer writes into the embedded store while events come, which is
 * most of it: PostgreSQL in WebAssembly, in the function's own process. `wrapperWithoutFlushOverEmpty`
 * is the same function with no tick in the measured time: framing, spool with its syncs, and apply.
 */
export function measureWrapper(rounds: Rounds): Promise<Findings> {
  return withFolder(async (folder) => {
    const empty = join(folder, 'empty.js')
    writeFileSync(empty, EMPTY_HANDLER)
    const handler = join(PRODUCT, 'handler.js')
    const functions: WrappedFunction[] = []
    const start = async (file: string, env: Readonly<Record<string, string>>): Promise<Load> => {
      const wrapped = await WrappedFunction.start({ file, env })
      functions.push(wrapped)
      const load = new Load(wrapped)
      await load.begin()
      return load
    }
    try {
      const [idle, whole, quiet] = await Promise.all([
        start(empty, {}),
        start(handler, settingsFor(join(folder, 'whole'), TICK_MS)),
        start(handler, settingsFor(join(folder, 'quiet'), NO_TICK_MS)),
      ])
      const figures = await interleave(
        {
          empty: () => idle.usPerEvent(SHORT_ROUND_MS),
          whole: () => whole.usPerEvent(ROUND_MS),
          quiet: () => quiet.usPerEvent(SHORT_ROUND_MS),
        },
        rounds,
      )
      await whole.check()
      await quiet.check()
      return {
        wrapperOverEmpty: ratioOf(figures.whole, figures.empty),
        wrapperWithoutFlushOverEmpty: ratioOf(figures.quiet, figures.empty),
      }
    } finally {
      await Promise.all(functions.map((wrapped) => wrapped.end()))
    }
  })
}

/** Records wait and the timer ticks so that a cycle of both fits into a round; all else is the default. */
function settingsFor(data: string, tickMs: number): Readonly<Record<string, string>> {
  return {
    STORE_URL: `embedded:${join(data, 'store')}`,
    SPOOL_PATH: join(data, 'spool'),
    DEAD_LETTER_PATH: join(data, 'dead-letters'),
    PARQUET_PATH_TEMPLATE: join(data, 'parquet/{project}'),
    FLUSH_INTERVAL_MS: String(tickMs),
    KV_BATCHING_TIMEOUT_SECS: String(TICK_MS / 1000),
  }
}

/** Events of one stream for one function. */
class Load {
  readonly #wrapped: WrappedFunction
  readonly #first: EventStream
  #stream: EventStream
  #next = 0
  #offset = 0

  constructor(wrapped: WrappedFunction) {
    this.#wrapped = wrapped
    const startUs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS * 1000
    this.#first = firstEvents(startUs)
    this.#first.restamp()
    this.#stream = new EventStream(
      makeEvents({ count: EVENTS, endpointCount: ENDPOINTS, featureCount: FEATURES }),
      this.#first.endUs,
    )
  }

  /** Lets the function meet all endpoints. */
  async begin(): Promise<void> {
    for (const body of this.#first.bodies) await this.#wrapped.ask(this.#lineOf(body))
    await this.#wrapped.rest(this.#lineOf(this.#first.bodies[0]))
    this.#stream.restamp()
  }

  /** CPU microseconds per event, of as many events as are taken in that time. */
  async usPerEvent(durationMs: number): Promise<number> {
    const before = await this.#wrapped.cpuUs()
    const endMs = performance.now() + durationMs
    let count = 0
    for (; performance.now() < endMs; count++) await this.#wrapped.ask(this.#nextLine())
    return ((await this.#wrapped.cpuUs()) - before) / count
  }

  /** The function has taken every event that it was sent. */
  async check(): Promise<void> {
    const question = { method: 'GET', path: '/status', trigger: { kind: 'http', name: 'http' } }
    const sentCount = this.#offset
    const answer = await this.#wrapped.ask(this.#lineOf(undefined, question))
    const { body } = JSON.parse(answer.slice(1)) as { readonly body: string }
    const { events } = JSON.parse(body) as { readonly events: Readonly<Record<string, number>> }
    assert.equal(events['accepted'], sentCount)
  }

  #nextLine(): string {
    if (this.#next === EVENTS) {
      this.#stream.restamp()
      this.#next = 0
    }
    return this.#lineOf(this.#stream.bodies[this.#next++])
  }

  #lineOf(body: Buffer | undefined, changes: object = {}): string {
    const timestamp = Math.floor(Date.now() / 1000)
    return eventLine(body, { offset: this.#offset++, timestamp, ...changes })
  }
}

function firstEvents(startUs: number): EventStream {
  const bodies = makeEvents({
    count: ENDPOINTS,
    endpointCount: ENDPOINTS,
    featureCount: FEATURES,
    endpointOf: (index) => index,
    rowsOf: (index) => 1 + (index % FIRST_ROWS_MAX),
    number: () => 0,
  })
  return new EventStream(bodies, startUs)
}
