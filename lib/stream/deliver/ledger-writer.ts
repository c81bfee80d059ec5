import type { DeadLetters } from '../accept/dead-letters.ts'
import type { Counters } from '../compute/counters.ts'
import type { Endpoint } from '../compute/endpoint.ts'
import type { Clock, LedgerCounts, LedgerEntry, LedgerSink, QualityCounts } from '../ports.ts'
import type { Telemetry } from '../telemetry.ts'
import { Lane, type LaneTask } from './lane.ts'
import type { LogPlace } from './log-place.ts'
import { settle } from './settle.ts'

/** What a ledger is written from. */
export interface LedgerWriterParts {
  readonly log: string
  readonly sink: LedgerSink
  readonly counters: Counters
  /** By slot; they stay where they are. */
  readonly endpoints: readonly Endpoint[]
  readonly place: Readonly<LogPlace>
  /** See FlusherParts. */
  readonly oldestOffset: () => number
  readonly deadLetters: DeadLetters
  readonly clock: Clock
  readonly random: () => number
  readonly telemetry: Telemetry
}

const MINUTE_US = 60_000_000
const ENTRIES_PER_WRITE = 500
/** Numbers of an endpoint in a round: its slot, and five counts. */
const STRIDE = 6

/** What the log had counted at one moment, on its way to the store. */
interface Round {
  readonly minute: number
  readonly offset: number
  /** STRIDE numbers for each endpoint that has counted something since its last entry. */
  readonly numbers: Float64Array
  /** By slot, of endpoints whose values are counted. */
  readonly qualities: ReadonlyMap<number, () => QualityCounts | null>
  readonly whole: LedgerEntry
  /** Endpoints that were handed over. */
  taken: number
}

/**
 * Writes the conservation ledger of a log: at the end of each minute what it had counted until then, for
 * every endpoint that has counted more than it had said. Entries are totals, so that each of them is true
 * whatever became of those before it: nothing is lost with one that is never written, and a start need not
 * know which were.
 */
export class LedgerWriter {
  readonly #parts: LedgerWriterParts
  readonly #lane: Lane
  /** By slot: the sum of the counts that the last entry said. */
  readonly #said: number[] = []
  #saidWhole = ''
  #minute = -1
  #round: Round | null = null

