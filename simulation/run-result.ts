import { errorCode } from '../lib/stream/errors.ts'
import type { Calls } from './gate.ts'
import type { World } from './world.ts'

/** What came of a run. */
export interface RunResult {
  /** Null for a run that kept every promise. */
  readonly failure: unknown
  readonly digest: string
  readonly lastSteps: readonly string[]
  readonly calls: Calls
  readonly deathCount: number
  readonly startCount: number
}

/**
 * Lets a run go on to its end; a rejection that nobody takes is a failure of it.
 *
 * @param live          all of it
 * @param startCountOf  processes that began, asked when it has ended
 */
export async function resultOf(
  world: World,
  live: () => Promise<void>,
  startCountOf: () => number,
): Promise<RunResult> {
  let failure: unknown = null
  // What a dead process would still have done is nobody's failure.
  const onRejection = (error: unknown): void => {
    if (errorCode(error) !== 'EDEAD') world.fail(error)
  }
  process.on('unhandledRejection', onRejection)
  try {
    await live()
  } catch (error) {
    failure = error ?? new Error('It failed without a reason.')
  } finally {
    process.off('unhandledRejection', onRejection)
  }
  return {
    failure,
    digest: world.trace.digest(),
    lastSteps: world.trace.last,
    calls: world.calls,
    deathCount: world.deathCount,
    startCount: startCountOf(),
  }
}
