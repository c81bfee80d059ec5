import { runDeliveredSeed, runDeliveredSweepPoint } from './delivered/run.ts'
import { FAULT_KINDS, FaultBook, REACHED_KINDS } from './fault-book.ts'
import type { Crash, CrashSide } from './gate.ts'
import { type Mode, modeOf } from './mode.ts'
import { runSeed, runSweepPoint } from './run.ts'
import type { RunResult } from './run-result.ts'

export { BUGS } from './bugs.ts'

/** What is to be run. */
export interface SimulationPlan {
  /** Seeds from the first one on. */
  readonly firstSeed: number
  readonly seedCount: number
  /** Seeds and crashes of the other mode are passed over. */
  readonly mode?: Mode
  /** Whether fixed scenarios are run with a crash at each of their calls, and when. */
  readonly sweep: 'none' | 'first' | 'last'
}

/** A run that broke a promise. */
export interface Failure {
  /** The arguments that repeat it. */
  readonly repeat: string
  readonly error: unknown
  readonly lastSteps: readonly string[]
}

/** What came of it all. */
export interface Simulation {
  readonly failure: Failure | null
  /** Kinds of trouble that no run met. */
  readonly missing: readonly string[]
  readonly faults: FaultBook
  readonly seedCount: number
  readonly sweepCount: number
  readonly deathCount: number
  readonly startCount: number
  /** Of the last run. */
  readonly digest: string
}

/** With fewer runs it says nothing that a kind was not met. */
const SEEDS_FOR_ALL_KINDS = 200
/** So many seeds are run a second time, which must do the same, step by step. */
const SEEDS_RUN_TWICE = 5

/** Runs the schedule of a seed, which chooses the mode as well. */
function runAnySeed(seed: number, faults?: FaultBook): Promise<RunResult> {
  return modeOf(seed) === 'delivered' ? runDeliveredSeed(seed, faults) : runSeed(seed, faults)
}

/** Runs the sweep and the seeds, up to the first failure. */
export async function simulate(plan: SimulationPlan): Promise<Simulation> {
  const faults = new FaultBook()
  const totals = { seedCount: 0, sweepCount: 0, deathCount: 0, startCount: 0, digest: '' }
  let failure: Failure | null = null
  const take = (result: RunResult, repeat: string): boolean => {
    totals.deathCount += result.deathCount
    totals.startCount += result.startCount
    totals.digest = result.digest
    if (result.failure === null) return true
    failure = { repeat, error: result.failure, lastSteps: result.lastSteps }
    return false
  }
  const seeds = async (): Promise<boolean> => {
    for (let count = 0; count < plan.seedCount; count++) {
      const seed = plan.firstSeed + count
      totals.seedCount++
      if (plan.mode !== undefined && modeOf(seed) !== plan.mode) continue
      const result = await runAnySeed(seed, faults)
      if (!take(result, `--seed ${seed}`)) return false
      if (count >= SEEDS_RUN_TWICE) continue
      const again = await runAnySeed(seed)
      if (again.digest === result.digest) continue
      const error = new Error('The same seed did not give the same run.')
      return take({ ...again, failure: error }, `--seed ${seed}`)
    }
    return true
  }
  const sweep = async (): Promise<boolean> => {
    for await (const point of sweepPoints(plan.mode)) {
      totals.sweepCount++
      if (!take(await runPoint(point, faults), `--crash ${nameOf(point)}`)) return false
    }
    return true
  }
  const parts = { none: [seeds], first: [sweep, seeds], last: [seeds, sweep] }[plan.sweep]
  for (const part of parts) if (!(await part())) break
  const isLong = plan.seedCount >= SEEDS_FOR_ALL_KINDS && failure === null
  return { failure, missing: isLong ? faults.missing : [], faults, ...totals }
}

/** Which fixed scenario it is: that of a spool that is synced at each event, or in the background, or of shards. */
const SCENARIOS = ['every', 'background', 'delivered'] as const

/** One run of the sweep. */
interface Point {
  readonly scenario: (typeof SCENARIOS)[number]
  readonly crash: Crash | null
}

function runPoint({ scenario, crash }: Point, faults?: FaultBook): Promise<RunResult> {
  if (scenario === 'delivered') return runDeliveredSweepPoint(crash, faults)
  return runSweepPoint({ syncEvery: scenario === 'every', crash }, faults)
}

/** The fixed scenarios as they are, and once for each of their calls and ways to die there. */
async function* sweepPoints(mode: Mode | undefined): AsyncGenerator<Point> {
  for (const scenario of SCENARIOS) {
    const isDelivered = scenario === 'delivered'
    if (mode !== undefined && isDelivered !== (mode === 'delivered')) continue
    const { calls } = await runPoint({ scenario, crash: null })
    yield { scenario, crash: null }
    for (let call = 1; call <= calls.count; call++) {
      yield { scenario, crash: { call, side: 'before' } }
    }
    for (const call of calls.writes) yield { scenario, crash: { call, side: 'inside' } }
    // After any other call it is as before the next one.
    for (const call of calls.effects) yield { scenario, crash: { call, side: 'after' } }
  }
}

/** A point of the sweep as an argument: `every:120:after`. */
function nameOf({ scenario, crash }: Point): string {
  return crash === null ? `${scenario}:0:before` : `${scenario}:${crash.call}:${crash.side}`
}

/** Runs one point of the sweep by its name; null for a name that is none. */
export async function simulatePoint(name: string): Promise<RunResult | null> {
  const match = /^(every|background|delivered):(\d+):(before|inside|after)$/.exec(name)
  if (match === null) return null
  const call = Number(match[2])
  return runPoint({
    scenario: match[1] as Point['scenario'],
    crash: call === 0 ? null : { call, side: match[3] as CrashSide },
  })
}

/** The kinds of trouble with how often each was met, for people. */
export function faultTable(faults: FaultBook): string {
  const kinds = [...FAULT_KINDS, ...REACHED_KINDS]
  return kinds.map((kind) => `${String(faults.of(kind)).padStart(8)}  ${kind}`).join('\n')
}
