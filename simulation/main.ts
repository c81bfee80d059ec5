import { FAULT_KINDS, FaultBook, REACHED_KINDS } from './fault-book.ts'
import type { CrashSide } from './gate.ts'
import { runSeed, runSweepPoint, type SweepPoint } from './run.ts'
import type { RunResult } from './run-result.ts'

export { BUGS } from './bugs.ts'

/** What is to be run. */
export interface SimulationPlan {
  /** Seeds from the first one on. */
  readonly firstSeed: number
  readonly seedCount: number
  /** Whether a fixed scenario is run with a crash at each of its calls, and when. */
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
      const result = await runSeed(seed, faults)
      if (!take(result, `--seed ${seed}`)) return false
      if (count >= SEEDS_RUN_TWICE) continue
      const again = await runSeed(seed)
      if (again.digest === result.digest) continue
      const error = new Error('The same seed did not give the same run.')
      return take({ ...again, failure: error }, `--seed ${seed}`)
    }
    return true
  }
  const sweep = async (): Promise<boolean> => {
    for await (const point of sweepPoints()) {
      totals.sweepCount++
      if (!take(await runSweepPoint(point, faults), `--crash ${nameOf(point)}`)) return false
    }
    return true
  }
  const parts = { none: [seeds], first: [sweep, seeds], last: [seeds, sweep] }[plan.sweep]
  for (const part of parts) if (!(await part())) break
  const isLong = plan.seedCount >= SEEDS_FOR_ALL_KINDS && failure === null
  return { failure, missing: isLong ? faults.missing : [], faults, ...totals }
}

/** The fixed scenario as it is, and once for each of its calls and ways to die there. */
async function* sweepPoints(): AsyncGenerator<SweepPoint> {
  for (const syncEvery of [true, false]) {
    const { calls } = await runSweepPoint({ syncEvery, crash: null })
    yield { syncEvery, crash: null }
    for (let call = 1; call <= calls.count; call++) {
      yield { syncEvery, crash: { call, side: 'before' } }
    }
    for (const call of calls.writes) yield { syncEvery, crash: { call, side: 'inside' } }
    // After any other call it is as before the next one.
    for (const call of calls.effects) yield { syncEvery, crash: { call, side: 'after' } }
  }
}

/** A point of the sweep as an argument: `every:120:after`. */
function nameOf({ syncEvery, crash }: SweepPoint): string {
  const mode = syncEvery ? 'every' : 'background'
  return crash === null ? `${mode}:0:before` : `${mode}:${crash.call}:${crash.side}`
}

/** Runs one point of the sweep by its name; null for a name that is none. */
export async function simulatePoint(name: string): Promise<RunResult | null> {
  const match = /^(every|background):(\d+):(before|inside|after)$/.exec(name)
  if (match === null) return null
  const call = Number(match[2])
  return runSweepPoint({
    syncEvery: match[1] === 'every',
    crash: call === 0 ? null : { call, side: match[3] as CrashSide },
  })
}

/** The kinds of trouble with how often each was met, for people. */
export function faultTable(faults: FaultBook): string {
  const kinds = [...FAULT_KINDS, ...REACHED_KINDS]
  return kinds.map((kind) => `${String(faults.of(kind)).padStart(8)}  ${kind}`).join('\n')
}
