// Claim: what is registered of a training set is what MLRun's own code gave for it, as a typed table and as a
// CSV file; and for any numbers it is what a slow computation by the definitions gives.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { profileTable } from '../../../lib/register/profile-table.ts'
import { openCsv } from '../../../lib/register/read-csv.ts'
import { featureStatsJson } from '../../../lib/register/stats-json.ts'
import type { NumberStats, TrainingProfile } from '../../../lib/register/training-profile.ts'
import type { Cell } from '../../../lib/register/training-table.ts'
import { parseReference } from '../../../lib/stream/drift/reference.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { csvOf, tableOf } from '../../support/training-rows.ts'

type Json = number | string | boolean | readonly Json[] | { readonly [key: string]: Json }

interface Golden {
  readonly name: string
  readonly num_bins: number
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  readonly stats: Readonly<Record<string, Json>>
}

const { cases } = JSON.parse(readFileSync('test/golden/mlrun/feature_stats.json', 'utf8')) as {
  readonly cases: readonly Golden[]
}

const folder = temporaryFolder()
after(folder.remove)

/** Equal in shape, keys, their order and texts; numbers within 1e-9 of their size. */
function assertClose(found: Json, expected: Json, path: string): void {
  if (typeof expected === 'number') {
    assert(typeof found === 'number', path)
    assert(Math.abs(found - expected) <= 1e-9 * Math.max(Math.abs(expected), 1e-300), path)
  } else if (typeof expected === 'object') {
    assert(typeof found === 'object', path)
    assert.deepEqual(Object.keys(found), Object.keys(expected), path)
    for (const [key, value] of Object.entries(expected)) {
      assertClose((found as Record<string, Json>)[key] ?? '', value, `${path}.${key}`)
    }
  } else assert.equal(found, expected, path)
}

/** What MLRun would write: all but the list of texts, which is ours (docs/deviations.md). */
function mlrunStats(profile: TrainingProfile): Json {
  return JSON.parse(featureStatsJson(profile), (key, value: Json) =>
    key === 'categories' ? undefined : value,
  ) as Json
}

for (const { name, num_bins: binCount, columns, rows, stats } of cases) {
  // Brackets and blanks go from the names of a record.
  const expected = Object.fromEntries(
    Object.entries(stats).map(([key, value]) => [
      key.replaceAll(/[()]/g, '').replaceAll(' ', '_'),
      value,
    ]),
  )
  test(`${name}: as MLRun`, async () => {
    const profile = await profileTable(tableOf(columns, rows), { binCount })
    assertClose(mlrunStats(profile), expected, name)
  })

  test(`${name}: as MLRun, read from a CSV file`, async () => {
    const path = join(folder.path, `${name}.csv`)
    writeFileSync(path, csvOf(columns, rows))
    const profile = await profileTable(await openCsv(path), { binCount })
    assertClose(mlrunStats(profile), expected, name)
  })
}

/** Each by its definition, and counts by looking at every bin for every value. */
function slowStats(values: readonly number[], edges: readonly number[]) {
  const count = values.length
  // Exact to the last bits: the smallest come first.
  const sum = (list: readonly number[]): number =>
    [...list].sort((a, b) => Math.abs(a) - Math.abs(b)).reduce((total, value) => total + value, 0)
  const mean = sum(values) / count
  const std = count < 2 ? null : Math.sqrt(sum(values.map((x) => (x - mean) ** 2)) / (count - 1))
  const counts = edges.slice(1).map((upper, bin) => {
    const isLast = bin === edges.length - 2
    const lower = edges[bin] ?? 0
    return values.filter((x) => x >= lower && (isLast ? x <= upper : x < upper)).length
  })
  return { count, mean, std, min: Math.min(...values), max: Math.max(...values), counts }
}

/** A zero below zero is a zero, and its text has no sign. */
const withoutSign = (value: number): number => value + 0

test('statistics of any numbers are those of a slow computation (property)', async () => {
  const numbers = fc.oneof(
    fc.integer({ min: -20, max: 20 }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(withoutSign),
    fc.integer({ min: 0, max: 20 }).map((tenths) => tenths / 10),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(numbers, { minLength: 1, maxLength: 200 }), async (values) => {
      const profile = await profileTable(
        tableOf(
          ['x'],
          values.map((value) => [value]),
        ),
      )
      const found = numbersOf(profile)
      if (found.histogram === null) return // too close together for 20 bins
      const expected = slowStats(values, found.histogram.edges)
      assert.equal(found.count, expected.count)
      assert.deepEqual([found.min, found.max], [expected.min, expected.max])
      const size = Math.max(...values.map(Math.abs), 1)
      assert(Math.abs((found.mean ?? 0) - expected.mean) <= 1e-12 * size)
      assert(Math.abs((found.std ?? -1) - (expected.std ?? -1)) <= 1e-9 * size)
      assert.deepEqual(found.histogram.counts, expected.counts)
    }),
  )
})

test('a table of texts gives what the same typed table gives (property)', async () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.integer({ min: -5, max: 5 }),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -10, max: 10 }).map(withoutSign),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 30 }), async (cells) => {
      const rows = cells.map((one) => [one, 1])
      const typed = await profileTable(tableOf(['x', 'n'], rows))
      const texts = rows.map((row) => row.map((one) => (one === null ? null : String(one))))
      const untyped = await profileTable(tableOf(['x', 'n'], texts, { hasTypes: false }))
      assert.deepEqual(untyped, typed)
    }),
  )
})

