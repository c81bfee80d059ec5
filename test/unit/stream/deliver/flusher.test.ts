// What is due goes to its sink; what a sink does not take now is tried again, what it took of a part is not
// given again, what it refuses for good is in the dead letters. Shown with a store that answers as it is told.
import assert from 'node:assert'
import { test } from 'node:test'
import { StreamError } from '../../../../lib/stream/errors.ts'
import { ROW } from '../../../../lib/stream/ports.ts'
import { rowsOfFile } from '../../../support/rows-of-file.ts'
import { call, SERVING_ID, servingEvent, whenAt } from '../../../support/serving-event.ts'
import {
  nextTurns,
  openTestPipeline,
  TEST_LOG,
  type TestPipeline,
} from '../../../support/test-pipeline.ts'

const SECOND_US = 1_000_000
const RETRY = { kind: 'retry', reason: 'away' } as const
const REJECTED = { kind: 'rejected', reason: 'never' } as const

async function opened(
  env: Readonly<Record<string, string>> = {},
  events: readonly unknown[] = [],
): Promise<TestPipeline> {
  const own = await openTestPipeline({ SAMPLE_WINDOW: '1', ...env })
  for (const event of events) own.accept(event)
  await nextTurns()
  return own
}

/** What the next looks of the timer write, the time going on by that much before each. */
async function tick({ clock, pipeline }: TestPipeline, afterSecs: number): Promise<void> {
  clock.timeUs += afterSecs * SECOND_US
  pipeline.tick()
  await nextTurns()
}

function lettersOf({ deadLetterLines }: TestPipeline): readonly Record<string, unknown>[] {
  return deadLetterLines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

function idsIn({ store }: TestPipeline): readonly (readonly unknown[])[] {
  return [...store.files.values()].map((file) => rowsOfFile(file).map((row) => row['request_id']))
}

/** Events of so many endpoints. */
function eventsOf(count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, index) => servingEvent({ model: `m${index}` }))
}

test('each write happens when it is due: records, then metrics, then files', async () => {
  const own = await opened({}, [servingEvent()])
  const seen = (): readonly number[] => [
    own.store.updates.length,
    own.store.rows.size,
    own.store.files.size,
  ]
  await tick(own, 1.9)
  assert.deepEqual(seen(), [0, 0, 0])
  await tick(own, 0.1)
  assert.deepEqual(seen(), [1, 0, 0])
  await tick(own, 297.9)
  assert.deepEqual(seen(), [1, 0, 0])
  await tick(own, 0.1)
  const [, metricRowCount = 0, fileCount] = seen()
  assert(metricRowCount >= 2)
  assert.equal(fileCount, 0)
  await tick(own, 3299.9)
  assert.equal(own.store.files.size, 0)
  await tick(own, 0.1)
  assert.equal(own.store.files.size, 1)
})

test('a file is full by its rows, is cut between events and holds one hour of one endpoint', async () => {
  const own = await opened({ PARQUET_BATCHING_MAX_EVENTS: '3' })
  own.accept(
    servingEvent(
      call('a', [
        [1, 1],
        [1, 2],
      ]),
    ),
  )
  await nextTurns()
  own.accept(servingEvent({ ...call('b', [[1, 3]]), when: whenAt('07:59:59') }))
  own.accept(servingEvent({ ...call('c', [[1, 4]]), model: 'other' }))
  own.accept(
    servingEvent(
      call('d', [
        [1, 5],
        [1, 6],
        [1, 7],
      ]),
    ),
  )
  own.accept(servingEvent(call('e', [[1, 8]])))
  await tick(own, 0)
  assert.deepEqual(idsIn(own), [['a', 'a', 'd', 'd', 'd']])
  await own.pipeline.flushAll()
  assert.deepEqual(idsIn(own).slice(1).sort(), [['b'], ['c'], ['e']])
  assert.deepEqual(
    own.store.claimed
      .filter(({ endpointId }) => endpointId === SERVING_ID)
      .map(({ hour, number, firstOffset, lastOffset }) => [hour, number, firstOffset, lastOffset]),
    // Offset 1 is the read of the record.
    [
      [498_224, 1, 0, 4],
      [498_223, 1, 2, 2],
      [498_224, 2, 5, 5],
    ],
  )
})

