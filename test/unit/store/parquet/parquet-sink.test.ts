import assert from 'node:assert'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { parseOffsets } from '../../../../lib/store/parquet/parquet-metadata.ts'
import { parquetPath } from '../../../../lib/store/parquet/parquet-path.ts'
import { createParquetSink } from '../../../../lib/store/parquet/parquet-sink.ts'
import type { ValueKind } from '../../../../lib/stream/ports.ts'
import { anyRows } from './any-file.ts'
import type { DullRow, DullShape } from './dull-file.ts'
import { expectedRow, fileOf, plainRow } from './dull-file.ts'
import { readBack } from './read-back.ts'

// What goes into a file comes out of it, value by value, for a reader that is not the writer's. The
// built worker writes, hyparquet reads.

const root = mkdtempSync(join(tmpdir(), 'parquet-sink-'))
const sink = createParquetSink({ root, workerPath: resolve('dist/parquet-worker.js') })
after(async () => {
  await sink.close()
  rmSync(root, { recursive: true })
})

async function writeAndRead(rows: readonly DullRow[], shape: Partial<DullShape> = {}) {
  const file = fileOf(rows, shape)
  assert.deepEqual(await sink.write(file), { kind: 'written' })
  return readBack(parquetPath(root, file.claim))
}

async function assertComesBack(rows: readonly DullRow[], shape: Partial<DullShape> = {}) {
  const back = await writeAndRead(rows, shape)
  assert.deepEqual(
    back.rows,
    rows.map((row) => expectedRow(row, shape)),
  )
  assert.deepEqual(back.featureNames, shape.names ?? [])
  return back
}

test('what goes in comes out', async () => {
  await fc.assert(
    fc.asyncProperty(anyRows, async ({ rows, shape }) => {
      const back = await assertComesBack(rows, shape)
      assert.deepEqual(
        parseOffsets(back.metadata.get('model-monitoring.offsets') ?? ''),
        rows.map((row) => row.offset),
      )
    }),
  )
})

test('the columns have the documented types, and no column stands for no features', async () => {
  const { schema, codecs } = await writeAndRead([{ ...plainRow, features: [1, 'a'] }], {
    names: ['width', 'colour'],
    kinds: ['double', 'text'],
  })
  const string = 'BYTE_ARRAY {"type":"STRING"}'
  const entries = ['entries group null REPEATED', `key ${string} REQUIRED`]
  const texts = [...entries, `value ${string} OPTIONAL`]
  const fixed = [
    'arrow_schema group null ',
    'timestamp INT64 {"type":"TIMESTAMP","isAdjustedToUTC":true,"unit":"MICROS"} REQUIRED',
    `endpoint_id ${string} REQUIRED`,
    `function_uri ${string} REQUIRED`,
    `model ${string} REQUIRED`,
    `model_class ${string} OPTIONAL`,
    `request_id ${string} REQUIRED`,
    `first_request ${string} REQUIRED`,
    `last_request ${string} REQUIRED`,
    'latency INT64 null OPTIONAL',
    'error_count INT64 null OPTIONAL',
    'prediction group {"type":"LIST"} OPTIONAL',
    'list group null REPEATED',
    'element DOUBLE null OPTIONAL',
  ]
  const features = [
    'named_features group null REQUIRED',
    'width DOUBLE null OPTIONAL',
    `colour ${string} OPTIONAL`,
  ]
  const maps = [
    ...['labels group {"type":"MAP"} OPTIONAL', ...texts],
    ...['entities group {"type":"MAP"} OPTIONAL', ...texts],
    ...['metrics group {"type":"MAP"} OPTIONAL', ...entries, 'value DOUBLE null OPTIONAL'],
  ]
  assert.deepEqual(schema, [...fixed, ...features, ...maps])
  assert.deepEqual([...codecs], ['SNAPPY'])
  assert.deepEqual((await writeAndRead([plainRow])).schema, [...fixed, ...maps])
})

test('all-null columns and full ones have the same types', async () => {
  const shape = { names: ['a', 'b'], kinds: ['double', 'text'] as const }
  const nulls = { latencyUs: null, errorCount: null, prediction: null, labels: null }
  const empty = { ...plainRow, ...nulls, features: [null, null] }
  const full = {
    ...plainRow,
    features: [1, 'x'],
    metrics: new Map([['m', 0.5]]),
    entities: new Map([['user', '7']]),
  }
  const backEmpty = await assertComesBack([empty], shape)
  const backFull = await assertComesBack([full], shape)
  assert.deepEqual(backEmpty.schema, backFull.schema)
})

test('the numbers that people lose: -0, 2^53 - 1, largest and smallest', async () => {
  const values = [-0, 0, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.MIN_VALUE, 0.1, -1e-300]
  const rows = values.map((value) => ({
    ...plainRow,
    latencyUs: Number.MAX_SAFE_INTEGER,
    errorCount: 2 ** 32 + 1,
    features: [value, null],
    prediction: [value, null, value],
  }))
  await assertComesBack(rows, { names: ['a', 'b'], kinds: ['double', 'double'] })
})