function numbersOf({ columns: [column] }: TrainingProfile): NumberStats {
  assert(column?.stats.kind === 'number')
  return column.stats
}

async function statsOf(cells: readonly Cell[], hasTypes = true): Promise<unknown> {
  const rows = cells.map((cell) => [cell, hasTypes ? 1 : '1'])
  const { columns } = await profileTable(tableOf(['x', 'n'], rows, { hasTypes }))
  return JSON.parse(featureStatsJson({ columns: columns.slice(0, 1), labelNames: [] })).x
}

test('bools have a histogram of 0 and 1, unless one is missing', async () => {
  const counts = [2, ...Array.from({ length: 18 }, () => 0), 1]
  const found = (await statsOf([false, true, false])) as { hist: readonly [number[], number[]] }
  assert.deepEqual(
    { ...found, hist: found.hist[0] },
    { count: 3, unique: 2, top: false, freq: 2, hist: counts },
  )
  assert.deepEqual([found.hist[1][0], found.hist[1][20]], [0, 1])
  assert.deepEqual(await statsOf(['True', null, 'False', 'True'], false), {
    count: 3,
    unique: 2,
    top: true,
    freq: 2,
  })
})

test('a column without values, with infinity, or with numbers among texts', async () => {
  assert.deepEqual(await statsOf([null, null]), { count: 0 })
  assert.deepEqual(await statsOf([1, Number.POSITIVE_INFINITY]), { count: 2 })
  assert.deepEqual(await statsOf(['1', 'b', '1'], false), {
    count: 3,
    unique: 2,
    top: '1',
    freq: 2,
    categories: [
      [2, 1],
      ['1', 'b'],
    ],
  })
  // Zip codes of a typed table are no numbers.
  const categories = [
    [1, 1],
    ['01', '02'],
  ]
  const zips = { count: 2, unique: 2, top: '01', freq: 1, categories }
  assert.deepEqual(await statsOf(['01', '02']), zips)
})

test('of a registered column any text that training did not have is known to be new', async () => {
  const stats = JSON.stringify({ colour: await statsOf(['red', 'blue', 'red', null]) })
  const reference = parseReference(stats)
  assert(reference.kind === 'known')
  const [feature] = reference.features
  assert(feature?.kind === 'categorical')
  assert.deepEqual([feature.categories, feature.isComplete], [['red', 'blue'], true])
})

test('texts are listed up to 64 of them, none of them long, the most frequent first', async () => {
  const texts = Array.from({ length: 64 }, (_, index) => `t${index}`)
  const found = (await statsOf([...texts, 't7'])) as { categories: unknown }
  const others = texts.filter((text) => text !== 't7')
  assert.deepEqual(found.categories, [
    [2, ...others.map(() => 1)],
    ['t7', ...others],
  ])
  for (const list of [
    [...texts, 'one more'],
    ['a', 'b'.repeat(129)],
  ]) {
    assert(!Object.hasOwn((await statsOf(list)) as object, 'categories'))
  }
})

test('large equal numbers, for which doubles have no bins, have no histogram', async () => {
  assert.deepEqual(await statsOf([1e17, 1e17]), {
    count: 2,
    mean: 1e17,
    std: 0,
    min: 1e17,
    max: 1e17,
  })
})

for (const { name, columns, row, labels, sentence } of [
  {
    name: 'no rows',
    columns: ['a'],
    row: null,
    labels: [],
    sentence: /^The training set has no rows: /,
  },
  {
    name: 'texts alone',
    columns: ['a'],
    row: ['x'],
    labels: [],
    sentence: /has no column of numbers: /,
  },
  {
    name: 'numbers in the label alone',
    columns: ['a', 'y'],
    row: ['x', 1],
    labels: ['y'],
    sentence: /has no column of numbers beside its labels: /,
  },
  {
    name: 'a label that is not there',
    columns: ['a', 'b'],
    row: [1, 2],
    labels: ['y'],
    sentence: /^The label column "y" is not in the training set: it has "a", "b"\.$/,
  },
  {
    name: 'names that become one',
    columns: ['a b', 'a_b'],
    row: [1, 2],
    labels: [],
    sentence:
      /^The columns "a b" and "a_b" would both be called "a_b" in the record: rename one\.$/,
  },
  {
    name: 'a name of brackets',
    columns: ['()'],
    row: [1],
    labels: [],
    sentence: /^The column "\(\)" has no /,
  },
]) {
  test(`refused: ${name}`, async () => {
    const rows = row === null ? [] : [row]
    await assert.rejects(profileTable(tableOf(columns, rows), { labelColumns: labels }), {
      code: 'bad-input-file',
      message: sentence,
    })
  })
}

test('a label is found by its name in the file and by that in the record', async () => {
  for (const label of ['the label (y)', 'the_label_y']) {
    const table = tableOf(['a', 'the label (y)'], [[1, 2]])
    const { labelNames } = await profileTable(table, { labelColumns: [label, label] })
    assert.deepEqual(labelNames, ['the_label_y'])
  }
})