test('while a sink does not take anything, the others go on, and nothing is lost', async () => {
  for (const away of ['kv', 'tsdb', 'parquet'] as const) {
    const own = await opened({}, [servingEvent()])
    own.store.outcomes[away].push(...Array<typeof RETRY>(1000).fill(RETRY))
    const flushing = own.pipeline.flushAll()
    await nextTurns()
    const isThere = {
      kv: own.store.updates.length > 0,
      tsdb: own.store.rows.size > 0,
      parquet: own.store.files.size > 0,
    }
    assert.deepEqual(isThere, {
      kv: away !== 'kv',
      tsdb: away !== 'tsdb',
      parquet: away !== 'parquet',
    })
    const pending = own.pipeline.status().pending
    const names = { kv: 'records', tsdb: 'metricRows', parquet: 'parquetRows' } as const
    assert(pending[names[away]] > 0)
    own.store.outcomes[away].length = 0
    await flushing
    assert.deepEqual(own.pipeline.status().pending, { records: 0, metricRows: 0, parquetRows: 0 })
    assert.equal(own.store.files.size, 1)
    assert.equal(own.store.claimed.length, 1)
    const retries = own.logged.filter(({ message }) => /tried again/.test(message))
    assert(retries.length > 1)
    assert.deepEqual(retries[0]?.fields, { sink: away, reason: 'away', attemptCount: 1 })
    assert.deepEqual(own.deadLetterLines, [])
  }
})

test('files of one sink wait for each other and are written in order', async () => {
  const own = await opened({ PARQUET_BATCHING_MAX_EVENTS: '1' }, [
    servingEvent(call('a', [[1, 2]])),
  ])
  own.store.outcomes.parquet.push(RETRY, RETRY)
  Object.assign(own.store.claims, { list: () => assert.fail('its own claims are known to it') })
  for (const id of ['b', 'c']) own.accept(servingEvent(call(id, [[1, 2]])))
  await own.pipeline.flushAll()
  assert.deepEqual(idsIn(own), [['a'], ['b'], ['c']])
  assert.deepEqual(
    own.store.claimed.map(({ number }) => number),
    [1, 2, 3],
  )
})

test('of records that were taken in part, the unwritten are written again and no others', async () => {
  const own = await opened({}, eventsOf(4))
  own.store.outcomes.kv.push({
    kind: 'partial',
    unwritten: [1, 3],
    refused: [{ index: 2, reason: 'odd' }],
  })
  await own.pipeline.flushAll()
  const models = own.store.updates.map(({ attributes }) => attributes.get('model')?.value)
  assert.deepEqual(models, ['m0:v1', 'm1:v1', 'm3:v1'])
  const { written, refused } = own.pipeline.status()
  assert.deepEqual([written.records, refused.records], [3, 1])
  const [letter, ...others] = lettersOf(own)
  assert.deepEqual(others, [])
  assert.deepEqual([letter?.['sink'], letter?.['reason'], letter?.['log']], ['kv', 'odd', TEST_LOG])
  const { content } = letter as { content: Record<string, { value: unknown }> }
  assert.deepEqual(content['model'], { type: 'string', value: 'm2:v1' })
})

test('of metric rows that were taken in part, the unwritten are written again, in order', async () => {
  const times = ['08:00:00', '08:00:01', '08:00:02'].map((time) => whenAt(time))
  const own = await opened(
    {},
    times.map((when) => servingEvent({ when })),
  )
  own.store.outcomes.tsdb.push(
    { kind: 'partial', unwritten: [1, 2, 5], refused: [{ index: 0, reason: 'odd' }] },
    { kind: 'partial', unwritten: [2], refused: [] },
  )
  await own.pipeline.flushAll()
  // Two rows each, base_metrics and endpoint_features, at 0, 1 and 2 seconds.
  const places = [...own.store.rows.values()].map(({ atMs, recordType }) => [
    (atMs / 1000) % 60,
    recordType,
  ])
  assert.deepEqual(places, [
    [1, 'endpoint_features'],
    [2, 'base_metrics'],
    [0, 'endpoint_features'],
    [1, 'base_metrics'],
    [2, 'endpoint_features'],
  ])
  const { written, refused } = own.pipeline.status()
  assert.deepEqual([written.metricRows, refused.metricRows], [5, 1])
  assert.deepEqual(
    lettersOf(own).map(({ sink, key, reason }) => [sink, key, reason]),
    [['tsdb', `${SERVING_ID} base_metrics ${Date.parse('2026-11-02T08:00:00Z')}`, 'odd']],
  )
})

