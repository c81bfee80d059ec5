import { errorCode, StreamError } from '../lib/stream/errors.ts'
import { Pipeline } from '../lib/stream/pipeline.ts'
import type { Clock } from '../lib/stream/ports.ts'
import { spoolLog } from '../lib/stream/spool-log.ts'
import { Telemetry } from '../lib/stream/telemetry.ts'
import { type CrashSide, Gate } from './gate.ts'
import {
  type ProcessSettings,
  streamSettingsOf,
  withOtherLimits,
  withOtherSegments,
  withOtherSkew,
} from './scenario.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedLines } from './simulated-lines.ts'
import type { World } from './world.ts'

const TICK_MS = 1000
const SYNC_MS = 400
const NOT_READ = 'The spool cannot be read'
const nothing = (): void => undefined

/** A start that came through. */
export interface Start {
  /** Offset that the log began after. */
  readonly beginning: number
  readonly settings: ProcessSettings
}

/** A log on its machine, with one process after the other. */
export class SimulatedLog {
  readonly name: string
  readonly disk: SimulatedDisk
  readonly lines: SimulatedLines
  /** Of the processes that ran, oldest first. */
  readonly starts: Start[] = []
  /** Settings of all processes, those that never came to take an event included. */
  readonly settingsEver: ProcessSettings[] = []
  settings: ProcessSettings
  readonly #world: World
  #gate: Gate | null = null
  #pipeline: Pipeline | null = null
  /** Starts in a row that died or failed before they had caught up with the log. */
  #startDeaths = 0
  /** Told when a process begins to take events. */
  onStart: () => void = nothing

  constructor(name: string, world: World) {
    this.name = name
    this.#world = world
    this.settings = world.scenario.settings
    this.disk = new SimulatedDisk(world.random, world.faults)
    this.lines = new SimulatedLines(world.random, world.faults)
  }

  /** The pipeline that takes events at present, null while there is none. */
  get pipeline(): Pipeline | null {
    return this.#gate?.isDead === false ? this.#pipeline : null
  }

  /** A record at which replays die again and again is given up, so they may not die for ever. */
  get mayDie(): boolean {
    return this.#pipeline?.isLive === true || this.#startDeaths < 2
  }

  /** Begins a process, which then takes the log over. */
  open(): void {
    const { scenario, random, store } = this.#world
    const gate = new Gate(this.#world.gateParts, this.name, (side) => this.#onDeath(side))
    this.#gate = gate
    this.#pipeline = null
    this.settingsEver.push(this.settings)
    // A third replay that fails would put the blame on the record that it was at.
    if (!this.mayDie) this.disk.state = 'well'
    const clock: Clock = {
      nowUs: () => this.#world.clock.nowUs(),
      after: (ms, call) => gate.timer(ms, call),
    }
    const disk = this.disk.through(gate)
    const { segmentBytes, spoolBytesMax } = this.settings
    const opening = Pipeline.open({
      log: this.name,
      tables: [],
      settings: streamSettingsOf(this.settings),
      ...spoolLog(disk, {
        segmentBytes,
        bytesMax: spoolBytesMax,
        syncEvery: scenario.syncEvery,
        // Each owner of a folder has another number.
        epoch: this.settingsEver.length,
      }),
      deadLetterFile: this.lines.through(gate),
      deadLetterLines: [...this.lines.lines],
      ...store.through(gate),
      clock,
      random: () => random.next(),
      telemetry: new Telemetry(this.#logPort()),
    })
    opening.then(
      (pipeline) => this.#begin(gate, pipeline, clock),
      (error: unknown) => this.#onStartFailed(gate, error),
    )
  }

  #logPort(): ConstructorParameters<typeof Telemetry>[0] {
    const { faults } = this.#world
    const tell = (message: string): void => {
      if (message.startsWith(NOT_READ)) faults.count('spool not read while catching up')
      this.#world.tell(`${this.name} ${message}`)
    }
    return { debug: nothing, info: tell, warn: tell, error: tell }
  }

  #begin(gate: Gate, pipeline: Pipeline, clock: Clock): void {
    if (gate.isDead) return
    this.#pipeline = pipeline
    this.starts.push({ beginning: this.disk.beginning, settings: this.settings })
    repeat(clock, TICK_MS, () => this.#guarded(gate, () => pipeline.tick()))
    if (!this.#world.scenario.syncEvery) repeat(clock, SYNC_MS, () => pipeline.sync())
    this.onStart()
    pipeline.catchUp().then(
      () => {
        if (!gate.isDead) this.#startDeaths = 0
      },
      (error: unknown) => {
        if (!gate.isDead) this.#world.fail(error)
      },
    )
  }

  #guarded(gate: Gate, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!gate.isDead) this.#world.fail(error)
    }
  }

