// Tables of the TSDB: made, refused, deleted as a whole and in part.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { type FramesdDouble, startFramesdDouble } from './framesd-double.ts'
import { create, KEY, read, rows, SESSION, sendJson, TABLE, write } from './test-client.ts'

async function withDouble(run: (double: FramesdDouble) => Promise<void>): Promise<void> {
  const double = await startFramesdDouble({ accessKey: KEY, nowMs: () => 10_000_000 })
  try {
    await run(double)
  } finally {
    await double.close()
  }
}

async function ask(double: FramesdDouble, path: string, fields: object): Promise<string> {
  const all = { session: SESSION, backend: 'tsdb', table: TABLE, ...fields }
  const { status, body } = await sendJson(double.url, path, all)
  assert.equal(status, body.toString() === 'OK' ? 200 : 500)
  return body.toString()
}

test('a table needs a rate, known aggregates and a granularity that divides a day', () =>
  withDouble(async (double) => {
    for (const wrong of [
      {},
      { rate: '10' },
      { rate: '10/d' },
      { rate: 'x/m' },
      { rate: '1/s', aggregates: 'count,median' },
      { rate: '1/s', aggregates: 'count,' },
      { rate: '1/s', aggregation_granularity: '7h' },
      { rate: '1/s', aggregation_granularity: '1d' },
      { rate: '1/s', aggregation_granularity: '0m' },
    ]) {
      assert.match(await ask(double, '/create', wrong), /rate|aggregat/)
    }
    assert.deepEqual(double.tables('projects'), [])
    const aggregates = 'count,avg,min,max,sum,sqr,last,rate,stddev,stdvar'
    const good = { rate: '10/m', aggregates, aggregation_granularity: '90m' }
    assert.equal(await ask(double, '/create', good), 'OK')
    assert.deepEqual(double.tables('projects'), [TABLE])
  }))

test('a table is made once, unless an existing one is to be ignored', () =>
  withDouble(async (double) => {
    assert.equal(await ask(double, '/create', { rate: '1/s' }), 'OK')
    await write(double.url, rows([1, 'a', 1]))
    assert.match(
      await ask(double, '/create', { rate: '1/s' }),
      /A TSDB table already exists at path/,
    )
    assert.equal(await ask(double, '/create', { rate: '1/s', if_exists: 1 }), 'OK')
    assert.equal(double.series('projects', TABLE).size, 1)
  }))

test('a delete without a range, metrics and filter takes the table away', () =>
  withDouble(async (double) => {
    await create(double.url)
    await write(double.url, rows([1, 'a', 1]))
    assert.equal(await ask(double, '/delete', { metrics: null }), 'OK')
    assert.deepEqual(double.tables('projects'), [])
    assert.equal((await write(double.url, rows([1, 'a', 1]))).status, 500)
    assert.match(await ask(double, '/delete', {}), /No TSDB schema/)
    assert.equal(await ask(double, '/delete', { if_missing: 1 }), 'OK')
    await create(double.url)
    assert.equal(double.series('projects', TABLE).size, 0)
  }))

test('a delete takes a range, metrics or a filter, by default of the last hour', () =>
  withDouble(async (double) => {
    await create(double.url)
    const left = (): unknown =>
      [...double.series('projects', TABLE)].map(([name, samples]) => [
        name,
        ...samples.map(({ atMs }) => atMs),
      ])
    // The hour before now (10 000 s) begins at 6400 s, the one before the end at 3400 s.
    await write(
      double.url,
      rows([1, 'a', 1], [7_000_000, 'a', 1], [7_000_001, 'a', 1], [1, 'b', 1]),
    )
    await ask(double, '/delete', { start: '0', end: '1', filter: "id=='b'" })
    assert.deepEqual(left(), [['m{id=a}', 1, 7_000_000, 7_000_001]])
    await ask(double, '/delete', { metrics: ['n'] })
    assert.deepEqual(left(), [['m{id=a}', 1, 7_000_000, 7_000_001]])
    await ask(double, '/delete', { metrics: ['m'], end: '7000000' })
    assert.deepEqual(left(), [['m{id=a}', 1, 7_000_001]])
    await ask(double, '/delete', { filter: "id=='a'" })
    assert.deepEqual(left(), [['m{id=a}', 1]])
    assert.match(await ask(double, '/delete', { start: 'x' }), /can't delete/)
    await ask(double, '/delete', { start: '0' })
    assert.deepEqual(await read(double.url), [])
    assert.deepEqual(double.tables('projects'), [TABLE])
  }))

test('the TSDB has no commands', () =>
  withDouble(async (double) => {
    await create(double.url)
    assert.equal(await ask(double, '/exec', { command: 'infer', args: {} }), "can't exec")
  }))
