// Claim: with ACK=delivered nothing is lost and nothing counts twice although every process dies without a
// word and takes its whole disk with it: the stream is told to forget an event only when its rows are
// written and the state is stored. Shown with a stream that commits as Nuclio does, kills at random
// moments, the spool deleted at each of them, and a shard that moves to another worker and back.
import assert from 'node:assert'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { seededRandom } from '../../bench/support.ts'
import { startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble } from '../doubles/v3io/v3io-double.ts'
import { flush } from './books.ts'
import { deploy, settingsFor } from './deployment.ts'
import { FunctionProcess } from './function-process.ts'
import { assertOnDisk, readRows } from './parquet-rows.ts'
import { type Prediction, prediction } from './predictions.ts'
import { get, kafka } from './wire-events.ts'

const WINDOW = 20
const ROWS_PER_EVENT = 2
const ACCESS_KEY = 'key'
const NO_ACK = 'X-Nuclio-Stream-No-Ack'

/** A shard as Nuclio reads it: answers mark offsets, marks lag by the window and are committed now and then. */
class StreamShard {
  readonly shard: number
  readonly bodies: readonly string[]
  /** Delivery begins here after a restart. */
  committed = 0
  #mark = 0
  /** The next one to be delivered. */
  next = 0

  constructor(shard: number, bodies: readonly string[]) {
    this.shard = shard
    this.bodies = bodies
  }

  event() {
    const offset = this.next++
    return { offset, wire: kafka(this.bodies[offset] ?? '', { shard: this.shard, offset }) }
  }

  get isAtEnd(): boolean {
    return this.next >= this.bodies.length
  }

  answered(offset: number, isAcknowledged: boolean): void {
    if (isAcknowledged) this.#mark = Math.max(this.#mark, offset + 1 - WINDOW)
  }

  commit(): void {
    this.committed = Math.max(this.committed, this.#mark)
  }

  restart(): void {
    this.#mark = this.committed
    this.next = this.committed
  }
}

describe('with the embedded store', () =>
  describeDelivered(2, async () => ({ settings: {}, close: async () => undefined })))
describe('with V3IO', () =>
  describeDelivered(12, async () => {
    const v3io = await startV3ioDouble({ accessKey: ACCESS_KEY })
    const framesd = await startFramesdDouble({ accessKey: ACCESS_KEY, webApiUrl: v3io.url })
    return {
      settings: {
        STORE_URL: 'v3io',
        V3IO_API: v3io.url,
        V3IO_FRAMESD: framesd.url,
        V3IO_ACCESS_KEY: ACCESS_KEY,
      },
      close: async () => {
        await framesd.close()
        await v3io.close()
      },
    }
  }))

interface Outside {
  readonly settings: Readonly<Record<string, string>>
  readonly close: () => Promise<void>
}

function describeDelivered(killCount: number, startOutside: () => Promise<Outside>): void {
  const deployment = deploy({ withStore: true })
  const running: FunctionProcess[] = []
  let outside: Outside = { settings: {}, close: async () => undefined }
  before(async () => {
    outside = await startOutside()
  })
  after(async () => {
    for (const nuclio of running) await nuclio.kill()
    await outside.close()
  })

  async function start(): Promise<FunctionProcess> {
    const nuclio = await FunctionProcess.start({
      deployment,
      settings: {
        ...settingsFor(deployment),
        ACK: 'delivered',
        ACK_WINDOW_SIZE: String(WINDOW),
        PARQUET_BATCHING_MAX_EVENTS: '15',
        KV_BATCHING_TIMEOUT_SECS: '0.05',
        FLUSH_INTERVAL_MS: '10',
        SPOOL_ADOPT_INTERVAL_MS: '200',
        ...outside.settings,
      },
    })
    running.push(nuclio)
    return nuclio
  }

  test('killed again and again, the disk lost each time: each row once, and windows as counted by hand', async () => {
    const random = seededRandom(7)
    const predictions = [0, 1].map((shard) =>
      Array.from({ length: 150 }, (_, offset) =>
        prediction({
          requestId: `${shard}-${offset}`,
          rowCount: ROWS_PER_EVENT,
          model: `model-${offset % 3}`,
        }),
      ),
    )
    const shards = predictions.map((own, shard) => new StreamShard(shard, withErrors(own)))
    let kills = 0
    let nuclio = await start()
    while (shards.some((shard) => !shard.isAtEnd)) {
      const shard = shards[Math.floor(random() * shards.length)]
      if (shard === undefined || shard.isAtEnd) continue
      const { offset, wire } = shard.event()
      const isKilled = random() < 0.04 && kills < killCount
      if (isKilled) {
        await nuclio.send(wire)
        await wait(random() * 20)
        await nuclio.kill()
        kills++
        rmSync(join(deployment.data, 'spool'), { recursive: true, force: true })
        for (const one of shards) one.restart()
        nuclio = await start()
        continue
      }
      const answer = await nuclio.ask(wire)
      assert.equal(answer.status_code, 200)
      shard.answered(offset, answer.headers[NO_ACK] !== true)
      if (random() < 0.3) for (const one of shards) one.commit()
      if (random() < 0.1) await wait(20)
    }
    assert(kills > killCount / 2, `${kills} kills`)
    for (const one of shards) one.commit()
    const { rows } = await flush(nuclio)
    assert.equal(rows.accepted, 300 * ROWS_PER_EVENT)
    const all = predictions.flat()
    await assertOnDisk(deployment, all)
    assert.equal((await readRows(deployment)).length, all.length * ROWS_PER_EVENT)
    const records = JSON.parse((await nuclio.ask(get('/api/endpoints', ACCESS_KEY))).body)
    assert.equal(records.length, 3)
    for (const record of records) {
      assert.equal(record.error_count, 10, JSON.stringify(record))
      assert.equal(record.predictions_count_1h, 100 * ROWS_PER_EVENT)
    }
    for (const shard of shards) await acknowledgeLast(nuclio, shard)
  })
}

/** With all delivered, the last event is acknowledged before long, however busy the machine was until then. */
async function acknowledgeLast(nuclio: FunctionProcess, shard: StreamShard): Promise<void> {
  for (let tries = 0; shard.committed === 0; tries++) {
    assert(tries < 400, `shard ${shard.shard} is never acknowledged`)
    shard.next = shard.bodies.length - 1
    const { offset, wire } = shard.event()
    const answer = await nuclio.ask(wire)
    shard.answered(offset, answer.headers[NO_ACK] !== true)
    shard.commit()
    await wait(50)
  }
}

/** Bodies of predictions, and an error of the endpoint after every tenth. */
function withErrors(predictions: readonly Prediction[]): readonly string[] {
  return predictions.flatMap(({ body }, index) =>
    index % 10 === 9 ? [body, JSON.stringify({ ...JSON.parse(body), error: 'no' })] : [body],
  )
}
