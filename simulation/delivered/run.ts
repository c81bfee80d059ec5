import assert from 'node:assert'
import { beginAudits } from '../check-ledger.ts'
import { sourcesOf } from '../events.ts'
import type { FaultBook } from '../fault-book.ts'
import type { Crash } from '../gate.ts'
import { Random } from '../random.ts'
import { PROJECTS, recordsBefore } from '../records-before.ts'
import { type RunResult, resultOf } from '../run-result.ts'
import { beginRegistrations } from '../training.ts'
import { BrokerShard } from './broker.ts'
import { beginDeliveredChaos } from './chaos.ts'
import { checkDelivered } from './check-delivered.ts'
import { Cluster } from './cluster.ts'
import { deliveredScenarioOf, deliveredSweepScenario } from './scenario.ts'
import { type DeliveredWorld, deliveredWorld } from './world.ts'

const SWEEP_SEED = 7
/** Between two looks at the books: before a zombie's lines are replaced. */
const AUDIT_MS = 3_000
/** Where trouble keeps events from being answered, it ends then. */
const TROUBLE_MS_MAX = 120_000
/** Until what is under way, or late, has come to an end. */
const LATE_MS = 30_000
/** Half a window of events takes longer than a checkpoint and what it waits for. */
const WINDOW_MS = 12_000
const LAST_MS = 2_500

/** Runs the schedule of a seed with ACK=delivered. */
export function runDeliveredSeed(seed: number, faults?: FaultBook): Promise<RunResult> {
  const random = new Random(seed)
  return run(deliveredWorld(deliveredScenarioOf(seed, random), random, faults))
}

/** Runs the fixed scenario with one crash at most. */
export function runDeliveredSweepPoint(
  crash: Crash | null,
  faults?: FaultBook,
): Promise<RunResult> {
  const world = deliveredWorld(deliveredSweepScenario(), new Random(SWEEP_SEED), faults)
  world.crashes = {
    sideOf: (callNumber) => (callNumber === crash?.call ? crash.side : null),
  }
  return run(world)
}

function run(world: DeliveredWorld): Promise<RunResult> {
  const cluster = clusterOf(world)
  return resultOf(
    world,
    () => live(world, cluster),
    () => cluster.startCount,
  )
}

function clusterOf(world: DeliveredWorld): Cluster {
  const { logCount, hasSameEndpoints, training } = world.scenario
  if (hasSameEndpoints) world.faults.count('shards with the same endpoints')
  const shards = Array.from({ length: logCount }, (_, index) => {
    const project = PROJECTS[hasSameEndpoints ? 0 : index] ?? PROJECTS[0]
    const sources = sourcesOf(project, { hasTraining: training !== null })
    return new BrokerShard(`events-${index}`, world, sources)
  })
  return new Cluster(world, shards)
}

async function live(world: DeliveredWorld, cluster: Cluster): Promise<void> {
  const { scenario, random, store } = world
  const { shards } = cluster
  for (const [id, attributes] of recordsBefore(scenario))
    store.memory.items.set(id, new Map(attributes))
  beginAudits(
    world,
    shards.map(({ name }) => ({ lines: world.linesOf(name) })),
    scenario.trouble === null ? undefined : AUDIT_MS,
  )
  beginRegistrations(world, PROJECTS, (id) => {
    for (const process of cluster.living) process.learn(id)
  })
  cluster.begin()
  if (scenario.trouble === null) {
    const [shard] = shards
    await world.goOnUntil(() => (shard?.answeredCount ?? 0) > 7, 'some events are answered')
    if (shard !== undefined) cluster.move(shard, { isTold: false })
  } else {
    beginDeliveredChaos(world, cluster, scenario.trouble)
    const isLate = (): boolean => world.scheduler.nowMs > TROUBLE_MS_MAX
    await world.goOnUntil(() => areAnswered(cluster) || isLate(), 'all events are answered')
    if (random.chance(0.5)) await world.pass(random.integer(0, 20_000))
    heal(world, cluster)
  }
  await untilDone(world, cluster)
  if (scenario.trouble !== null) await checkLag(world, cluster)
  await settleAll(world, cluster)
  await checkDelivered(world, cluster)
  cluster.openAnew()
  await untilDone(world, cluster)
  await flush(world, cluster)
  await checkDelivered(world, cluster)
}

function areAnswered({ shards }: Cluster): boolean {
  return shards.every(({ answeredCount, eventCount }) => answeredCount === eventCount)
}

/** Trouble is over: what is there goes on, or all begins anew. */
function heal(world: DeliveredWorld, cluster: Cluster): void {
  world.tell('all trouble is over')
  world.isHealed = true
  world.store.isTroubled = false
  world.clock.catchUp()
  for (const { name } of cluster.shards) world.linesOf(name).isFull = false
  for (const process of cluster.living) process.standStill(0)
  if (world.random.chance(0.5)) cluster.openAnew()
}

function untilDone(world: DeliveredWorld, { shards }: Cluster): Promise<void> {
  return world.goOnUntil(() => shards.every(({ isDone }) => isDone), 'owners have all events')
}

/** With healthy stores the commit lags by two windows at most, once it had a window to catch up in. */
async function checkLag(world: DeliveredWorld, cluster: Cluster): Promise<void> {
  const { window } = world.scenario
  const { shards } = cluster
  const gapMs = Math.ceil(WINDOW_MS / window)
  await world.pass(LATE_MS)
  for (const shard of shards) {
    shard.gapsMs = { min: gapMs, max: gapMs }
    shard.addSome(window)
  }
  await untilDone(world, cluster)
  for (let count = 0; count < window + 1; count++) {
    for (const shard of shards) shard.addSome(1)
    const { deathCount } = world
    await untilDone(world, cluster)
    // One that had met another owner's claims has begun anew.
    if (world.deathCount !== deathCount) return
    for (const { name, lag } of shards) {
      assert(lag <= 2 * window, `the commit of ${name} lags by ${lag}, its window is ${window}`)
    }
  }
  world.faults.count('lag checked')
}

/** Until nobody is left who takes a shard for his own that is not; then all is written. */
async function settleAll(world: DeliveredWorld, cluster: Cluster): Promise<void> {
  let deathCount: number
  do {
    deathCount = world.deathCount
    world.clock.setGoing()
    await world.pass(world.scenario.lookMs + LATE_MS)
    for (const shard of cluster.shards) shard.addPlain()
    await untilDone(world, cluster)
    // Twice, because an idle row may become due in between, and a checkpoint waits for it.
    for (let round = 0; round < 2; round++) {
      await flush(world, cluster)
      await world.pass(LAST_MS)
    }
    world.clock.freeze()
    await flush(world, cluster)
  } while (world.deathCount > deathCount)
}

/** Lets all processes write what they hold; once more where one dies meanwhile. */
async function flush(world: DeliveredWorld, cluster: Cluster): Promise<void> {
  let deathCount: number
  do {
    deathCount = world.deathCount
    await untilDone(world, cluster)
    for (const process of cluster.living) {
      let isWritten = false
      process.flushAll().then(
        () => {
          isWritten = true
        },
        (error: unknown) => world.fail(error),
      )
      await world.goOnUntil(() => isWritten || world.deathCount > deathCount, 'all is written')
    }
    await untilDone(world, cluster)
  } while (world.deathCount > deathCount)
}
