import assert from 'node:assert'
import { StreamError } from '../../lib/stream/errors.ts'
import type { Outcome, SegmentFile } from '../../lib/stream/ports.ts'
import type { MemoryDisk } from './memory-disk.ts'
import type { MemoryStore } from './memory-store.ts'
import { openTestPipeline, type TestClock, type TestPipeline } from './test-pipeline.ts'

/** What a call to store or disk comes to. `lost`: it was done, but the answer says that it was not. */
export const FAULTS = ['none', 'refused', 'lost', 'partial', 'rejected'] as const
export type Fault = (typeof FAULTS)[number]

/** What outlives a process. */
export interface World {
  readonly store: MemoryStore
  readonly disk: MemoryDisk
  readonly deadLetterLines: string[]
  readonly clock: TestClock
}

const REJECTED: Outcome = { kind: 'rejected', reason: 'It is told to refuse.' }

/** A call that the process waits for, or one of its timers. */
interface OpenCall {
  readonly answer: (fault: Fault) => void
  /** Does what was asked for, with nobody left to answer. */
  readonly apply: () => void
}

/**
 * A pipeline whose every call and timer waits until a test lets it go on, and which can die between any
 * two of them: then nothing that it began goes on.
 */
export class FrailProcess {
  readonly #world: World
  #calls: OpenCall[] = []
  #isDead = false
  /** The next record that is appended is the last thing that the process does. */
  diesAtAppend = false
  #opened: TestPipeline | null = null

  private constructor(world: World) {
    this.#world = world
  }

  /**
   * Starts a process and lets it read its log.
   *
   * @param nextFault  what the calls come to that it makes meanwhile
   * @returns          null if the start failed, as it does while claims cannot be listed
   */
  static async start(
    world: World,
    env: Readonly<Record<string, string>>,
    nextFault: () => Fault,
  ): Promise<FrailProcess | null> {
    const process = new FrailProcess(world)
    const { deadLetterLines } = world
    const survivors = {
      store: process.#store(),
      disk: process.#disk(),
      clock: process.#clock(),
      deadLetterLines,
    }
    let failure: unknown = null
    let isSettled = false
    const opening = openTestPipeline(env, survivors).then(
      (opened) => {
        process.#opened = opened
        isSettled = true
      },
      (error: unknown) => {
        failure = error
        isSettled = true
      },
    )
    for (await nextTurn(); !isSettled; await nextTurn()) process.goOn(0, nextFault())
    await opening
    if (process.#opened !== null) return process
    process.die()
    assert(failure instanceof StreamError, String(failure))
    return null
  }

  get pipeline(): TestPipeline['pipeline'] {
    assert(this.#opened !== null)
    return this.#opened.pipeline
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get openCallCount(): number {
    return this.#calls.length
  }

  /** Lets one of the calls that wait come to its end; false if none waits. */
  goOn(which: number, fault: Fault): boolean {
    const [call] = this.#calls.splice(which % Math.max(this.#calls.length, 1), 1)
    call?.answer(fault)
    return call !== undefined
  }

  /**
   * Ends the process at once.
   *
   * @param reaches  whether the calls that wait still reach store and disk, one after the other; the last
   *                 one stands for all further ones
   */
  die(reaches: readonly boolean[] = []): void {
    this.#isDead = true
    for (const [index, call] of this.#calls.entries()) {
      if (reaches[Math.min(index, reaches.length - 1)] === true) call.apply()
    }
    this.#calls = []
  }

  #ask<T>(effect: () => Promise<T>, answers: (fault: Fault) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isDead) return
      this.#calls.push({
        apply: () => void effect(),
        answer: (fault) => {
          const isDone = fault === 'none' || fault === 'lost'
          const done = isDone ? effect() : null
          const answered = fault === 'none' && done !== null ? done : answers(fault)
          void answered.then(resolve, reject)
        },
      })
    })
  }

  /** Records are never refused for good, because the next update has all that they said. */
  #askSink<T>(
    sink: 'kv' | 'tsdb' | 'ledger',
    given: readonly T[],
    write: (some: readonly T[]) => Promise<Outcome>,
  ): Promise<Outcome> {
    return this.#ask<Outcome>(
      () => write(given),
      async (fault) => {
        if (fault === 'rejected' && sink === 'tsdb') return REJECTED
        if (fault !== 'partial') return { kind: 'retry', reason: `It is told so: ${fault}.` }
        const unwritten = given.map((_, index) => index).slice(Math.ceil(given.length / 2))
        await write(given.slice(0, Math.ceil(given.length / 2)))
        return { kind: 'partial', unwritten, refused: [] }
      },
    )
  }

  #store(): MemoryStore {
    const { store } = this.#world
    const { kv, tsdb, parquet, claims, ledger, records } = store
    const unavailable = async (fault: Fault): Promise<never> => {
      throw new StreamError('store-unavailable', `The store is told so: ${fault}.`)
    }
    return {
      ...store,
      kv: { write: (updates) => this.#askSink('kv', updates, (some) => kv.write(some)) },
      tsdb: { write: (rows) => this.#askSink('tsdb', rows, (some) => tsdb.write(some)) },
      parquet: {
        write: (file) =>
          this.#ask<Outcome>(
            () => parquet.write(file),
            async (fault) => {
              // A file that was written although its answer was lost is not refused afterwards.
              const isRefused = fault === 'rejected' && !(await parquet.has(file.claim))
              return isRefused ? REJECTED : { kind: 'retry', reason: `It is told so: ${fault}.` }
            },
          ),
        has: (claim) => this.#ask(() => parquet.has(claim), unavailable),
      },
      claims: {
        list: (log) => this.#ask(() => claims.list(log), unavailable),
        create: (claim) => this.#ask(() => claims.create(claim), unavailable),
      },
      ledger: {
        write: (entries) => this.#askSink('ledger', entries, (some) => ledger.write(some)),
      },
      records: { read: (ids) => this.#ask(() => records.read(ids), unavailable) },
    }
  }

  #disk(): MemoryDisk {
    const { disk } = this.#world
    const frail = (file: SegmentFile): SegmentFile => ({
      ...file,
      append: (bytes, count) => {
        this.#failIfDead()
        file.append(bytes, count)
        this.#dieIfToldSo()
      },
      write: (bytes, count, at) => {
        this.#failIfDead()
        file.write(bytes, count, at)
        // A segment's header is no record.
        if (at > 0) this.#dieIfToldSo()
      },
      truncate: (size) => {
        this.#failIfDead()
        file.truncate(size)
      },
    })
    return { ...disk, open: (name) => frail(disk.open(name)) }
  }

  #dieIfToldSo(): void {
    if (!this.diesAtAppend) return
    this.die()
    this.#failIfDead()
  }

  #failIfDead(): void {
    if (this.#isDead) throw Object.assign(new Error('The process is dead.'), { code: 'EDEAD' })
  }

  #clock(): TestClock {
    const { clock } = this.#world
    return {
      get timeUs() {
        return clock.timeUs
      },
      nowUs: clock.nowUs,
      after: (_ms, call) => {
        if (this.#isDead) return () => undefined
        const timer = { answer: call, apply: () => undefined }
        this.#calls.push(timer)
        return () => {
          this.#calls = this.#calls.filter((other) => other !== timer)
        }
      },
    }
  }
}

/** Lets everything go on that waits for nothing outside. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
