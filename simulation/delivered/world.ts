import type { FaultBook } from '../fault-book.ts'
import type { Random } from '../random.ts'
import { SimulatedLines } from '../simulated-lines.ts'
import { World } from '../world.ts'
import { Histories } from './history.ts'
import type { DeliveredScenario } from './scenario.ts'

/** What all workers of a run share besides. */
export interface DeliveredWorld extends World {
  readonly scenario: DeliveredScenario
  readonly histories: Histories
  /** Dead letters of a shard's log, in a folder that outlives all processes. */
  readonly linesOf: (log: string) => SimulatedLines
  /** Of the newest owner of a shard's log, 0 for none. */
  readonly epochOf: (log: string) => number
}

/** A world for a scenario with ACK=delivered. */
export function deliveredWorld(
  scenario: DeliveredScenario,
  random: Random,
  faults?: FaultBook,
): DeliveredWorld {
  const world = new World(scenario, random, faults)
  const lines = new Map<string, SimulatedLines>()
  const linesOf = (log: string): SimulatedLines => {
    const known = lines.get(log) ?? new SimulatedLines(random, world.faults)
    lines.set(log, known)
    return known
  }
  const epochOf = (log: string): number => world.store.memory.shardLogs.get(log)?.epoch ?? 0
  return Object.assign(world, { scenario, histories: new Histories(), linesOf, epochOf })
}
