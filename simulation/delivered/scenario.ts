import type { Random } from '../random.ts'
import { PROJECTS } from '../records-before.ts'
import { anyLimits, envOf, type ProcessSettings, type Scenario } from '../scenario.ts'
import { trainingOf } from '../training.ts'

/** A run with ACK=delivered; a log is a shard of the stream. */
export interface DeliveredScenario extends Scenario {
  /** Functions that the shards are spread over, > 0. */
  readonly workerCount: number
  /** Offsets by which commits lag behind answers: ackWindowSize of the trigger, >= 1. */
  readonly window: number
  /** Time between two looks whether shards are still one's own. */
  readonly lookMs: number
}

/** No time of an event is too far ahead: an event may come again after the clock was set back. */
const WHEN_SKEW_MAX_SECS = 31_536_000
/** Nothing of a spool of its own matters here. */
const NO_SPOOL = { segmentBytes: 1024 * 1024, spoolBytesMax: 2 * 1024 * 1024 }

/** The scenario of a seed. */
export function deliveredScenarioOf(seed: number, random: Random): DeliveredScenario {
  const logCount = random.integer(1, 3)
  const window = random.integer(1, 6)
  return {
    syncEvery: false,
    logCount,
    hasSameEndpoints: logCount > PROJECTS.length || (logCount > 1 && random.chance(0.4)),
    eventsPerLog: random.integer(10, 40),
    hasRefusals: false,
    hasLateEvents: random.chance(0.6),
    aheadMsMax: 3000,
    settings: settingsOf(anyLimits(random), window),
    workerCount: random.integer(2, 3),
    window,
    lookMs: random.integer(2_000, 15_000),
    training: trainingOf(seed),
    trouble: {
      crashesMax: random.integer(0, 7),
      hasDiskTrouble: random.chance(0.3),
      hasStoreTrouble: random.chance(0.7),
      hasClockJumps: random.chance(0.2),
      changesLimits: random.chance(0.3),
      changesSkew: false,
    },
  }
}

/** The fixed scenario of the sweep: a shard moves once, and its old owner goes on. */
export function deliveredSweepScenario(): DeliveredScenario {
  const window = 4
  return {
    syncEvery: false,
    logCount: 1,
    hasSameEndpoints: false,
    eventsPerLog: 12,
    hasRefusals: false,
    hasLateEvents: true,
    aheadMsMax: 3000,
    settings: settingsOf(
      envOf({ sampleWindow: 2, rowsMax: 3, parquetSecs: 5, tsdbEvents: 2 }),
      window,
    ),
    workerCount: 2,
    window,
    lookMs: 4_000,
    training: null,
    trouble: null,
  }
}

function settingsOf(env: ProcessSettings['env'], window: number): ProcessSettings {
  const delivered = { ACK: 'delivered', ACK_WINDOW_SIZE: String(window) }
  return { ...NO_SPOOL, env: { ...env, ...delivered }, whenSkewMaxSecs: WHEN_SKEW_MAX_SECS }
}

/** Other limits of batches, as after a redeploy; what decides values stays. */
export function withOtherBatches(
  { env }: ProcessSettings,
  { window }: DeliveredScenario,
  random: Random,
): ProcessSettings {
  return settingsOf(anyLimits(random, Number(env['SAMPLE_WINDOW'])), window)
}
