import { beginChaos } from './chaos.ts'
import { beginAudits } from './check-ledger.ts'
import { checkOutcome, type References } from './check-outcome.ts'
import { sourcesOf } from './events.ts'
import type { FaultBook } from './fault-book.ts'
import type { Crash } from './gate.ts'
import { EventLane } from './lane.ts'
import { Random } from './random.ts'
import { PROJECTS, recordsBefore } from './records-before.ts'
import { type RunResult, resultOf } from './run-result.ts'
import { scenarioOf, sweepScenario } from './scenario.ts'
import { SimulatedLog } from './simulated-log.ts'
import { beginRegistrations } from './training.ts'
import { World } from './world.ts'

const LOG_NAMES = [
  '00000000-0000-4000-8000-000000000001',
  '00000000-0000-4000-8000-000000000002',
] as const
const SWEEP_SEED = 7
/** Until a checkpoint is taken, has become the beginning, and segments are removed. */
const LAST_MS = 2_500
/** Until rows have left the shortest window, so that a timer has news of records to which no event came. */
const SILENCE_MS = 330_000

/** Where trouble keeps events from being answered, it ends then. */
const TROUBLE_MS_MAX = 200_000

/** One run of a sweep: where its only crash is, null for none. */
export interface SweepPoint {
  readonly syncEvery: boolean
  readonly crash: Crash | null
}

/** A log with those that give it events. */
interface Stream {
  readonly log: SimulatedLog
  readonly lanes: readonly EventLane[]
}

/** Runs the schedule of a seed. */
export function runSeed(seed: number, faults?: FaultBook): Promise<RunResult> {
  const random = new Random(seed)
  return run(new World(scenarioOf(seed, random), random, faults))
}

/** Runs the fixed scenario with one crash at most. */
export function runSweepPoint(
  { syncEvery, crash }: SweepPoint,
  faults?: FaultBook,
): Promise<RunResult> {
  const world = new World(sweepScenario({ syncEvery }), new Random(SWEEP_SEED), faults)
  world.crashes = {
    sideOf: (callNumber) => (callNumber === crash?.call ? crash.side : null),
  }
  return run(world)
}

function run(world: World): Promise<RunResult> {
  const streams = streamsOf(world)
  return resultOf(
    world,
    () => live(world, streams),
    () => streams.reduce((sum, { log }) => sum + log.starts.length, 0),
  )
}

function streamsOf(world: World): readonly Stream[] {
  const { logCount, hasSameEndpoints, eventsPerLog, training } = world.scenario
  if (logCount > 1) world.faults.count('two logs')
  if (hasSameEndpoints) world.faults.count('two logs with the same endpoints')
  return LOG_NAMES.slice(0, logCount).map((name, index) => {
    const log = new SimulatedLog(name, world)
    const project = PROJECTS[hasSameEndpoints ? 0 : index] ?? PROJECTS[0]
    const sources = sourcesOf(project, { hasTraining: training !== null })
    const lanes = ['events/0', 'events/1', null].map((shard) => {
      const eventCount = Math.ceil(eventsPerLog / 3)
      return new EventLane({ world, log, sources, shard, eventCount })
    })
    return { log, lanes }
  })
}

async function live(world: World, streams: readonly Stream[]): Promise<void> {
  const { scenario, random, store } = world
  for (const [id, attributes] of recordsBefore(scenario))
    store.memory.items.set(id, new Map(attributes))
  store.hasRefusals = scenario.hasRefusals
  const logs = streams.map(({ log }) => log)
  beginAudits(world, logs)
  beginRegistrations(world, PROJECTS, (id) => {
    for (const { pipeline } of logs) {
      pipeline?.learn(id).catch((error: unknown) => world.fail(error))
    }
  })
  if (scenario.trouble !== null) beginChaos(world, logs, scenario.trouble)
  for (const { log, lanes } of streams) {
    log.onStart = () => {
      for (const lane of lanes) if (random.chance(0.6)) lane.goBack()
    }
    log.open()
    for (const lane of lanes) lane.run()
  }
  const lanes = streams.flatMap((stream) => stream.lanes)
  const areDone = (): boolean => lanes.every((lane) => lane.isDone)
  const isLate = (): boolean => world.scheduler.nowMs > TROUBLE_MS_MAX
  await world.goOnUntil(() => areDone() || isLate(), 'all events are answered')
  if (random.chance(0.5)) await world.pass(random.integer(0, 20_000))
  if (scenario.trouble !== null) await heal(world, streams)
  const isSilent = scenario.trouble !== null && random.chance(0.1)
  let deathCount: number
  do {
    deathCount = world.deathCount
    world.clock.setGoing()
    for (const { lanes } of streams) lanes.at(-1)?.addPlain()
    await world.goOnUntil(areDone, 'all events are answered after the trouble')
    // Twice, because an idle row may become due in between, and the log waits for it.
    for (let round = 0; round < 2; round++) {
      await flush(world, logs)
      await world.pass(round === 0 && isSilent ? SILENCE_MS : LAST_MS)
    }
    world.clock.freeze()
    await flush(world, logs)
    // A crash of the sweep came so late that the log is shortened only with the next event.
  } while (world.deathCount > deathCount)
  await store.deliverLate()
  const references: References = new Map()
  await checkOutcome(world, streams, references)
  await openAnew(world, logs)
  await flush(world, logs)
  await checkOutcome(world, streams, references)
}

/** Trouble is over: a process begins at each log. */
async function heal(world: World, streams: readonly Stream[]): Promise<void> {
  world.tell('all trouble is over')
  world.isHealed = true
  world.store.isTroubled = false
  world.clock.catchUp()
  for (const { log } of streams) {
    log.disk.state = 'well'
    log.lines.isFull = false
  }
  await openAnew(
    world,
    streams.map(({ log }) => log),
  )
}

async function openAnew(world: World, logs: readonly SimulatedLog[]): Promise<void> {
  for (const log of logs) log.openAnew()
  await untilOpen(world, logs)
}

/** Lets all logs write what they hold; once more where a process dies meanwhile. */
async function flush(world: World, logs: readonly SimulatedLog[]): Promise<void> {
  let deathCount: number
  do {
    deathCount = world.deathCount
    await untilOpen(world, logs)
    for (const { pipeline } of logs) {
      let isWritten = false
      pipeline?.flushAll().then(
        () => {
          isWritten = true
        },
        (error: unknown) => world.fail(error),
      )
      await world.goOnUntil(() => isWritten || world.deathCount > deathCount, 'all is written')
    }
    await untilOpen(world, logs)
  } while (world.deathCount > deathCount)
}

function untilOpen(world: World, logs: readonly SimulatedLog[]): Promise<void> {
  const areOpen = (): boolean => logs.every(({ pipeline }) => pipeline !== null)
  return world.goOnUntil(areOpen, 'all logs are taken over')
}
