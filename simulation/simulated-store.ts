import { StreamError } from '../lib/stream/errors.ts'
import type { Claim, Outcome, ParquetSink, PredictionFile, Store } from '../lib/stream/ports.ts'
import { fileName, type MemoryStore, memoryStore } from '../test/support/memory-store.ts'
import type { FaultBook } from './fault-book.ts'
import type { Gate } from './gate.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/**
 * What a call to the store comes to. `lost`: it is done, and the answer says that it failed; `late`: the same, and it
 * is done long after, whoever has written meanwhile.
 */
type Fate = 'done' | 'refused' | 'lost' | 'late' | 'half' | 'rejected'

/** What a process has of the store. */
export interface StorePorts {
  readonly store: Pick<Store, 'kv' | 'tsdb' | 'claims' | 'logs' | 'ledger' | 'records'>
  readonly parquet: ParquetSink
}

const FAST_MS = 30
const SLOW_MS = 8_000
const LATE_MS = 12_000

/** The store that all logs share, with sinks that are slow, refuse, and lie about what they did. */
export class SimulatedStore {
  readonly memory: MemoryStore = memoryStore()
  /** While it is, calls come to any fate. */
  isTroubled = false
  /** Whether sinks refuse rows for good. */
  hasRefusals = false
  /** Files that are refused for good: what a sink refuses once it never takes. */
  readonly #refusedFiles = new Set<string>()
  /** Writes that arrive at the end. */
  readonly #underWay: (() => Promise<unknown>)[] = []
  readonly #random: Random
  readonly #faults: FaultBook
  readonly #scheduler: Scheduler

  constructor(random: Random, faults: FaultBook, scheduler: Scheduler) {
    this.#random = random
    this.#faults = faults
    this.#scheduler = scheduler
  }

  /** The store as one process reaches it. */
  through(gate: Gate): StorePorts {
    const { kv, tsdb, claims, logs, ledger, records, parquet } = this.memory
    return {
      store: {
        kv: {
          write: (updates) =>
            this.#write(gate, 'kv', updates, (some) => kv.write(some), { others: ['late'] }),
        },
        tsdb: {
          write: (rows) =>
            this.#write(gate, 'tsdb', rows, (some) => tsdb.write(some), { others: ['rejected'] }),
        },
        ledger: {
          write: (entries) =>
            this.#write(gate, 'ledger', entries, (some) => ledger.write(some), { others: [] }),
        },
        claims: {
          list: (log) => this.#ask(gate, 'list claims', () => claims.list(log)),
          create: (claim) => this.#ask(gate, `claim ${nameOf(claim)}`, () => claims.create(claim)),
        },
        logs: {
          takeOver: (log) => this.#ask(gate, `take over ${log}`, () => logs.takeOver(log)),
          look: (log) => this.#ask(gate, `look at ${log}`, () => logs.look(log)),
          writeCheckpoint: (log, one) =>
            this.#ask(gate, `checkpoint ${log} ${one.epoch}/${one.offset}`, () =>
              logs.writeCheckpoint(log, one),
            ),
        },
        records: { read: (ids) => this.#ask(gate, 'read records', () => records.read(ids)) },
      },
      parquet: {
        write: (file) => this.#writeFile(gate, file),
        has: (claim) => this.#ask(gate, `has ${nameOf(claim)}`, () => parquet.has(claim)),
      },
    }
  }

