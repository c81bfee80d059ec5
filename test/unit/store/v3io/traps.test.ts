// The traps of framesd's time series, each with what the store does about it. What cannot reach the store
// because the client refuses it has its tests in v3io-js-sdk.
import { strict as assert } from 'node:assert'
import { after, beforeEach, test } from 'node:test'
import type { MetricRow, Outcome, RefusedRow } from '../../../../lib/stream/ports.ts'
import {
  CONTAINER,
  startV3ioDoubles,
  TSDB_TABLE,
  type V3ioDoubles,
} from '../../../support/v3io-doubles.ts'

const AT_MS = 1_714_521_600_000
const written = { kind: 'written' }
const BASE = '{endpoint_id=e,record_type=base_metrics}'

let doubles: V3ioDoubles
beforeEach(async () => {
  await doubles?.close()
  doubles = await startV3ioDoubles({ timeoutMs: 300 })
})
after(() => doubles.close())

function row(offsetMs: number, values: Record<string, number | string>): MetricRow {
  return {
    endpointId: 'e',
    recordType: 'base_metrics',
    atMs: AT_MS + offsetMs,
    names: Object.keys(values),
    values: Object.values(values),
  }
}

/** Series -> [ms after AT_MS, value]. */
function stored(): Record<string, [number, unknown][]> {
  const series = doubles.framesd.series(CONTAINER, TSDB_TABLE)
  return Object.fromEntries(
    [...series].map(([name, samples]) => [
      name.replace(BASE, ''),
      samples.map(({ atMs, value }): [number, unknown] => [atMs - AT_MS, value]),
    ]),
  )
}

function refusedOf(outcome: Outcome): readonly RefusedRow[] {
  return outcome.kind === 'partial' ? outcome.refused : []
}

test('1: a row that is not newer than its series is told of and not sent; the others are written', async () => {
  const { tsdb } = doubles.store
  assert.deepEqual(await tsdb.write([row(5, { a: 1 }), row(7, { a: 2 })]), written)
  const outcome = await tsdb.write([row(6, { a: 3 }), row(8, { a: 4 }), row(8, { a: 5 })])
  assert.deepEqual(
    refusedOf(outcome).map(({ index }) => index),
    [0, 2],
  )
  assert.match(refusedOf(outcome)[0]?.reason ?? '', /as new as this one already/)
  assert.deepEqual(stored(), {
    a: [
      [5, 1],
      [7, 2],
      [8, 4],
    ],
  })
  assert.deepEqual(doubles.framesd.dropped, [], 'framesd had nothing to drop')
})

test('1: of a row with some late metrics the others are written', async () => {
  const { tsdb } = doubles.store
  await tsdb.write([row(5, { a: 1 })])
  const outcome = await tsdb.write([row(3, { a: 2, b: 3 }), row(6, { a: 4 })])
  assert.match(refusedOf(outcome)[0]?.reason ?? '', /already.*: a; the rest of the row is written/)
  assert.deepEqual(stored(), {
    a: [
      [5, 1],
      [6, 4],
    ],
    b: [[3, 3]],
  })
})

test('1: what is late of a row is told of when the rest of it is written, not before', async () => {
  const { tsdb } = doubles.store
  await tsdb.write([row(5, { a: 1 })])
  const late = row(3, { a: 2, b: 3 })
  const text = 'write error: incompatible data type'
  const refusal = { kind: 'status', status: 500, text } as const
  doubles.framesd.inject({ kind: refusal, times: 2 }) // both rows, then the first one alone
  doubles.framesd.inject({ kind: { kind: 'reset', applied: false }, times: 3 })
  const first = await tsdb.write([row(6, { a: 1 }), late])
  assert.deepEqual(first.kind === 'partial' && first.unwritten, [1])
  assert.deepEqual(
    refusedOf(first).map(({ index }) => index),
    [0],
  )
  const outcome = await tsdb.write([late])
  assert(outcome.kind === 'rejected')
  assert.match(outcome.reason, /: a; the rest of the row is written/)
  assert.deepEqual(stored()['b'], [[3, 3]])
})