test('an empty map is null, an empty list is a list', async () => {
  const none = { labels: new Map(), metrics: new Map(), entities: new Map(), prediction: [] }
  const { rows } = await assertComesBack([{ ...plainRow, ...none }, plainRow])
  assert.equal(rows[0]?.['labels'], null)
  assert.equal(rows[0]?.['metrics'], null)
  assert.deepEqual(rows[0]?.['prediction'], [])
})

test('names and keys may be anything', async () => {
  const names = [
    '__proto__',
    '',
    'a.b',
    '"',
    'constructor',
    'größe',
    '😀',
    'x'.repeat(5000),
    '0',
    'a',
  ]
  const labels = new Map(names.map((name) => [name, `of ${name}`]))
  const row = { ...plainRow, labels, features: names.map((_, index) => index) }
  await assertComesBack([row, row], { names, kinds: names.map(() => 'double') })
})

test('half a surrogate pair becomes U+FFFD, a whole one stays', async () => {
  const row = { ...plainRow, requestId: '\ud83d', lastRequest: '\ude00', features: ['😀\ud800'] }
  const next = { ...row, requestId: '\ude00', features: ['é'] }
  const { rows } = await assertComesBack([row, next], { names: ['a'], kinds: ['text'] })
  assert.equal(rows[0]?.['request_id'], '\ufffd')
  assert.deepEqual(rows[0]?.['named_features'], ['😀\ufffd'])
})

test('10,000 rows of 500 features, of many and of few values', { timeout: 120_000 }, async () => {
  const names = Array.from({ length: 500 }, (_, index) => `feature ${index}`)
  const kinds = names.map((_, index): ValueKind => (index % 100 === 7 ? 'text' : 'double'))
  const rows = Array.from({ length: 10_000 }, (_, row) => ({
    ...plainRow,
    atUs: plainRow.atUs + row,
    offset: row,
    requestId: `request ${row}`,
    errorCount: row % 5,
    features: kinds.map((kind, index) => {
      if ((row + index) % 50 === 0) return null
      const value = index % 2 === 0 ? Math.sin(row * 500 + index) : row % (index + 1)
      return kind === 'text' ? `text ${value}` : value
    }),
  }))
  const back = await writeAndRead(rows, { names, kinds })
  assert.equal(back.rows.length, rows.length)
  // Comparing five million values one by one by deepEqual takes minutes: texts are as good.
  rows.forEach((row, index) => {
    const features = back.rows[index]?.['named_features']
    assert.equal(JSON.stringify(features), JSON.stringify(row.features))
    assert.equal(back.rows[index]?.['request_id'], row.requestId)
  })
})

test('the same rows give the same bytes, whatever was written between', async () => {
  const file = fileOf([plainRow, { ...plainRow, requestId: 'b' }], { number: 5 })
  const path = parquetPath(root, file.claim)
  assert.deepEqual(await sink.write(file), { kind: 'written' })
  const first = readFileSync(path)
  const other = createParquetSink({ root, workerPath: resolve('dist/parquet-worker.js') })
  await other.warmUp()
  for (const each of [sink, other, sink]) {
    await each.write(fileOf([plainRow], { number: 6 }))
    assert.deepEqual(await each.write(file), { kind: 'written' })
    assert.ok(first.equals(readFileSync(path)))
  }
  await other.close()
})

test('files handed over together are written one after the other, all of them', async () => {
  const files = [11, 12, 13, 14].map((number) => fileOf([plainRow], { number }))
  const outcomes = await Promise.all(files.map((file) => sink.write(file)))
  assert.deepEqual(
    outcomes,
    files.map(() => ({ kind: 'written' })),
  )
  for (const { claim } of files) {
    const { metadata } = await readBack(parquetPath(root, claim))
    assert.equal(metadata.get('model-monitoring.number'), String(claim.number))
  }
})

test('rows that no table can hold are rejected, and the next file is written', async () => {
  const file = fileOf([plainRow])
  const outcome = await sink.write({ ...file, firstRequests: [] })
  assert.equal(outcome.kind, 'rejected')
  assert.equal((await sink.write({ ...file, predictions: new Float64Array(0) })).kind, 'rejected')
  assert.deepEqual(await sink.write(file), { kind: 'written' })
})

test('a file whose parts do not fit together is our own bug, and the next is written', async () => {
  const file = fileOf([plainRow])
  await assert.rejects(sink.write({ ...file, requestIds: [] }), assert.AssertionError)
  assert.deepEqual(await sink.write(file), { kind: 'written' })
})

test('a closed sink takes nothing', async () => {
  const closed = createParquetSink({ root, workerPath: resolve('dist/parquet-worker.js') })
  const writing = closed.write(fileOf([plainRow], { number: 99 }))
  await closed.close()
  assert.deepEqual(await writing, { kind: 'written' }, 'handed over before')
  assert.equal((await closed.write(fileOf([plainRow]))).kind, 'retry')
})