  #fate(others: readonly [Fate, ...Fate[]]): Fate {
    return this.isTroubled && this.#random.chance(0.5) ? this.#random.pick(others) : 'done'
  }

  #delays(): { readonly applyMs: number; readonly answerMs: number } {
    if (this.isTroubled && this.#random.chance(0.25)) {
      this.#faults.count('store answered late')
      return {
        applyMs: this.#random.integer(0, SLOW_MS),
        answerMs: this.#random.integer(0, SLOW_MS),
      }
    }
    return { applyMs: this.#random.integer(0, FAST_MS), answerMs: this.#random.integer(0, FAST_MS) }
  }

  #write<T>(
    gate: Gate,
    sink: string,
    given: readonly T[],
    write: (some: readonly T[]) => Promise<Outcome>,
    { others }: { readonly others: readonly Fate[] },
  ): Promise<Outcome> {
    const possible = others.filter((fate) => fate !== 'rejected' || this.hasRefusals)
    const fate = this.#fate(['refused', 'lost', 'half', ...possible])
    const tellsHalf = this.#random.chance(0.5)
    return gate.later(`${sink} ${given.length} ${fate}`, this.#delays(), async () => {
      this.#count(fate)
      if (fate === 'done') return write(given)
      if (fate === 'rejected') return REJECTED
      if (fate === 'lost') await write(given)
      if (fate === 'late') this.#keepForLater(() => write(given))
      if (fate === 'half') {
        const count = Math.ceil(given.length / 2)
        await write(given.slice(0, count))
        const unwritten = given.map((_, index) => index).slice(count)
        if (tellsHalf) return { kind: 'partial', unwritten, refused: [] }
      }
      return { kind: 'retry', reason: `It is told so: ${fate}.` }
    })
  }

  /** Some time soon, or when everything else is over. */
  #keepForLater(write: () => Promise<unknown>): void {
    if (this.#random.chance(0.5)) this.#underWay.push(write)
    // Where it settles there is nobody to hear of it.
    else this.#scheduler.after(this.#random.integer(0, LATE_MS), () => void write())
  }

  /** What is still under way arrives. */
  async deliverLate(): Promise<void> {
    for (const write of this.#underWay.splice(0)) await write()
  }

  #writeFile(gate: Gate, file: PredictionFile): Promise<Outcome> {
    const { parquet } = this.memory
    const others: readonly [Fate, ...Fate[]] = ['refused', 'lost']
    const fate = this.#fate(this.hasRefusals ? [...others, 'rejected'] : others)
    const name = `${file.claim.log} ${fileName(file.claim)}`
    const told = `file ${nameOf(file.claim)} ${file.rowCount} ${fate}`
    return gate.later(told, this.#delays(), async () => {
      const isThere = await parquet.has(file.claim)
      if (!isThere && (fate === 'rejected' || this.#refusedFiles.has(name))) {
        this.#count('rejected')
        this.#refusedFiles.add(name)
        return REJECTED
      }
      this.#count(fate === 'rejected' ? 'refused' : fate)
      if (fate === 'done' || fate === 'lost') await parquet.write(file)
      return fate === 'done' ? WRITTEN : { kind: 'retry', reason: `It is told so: ${fate}.` }
    })
  }

  #ask<T>(gate: Gate, name: string, ask: () => Promise<T>): Promise<T> {
    const fate = this.#fate(['refused', 'lost'])
    return gate.later(`${name} ${fate}`, this.#delays(), async () => {
      this.#count(fate)
      if (fate === 'done') return ask()
      if (fate === 'lost') await ask()
      throw new StreamError('store-unavailable', `The simulated store says so: ${fate}.`)
    })
  }

  #count(fate: Fate): void {
    if (fate === 'refused') this.#faults.count('store refused a call')
    else if (fate === 'lost') this.#faults.count('store applied and failed')
    else if (fate === 'late') this.#faults.count('record written late')
    else if (fate === 'half') this.#faults.count('store applied a half')
    else if (fate === 'rejected') this.#faults.count('sink refused for good')
  }
}

const WRITTEN: Outcome = { kind: 'written' }
const REJECTED: Outcome = { kind: 'rejected', reason: 'It is told to refuse.' }

function nameOf({ endpointId, hour, number, firstOffset, lastOffset }: Claim): string {
  return `${endpointId.slice(0, 6)}/${hour}/${number}[${firstOffset}-${lastOffset}]`
}
