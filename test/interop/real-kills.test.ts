// Claim: nothing is lost and nothing counts twice, however often a worker is killed and whatever it is
// doing then. Shown by real kills of the built function at moments that a seed chooses, over a stream
// that delivers and commits as Nuclio does, with stores that outlive the workers in processes of their own.
//   REAL_KILLS_SEED=N  the same kills and events once more
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import type { Status } from '../contract/books.ts'
import {
  assertAudit,
  assertBooks,
  assertLetters,
  assertNoLeftovers,
  assertRecords,
  assertRows,
} from './kill-checks.ts'
import { modelsOf, type StreamEvent } from './kill-events.ts'
import { KillRun, SETTLED_SHARDS } from './kill-run.ts'
import { type StoreProcess, startPostgresProcess, startV3ioProcess } from './kill-stores.ts'

/** Event id -> how often its rows may be there. */
type Twice = ReadonlyMap<string, number>

const KILLS = 100
const MOVES = 8
const KILLS_IN_RECOVERY = 10
const KILLS_BETWEEN_REBALANCES = 12
const DISK_LOSSES = 40
const KILLS_BETWEEN_MOVES = 5
const WINDOW = 100

const seed = Number(process.env['REAL_KILLS_SEED'] ?? Date.now() % 1_000_000)

const stores: Readonly<Record<string, () => Promise<StoreProcess>>> = {
  postgres: startPostgresProcess,
  v3io: startV3ioProcess,
}

for (const [name, startStore] of Object.entries(stores)) {
  describe(name, () => {
    let store: StoreProcess
    before(async () => {
      store = await startStore()
    })
    after(() => store?.stop())

    /** What a run leaves, whatever it was; ends it in any case. */
    async function withRun(
      context: TestContext,
      {
        database,
        window = 0,
        work,
      }: { database: string; window?: number; work: (run: KillRun) => Promise<Twice> },
    ): Promise<void> {
      context.diagnostic(`REAL_KILLS_SEED=${seed}`)
      const startedMs = Date.now()
      const run = await KillRun.begin(store, { name: database, seed, window })
      try {
        const twice = await work(run)
        const seconds = (Date.now() - startedMs) / 1000
        const statuses = await run.finish()
        const { given } = run.source
        context.diagnostic(`${run.tally}; ${given.length} events, ${seconds.toFixed(0)} s`)
        await assertAll(run, statuses, twice)
        const again = await run.startOnceMore()
        await assertAll(run, again, twice)
      } finally {
        await run.end()
      }
    }

    test('killed a hundred times: all is there once', async (context) => {
      const work = async (run: KillRun): Promise<Twice> => {
        const { tally } = run
        for (let count = 0; tally.recoveryCount < KILLS_IN_RECOVERY; count++) {
          assert(count < KILLS_IN_RECOVERY, String(tally))
          await run.killInRecovery()
        }
        for (let count = 1; tally.all < KILLS; count++) {
          await run.killOnce()
          if (count % KILLS_BETWEEN_REBALANCES === 0) await run.rebalance()
        }
        assert(tally.atWorkCount >= tally.all / 2, String(tally))
        return new Map()
      }
      await withRun(context, { database: 'kills', work })
    })

    test('killed, its disk lost, its shards moved, again and again: all is there once', async (context) => {
      const work = async (run: KillRun): Promise<Twice> => {
        for (let count = 1; count <= DISK_LOSSES; count++) {
          if (count % KILLS_BETWEEN_MOVES === 0) await run.killAndMove()
          else await run.killOnce()
          if (count % KILLS_BETWEEN_REBALANCES === 0) await run.rebalance()
        }
        return new Map()
      }
      await withRun(context, { database: 'delivered', window: WINDOW, work })
    })

    test('killed as its shards move: only what was not committed may be there twice', async (context) => {
      const work = async (run: KillRun): Promise<Twice> => {
        const twice = new Map<string, number>()
        for (let count = 0; count < MOVES; count++) {
          for (const { id } of await run.killAndMove()) twice.set(id, (twice.get(id) ?? 1) + 1)
          await run.killOnce()
        }
        return twice
      }
      await withRun(context, { database: 'moves', work })
    })
  })
}

async function assertAll(
  { source, store, deployment, workers }: KillRun,
  statuses: readonly Status[],
  twice: Twice,
): Promise<void> {
  const { given } = source
  const timesMax = ({ id }: StreamEvent): number => twice.get(id) ?? 1
  assertRows(await store.readRows(), given, timesMax)
  assertLetters(join(deployment.data, 'dead-letters'), given, timesMax)
  if (twice.size === 0) assertBooks(statuses, given)
  assertRecords(await store.readRecords(), given, SETTLED_SHARDS.flat().flatMap(modelsOf))
  await assertAudit(workers[0].env, deployment.data)
  await assertNoLeftovers(deployment.data)
  assert.deepEqual(
    workers.flatMap(({ troubles }) => troubles),
    [],
  )
}