test('what is refused for good is in the dead letters, told once, counted, and held by no one', async () => {
  const rows = call(
    'x',
    [
      [1, 2],
      [3, 4],
    ],
    [1, [2, 3]],
  )
  const own = await opened({}, [servingEvent({ ...rows, labels: { a: 1 } }), ...eventsOf(1)])
  for (const sink of ['kv', 'tsdb', 'parquet'] as const) own.store.outcomes[sink].push(REJECTED)
  await own.pipeline.flushAll()
  const { written, refused, pending, rows: taken } = own.pipeline.status()
  assert.deepEqual(pending, { records: 0, metricRows: 0, parquetRows: 0 })
  assert.equal(refused.parquetRows, 2)
  assert.equal(taken.accepted, written.parquetRows + refused.parquetRows)
  assert.equal(refused.records, 2)
  // The first row's letter comes last: it says that those of the others are written.
  const letters = lettersOf(own)
    .filter(({ sink }) => sink === 'parquet')
    .reverse()
  assert.deepEqual(letters.map(({ key, reason, content }) => [key, reason, content]).sort(), [
    [`${SERVING_ID} 498224 1 0`, 'never', contentOf([1, 2], [1])],
    [`${SERVING_ID} 498224 1 1`, 'never', contentOf([3, 4], [2, 3])],
  ])
  assert.equal(own.logged.filter(({ message }) => /refused rows for good/.test(message)).length, 3)
  assert.deepEqual(idsIn(own), [['r']])
})

function contentOf([f0, f1]: readonly number[], prediction: readonly number[]): object {
  return {
    offset: 0,
    endpoint_id: SERVING_ID,
    at_us: Date.parse('2026-11-02T08:00:00Z') * 1000,
    request_id: 'x',
    latency: 5,
    functionUri: 'p/f:v1',
    model: 'm:v1',
    modelClass: 'Cls',
    prediction,
    named_features: { f0, f1 },
    labels: { a: '1' },
    entities: null,
    metrics: null,
  }
}

test('a claim that was made although its answer was lost is taken up, not made again', async () => {
  const own = await opened({}, [servingEvent()])
  const { create } = own.store.claims
  let isLost = true
  Object.assign(own.store.claims, {
    create: async (claim: Parameters<typeof create>[0]) => {
      const isCreated = await create(claim)
      if (isLost) {
        isLost = false
        throw new StreamError('store-unavailable', 'The answer was lost.')
      }
      return isCreated
    },
  })
  await own.pipeline.flushAll()
  assert.deepEqual(
    own.store.claimed.map(({ number, firstOffset, lastOffset }) => [
      number,
      firstOffset,
      lastOffset,
    ]),
    [[1, 0, 0]],
  )
  assert.deepEqual(idsIn(own), [['r']])
})

test('a number that is taken by rows before is passed over', async () => {
  const own = await opened({}, ['no event', servingEvent()])
  const other = { log: TEST_LOG, endpointId: SERVING_ID, hour: 498_224, number: 1 }
  own.store.claimed.push({ ...other, firstOffset: 0, lastOffset: 0 })
  await own.pipeline.flushAll()
  assert.deepEqual(
    own.store.claimed.map(({ number, firstOffset }) => [number, firstOffset]),
    [
      [1, 0],
      [2, 1],
    ],
  )
  assert.deepEqual(
    [...own.store.files.values()].map(({ claim }) => claim.number),
    [2],
  )
})

test('a claim is made before its file, and a file that is tried again keeps its claim', async () => {
  const own = await opened({}, [servingEvent()])
  own.store.outcomes.parquet.push(RETRY, RETRY)
  own.store.failures.push(new StreamError('store-unavailable', 'away'))
  const { write } = own.store.parquet
  const given: unknown[] = []
  Object.assign(own.store.parquet, {
    write: (file: Parameters<typeof write>[0]) => {
      assert.deepEqual(own.store.claimed.at(-1), file.claim)
      given.push([file.claim.number, file.rowCount, file.numbers[ROW.offset]])
      return write(file)
    },
  })
  await own.pipeline.flushAll()
  assert.deepEqual(given, [
    [1, 1, 0],
    [1, 1, 0],
    [1, 1, 0],
  ])
})

test('many records are written some at a time, each endpoint once', async () => {
  const own = await opened({ SAMPLE_WINDOW: '1000' }, eventsOf(450))
  const { write } = own.store.kv
  const counts: number[] = []
  Object.assign(own.store.kv, {
    write: (updates: Parameters<typeof write>[0]) => {
      counts.push(updates.length)
      return write(updates)
    },
  })
  await own.pipeline.flushAll()
  assert.deepEqual(counts, [200, 200, 50])
  assert.equal(new Set(own.store.updates.map(({ endpointId }) => endpointId)).size, 450)
})

test('a record that is tried again says what is known by then', async () => {
  const own = await opened({}, [servingEvent()])
  own.store.outcomes.kv.push(RETRY)
  const flushing = own.pipeline.flushAll()
  own.accept(servingEvent({ error: 'boom' }))
  await flushing
  assert.deepEqual(own.store.items.get(SERVING_ID)?.get('error_count'), { type: 'int', value: 1 })
})