  #onStartFailed(gate: Gate, error: unknown): void {
    if (gate.isDead) return
    if (!(error instanceof StreamError) && !isDiskTrouble(error)) {
      this.#world.fail(error)
      return
    }
    this.#world.faults.count('start failed')
    // Before that the log is not read.
    if (this.disk.names.includes('crash-marks.jsonl')) this.#startDeaths++
    this.#world.tell(`${this.name} start failed`)
    gate.kill()
    this.#openLater()
  }

  /** Kills the process from outside, whatever it does; nothing if there is none. */
  kill(): void {
    if (this.#gate === null || this.#gate.isDead || !this.mayDie) return
    this.#gate.kill()
    this.#afterDeath()
  }

  #onDeath(side: CrashSide): void {
    const { faults } = this.#world
    if (side === 'before') faults.count('killed before a call')
    else if (side === 'after') faults.count('killed after a call')
    else faults.count('killed inside a write')
    this.#afterDeath()
  }

  #afterDeath(): void {
    const { random, scenario, faults } = this.#world
    this.#world.deathCount++
    if (this.#pipeline?.isLive !== true) {
      faults.count(this.#pipeline === null ? 'killed while starting' : 'killed while catching up')
      this.#startDeaths++
    }
    // Without syncs before answers nothing is promised of a power cut.
    if (scenario.syncEvery && random.chance(0.5)) {
      faults.count('power cut')
      this.#world.tell(`${this.name} power cut`)
      this.disk.cutPower()
      // Not promised of a letter that a replay under other settings does not write again.
      if (scenario.trouble?.changesSkew !== true) this.lines.cutPower()
    } else {
      faults.count('process killed')
      this.#world.tell(`${this.name} killed`)
    }
    this.#changeSettings()
    this.#openLater()
  }

  #openLater(): void {
    const { scheduler, random } = this.#world
    const gate = this.#gate
    scheduler.after(random.integer(10, 2000), () => {
      // Unless the run has begun its last process meanwhile.
      if (this.#gate === gate) this.open()
    })
  }

  #changeSettings(): void {
    const { random, scenario, faults } = this.#world
    const { trouble } = scenario
    if (trouble === null) return
    if (trouble.changesLimits && random.chance(0.5)) {
      faults.count('batch limits changed')
      this.settings = withOtherLimits(this.settings, random)
    }
    if (trouble.changesLimits && random.chance(0.5)) {
      faults.count('segment size changed')
      this.settings = withOtherSegments(this.settings, random)
    }
    if (trouble.changesSkew && random.chance(0.7)) {
      faults.count('WHEN_SKEW_MAX changed')
      this.settings = withOtherSkew(this.settings, random)
    }
  }

  /** Ends the process, if there is one, and begins another one at once. */
  openAnew(): void {
    this.#gate?.kill()
    this.open()
  }
}

/** A code of the operating system, such as ENOSPC; node's own begin with ERR_. */
export function isDiskTrouble(error: unknown): boolean {
  return /^E(?!RR_)[A-Z0-9]+$/.test(errorCode(error))
}

/** Calls again and again, as the handler does. */
export function repeat(clock: Clock, periodMs: number, call: () => void | Promise<void>): void {
  clock.after(periodMs, async () => {
    await call()
    repeat(clock, periodMs, call)
  })
}
