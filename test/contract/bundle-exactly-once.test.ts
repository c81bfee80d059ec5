// Every row of an answered event lies in one Parquet file and no other, at whatever instruction the
// process is killed (nobody tells it before) and however old its events are: shown by killing it while
// it answers and while it writes, redelivering as a stream does, and counting the rows of each request.
import assert from 'node:assert'
import { after, before, describe, test } from 'node:test'
import { startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble } from '../doubles/v3io/v3io-double.ts'
import { flush } from './books.ts'
import { deploy, settingsFor } from './deployment.ts'
import { FunctionProcess } from './function-process.ts'
import { assertOnDisk, readRows } from './parquet-rows.ts'
import { type Prediction, prediction } from './predictions.ts'
import { cron, kafka, post } from './wire-events.ts'

const ROWS_PER_EVENT = 3
/** What a stream has not committed yet when its reader dies, it delivers again. */
const UNCOMMITTED_COUNT = 5

function fileCount({ logs }: FunctionProcess): number {
  return logs.filter(({ message }) => message === 'Parquet file written.').length
}

function troublesOf({ logs }: FunctionProcess): readonly unknown[] {
  return logs.filter(({ level }) => level !== 'info')
}

/** One shard, read by one process after the other. */
class Shard {
  readonly predictions: readonly Prediction[]
  readonly #shard: number
  #answeredCount = 0

  constructor(shard: number, predictions: readonly Prediction[]) {
    this.#shard = shard
    this.predictions = predictions
  }

  /** Events from the oldest that was not committed on, up to an offset. */
  next(end = this.predictions.length) {
    const start = Math.max(this.#answeredCount - UNCOMMITTED_COUNT, 0)
    const events = this.predictions
      .slice(start, end)
      .map(({ body }, index) => kafka(body, { shard: this.#shard, offset: start + index }))
    return { events, answered: (count: number) => this.#setAnswered(start + count) }
  }

  #setAnswered(count: number): void {
    this.#answeredCount = Math.max(this.#answeredCount, count)
  }
}

/** What the function writes to besides Parquet; it outlives every process. */
interface Outside {
  readonly settings: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

async function startV3io(): Promise<Outside> {
  const accessKey = 'key'
  const v3io = await startV3ioDouble({ accessKey })
  const framesd = await startFramesdDouble({ accessKey, webApiUrl: v3io.url })
  return {
    settings: {
      STORE_URL: 'v3io',
      V3IO_API: v3io.url,
      V3IO_FRAMESD: framesd.url,
      V3IO_ACCESS_KEY: accessKey,
    },
    close: async () => {
      await framesd.close()
      await v3io.close()
    },
  }
}

const stores: Readonly<Record<string, () => Promise<Outside>>> = {
  embedded: async () => ({ settings: {}, close: async () => undefined }),
  v3io: startV3io,
}

for (const [name, startOutside] of Object.entries(stores)) {
  describe(name, () => describeKills(startOutside))
}

function describeKills(startOutside: () => Promise<Outside>): void {
  const deployment = deploy({ withStore: true })
  let outside: Outside | undefined
  let running: FunctionProcess | undefined
  before(async () => {
    outside = await startOutside()
  })
  after(async () => {
    await running?.kill()
    await outside?.close()
  })

  // Small files and frequent looks, so that something is being written at any moment.
  const settings = {
    ...settingsFor(deployment),
    PARQUET_BATCHING_MAX_EVENTS: '20',
    TSDB_BATCHING_MAX_EVENTS: '1',
    KV_BATCHING_TIMEOUT_SECS: '0.05',
    FLUSH_INTERVAL_MS: '10',
    SPOOL_SEGMENT_BYTES: '8192',
  }

  /** The next process on the same folders. */
  async function restart(): Promise<FunctionProcess> {
    await running?.kill()
    running = await FunctionProcess.start({
      deployment,
      settings: { ...settings, ...outside?.settings },
    })
    return running
  }

  test('killed again and again: nothing is lost, nothing counts twice', async () => {
    const posted = prediction({ requestId: 'posted', rowCount: ROWS_PER_EVENT, model: 'model-0' })
    const shard = new Shard(
      0,
      Array.from({ length: 160 }, (_, offset) => {
        const model = `model-${offset % 2}`
        return prediction({ requestId: `offset-${offset}`, rowCount: ROWS_PER_EVENT, model })
      }),
    )

    // Killed while it answers; many events are still in the socket.
    const first = await restart()
    assert.equal((await first.ask(post(posted.body))).status_code, 202)
    const toFirst = shard.next(60)
    await first.send(...toFirst.events)
    await first.until(() => first.answers.length > 20 || undefined)
    await first.kill()
    toFirst.answered(first.answers.length - 1)

    // Killed while it writes files.
    const second = await restart()
    const toSecond = shard.next(110)
    await second.send(...toSecond.events)
    await second.until(() => fileCount(second) > 0 || undefined)
    await second.kill()
    toSecond.answered(second.answers.length)

    // Killed when everything was answered and is about to be written.
    const third = await restart()
    const toThird = shard.next()
    await third.send(...toThird.events)
    toThird.answered((await third.answersOfLast(toThird.events.length)).length)
    await third.send(cron())

    const last = await restart()
    await last.send(...shard.next().events)
    const { events, rows } = await flush(last)
    const all = [posted, ...shard.predictions]
    assert.equal(events['accepted'], all.length)
    assert.equal(rows.accepted, all.length * ROWS_PER_EVENT)
    await assertOnDisk(deployment, all)
    assert.equal((await readRows(deployment)).length, rows.accepted)
  })

  test('a stream that was kept for years is written like any other', async () => {
    const when = '2021-07-01 10:00:00.123456+00:00'
    const shard = new Shard(
      1,
      Array.from({ length: 80 }, (_, offset) =>
        prediction({ requestId: `old-${offset}`, rowCount: ROWS_PER_EVENT, model: 'old', when }),
      ),
    )
    const first = await restart()
    const toFirst = shard.next(40)
    const [opening, ...others] = toFirst.events
    assert(opening !== undefined)
    await first.ask(opening)
    await flush(first) // the endpoint is known: from here on rows need not wait for each other
    await first.send(...others)
    await first.until(() => fileCount(first) >= 3 || troublesOf(first).length > 0 || undefined)
    assert.deepEqual(troublesOf(first), [], 'each file follows the one before it at once')
    await first.kill()
    toFirst.answered(first.answers.length - 1)

    const second = await restart()
    await second.send(...shard.next().events)
    await flush(second)
    assert.deepEqual(troublesOf(second), [])
    await assertOnDisk(deployment, shard.predictions)
  })
}
