import type { StorePorts } from '../simulated-store.ts'
import type { OwnedShard } from './worker.ts'
import type { DeliveredWorld } from './world.ts'

/** The same ports; what a process writes of a log that another one has by then is counted. */
export function watchedPorts(
  { store, parquet }: StorePorts,
  world: DeliveredWorld,
  ownedOf: (log: string) => OwnedShard | undefined,
): StorePorts {
  const { faults } = world
  const isZombie = (log: string): boolean => {
    const owned = ownedOf(log)
    return owned !== undefined && owned.epoch < world.epochOf(log)
  }
  return {
    store: {
      ...store,
      claims: {
        ...store.claims,
        create: async (claim) => {
          const isNew = await store.claims.create(claim)
          if (isNew && isZombie(claim.log)) faults.count('zombie made a claim')
          if (!isNew) faults.count('claim was there')
          return isNew
        },
      },
      ledger: {
        write: async (entries) => {
          const outcome = await store.ledger.write(entries)
          if (entries.some(({ log }) => isZombie(log))) faults.count('zombie wrote the ledger')
          return outcome
        },
      },
      logs: {
        ...store.logs,
        writeCheckpoint: async (log, checkpoint) => {
          const isOurs = await store.logs.writeCheckpoint(log, checkpoint)
          faults.count(isOurs ? 'checkpoint stored' : "zombie's checkpoint refused")
          return isOurs
        },
      },
    },
    parquet: {
      ...parquet,
      write: async (file) => {
        const outcome = await parquet.write(file)
        if (isZombie(file.claim.log)) faults.count('zombie wrote a file')
        return outcome
      },
    },
  }
}
