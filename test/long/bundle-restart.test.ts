// A restart answers its first events while it still reads the spool again, however much lies in it; in the
// end every event counts once, those that came meanwhile too. Shown by a process that is killed, hundreds of
// thousands of events that it has left in its spool, and the order of what the next one says: not by time.
import assert from 'node:assert'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openSegmentFolder } from '../../lib/store/disk/segment-folder.ts'
import { Spool } from '../../lib/stream/accept/spool.ts'
import { flush, type Status, statusOf } from '../contract/books.ts'
import { deploy, settingsFor } from '../contract/deployment.ts'
import { FunctionProcess } from '../contract/function-process.ts'
import { readRows } from '../contract/parquet-rows.ts'
import { prediction } from '../contract/predictions.ts'
import { get, kafka, post } from '../contract/wire-events.ts'
import { startFramesdDouble } from '../doubles/framesd/framesd-double.ts'
import { startV3ioDouble } from '../doubles/v3io/v3io-double.ts'

const ACCESS_KEY = 'key'
const LEFT = 300_000
const [HEAD = '', MIDDLE = '', TAIL = ''] = prediction({ requestId: 'ID' }).body.split('"ID"')

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
    SAMPLE_WINDOW: '10000',
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

async function statusNow(nuclio: FunctionProcess): Promise<Status> {
  return statusOf(await nuclio.ask(get('/status', ACCESS_KEY)))
}

function bodyOf(requestId: string): string {
  return [HEAD, MIDDLE, TAIL].join(`"${requestId}"`)
}

/** As a process leaves it that has answered all of these, and was killed before it wrote them anywhere. */
function fillSpool(from: number, count: number): void {
  const [log = ''] = readdirSync(join(deployment.data, 'spool'))
  const disk = openSegmentFolder(join(deployment.data, 'spool', log))
  const spool = new Spool(disk, { segmentBytes: 16 * 1024 * 1024, syncEvery: false })
  spool.open(() => assert.fail('a killed process damages nothing'))
  const arrivedAtUs = Date.now() * 1000
  for (let offset = from; offset < from + count; offset++) {
    const position = { shard: 'events/0', offset }
    const body = Buffer.from(bodyOf(`r${offset}`))
    spool.append({ kind: 'event', arrivedAtUs, position, body })
  }
  spool.close()
}

test('a restart with a full spool answers before it has read it again, and counts all once', async () => {
  const first = await start()
  const early = await first.ask(kafka(bodyOf('r0'), { offset: 0 }))
  assert.equal(early.status_code, 200)
  await flush(first)
  await first.kill()
  fillSpool(1, LEFT - 1)

  const second = await start()
  const before = await statusNow(second)
  assert.equal(before.catchingUp, true)
  assert((before.events['spooled'] ?? 0) > LEFT / 2, 'nearly all is still to be read')
  const ofStream = await second.ask(kafka(bodyOf(`r${LEFT}`), { offset: LEFT }))
  assert.deepEqual([ofStream.status_code, ofStream.body], [200, ''])
  const again = await second.ask(kafka(bodyOf('r7'), { offset: 7 }))
  assert.equal(again.status_code, 200)
  const pushed = await second.ask(post(bodyOf('pushed')))
  assert.deepEqual([pushed.status_code, pushed.body], [202, '{"outcome":"spooled"}'])
  const bad = await second.ask(post('{'))
  assert.equal(bad.status_code, 202, 'what is wrong with it is found out later')
  const since = await statusNow(second)
  assert.equal(since.catchingUp, true, 'all these were answered before the log was read')

  // Killed in the middle, the next process is as far as this one was.
  await second.kill()
  const third = await start()
  assert.equal((await statusNow(third)).catchingUp, true)
  await third.ask(post(bodyOf('pushed later')))
  const flushed = await flush(third)
  const counts = { accepted: LEFT + 3, duplicate: 1, rejected: 1 }
  for (const [name, count] of Object.entries(counts))
    assert.equal(flushed.events[name], count, name)
  assert.equal(flushed.rows.accepted, LEFT + 3)
  assert.equal(flushed.written['parquetRows'], LEFT + 3)
  const ids = (await readRows(deployment)).map(({ request_id: id }) => id)
  assert.equal(ids.length, LEFT + 3)
  assert.equal(new Set(ids).size, LEFT + 3)
  const live = await third.ask(post(bodyOf('live')))
  assert.equal(live.body, '{"outcome":"accepted"}')
})

test('a signal in the middle of it is answered at once: what is to be safe is in the spool', async () => {
  await running.at(-1)?.kill()
  fillSpool(LEFT + 1, LEFT)
  const nuclio = await start()
  assert.equal((await statusNow(nuclio)).catchingUp, true)
  nuclio.child.kill('SIGTERM')
  await nuclio.ask(kafka(bodyOf('after'), { offset: 2 * LEFT + 1 }))
  const { catchingUp } = await statusNow(nuclio)
  assert.equal(catchingUp, true)
  const { events } = await flush(nuclio)
  assert.equal(events['accepted'], 2 * LEFT + 5)
  const isLate = ({ message }: { message: string }): boolean => message.includes('is late')
  assert(!nuclio.logs.some(isLate))
})
