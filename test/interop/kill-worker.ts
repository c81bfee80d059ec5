import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { errorCode } from '../../lib/stream/errors.ts'
import type { Deployment } from '../contract/deployment.ts'
import { FunctionProcess, type WireLog } from '../contract/function-process.ts'
import { EVENT_ID, LONG_EVENT_ROWS } from './kill-events.ts'
import type { KillStore, WayToStore } from './kill-stores.ts'
import type { KillTally } from './kill-tally.ts'
import type { Seeded } from './seeded.ts'
import type { WriteKind, WritePoint } from './store-gate.ts'
import { type Given, Session, type StreamSource } from './stream-source.ts'

type Env = Readonly<Record<string, string>>

/** When a worker is to be killed; whatever it waits for, a time limit ends the wait. */
export type KillPlan =
  /** It was given, or its answer was read. */
  | { readonly on: 'event' | 'answer'; readonly after: number; readonly delayUs: number }
  /** A long event, which takes a while, is in the spool. */
  | { readonly on: 'spool'; readonly delayUs: number }
  | {
      readonly on: WriteKind | 'any write'
      readonly point: WritePoint
      readonly after: number
      readonly delayUs: number
    }
  | { readonly on: 'time'; readonly delayUs: number }

/** What surrounds a worker. */
export interface WorkerParts {
  readonly deployment: Deployment
  readonly settings: Env
  readonly source: StreamSource
  readonly store: KillStore
  readonly way: WayToStore
  readonly tally: KillTally
  readonly random: Seeded
}

const WAIT_MS_MAX = 2_000
/** In this time the event is in the spool, or the worker has something else to do. */
const SPIN_NS_MAX = 8_000_000
/** Of kills before which the broker has just committed everything. */
const LAST_COMMIT_SHARE = 0.4
/** The third replay in a row marks each record, and a record with two marks would be a dead letter. */
const REPLAYS_KILLED_MAX = 2
/** Far more than a spool of these runs takes. */
const REPLAY_MS_MAX = 60_000
/** Told of what a kill may tear: a frame of the spool that was half written and not answered. */
const EXPECTED_TROUBLE = 'Bytes of the spool are no whole records; they were kept aside.'

/** framesd takes no metrics a second time, as they come when a shard comes back to a worker. */
const REFUSED = 'A store refused rows for good; they are in the dead letters.'

/** What there was to see at the moment of a kill. */
interface Moment {
  readonly inHand: Given | null
  readonly isWriting: boolean
  readonly isStarted: boolean
}

/** One worker of the function: killed, and started again on the same spool, by the same shards. */
export class KillableWorker {
  readonly #parts: WorkerParts
  #process: FunctionProcess | null = null
  #session: Session | null = null
  #log = ''
  #replaysBefore = 0
  /** What the next sessions read. */
  shards: readonly number[]
  /** Log lines above info. */
  readonly troubles: WireLog[] = []

  constructor(parts: WorkerParts, shards: readonly number[]) {
    this.#parts = parts
    this.shards = shards
  }

