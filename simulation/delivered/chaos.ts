import { anyCrashes } from '../chaos.ts'
import type { Trouble } from '../scenario.ts'
import type { Cluster } from './cluster.ts'
import type { DeliveredWorld } from './world.ts'

const HOUR_MS = 3_600_000
const STILL_MS_MAX = 20_000

/** Makes trouble until the world is healed: crashes at some calls, moves of shards, and from time to time something else. */
export function beginDeliveredChaos(
  world: DeliveredWorld,
  cluster: Cluster,
  trouble: Trouble,
): void {
  world.crashes = anyCrashes(world, () => true, trouble)
  const again = (): void => {
    world.scheduler.after(world.random.integer(100, 1500), () => {
      if (world.isHealed) return
      makeTrouble(world, cluster, trouble)
      again()
    })
  }
  again()
}

function makeTrouble(world: DeliveredWorld, cluster: Cluster, trouble: Trouble): void {
  const { random, store, faults, clock } = world
  const shard = cluster.shards[random.integer(0, cluster.shards.length - 1)]
  const process = cluster.living[random.integer(0, cluster.living.length - 1)]
  if (shard === undefined || process === undefined) return
  switch (random.integer(0, 8)) {
    case 0:
    case 1:
      cluster.move(shard, { isTold: random.chance(0.4) })
      return
    case 2:
      standStill(world, cluster)
      return
    case 3:
      if (trouble.hasStoreTrouble) store.isTroubled = random.chance(0.7)
      return
    case 4:
      if (trouble.hasDiskTrouble) world.linesOf(shard.name).isFull = random.chance(0.5)
      return
    case 5:
      if (!trouble.hasClockJumps) return
      if (random.chance(0.5)) {
        faults.count('clock set forward')
        clock.jump(random.pick([70_000, 700_000, HOUR_MS]))
      } else {
        faults.count('clock set back')
        clock.jump(-random.pick([5_000, 70_000, HOUR_MS]))
      }
      return
    case 6:
      if (trouble.crashesMax > 0 && random.chance(0.3)) process.kill()
      return
    case 7:
    case 8:
      process.flushAll().catch((error: unknown) => world.fail(error))
  }
}

/** A process hears of nothing for a while; its shards go elsewhere meanwhile, or do not. */
function standStill(world: DeliveredWorld, cluster: Cluster): void {
  const { random, faults } = world
  const process = cluster.living[random.integer(0, cluster.living.length - 1)]
  if (process === undefined) return
  faults.count('worker stood still')
  process.standStill(random.integer(1000, STILL_MS_MAX))
  if (random.chance(0.2)) return
  for (const shard of cluster.shards) {
    if (shard.owner === process) cluster.move(shard, { isTold: false })
  }
}
