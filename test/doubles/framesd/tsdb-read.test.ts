// Reads of the TSDB: what of the stored samples comes back, and in which form.
import { strict as assert } from 'node:assert'
import { after, before, test } from 'node:test'
import type { WireFrame } from './frames-messages.ts'
import { type FramesdDouble, startFramesdDouble } from './framesd-double.ts'
import { create, KEY, read, rows, times, write } from './test-client.ts'

const NOW_MS = 10_000_000
let double: FramesdDouble
before(async () => {
  double = await startFramesdDouble({ accessKey: KEY, nowMs: () => NOW_MS })
  await create(double.url)
  await write(double.url, rows([1000, 'a', 1], [2000, 'a', 3], [61_000, 'a', 5], [1000, 'b', 7]))
  const other = { ...rows([1000, 'a', 10], [3000, 'a', 20]) }
  await write(double.url, {
    ...other,
    columns: [
      { name: 'n', dtype: 'FLOAT', floats: [10, 20] },
      { name: 's', dtype: 'STRING', strings: ['x', 'y'] },
    ],
  })
})
after(() => double.close())

/** Frames as `id: [[time in ms, ...values]]`, in the order of the columns. */
function tables(frames: readonly WireFrame[]): readonly (readonly [string, unknown[][]])[] {
  return frames.map((frame) => {
    assert.equal(frame.error, '')
    const columns = frame.columns.filter(({ kind }) => kind === 'SLICE')
    const times = frame.indices.find(({ name }) => name === 'time')?.times ?? []
    const cells = times.map((time, row) => [
      Number(time / 1_000_000n),
      ...columns.map(({ dtype, floats, strings }) => (dtype === 'FLOAT' ? floats : strings)[row]),
    ])
    return [frame.labels['id']?.sval ?? '', cells]
  })
}

