// Claim: the spool of a worker that is gone is taken over by one that lives, once, and never while its
// owner lives; then its events are delivered once and count with all others. Shown by two function
// processes on the same folders and one store, of which one is killed for good.
import assert from 'node:assert'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble } from '../doubles/v3io/v3io-double.ts'
import { flush, type Status, statusOf } from './books.ts'
import { deploy, settingsFor } from './deployment.ts'
import { FunctionProcess } from './function-process.ts'
import { assertOnDisk, readRows } from './parquet-rows.ts'
import { type Prediction, prediction } from './predictions.ts'
import { get, kafka } from './wire-events.ts'

const ACCESS_KEY = 'key'
const ADOPTED = 'Took over the spool of a process that is gone.'

const deployment = deploy({ withStore: false })
const running: FunctionProcess[] = []
let settings: Readonly<Record<string, string>> = {}
const closes: (() => Promise<void>)[] = []

before(async () => {
  const v3io = await startV3ioDouble({ accessKey: ACCESS_KEY })
  const framesd = await startFramesdDouble({ accessKey: ACCESS_KEY, webApiUrl: v3io.url })
  closes.push(
    () => framesd.close(),
    () => v3io.close(),
  )
  settings = {
    ...settingsFor(deployment),
    STORE_URL: 'v3io',
    V3IO_API: v3io.url,
    V3IO_FRAMESD: framesd.url,
    V3IO_ACCESS_KEY: ACCESS_KEY,
    SPOOL_ADOPT_INTERVAL_MS: '100',
  }
})
after(async () => {
  for (const nuclio of running) await nuclio.kill()
  for (const close of closes) await close()
})

async function start(): Promise<FunctionProcess> {
  const nuclio = await FunctionProcess.start({ deployment, settings })
  running.push(nuclio)
  return nuclio
}

type LogStatus = Status & { readonly log: string; readonly adopted: readonly string[] }

async function statusNow(nuclio: FunctionProcess): Promise<LogStatus> {
  return statusOf(await nuclio.ask(get('/status', ACCESS_KEY))) as LogStatus
}

function adoptionsOf({ logs }: FunctionProcess): number {
  return logs.filter(({ message }) => message === ADOPTED).length
}

function shardOf(shard: number, count: number): readonly Prediction[] {
  return Array.from({ length: count }, (_, offset) =>
    prediction({ requestId: `shard-${shard}-${offset}`, rowCount: 2, model: 'shared' }),
  )
}

async function sendAll(nuclio: FunctionProcess, shard: number, predictions: readonly Prediction[]) {
  await nuclio.send(...predictions.map(({ body }, offset) => kafka(body, { shard, offset })))
  await nuclio.answersOfLast(predictions.length)
}

test('two workers, one is killed for good: the other delivers and counts what it left', async () => {
  const [left, right] = [await start(), await start()]
  assert(left !== undefined && right !== undefined)
  const [ofLeft, ofRight] = [shardOf(0, 30), shardOf(1, 20)]
  await sendAll(left, 0, ofLeft)
  await sendAll(right, 1, ofRight)
  await right.ask(
    kafka(JSON.stringify({ ...JSON.parse(ofRight[0]?.body ?? ''), error: 'no' }), {
      shard: 1,
      offset: 20,
    }),
  )

  // Many looks later each has its own spool and no other.
  await wait(1_000)
  const [a, b] = [await statusNow(left), await statusNow(right)]
  assert.notEqual(a.log, b.log)
  assert.deepEqual([a.adopted, b.adopted], [[], []])

  await right.kill()
  await left.until(() => adoptionsOf(left) > 0 || undefined)
  const flushed = (await flush(left)) as LogStatus
  assert.deepEqual(flushed.adopted, [b.log])
  assert.equal(flushed.events['accepted'], 50)
  assert.equal(flushed.events['error'], 1)
  await assertOnDisk(deployment, [...ofLeft, ...ofRight])
  assert.equal((await readRows(deployment)).length, 100)

  const [record] = JSON.parse((await left.ask(get('/api/endpoints', ACCESS_KEY))).body)
  assert.equal(record.error_count, 1)
  assert.equal(record.first_request, record.last_request)

  // A worker that comes anew begins a spool of its own, and nobody takes anything twice.
  const third = await start()
  await wait(500)
  const c = await statusNow(third)
  assert(![a.log, b.log].includes(c.log))
  assert.deepEqual(c.adopted, [])
  assert.equal(adoptionsOf(left), 1)

  // What it has taken over survives its own death too, whoever finds it first.
  await left.kill()
  await third.until(() => adoptionsOf(third) === 2 || undefined)
  const last = (await flush(third)) as LogStatus
  assert.deepEqual([...last.adopted].sort(), [a.log, b.log].sort())
  assert.equal(last.events['accepted'], 50)
  assert.equal((await readRows(deployment)).length, 100)
  // The number of the lock is the owner's epoch: what those before would still write is older.
  const [now] = JSON.parse((await third.ask(get('/api/records', ACCESS_KEY))).body)
  assert.equal(
    now.stream_epoch,
    new Map([
      [a.log, 2],
      [b.log, 3],
    ]).get(now.stream_log),
  )
})

test('a worker that is stopped, and lives, keeps its spool', async () => {
  const before = running.length
  const stopped = await start()
  const { log } = await statusNow(stopped)
  stopped.child.kill('SIGSTOP')
  const other = await start()
  await wait(500)
  assert(!(await statusNow(other)).adopted.includes(log))
  stopped.child.kill('SIGCONT')
  assert.equal((await statusNow(stopped)).log, log)
  assert.equal(running.length, before + 2)
})
