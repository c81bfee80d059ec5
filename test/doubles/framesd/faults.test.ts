// Faults on demand: each kind, which requests it meets, and how often.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type FramesdDouble, startFramesdDouble } from './framesd-double.ts'
import { create, KEY, read, rows, send, TABLE, write } from './test-client.ts'

async function withTable(run: (double: FramesdDouble) => Promise<void>): Promise<void> {
  const double = await startFramesdDouble({ accessKey: KEY })
  try {
    await create(double.url)
    await run(double)
  } finally {
    await double.close()
  }
}

function countOf(double: FramesdDouble): number {
  return double.series('projects', TABLE).get('m{id=a}')?.length ?? 0
}

test('status and body answer so and apply nothing', () =>
  withTable(async (double) => {
    double.inject({ kind: { kind: 'status', status: 503, text: 'busy' } })
    const busy = await write(double.url, rows([1, 'a', 1]))
    assert.deepEqual([busy.status, busy.body.toString()], [503, 'busy'])
    double.inject({ kind: { kind: 'body', status: 200, body: Buffer.from([0, 255]) } })
    const odd = await write(double.url, rows([1, 'a', 1]))
    assert.deepEqual([odd.status, [...odd.body]], [200, [0, 255]])
    assert.equal(countOf(double), 0)
    assert.deepEqual(
      double.requests.map(({ status }) => status),
      [200, 503, 200],
    )
    assert.equal((await write(double.url, rows([1, 'a', 1]))).status, 200)
  }))

test('a reset breaks the connection, with the request applied or not', () =>
  withTable(async (double) => {
    double.inject({ kind: { kind: 'reset', applied: false } })
    await assert.rejects(write(double.url, rows([1, 'a', 1])))
    assert.equal(countOf(double), 0)
    double.inject({ kind: { kind: 'reset', applied: true } })
    await assert.rejects(write(double.url, rows([1, 'a', 1])))
    assert.equal(countOf(double), 1)
    assert.equal(double.requests.at(-1)?.status, null)
    assert.deepEqual(double.deaths, [])
  }))

test('a hang never answers, a delay answers late', () =>
  withTable(async (double) => {
    double.inject({ kind: { kind: 'hang' } })
    const hanging = write(double.url, rows([1, 'a', 1]))
    double.inject({ kind: { kind: 'delay', ms: 30 } })
    while (double.requests.length < 2) await new Promise(setImmediate)
    const order: string[] = []
    const late = write(double.url, rows([2, 'a', 2])).then(() => order.push('late'))
    while (double.requests.length < 3) await new Promise(setImmediate)
    await read(double.url).then(() => order.push('read'))
    await late
    assert.deepEqual(order, ['read', 'late'])
    assert.equal(countOf(double), 1)
    assert.equal(double.requests[1]?.status, null)
    // Closing ends what hangs.
    const broken = assert.rejects(hanging)
    await double.close()
    await broken
  }))

test('a fault meets what it matches, as often as it says, until faults are cleared', () =>
  withTable(async (double) => {
    const kind = { kind: 'status', status: 503, text: '' } as const
    double.inject({ matches: ({ path }) => path === '/write', times: 2, kind })
    double.inject({ times: Number.POSITIVE_INFINITY, kind: { ...kind, status: 429 } })
    const statusOf = async (path: string): Promise<number> =>
      (await send(double.url, { path, body: '{}' })).status
    assert.deepEqual(
      [await statusOf('/version'), await statusOf('/write'), await statusOf('/write')],
      [429, 503, 503],
    )
    assert.equal(await statusOf('/write'), 429)
    double.clearFaults()
    assert.equal(await statusOf('/version'), 200)
  }))

test('what is lost is spread evenly over the series', () =>
  withTable(async (double) => {
    double.inject({ kind: { kind: 'lose', share: 0.25 } })
    const ids = Array.from({ length: 8 }, (_, index) => `s${index}`)
    await write(double.url, rows(...ids.map((id) => [1, id, 1] as const)))
    assert.equal(double.series('projects', TABLE).size, 6)
    double.inject({ kind: { kind: 'lose' } })
    const lost = await send(double.url, {
      path: '/delete',
      body: JSON.stringify({ session: {}, backend: 'tsdb', table: TABLE }),
    })
    assert.deepEqual([lost.status, double.tables('projects').length], [200, 1])
  }))