test('1: rows whose answer was lost are not late when they come again', async () => {
  const { tsdb } = doubles.store
  await tsdb.write([row(1, { a: 1 })])
  // As often as the client tries by itself.
  doubles.framesd.inject({ kind: { kind: 'reset', applied: true }, times: 3 })
  const rows = [row(2, { a: 2 }), row(3, { a: 3 })]
  assert.equal((await tsdb.write(rows)).kind, 'retry')
  assert.deepEqual(await tsdb.write(rows), written)
  assert.deepEqual(stored(), {
    a: [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
  })
})

test('1: another process does not know what is there, and a replay changes nothing', async () => {
  const rows = [row(1, { a: 1 }), row(2, { a: 2 })]
  assert.deepEqual(await doubles.store.tsdb.write(rows), written)
  const before = stored()
  assert.deepEqual(await doubles.openAnother().tsdb.write(rows), written)
  assert.deepEqual(stored(), before)
  assert.equal(doubles.framesd.dropped.length, 2)
})

test('1: an interleaving of metrics loses none of them', async () => {
  const rows = [row(1, { a: 1, b: 1 }), row(2, { a: 2 }), row(3, { a: 3, b: 3 }), row(4, { b: 4 })]
  assert.deepEqual(await doubles.store.tsdb.write(rows), written)
  assert.deepEqual(stored()['a']?.length, 3)
  assert.deepEqual(stored()['b']?.length, 3)
  assert.deepEqual(doubles.framesd.dropped, [])
})

test('2: an answer that counts other rows than were sent is not believed', async () => {
  const { tsdb } = doubles.store
  await tsdb.write([row(1, { a: 1 })])
  doubles.framesd.inject({
    kind: { kind: 'body', status: 200, body: '{"num_frames":1,"num_rows":1}' },
  })
  const rows = [row(2, { a: 2 }), row(3, { a: 3 })]
  const outcome = await tsdb.write(rows)
  assert.equal(outcome.kind, 'retry')
  assert.match(outcome.kind === 'retry' ? outcome.reason : '', /took 1 rows in 1 frames of 2 in 1/)
  assert.deepEqual(await tsdb.write(rows), written)
  assert.equal(stored()['a']?.length, 3)
})

test('3: nothing that would end framesd is sent, and such a row does not cost its neighbours', async () => {
  const empty = { ...row(2, { a: 2 }), endpointId: '' }
  const outcome = await doubles.store.tsdb.write([row(1, { a: 1 }), empty, row(3, { a: 3 })])
  assert.deepEqual(
    refusedOf(outcome).map(({ index }) => index),
    [1],
  )
  assert.deepEqual(doubles.framesd.deaths, [])
  assert.equal(stored()['a']?.length, 2)
})

test('4: a label that framesd would garble is refused alone', async () => {
  const rows = ["it's", 'a,b', 'a=b'].map((endpointId, index) => ({
    ...row(index, { a: index }),
    endpointId,
  }))
  const outcome = await doubles.store.tsdb.write([...rows, row(9, { a: 9 })])
  assert.deepEqual(
    refusedOf(outcome).map(({ index }) => index),
    [0, 1, 2],
  )
  assert.deepEqual(stored(), { a: [[9, 9]] })
})

test('5: a metric that a row does not have is not stored as 0', async () => {
  await doubles.store.tsdb.write([row(1, { a: 1, b: 1 }), row(2, { a: 2 })])
  assert.deepEqual(stored()['b'], [[1, 1]])
})

test('6: a metric that is text here and a number there is two metrics', async () => {
  const { tsdb } = doubles.store
  const other = { ...row(1, { prediction: 'setosa' }), endpointId: 'other' }
  assert.deepEqual(await tsdb.write([row(1, { prediction: 1 }), other]), written)
  assert.deepEqual(await tsdb.write([row(2, { prediction: 'b' })]), written)
  const points = await doubles.store.reader.series({ metric: 'prediction', limit: 9 })
  assert.deepEqual(
    points.map(({ endpointId, value }) => [endpointId, value]),
    [
      ['e', 1],
      ['other', 'setosa'],
      ['e', 'b'],
    ],
  )
})

test('a row that framesd refuses does not cost its neighbours', async () => {
  const { tsdb } = doubles.store
  await tsdb.write([row(1, { a: 1 })])
  poison(666, 'write error: incompatible data type')
  const outcome = await tsdb.write([row(2, { a: 2 }), row(3, { a: 666 }), row(4, { a: 4 })])
  assert.deepEqual(
    refusedOf(outcome).map(({ index }) => index),
    [1],
  )
  assert.equal(stored()['a']?.length, 3)
})

test('a failure that says nothing is tried again for a while, and is narrowed down then', async () => {
  const { tsdb } = doubles.store
  await tsdb.write([row(1, { a: 1 })])
  poison(666, 'write error: something about these rows')
  const rows = Array.from({ length: 20 }, (_, index) => row(10 + index, { a: index }))
  rows[7] = row(17, { a: 666 })
  for (let attempt = 0; attempt < 8; attempt++) {
    const outcome = await tsdb.write(rows)
    assert.equal(outcome.kind, 'retry')
    assert.match(outcome.kind === 'retry' ? outcome.reason : '', /about these rows/)
  }
  const outcome = await tsdb.write(rows)
  assert.deepEqual(
    refusedOf(outcome).map(({ index, reason }) => [index, /about these rows/.test(reason)]),
    [[7, true]],
  )
  assert.equal(stored()['a']?.length, 20)
})

/** framesd fails at every write that holds a number. */
function poison(value: number, text: string): void {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  doubles.framesd.inject({
    times: Number.POSITIVE_INFINITY,
    matches: ({ path }) => path === '/write' && lastBody().includes(bytes),
    kind: { kind: 'status', status: 500, text },
  })
}

function lastBody(): Buffer {
  return doubles.framesd.requests.at(-1)?.body ?? Buffer.alloc(0)
}
