// The traps of a real framesd, one test each: what it drops, loses, refuses and dies of without
// telling the writer in time.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeWrite, type FrameParts } from './frames-messages.ts'
import { type FramesdDouble, type StoredSample, startFramesdDouble } from './framesd-double.ts'
import { framed } from './framing.ts'
import { create, KEY, read, rows, send, TABLE, times, write, writeBody } from './test-client.ts'

async function withTable(run: (double: FramesdDouble) => Promise<void>): Promise<void> {
  const double = await startFramesdDouble({ accessKey: KEY })
  try {
    await create(double.url)
    await run(double)
  } finally {
    await double.close()
  }
}

function stored(double: FramesdDouble): Record<string, readonly StoredSample[]> {
  return Object.fromEntries(double.series('projects', TABLE))
}

async function refused(double: FramesdDouble, frame: FrameParts, text: RegExp): Promise<void> {
  const answer = await write(double.url, frame)
  assert.equal(answer.status, 500)
  assert.match(answer.body.toString(), /^write error: can't add frame: /)
  assert.match(answer.body.toString(), text)
}

async function kills(double: FramesdDouble, frame: FrameParts): Promise<void> {
  const before = double.deaths.length
  await assert.rejects(write(double.url, frame))
  assert.equal(double.deaths.length, before + 1)
  assert.equal(double.requests.at(-1)?.status, null)
  const requestCount = double.requests.length
  await assert.rejects(read(double.url))
  assert.equal(double.requests.length, requestCount)
  double.revive()
  await read(double.url)
}

test('trap 1: a sample at or before the newest of its series is dropped and reported', () =>
  withTable(async (double) => {
    const first = await write(double.url, rows([2000, 'a', 1], [1000, 'a', 2], [2000, 'a', 3]))
    // The answer counts rows that came, not rows that are stored.
    assert.equal(first.body.toString(), '{"num_frames":1,"num_rows":3}\n')
    await write(double.url, rows([2000, 'a', 4], [1500, 'a', 5], [2001, 'a', 6], [1, 'b', 7]))
    assert.deepEqual(stored(double), {
      'm{id=a}': [
        { atMs: 1000, value: 2 },
        { atMs: 2000, value: 1 },
        { atMs: 2001, value: 6 },
      ],
      'm{id=b}': [{ atMs: 1, value: 7 }],
    })
    const told = double.dropped.map(({ table, series, atMs, value }) => [
      table,
      series,
      atMs,
      value,
    ])
    assert.deepEqual(told, [
      [TABLE, 'm{id=a}', 2000, 3],
      [TABLE, 'm{id=a}', 1500, 5],
      [TABLE, 'm{id=a}', 2000, 4],
    ])
  }))

test('what is stored and what is dropped is what a dull model says', async () => {
  const row = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom('a', 'b'), fc.integer())
  const frames = fc.array(fc.array(row, { minLength: 1, maxLength: 6 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(frames, (all) =>
      withTable(async (double) => {
        const expected = new Map<string, StoredSample[]>()
        let droppedCount = 0
        for (const frame of all) {
          await write(double.url, rows(...frame))
          for (const [atMs, id, value] of frame.toSorted(([a], [b]) => a - b)) {
            const samples = expected.get(`m{id=${id}}`) ?? []
            if (samples.every((sample) => sample.atMs < atMs)) samples.push({ atMs, value })
            else droppedCount += 1
            expected.set(`m{id=${id}}`, samples)
          }
        }
        assert.deepEqual(stored(double), Object.fromEntries(expected))
        assert.equal(double.dropped.length, droppedCount)
      }),
    ),
    { numRuns: 30 },
  )
})

test('labels of the frame win over an index of the same name', () =>
  withTable(async (double) => {
    const more = { name: 'x', dtype: 'STRING', strings: ['from the index'] } as const
    const frame = rows([1, 'a', 1])
    await write(double.url, {
      ...frame,
      indices: [...(frame.indices ?? []), more],
      labels: { x: { sval: 'y' } },
    })
    assert.deepEqual(Object.keys(stored(double)), ['m{id=a,x=y}'])
  }))

test('times are cut to milliseconds', () =>
  withTable(async (double) => {
    const frame = {
      columns: [{ name: 'm', dtype: 'FLOAT', floats: [1, 2] }],
      indices: [
        {
          name: 't',
          dtype: 'TIME',
          times: [1_622_541_600_250_999_999n, 1_622_541_600_251_000_000n],
        },
      ],
    } as const
    await write(double.url, frame)
    const atMs = stored(double)['m{}']?.map((sample) => sample.atMs)
    assert.deepEqual(atMs, [1_622_541_600_250, 1_622_541_600_251])
  }))

test('trap 2: series vanish although the answer is good', () =>
  withTable(async (double) => {
    double.inject({ kind: { kind: 'lose' } })
    const all = await write(double.url, rows([1, 'a', 1], [1, 'b', 1]))
    assert.equal(all.body.toString(), '{"num_frames":1,"num_rows":2}\n')
    assert.deepEqual(stored(double), {})
    double.inject({ kind: { kind: 'lose', share: 0.5 } })
    await write(double.url, rows([1, 'a', 1], [1, 'b', 1], [1, 'c', 1], [1, 'd', 1]))
    assert.deepEqual(Object.keys(stored(double)), ['m{id=a}', 'm{id=c}'])
    // What was lost can be sent again.
    await write(double.url, rows([1, 'b', 1], [1, 'd', 1]))
    assert.equal(Object.keys(stored(double)).length, 4)
    assert.deepEqual(double.dropped, [])
  }))

test('trap 3: a missing session ends the process at every path', async () => {
  const double = await startFramesdDouble({ accessKey: KEY })
  try {
    for (const path of ['/read', '/create', '/delete', '/exec', '/history']) {
      await assert.rejects(send(double.url, { path, body: '{"backend":"tsdb","session":null}' }))
      assert.match(double.deaths.at(-1) ?? '', new RegExp(`^${path}: .*without session`))
      double.revive()
    }
    const body = framed(encodeWrite({ backend: 'tsdb', table: TABLE }))
    await assert.rejects(send(double.url, { path: '/write', body }))
    await assert.rejects(send(double.url, { path: '/version', body: '{}' }))
    double.revive()
    assert.equal((await send(double.url, { path: '/version', body: '{}' })).status, 200)
    assert.equal(double.deaths.length, 6)
  } finally {
    await double.close()
  }
})

test('trap 3: labels that are all empty in the first row end the process', () =>
  withTable(async (double) => {
    await kills(double, rows([1, '', 1], [2, 'a', 1]))
    // A label of the frame hides the only label index.
    await kills(double, { ...rows([1, 'a', 1]), labels: { id: { sval: 'b' } } })
    // Any other empty label the real one stores; the double refuses it.
    await refused(double, rows([1, 'a', 1], [2, '', 1]), /the label id is empty/)
    await refused(double, { ...rows([1, 'a', 1]), labels: { x: { sval: '' } } }, /label x is empty/)
    assert.deepEqual(stored(double), {})
  }))

test('trap 3: columns of different lengths end the process', () =>
  withTable(async (double) => {
    const frame = rows([1, 'a', 1], [2, 'a', 2])
    const [column] = frame.columns ?? []
    await kills(double, { ...frame, columns: [{ name: 'm', dtype: 'FLOAT', floats: [1] }] })
    await kills(double, {
      ...frame,
      indices: [...(times(1, 2) ?? []), { name: 'id', dtype: 'STRING', strings: ['a'] }],
    })
    // The list of another type is filled.
    await kills(double, { ...frame, columns: [{ ...column, name: 'm', dtype: 'INTEGER' }] })
    assert.deepEqual(stored(double), {})
  }))

test('trap 4: a quote in a label value loses that series, a comma makes other labels', () =>
  withTable(async (double) => {
    await refused(double, rows([1, "it's", 1], [1, 'b', 2]), /m\{id=it's\}/)
    assert.deepEqual(Object.keys(stored(double)), ['m{id=b}'])
    await write(double.url, rows([1, 'a,x=y', 3], [1, 'c=d', 4]))
    const labels = (await read(double.url)).map((frame) => frame.labels)
    assert.deepEqual(labels, [
      { id: { sval: 'b' } },
      { id: { sval: 'a' }, x: { sval: 'y' } },
      { id: { sval: 'c' } },
    ])
    for (const name of ['a-b', 'a.b', '1a', '', '__name__']) {
      await refused(
        double,
        { ...rows([2, 'b', 1]), labels: { [name]: { sval: 'v' } } },
        /label name/,
      )
    }
  }))

test('trap 5: a null is stored as 0, NaN and infinity as they are', () =>
  withTable(async (double) => {
    await write(double.url, {
      ...rows([1, 'a', 0], [2, 'a', Number.NaN], [3, 'a', Number.NEGATIVE_INFINITY]),
      null_values: [{ nullColumns: { m: true } }, { nullColumns: {} }, { nullColumns: {} }],
    })
    const [frame] = await read(double.url)
    assert.deepEqual(frame?.columns[0]?.floats, [0, Number.NaN, Number.NEGATIVE_INFINITY])
  }))

test('trap 6: a metric keeps the type of its first sample', () =>
  withTable(async (double) => {
    await write(double.url, rows([1, 'a', 1]))
    const text = {
      columns: [
        { name: 'm', dtype: 'STRING', strings: ['x'] },
        { name: 'n', dtype: 'STRING', strings: ['y'] },
      ],
      indices: times(5) ?? [],
    } as const
    await refused(double, text, /another type/)
    // Other series of the frame are stored all the same.
    assert.deepEqual(Object.keys(stored(double)), ['m{id=a}', 'n{}'])
    await refused(
      double,
      { ...text, columns: [{ name: 'n', dtype: 'FLOAT', floats: [1] }] },
      /type/,
    )
  }))

test('trap 7: integers and truths come back as doubles', () =>
  withTable(async (double) => {
    await write(double.url, {
      columns: [
        { name: 'i', dtype: 'INTEGER', ints: [9_007_199_254_740_993n] },
        { name: 'b', dtype: 'BOOLEAN', bools: [true] },
      ],
      indices: times(1) ?? [],
    })
    const [frame] = await read(double.url)
    const told = frame?.columns.map(({ name, dtype, floats }) => [name, dtype, ...floats])
    assert.deepEqual(told, [
      ['b', 'FLOAT', 1],
      ['i', 'FLOAT', 9_007_199_254_740_992],
    ])
  }))

test('trap 7: the TSDB takes no arguments of other backends', () =>
  withTable(async (double) => {
    for (const argument of [
      { save_mode: 'overwriteItem' },
      { condition: 'a>1' },
      { expression: 'a=1' },
      { partition_keys: ['a'] },
    ]) {
      const { status, body } = await send(double.url, {
        path: '/write',
        body: writeBody([rows([1, 'a', 1])], argument),
      })
      assert.equal(status, 500)
      assert.match(body.toString(), /cannot be used as an argument/)
    }
    assert.deepEqual(stored(double), {})
  }))

test('trap 8: a label called time comes back beside the index time', () =>
  withTable(async (double) => {
    await write(double.url, { ...rows([1, 'a', 1]), labels: { time: { sval: 'x' } } })
    const [flat] = await read(double.url)
    assert.deepEqual(
      [flat?.columns, flat?.indices].map((all) => all?.map(({ name }) => name)),
      [['m', 'id', 'time'], ['time']],
    )
    const [deep] = await read(double.url, { multi_index: true })
    assert.deepEqual(
      deep?.indices.map(({ name }) => name),
      ['time', 'id', 'time'],
    )
  }))
