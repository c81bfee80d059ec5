import type { CrashPlan, CrashSide } from './gate.ts'
import type { Random } from './random.ts'
import type { Trouble } from './scenario.ts'
import type { SimulatedLog } from './simulated-log.ts'
import type { World } from './world.ts'

const HOUR_MS = 3_600_000
const CALLS_BETWEEN_CRASHES_MAX = 260
const SIDES: readonly [CrashSide, ...CrashSide[]] = ['before', 'inside', 'inside', 'after']

/** Makes trouble until the world is healed: crashes at some calls, and from time to time something else. */
export function beginChaos(world: World, logs: readonly SimulatedLog[], trouble: Trouble): void {
  const mayDie = (name: string): boolean => logs.find((log) => log.name === name)?.mayDie === true
  world.crashes = anyCrashes(world, mayDie, trouble)
  const again = (): void => {
    world.scheduler.after(world.random.integer(100, 2000), () => {
      if (world.isHealed) return
      makeTrouble(world, logs, trouble)
      again()
    })
  }
  again()
}

/** Now and then a call is the last one of its process, if that one may die. */
export function anyCrashes(
  world: World,
  mayDie: (name: string) => boolean,
  { crashesMax }: Trouble,
): CrashPlan {
  const { random } = world
  let left = crashesMax
  let nextCall = random.integer(1, CALLS_BETWEEN_CRASHES_MAX)
  return {
    sideOf: (callNumber, call, name) => {
      if (world.isHealed || left === 0) return null
      nextCall = Math.min(nextCall, callNumber + riskyIn(call, random))
      if (callNumber < nextCall) return null
      if (!mayDie(name)) return null
      left--
      // Often soon again, so that starts die as well.
      const most = random.chance(0.3) ? 20 : CALLS_BETWEEN_CRASHES_MAX
      nextCall = callNumber + random.integer(1, most)
      return random.pick(SIDES)
    },
  }
}

/** Calls until a death would be most telling; infinite for most calls. */
function riskyIn(call: string, random: Random): number {
  // What is not delivered by now is lost if the log begins behind it.
  if (call.startsWith('rename') && random.chance(0.5)) return random.integer(1, 8)
  // Appended, not synced, not answered.
  if (call.startsWith('sync 0') && random.chance(0.04)) return 0
  return Number.POSITIVE_INFINITY
}

function makeTrouble(world: World, logs: readonly SimulatedLog[], trouble: Trouble): void {
  const { random, store, faults, clock } = world
  const log = logs[random.integer(0, logs.length - 1)]
  if (log === undefined) return
  switch (random.integer(0, 7)) {
    case 0:
      if (trouble.hasDiskTrouble && log.mayDie) {
        log.disk.state = random.pick(['well', 'full', 'bad'])
      }
      return
    case 1:
      log.disk.state = 'well'
      return
    case 2:
      if (trouble.hasStoreTrouble) store.isTroubled = random.chance(0.7)
      return
    case 3:
      // A letter that waits is not promised to outlive a replay under other settings.
      if (trouble.hasDiskTrouble && !trouble.changesSkew) log.lines.isFull = random.chance(0.5)
      return
    case 4:
      if (!trouble.hasClockJumps) return
      if (random.chance(0.5)) {
        faults.count('clock set forward')
        clock.jump(random.pick([70_000, 700_000, HOUR_MS, random.integer(1, 3 * HOUR_MS)]))
      } else {
        faults.count('clock set back')
        clock.jump(-random.pick([5_000, 70_000, HOUR_MS]))
      }
      return
    case 5:
      if (trouble.crashesMax > 0 && random.chance(0.3)) log.kill()
      return
    case 6:
    case 7: {
      // Asked for by cron; it is over when all is written, or never, if the process dies before.
      const flush = log.pipeline?.flushAll()
      flush?.catch((error: unknown) => world.fail(error))
    }
  }
}