  get process(): FunctionProcess {
    assert(this.#process !== null)
    return this.#process
  }

  get session(): Session {
    assert(this.#session !== null)
    return this.#session
  }

  /** Name of its log. */
  get log(): string {
    return this.#log
  }

  /** Starts it as Nuclio does: it gets events as soon as the wrapper is there, its init done or not. */
  async start(settings: Env = {}): Promise<void> {
    await this.#launch(settings)
    await this.#join()
    const { process } = this
    const { with: told } = await process.until(() => startOf(process))
    // With one worker down at a time it takes over its own log, and no other one's.
    if (this.#log !== '' && !this.#losesDisk) assert.equal(told['log'], this.#log)
    this.#log = String(told['log'])
    // It takes events before it has read its spool again.
    for (let looks = 0; this.#replaysBegun() > 0; looks++) {
      assert(looks < REPLAY_MS_MAX, 'the spool is read to its end')
      await wait(1)
    }
  }

  /** Its settings: where its store, files and dead letters are. */
  get env(): Env {
    return { ...this.#parts.settings, ...this.#parts.way.env }
  }

  async #launch(settings: Env): Promise<void> {
    const { deployment, source, random } = this.#parts
    this.#replaysBefore = this.#replaysBegun()
    const process = await FunctionProcess.launch({
      deployment,
      settings: { ...this.env, ...settings },
    })
    this.#process = process
    this.#session = new Session(source, this.shards, random)
  }

  /** Gives events to it from the moment when the wrapper is there. */
  async #join(): Promise<void> {
    const { process, session } = this
    if (await isReady(process)) session.deliverTo(process)
  }

  /** Kills it when the plan says so, and tells where that has hit. */
  async kill(plan: KillPlan): Promise<void> {
    await this.#afterKill(await this.#moment(plan))
  }

  #moment(plan: KillPlan): Promise<Moment> {
    const { gates } = this.#parts.way
    const { session, process } = this
    return new Promise((resolve, reject) => {
      let left = 'after' in plan ? plan.after : 0
      let isOver = false
      const strike = (): void => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        session.onGiven = () => undefined
        session.onAnswered = () => undefined
        for (const gate of gates) gate.onWrite = () => undefined
        resolve(this.#strike())
      }
      const timer = setTimeout(strike, WAIT_MS_MAX)
      void process.ended().then(() => {
        if (!isOver) reject(new Error(`It ended by itself: ${process.stderr}`))
        isOver = true
      }, reject)
      const countDown = (): void => {
        if (--left === 0) afterMicros(plan.delayUs, strike)
      }
      const onLongEvent = (): void => {
        if ((session.inHand?.event.rowCount ?? 0) < LONG_EVENT_ROWS) return
        this.#spinUntilSpooled()
        spin(plan.delayUs)
        strike()
      }
      if (plan.on === 'time') afterMicros(plan.delayUs, strike)
      else if (plan.on === 'event') session.onGiven = countDown
      else if (plan.on === 'spool') session.onGiven = onLongEvent
      else if (plan.on === 'answer') session.onAnswered = countDown
      else {
        for (const gate of gates) {
          gate.onWrite = (kind, point) => {
            const isMeant = plan.on === 'any write' || plan.on === kind
            if (isMeant && point === plan.point) countDown()
          }
        }
      }
    })
  }

  /** Looks at nothing else, because the answer follows soon. */
  #spinUntilSpooled(): void {
    const endNs = nowNs() + SPIN_NS_MAX
    const path = join(this.#spool, this.#segments().at(-1) ?? '')
    const { size } = statSync(path)
    while (nowNs() < endNs && statSync(path).size === size);
  }

  /** Kills at once. */
  #strike(): Moment {
    const { session, process } = this
    const { inHand } = session
    const isWriting = this.#parts.way.gates.some((gate) => gate.isWriting)
    process.child.kill('SIGKILL')
    if (this.#losesDisk && this.#log !== '') rmSync(this.#spool, { recursive: true, force: true })
    session.die()
    return { inHand, isWriting, isStarted: startOf(process) !== undefined }
  }

  async #afterKill({ inHand, isWriting, isStarted }: Moment): Promise<void> {
    const { session, process } = this
    const { exitCode, signal } = await process.kill()
    assert.deepEqual({ exitCode, signal }, { exitCode: null, signal: 'SIGKILL' }, process.stderr)
    await session.ended()
    if (this.#parts.random.next() < LAST_COMMIT_SHARE) session.commitLast()
    this.#noteTroubles()
    const { claimCount, fileCount } = await this.#parts.store.claimsOf(this.#log)
    assert(claimCount >= fileCount, 'a file without a claim')
    const isInRecovery = this.#replaysBegun() > this.#replaysBefore
    const isAtWork = isStarted && !isInRecovery
    // Answered after all: the answer was on its way.
    const isInEvent = isAtWork && inHand !== null && session.inHand === inHand
    this.#parts.tally.add({
      isInRecovery,
      isInEvent,
      isSpooled: isInEvent && this.#lastSpooledId() === inHand.event.id,
      isInFlush: isAtWork && (isWriting || claimCount > fileCount),
      isBeforeFile: isAtWork && claimCount > fileCount,
    })
  }

  #noteTroubles(): void {
    const { logs } = this.process
    const isRepeatedMetric = ({ message, with: told }: WireLog): boolean =>
      this.#losesDisk && message === REFUSED && told['sink'] === 'tsdb'
    const isTrouble = (log: WireLog): boolean =>
      log.level !== 'info' && log.message !== EXPECTED_TROUBLE && !isRepeatedMetric(log)
    this.troubles.push(...logs.filter(isTrouble))
  }

  /** Starts it and kills it before, while or just after it gets ready. */
  async killInStart(delayUs: number): Promise<void> {
    assert(!this.mustStart)
    await this.#launch({})
    const joined = this.#join()
    const moment = await this.#moment({ on: 'time', delayUs })
    await joined
    await this.#afterKill(moment)
  }

  /**
   * Starts it and kills it while it reads its spool again, if that takes as long.
   *
   * @param delayUs  after the replay has begun
   */
  async killInRecovery(delayUs: number): Promise<void> {
    assert(!this.mustStart)
    await this.#launch({})
    await this.#join()
    const { process } = this
    while (this.#replaysBegun() <= this.#replaysBefore && startOf(process) === undefined) {
      await wait(1)
    }
    await this.#afterKill(await this.#moment({ on: 'time', delayUs }))
  }

  /** Whether the next start has to come through. */
  get mustStart(): boolean {
    return this.#replaysBegun() >= REPLAYS_KILLED_MAX
  }

  /** Replays of its log that have begun and have not come through. */
  #replaysBegun(): number {
    if (this.#log === '') return 0
    try {
      const marks = readFileSync(join(this.#spool, 'crash-marks.jsonl'), 'utf8')
      return marks.split('{"replay":"begun"}').length - 1
    } catch (error) {
      // It is gone when a replay has come through, and may go at any moment.
      if (errorCode(error) === 'ENOENT') return 0
      throw error
    }
  }

  /** With ACK=delivered nothing depends on it. */
  get #losesDisk(): boolean {
    return this.#parts.source.window > 0
  }

  get #spool(): string {
    return join(this.#parts.settings['SPOOL_PATH'] ?? '', this.#log)
  }

  /** Names of the spool's files, oldest first. */
  #segments(): readonly string[] {
    const names = readdirSync(this.#spool)
    return names.filter((name) => name.endsWith('.spool')).sort()
  }

  /** Id of the newest event in the spool; null where there is none. */
  #lastSpooledId(): string | null {
    if (this.#losesDisk) return null
    for (const name of this.#segments().toReversed()) {
      const ids = readFileSync(join(this.#spool, name), 'latin1').match(EVENT_ID)
      if (ids !== null) return ids.at(-1) ?? null
    }
    return null
  }

  /** Ends it, without a look at where that hits. */
  async end(): Promise<void> {
    this.#session?.die()
    await this.#process?.kill()
    await this.#session?.ended().catch(() => undefined) // it has been told by whoever waited for it
    if (this.#process !== null) this.#noteTroubles()
  }

  /** A rebalance while all is well: what was answered is committed, then the shards change. */
  rejoin(shards: readonly number[]): void {
    const { source, random } = this.#parts
    this.shards = shards
    this.#session = new Session(source, shards, random)
    this.#session.deliverTo(this.process)
  }
}

/** False where it was killed before. */
async function isReady(process: FunctionProcess): Promise<boolean> {
  try {
    await process.ready()
    return true
  } catch (error) {
    if (process.child.signalCode === 'SIGKILL') return false
    throw error
  }
}

function startOf({ logs }: FunctionProcess): WireLog | undefined {
  return logs.find(({ message }) => message === 'Started.')
}

/** Calls after some microseconds, while everything else goes on; at once after none. */
function afterMicros(us: number, call: () => void): void {
  if (us <= 0) {
    call()
    return
  }
  const endNs = nowNs() + us * 1000
  const look = (): void => {
    if (nowNs() >= endNs) call()
    else setImmediate(look)
  }
  setImmediate(look)
}

/** Lets some microseconds pass, and nothing else happen. */
function spin(us: number): void {
  const endNs = nowNs() + us * 1000
  while (nowNs() < endNs);
}

function nowNs(): number {
  return performance.now() * 1_000_000
}
