// The process may be killed at any instruction, and nobody tells it before. Whatever the moment, the
// next process on the same folders loses nothing that was answered and counts nothing twice: shown by
// killing it while it answers and while it writes, redelivering as a stream does, and counting the rows
// of each request in the Parquet files.
import assert from 'node:assert'
import { after, test } from 'node:test'
import { flush } from './books.ts'
import { deploy, settingsFor } from './deployment.ts'
import { FunctionProcess } from './function-process.ts'
import { assertOnDisk, readRows } from './parquet-rows.ts'
import { prediction } from './predictions.ts'
import { cron, kafka, post } from './wire-events.ts'

const EVENT_COUNT = 160
/** What a stream has not committed yet when its reader dies, it delivers again. */
const UNCOMMITTED_COUNT = 5

const deployment = deploy({ withStore: true })
// Small files and frequent looks, so that something is being written at any moment.
const settings = {
  ...settingsFor(deployment),
  PARQUET_BATCHING_MAX_EVENTS: '20',
  TSDB_BATCHING_MAX_EVENTS: '1',
  KV_BATCHING_TIMEOUT_SECS: '0.05',
  FLUSH_INTERVAL_MS: '10',
  SPOOL_SEGMENT_BYTES: '8192',
}
const running: FunctionProcess[] = []

after(async () => {
  for (const nuclio of running) await nuclio.kill()
  deployment.remove()
})

async function start(): Promise<FunctionProcess> {
  const nuclio = await FunctionProcess.start({ deployment, settings })
  running.push(nuclio)
  return nuclio
}

const streamed = Array.from({ length: EVENT_COUNT }, (_, offset) =>
  prediction({ requestId: `offset-${offset}`, rowCount: 3, model: `model-${offset % 2}` }),
)

function fromStream(start: number, end: number) {
  return streamed
    .slice(start, end)
    .map(({ body }, index) => kafka(body, { offset: start + index }))
}

function fileCount({ logs }: FunctionProcess): number {
  return logs.filter(({ message }) => message === 'Parquet file written.').length
}

test('killed again and again: nothing is lost, nothing counts twice', async () => {
  const posted = prediction({ requestId: 'posted', rowCount: 3, model: 'model-0' })
  let answeredCount = 0
  const deliverFrom = (): number => Math.max(answeredCount - UNCOMMITTED_COUNT, 0)

  // Killed while it answers; many events are still in the socket.
  const first = await start()
  assert.equal((await first.ask(post(posted.body))).status_code, 202)
  await first.send(...fromStream(0, 60))
  await first.until(() => first.answers.length > 20 || undefined)
  await first.kill()
  answeredCount = first.answers.length - 1
  assert(answeredCount < 60, 'it was killed in the middle')

  // Killed while it writes files.
  const second = await start()
  const secondFrom = deliverFrom()
  await second.send(...fromStream(secondFrom, 110))
  setTimeout(()=>{console.log(second.answers.length, JSON.stringify(second.logs), JSON.stringify(first.logs), first.answers.length);process.exit(1)},8000)
  await second.until(() => fileCount(second) >= 3 || undefined)
  await second.kill()
  answeredCount = secondFrom + second.answers.length

  // Killed when everything was answered and is about to be written.
  const third = await start()
  await third.send(...fromStream(deliverFrom(), EVENT_COUNT))
  await third.answersOfLast(1)
  await third.send(cron())
  await third.kill()
  answeredCount = EVENT_COUNT

  const last = await start()
  await last.send(...fromStream(deliverFrom(), EVENT_COUNT))
  await last.answersOfLast(UNCOMMITTED_COUNT)
  const { events, rows } = await flush(last)
  assert.equal(events['accepted'], EVENT_COUNT + 1)
  assert.equal(rows.accepted, (EVENT_COUNT + 1) * 3)
  await assertOnDisk(deployment, [posted, ...streamed])
  assert.equal((await readRows(deployment)).length, rows.accepted)
})
