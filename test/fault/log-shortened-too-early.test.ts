// While anything that a record brought is not delivered, the log is not shortened beyond it, whichever
// sink it waits for; when it is delivered, the log is shortened, and a process that begins there is what
// the old one was.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Outcome } from '../../lib/stream/ports.ts'
import { servingEvent } from '../support/serving-event.ts'
import { nextTurns, openTestPipeline, type TestPipeline } from '../support/test-pipeline.ts'

const ENV = {
  SAMPLE_WINDOW: '1',
  PARQUET_BATCHING_MAX_EVENTS: '1000',
  PARQUET_BATCHING_TIMEOUT_SECS: '1',
  TSDB_BATCHING_TIMEOUT_SECS: '1',
  KV_BATCHING_TIMEOUT_SECS: '1',
  SPOOL_SEGMENT_BYTES: '4096',
}
const RETRY: Outcome = { kind: 'retry', reason: 'It is told so.' }

async function pass(process: TestPipeline, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    process.clock.timeUs += 1_000_000
    process.pipeline.tick()
    await nextTurns()
  }
}

async function feed(process: TestPipeline, count: number, isGood: boolean): Promise<void> {
  for (let index = 0; index < count; index++) {
    process.clock.timeUs += 1_000_000
    const when = new Date(process.clock.timeUs / 1000).toISOString()
    process.accept(isGood ? servingEvent({ when }) : { when, model: 'm' })
    await nextTurns()
  }
}

function segments({ disk }: TestPipeline): readonly string[] {
  return [...disk.files.keys()].filter((name) => name.endsWith('.spool')).sort()
}

function hasBeginning({ disk }: TestPipeline): boolean {
  return [...disk.files.keys()].some((name) => /^checkpoint-\d+\.jsonl$/.test(name))
}

const hindrances: readonly {
  readonly what: string
  readonly begin: (process: TestPipeline) => void
  readonly end: (process: TestPipeline) => void
}[] = [
  ...(['kv', 'tsdb', 'parquet'] as const).map((sink) => ({
    what: `the ${sink} sink takes nothing`,
    begin: ({ store }: TestPipeline): void => {
      for (let count = 0; count < 10_000; count++) store.outcomes[sink].push(RETRY)
    },
    end: ({ store }: TestPipeline): void => {
      store.outcomes[sink].length = 0
    },
  })),
  {
    what: 'dead letters cannot be written',
    begin: ({ deadLetterDisk }) => {
      deadLetterDisk.isFull = true
    },
    end: ({ deadLetterDisk }) => {
      deadLetterDisk.isFull = false
    },
  },
]

for (const { what, begin, end } of hindrances) {
  test(`${what}: the log stays, and is shortened afterwards`, async () => {
    const process = await openTestPipeline(ENV)
    begin(process)
    await feed(process, 20, true)
    await feed(process, 1, false)
    await feed(process, 20, true)
    await pass(process, 30)
    assert(segments(process).length > 2)
    assert(!hasBeginning(process), 'nothing is the beginning yet')
    end(process)
    await pass(process, 60)
    await process.pipeline.flushAll()
    await pass(process, 5)
    assert(hasBeginning(process))
    assert(segments(process).length <= 2, segments(process).join())
    const state = process.pipeline.encodeState()
    const { rows, written, events } = process.pipeline.status()
    await process.pipeline.close()
    const heir = await openTestPipeline(ENV, process)
    assert.equal(heir.pipeline.encodeState(), state)
    assert.deepEqual(heir.pipeline.status().events, events)
    assert.deepEqual(heir.pipeline.status().rows, rows)
    assert.equal(heir.pipeline.status().written.parquetRows, written.parquetRows)
  })
}

test('a spool that is half full has its oldest rows written early, and a full one holds answers', async () => {
  const env = { ...ENV, PARQUET_BATCHING_TIMEOUT_SECS: '604800', SPOOL_BYTES_MAX: '16384' }
  const process = await openTestPipeline(env)
  await feed(process, 100, true)
  await pass(process, 5)
  assert(process.store.files.size > 0, 'rows are written long before their time')
  assert(process.pipeline.status().pending.parquetRows < 100)
  assert.equal(process.pipeline.holdReason, null)
  for (let count = 0; count < 10_000; count++) process.store.outcomes.parquet.push(RETRY)
  for (let count = 0; count < 100 && process.pipeline.holdReason === null; count++) {
    await feed(process, 1, true)
    await pass(process, 1)
  }
  assert.match(process.pipeline.holdReason ?? '', /SPOOL_BYTES_MAX/)
  process.store.outcomes.parquet.length = 0
  await pass(process, 60)
  assert.equal(process.pipeline.holdReason, null)
})

test('a beginning that cannot be read costs windows and counts, and no row', async () => {
  const process = await openTestPipeline(ENV)
  await feed(process, 40, true)
  await pass(process, 5)
  await process.pipeline.close()
  const name = [...process.disk.files.keys()].find((file) => /^checkpoint-\d+\.jsonl$/.test(file))
  assert(name !== undefined)
  process.disk.files.set(name, Uint8Array.of(1, 2, 3))
  const heir = await openTestPipeline(ENV, process)
  assert(heir.logged.some(({ message }) => message.startsWith('A checkpoint cannot be read')))
  assert(heir.disk.files.has(`${name}.damaged`))
  await feed(heir, 5, true)
  await heir.pipeline.flushAll()
  const rowCount = [...heir.store.files.values()].reduce((sum, file) => sum + file.rowCount, 0)
  assert.equal(rowCount, 45)
})

test('other windows after a restart: what still fits is kept', async () => {
  const process = await openTestPipeline(ENV)
  await feed(process, 40, true)
  await pass(process, 5)
  const [before] = process.pipeline.status().endpoints
  await process.pipeline.close()
  const heir = await openTestPipeline({ ...ENV, AGGREGATE_COUNT_WINDOWS: '5m,2h' }, process)
  const [after] = heir.pipeline.status().endpoints
  assert.equal(after?.predictions_per_second, before?.predictions_per_second)
  await heir.pipeline.close()
  const other = await openTestPipeline(
    { ...ENV, AGGREGATE_COUNT_PERIOD: '10s', AGGREGATE_AVG_PERIOD: '10s' },
    process,
  )
  assert.equal(other.pipeline.status().endpoints[0]?.predictions, 40)
})