  constructor(parts: LedgerWriterParts) {
    this.#parts = parts
    const { clock, random, telemetry } = parts
    this.#lane = new Lane({
      next: () => this.#next(),
      clock,
      random,
      onRetry: (retry) => telemetry.sinkRetry({ sink: 'ledger', ...retry }),
    })
  }

  /** To be called now and then, between records of the log: begins what a minute's end asks for. */
  tick(): void {
    const minute = this.#nowMinute()
    if (minute === this.#minute || this.#isUnsure) return
    this.#minute = minute
    // A store that is not done with the last minute is told of this one with the next.
    if (this.#round !== null) return
    this.#begin(minute - 1)
    // It settles the store's trouble itself; a rejection is our bug and ends us.
    void this.#lane.run()
  }

  /** Writes what is not said yet, whatever the time; settles when it is written or refused. */
  async flush(): Promise<void> {
    await this.#lane.run()
    this.#begin(this.#nowMinute())
    await this.#lane.run()
  }

  /** Begins nothing more; settles when what is under way has ended. */
  close(): Promise<void> {
    return this.#lane.close()
  }

  #nowMinute(): number {
    return Math.floor(this.#parts.clock.nowUs() / MINUTE_US)
  }

  /**
   * While an event waits for its endpoint to be read the counts are not those of all records up to the
   * newest: another owner of the log, or the next process, would say something else of the same offset.
   */
  get #isUnsure(): boolean {
    return this.#parts.counters.waiting > 0
  }

  /** All of it in one step, so that the whole is the sum of its endpoints. */
  #begin(minute: number): void {
    const { log, counters, endpoints, place, oldestOffset } = this.#parts
    const { offset } = place
    if (offset < 0 || this.#round !== null || this.#isUnsure) return
    const numbers: number[] = []
    const qualities = new Map<number, () => QualityCounts | null>()
    for (const endpoint of endpoints) {
      const counts = countsOf(endpoint)
      const sum = counts.reduce((total, count) => total + count, 0)
      if (sum === this.#said[endpoint.slot]) continue
      this.#said[endpoint.slot] = sum
      numbers.push(endpoint.slot, ...counts)
      const quality = endpoint.drift?.qualityNow() ?? null
      if (quality !== null) qualities.set(endpoint.slot, quality)
    }
    const deliveredBefore = Math.min(oldestOffset(), offset + 1)
    const { received, accepted, error, ignored, rejected, duplicate, waiting } = counters
    const { rowsAccepted, rowsRejected, letters } = counters
    const events = { received, accepted, error, ignored, rejected, duplicate, waiting }
    const counts = { ...events, rowsAccepted, rowsRejected }
    const whole = { letters, deliveredBefore }
    const said = JSON.stringify([counts, whole])
    if (said === this.#saidWhole) return
    this.#saidWhole = said
    this.#round = {
      minute,
      offset,
      numbers: Float64Array.from(numbers),
      qualities,
      whole: { log, endpointId: '', offset, minute, counts, whole, quality: null },
      taken: 0,
    }
  }

  #next(): LaneTask | null {
    const round = this.#round
    if (round === null) return null
    const count = round.numbers.length / STRIDE
    if (round.taken > count) {
      this.#round = null
      return null
    }
    // The log as a whole comes last: whoever finds it finds its endpoints.
    const end = Math.min(round.taken + ENTRIES_PER_WRITE, count)
    const isLast = end === round.taken
    let entries = isLast ? [round.whole] : this.#entries(round, round.taken, end)
    round.taken = isLast ? count + 1 : end
    return {
      attempt: async () => {
        const { log, sink, deadLetters, clock, telemetry } = this.#parts
        const outcome = await sink.write(entries)
        const { unwritten, refused, retryReason } = settle('ledger', outcome, {
          count: entries.length,
          telemetry,
        })
        for (const { index, reason } of refused) {
          const entry = entries[index]
          const key = `${entry?.endpointId} ${entry?.offset}`
          const refusedAtUs = clock.nowUs()
          deadLetters.writeRefused({
            log,
            sink: 'ledger',
            key,
            refusedAtUs,
            reason,
            content: entry,
          })
        }
        entries = unwritten.flatMap((index) => entries[index] ?? [])
        return retryReason
      },
    }
  }

  #entries(round: Round, from: number, to: number): LedgerEntry[] {
    const { numbers, qualities, minute, offset } = round
    const { log, endpoints } = this.#parts
    return Array.from({ length: to - from }, (_, index) => {
      const at = (from + index) * STRIDE
      const [slot = 0, ...counts] = numbers.subarray(at, at + STRIDE)
      const endpointId = endpoints[slot]?.endpointId ?? ''
      const quality = qualities.get(slot)?.() ?? null
      return {
        log,
        endpointId,
        offset,
        minute,
        counts: countsOfCalls(counts),
        whole: null,
        quality,
      }
    })
  }
}

function countsOf(endpoint: Endpoint): readonly number[] {
  const { callsAccepted, callsRejected, errorsHere, rowCount, rowsRejected } = endpoint
  return [callsAccepted, errorsHere - callsRejected, callsRejected, rowCount, rowsRejected]
}

/** Of an endpoint calls are counted: those that nobody can tell the endpoint of count for the log alone. */
function countsOfCalls(counts: readonly number[]): LedgerCounts {
  const [accepted = 0, error = 0, rejected = 0, rowsAccepted = 0, rowsRejected = 0] = counts
  const received = accepted + error + rejected
  const none = { ignored: 0, duplicate: 0, waiting: 0 }
  return { received, accepted, error, rejected, ...none, rowsAccepted, rowsRejected }
}
