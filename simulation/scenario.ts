import { streamSettings } from '../handler/stream-settings.ts'
import { parseConfig } from '../lib/config/parse.ts'
import type { StreamSettings } from '../lib/stream/stream-settings.ts'
import type { Random } from './random.ts'
import { type Training, trainingOf } from './training.ts'

/** Settings of one process, smaller than the configuration lets anybody make them. */
export interface ProcessSettings {
  readonly env: Readonly<Record<string, string>>
  readonly segmentBytes: number
  readonly spoolBytesMax: number
  readonly whenSkewMaxSecs: number
}

/** What a run is made of; everything else comes from its generator. */
export interface Scenario {
  /** SPOOL_SYNC=every, which promises that an event survives a power cut. */
  readonly syncEvery: boolean
  /** One or two. */
  readonly logCount: number
  readonly hasSameEndpoints: boolean
  readonly eventsPerLog: number
  readonly hasRefusals: boolean
  readonly hasLateEvents: boolean
  readonly aheadMsMax: number
  readonly settings: ProcessSettings
  /** Null: no endpoint has one. */
  readonly training: Training | null
  /** Null: nothing goes wrong but what a sweep adds. */
  readonly trouble: Trouble | null
}

/** What may go wrong in a run. */
export interface Trouble {
  readonly crashesMax: number
  readonly hasDiskTrouble: boolean
  readonly hasStoreTrouble: boolean
  readonly hasClockJumps: boolean
  /** Settings that change while a process is down. */
  readonly changesLimits: boolean
  readonly changesSkew: boolean
}

const MUCH_BYTES = 1024 * 1024
const SKEWS_SECS: readonly [number, ...number[]] = [0, 2, 600]

/** The scenario of a seed. */
export function scenarioOf(seed: number, random: Random): Scenario {
  const logCount = random.chance(0.35) ? 2 : 1
  const changesSkew = random.chance(0.2)
  return {
    syncEvery: random.chance(0.5),
    logCount,
    hasSameEndpoints: logCount > 1 && random.chance(0.4),
    eventsPerLog: random.integer(10, 36),
    hasRefusals: random.chance(0.3),
    hasLateEvents: random.chance(0.6),
    aheadMsMax: random.pick([3000, 3000, 900_000]),
    settings: anySettings(random),
    training: trainingOf(seed),
    trouble: {
      crashesMax: random.integer(1, 9),
      hasDiskTrouble: random.chance(0.5),
      hasStoreTrouble: random.chance(0.7),
      hasClockJumps: random.chance(0.25),
      changesLimits: random.chance(0.4),
      changesSkew,
    },
  }
}

/** The fixed scenario of the sweep: everything happens in it, and nothing goes wrong by itself. */
export function sweepScenario({ syncEvery }: { readonly syncEvery: boolean }): Scenario {
  return {
    syncEvery,
    logCount: 2,
    hasSameEndpoints: false,
    eventsPerLog: 12,
    hasRefusals: false,
    hasLateEvents: true,
    aheadMsMax: 3000,
    settings: {
      env: envOf({ sampleWindow: 2, rowsMax: 3, parquetSecs: 5, tsdbEvents: 2 }),
      segmentBytes: 1200,
      spoolBytesMax: MUCH_BYTES,
      whenSkewMaxSecs: 600,
    },
    training: null,
    trouble: null,
  }
}

function anySettings(random: Random): ProcessSettings {
  const segmentBytes = random.integer(700, 4096)
  return {
    env: anyLimits(random),
    segmentBytes,
    spoolBytesMax: anySpoolBytes(segmentBytes, random),
    whenSkewMaxSecs: random.pick(SKEWS_SECS),
  }
}

/** At least two segments, as the configuration wants it. */
function anySpoolBytes(segmentBytes: number, random: Random): number {
  return random.pick([MUCH_BYTES, MUCH_BYTES, segmentBytes * 5, segmentBytes * 2])
}

/** Limits of batches by chance. */
export function anyLimits(
  random: Random,
  sampleWindow = random.integer(1, 3),
): ProcessSettings['env'] {
  return envOf({
    sampleWindow,
    rowsMax: random.integer(1, 6),
    parquetSecs: random.pick([2, 5, 20, 3600]),
    tsdbEvents: random.integer(1, 4),
  })
}

/** The settings that a scenario chooses, as the environment names them. */
export function envOf(limits: {
  readonly sampleWindow: number
  readonly rowsMax: number
  readonly parquetSecs: number
  readonly tsdbEvents: number
}): ProcessSettings['env'] {
  return {
    SAMPLE_WINDOW: String(limits.sampleWindow),
    PARQUET_BATCHING_MAX_EVENTS: String(limits.rowsMax),
    PARQUET_BATCHING_TIMEOUT_SECS: String(limits.parquetSecs),
    TSDB_BATCHING_MAX_EVENTS: String(limits.tsdbEvents),
    TSDB_BATCHING_TIMEOUT_SECS: '600',
    KV_BATCHING_TIMEOUT_SECS: '1',
    // A run has several windows, and a pane is 5 s.
    DRIFT_WINDOW: '1m',
  }
}

/** Other limits of batches; what decides values stays. */
export function withOtherLimits(settings: ProcessSettings, random: Random): ProcessSettings {
  const sampleWindow = Number(settings.env['SAMPLE_WINDOW'])
  return { ...settings, env: anyLimits(random, sampleWindow) }
}

/** Another size of segments. */
export function withOtherSegments(settings: ProcessSettings, random: Random): ProcessSettings {
  const segmentBytes = random.pick([random.integer(300, 900), random.integer(300, 4096)])
  return { ...settings, segmentBytes, spoolBytesMax: anySpoolBytes(segmentBytes, random) }
}

/** Another WHEN_SKEW_MAX. */
export function withOtherSkew(settings: ProcessSettings, random: Random): ProcessSettings {
  return { ...settings, whenSkewMaxSecs: random.pick(SKEWS_SECS) }
}

const parsed = new Map<string, StreamSettings>()

/** The settings as a pipeline takes them. */
export function streamSettingsOf(settings: ProcessSettings): StreamSettings {
  const { env, whenSkewMaxSecs } = settings
  const given = { ...env, WHEN_SKEW_MAX: String(whenSkewMaxSecs) }
  const key = JSON.stringify(given)
  const known = parsed.get(key) ?? streamSettings(parseConfig(given))
  parsed.set(key, known)
  return known
}