async function errorOf(fields: object): Promise<string> {
  const frames = await read(double.url, fields)
  assert.equal(frames.length, 1)
  assert.match(frames[0]?.error ?? '', /^can't query: /)
  return frames[0]?.error ?? ''
}

test('all metrics of a label set share its rows; a missing cell is NaN or empty, and null', async () => {
  const frames = await read(double.url)
  assert.deepEqual(tables(frames), [
    [
      'a',
      [
        [1000, 1, 10, 'x'],
        [2000, 3, Number.NaN, ''],
        [3000, Number.NaN, 20, 'y'],
        [61_000, 5, Number.NaN, ''],
      ],
    ],
    ['b', [[1000, 7]]],
  ])
  assert.deepEqual(
    frames[0]?.null_values.map(({ nullColumns }) => Object.keys(nullColumns)),
    [[], ['n', 's'], ['m'], ['n', 's']],
  )
})

test('columns choose metrics, in their order; one that a label set lacks is all null', async () => {
  assert.deepEqual(tables(await read(double.url, { columns: ['n', 'm'], end: '2000' })), [
    [
      'a',
      [
        [1000, 10, 1],
        [2000, Number.NaN, 3],
      ],
    ],
    ['b', [[1000, Number.NaN, 7]]],
  ])
  assert.deepEqual(await read(double.url, { columns: ['nothing'] }), [])
})

test('start and end are inclusive, in all their forms', async () => {
  const timesOf = async (start: string, end: string): Promise<unknown> =>
    tables(await read(double.url, { columns: ['m'], filter: "id=='a'", start, end })).flatMap(
      ([, cells]) => cells.map(([atMs]) => atMs),
    )
  assert.deepEqual(await timesOf('1000', '2000'), [1000, 2000])
  assert.deepEqual(await timesOf('1001', '60999'), [2000])
  assert.deepEqual(
    await timesOf('1970-01-01T00:00:01.5Z', '1970-01-01T01:01:01+01:00'),
    [2000, 61_000],
  )
  assert.deepEqual(await timesOf('0', 'now-9998s'), [1000, 2000])
  assert.deepEqual(await timesOf('now-9998s', 'now'), [2000, 61_000])
  // The default is the last hour, which is after all of this.
  assert.deepEqual(await timesOf('', ''), [])
  assert.deepEqual(await timesOf('', '3602000'), [2000, 61_000])
  for (const wrong of ['yesterday', '2021-06-01', '2021-06-01T10:00:00', 'now-1y', '1.5']) {
    assert.match(await errorOf({ start: wrong }), /RFC 3339|duration/)
  }
})

test('a filter is a condition on labels', async () => {
  const idsOf = async (filter: string): Promise<unknown> =>
    tables(await read(double.url, { filter })).map(([id]) => id)
  const cases = [
    ["id=='a'", ['a']],
    ['id=="b"', ['b']],
    ["id!='a'", ['b']],
    ["id IN ('b', 'c') OR id=='a'", ['a', 'b']],
    ["NOT (id=='a' and exists(id))", ['b']],
    ["_name=='n'", ['a']],
    ["starts(id,'a')", ['a']],
    ["nothing!='a'", []],
    ["id>'a' AND id<='b'", ['b']],
  ] as const
  for (const [filter, ids] of cases) assert.deepEqual(await idsOf(filter), ids, filter)
  for (const wrong of ["id='a'", "id=='a", 'id==', "(id=='a'", "id=='a' id=='b'", "what(id,'a')"]) {
    assert.match(await errorOf({ filter: wrong }), /bad filter/)
  }
})

test('aggregators make a column each and metric, in buckets of a step', async () => {
  const columns = ['m']
  const filter = "id=='a'"
  const asked = { columns, filter, aggregators: 'sum,count,avg,min,max,last,sqr', end: '120000' }
  const frames = await read(double.url, { ...asked, step: '1m' })
  assert.deepEqual(tables(frames), [
    [
      'a',
      [
        [0, 4, 2, 2, 1, 3, 3, 10],
        [60_000, 5, 1, 5, 5, 5, 5, 25],
      ],
    ],
  ])
  assert.equal(frames[0]?.columns[0]?.name, 'sum(m)')
  assert.deepEqual(frames[0]?.null_values, [])
  const whole = await read(double.url, { ...asked, aggregators: 'stddev,stdvar', step: '' })
  assert.deepEqual(tables(whole), [['a', [[0, 2, 4]]]])
  // A number without a unit is hours.
  const hours = await read(double.url, { ...asked, aggregators: 'count', step: '1' })
  assert.deepEqual(tables(hours), [['a', [[0, 3]]]])
  assert.match(await errorOf({ ...asked, step: '1x' }), /duration/)
  assert.match(await errorOf({ ...asked, aggregators: 'median' }), /Invalid aggregator/)
  assert.match(await errorOf({ columns: ['s'], aggregators: 'count' }), /string/)
})

test('group_by brings series together, and every series must have the label', async () => {
  await write(double.url, {
    columns: [{ name: 'g', dtype: 'FLOAT', floats: [1, 2, 4] }],
    indices: [
      ...(times(1000, 1000, 1000) ?? []),
      { name: 'id', dtype: 'STRING', strings: ['a', 'a', 'b'] },
      { name: 'type', dtype: 'STRING', strings: ['x', 'y', 'x'] },
    ],
  })
  const asked = { columns: ['g'], aggregators: 'sum', group_by: 'id' }
  const frames = await read(double.url, asked)
  assert.deepEqual(tables(frames), [
    ['a', [[0, 3]]],
    ['b', [[0, 4]]],
  ])
  assert.deepEqual(Object.keys(frames[0]?.labels ?? {}), ['id'])
  assert.match(
    await errorOf({ ...asked, columns: [], filter: "_name!='s'", group_by: 'type' }),
    /type/,
  )
  assert.match(await errorOf({ ...asked, aggregators: '' }), /group_by needs aggregators/)
})

test('multi_index puts the labels behind the time', async () => {
  const [flat, deep] = [await read(double.url), await read(double.url, { multi_index: true })]
  assert.ok(flat[0]?.columns.some(({ name, kind }) => name === 'id' && kind === 'LABEL'))
  assert.ok(deep[0]?.indices.some(({ name, kind }) => name === 'id' && kind === 'LABEL'))
  assert.deepEqual(
    deep[0]?.indices.map(({ name }) => name),
    ['time', 'id'],
  )
  assert.ok(!deep[0]?.columns.some(({ name }) => name === 'id'))
})

test('a frame has 256 rows at most, or as many as message_limit says', async () => {
  const many = Array.from({ length: 600 }, (_, index) => [index + 1, 'many', index] as const)
  await write(double.url, rows(...many))
  const filter = "id=='many'"
  const lengthsOf = async (fields: object): Promise<unknown> =>
    tables(await read(double.url, { filter, ...fields })).map(([, cells]) => cells.length)
  assert.deepEqual(await lengthsOf({}), [256, 256, 88])
  assert.deepEqual(await lengthsOf({ message_limit: 500 }), [500, 100])
  const [, second] = await read(double.url, { filter })
  assert.equal(second?.columns[0]?.floats[0], 256)
  assert.equal(second?.columns[1]?.size, 256n)
})

test('what the double does not know is an error inside of a 200', async () => {
  assert.match(await errorOf({ table: 'no/such' }), /failed to create adapter: No TSDB schema/)
  assert.match(await errorOf({ query: 'select * from x' }), /'query'/)
  assert.match(await errorOf({ backend: 'stream' }), /unknown backend/)
  assert.match(await errorOf({ start: '2', end: '1' }), /after end/)
})
