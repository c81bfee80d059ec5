// Claim: a Parquet file is read by its types, row group by row group and more than once, in every compression that
// parquet-wasm writes; and a column of a type that means nothing here is named. The interop tests read
// what pyarrow writes.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  Bool,
  DateDay,
  Dictionary,
  Field,
  Float32,
  Int32,
  Int64,
  List,
  Table,
  TimestampMicrosecond,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow'
import {
  Compression,
  initSync,
  Table as WasmTable,
  WriterPropertiesBuilder,
  writeParquet,
} from 'parquet-wasm/esm'
import { openParquetTable } from '../../../lib/register/read-parquet.ts'
import { readTrainingSet } from '../../../lib/register/read-training-set.ts'
import type { Cell } from '../../../lib/register/training-table.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const WASM = 'node_modules/parquet-wasm/esm/parquet_wasm_bg.wasm'
initSync({ module: readFileSync(WASM) })
const folder = temporaryFolder()
after(folder.remove)
const path = join(folder.path, 'train.parquet')

function write(
  columns: Readonly<Record<string, Vector>>,
  { compression = Compression.SNAPPY, groupRows = 1000 } = {},
): void {
  const wasmTable = WasmTable.fromIPCStream(tableToIPC(new Table(columns), 'stream'))
  const properties = new WriterPropertiesBuilder()
    .setCompression(compression)
    .setMaxRowGroupSize(groupRows)
    .build()
  writeFileSync(path, writeParquet(wasmTable, properties))
}

async function read(): Promise<readonly (readonly Cell[])[]> {
  const table = await openParquetTable(path, WASM)
  const rows: Cell[][] = []
  await table.read((cells) => rows.push([...cells]))
  return rows
}

test('each type is read as what it means in a training set', async () => {
  write({
    whole: vectorFromArray([1, null, -3], new Int32()),
    long: vectorFromArray([9007199254740991n, 2n, null], new Int64()),
    half: vectorFromArray([0.5, Number.NaN, null], new Float32()),
    flag: vectorFromArray([true, null, false], new Bool()),
    text: vectorFromArray(['1', 'é', null], new Utf8()),
    word: vectorFromArray(['a', 'b', 'a'], new Dictionary(new Utf8(), new Int32())),
    day: vectorFromArray([new Date('2021-07-01'), null, new Date('1969-12-31')], new DateDay()),
  })
  assert.deepEqual(await read(), [
    [1, 9007199254740991, 0.5, true, '1', 'a', '2021-07-01'],
    [null, 2, null, null, 'é', 'b', null],
    [-3, null, null, false, null, 'a', '1969-12-31'],
  ])
})

test('times are texts with as many digits as they have', async () => {
  const ms = [1625133600123.456, 1625133600000, -0.001]
  write({
    times: vectorFromArray(ms, new TimestampMicrosecond('UTC')),
    local: vectorFromArray(ms, new TimestampMicrosecond()),
  })
  assert.deepEqual(await read(), [
    ['2021-07-01 10:00:00.123456+00:00', '2021-07-01 10:00:00.123456'],
    ['2021-07-01 10:00:00+00:00', '2021-07-01 10:00:00'],
    ['1969-12-31 23:59:59.999999+00:00', '1969-12-31 23:59:59.999999'],
  ])
})

for (const name of ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'BROTLI', 'ZSTD', 'LZ4_RAW'] as const) {
  test(`${name}, in row groups, is read as often as it is asked for`, async () => {
    const values = Array.from({ length: 2500 }, (_, index) => index / 10)
    write(
      { x: vectorFromArray(values, new Float32()) },
      { compression: Compression[name], groupRows: 700 },
    )
    const expected = values.map((value) => [Math.fround(value)])
    assert.deepEqual(await read(), expected)
    assert.deepEqual(await read(), expected)
  })
}

test('a column of lists, and a file that is cut off, are refused with a sentence', async () => {
  const lists = vectorFromArray([[1], [2]], new List(new Field('item', new Int32())))
  write({ a: vectorFromArray([1, 2], new Int32()), lists })
  const options = { labelColumns: [], wasmFile: WASM }
  await assert.rejects(readTrainingSet(path, options), {
    code: 'bad-input-file',
    message:
      /^The column "lists" of .* is of type List<Int32>, which is neither a number, .*: leave it out\.$/,
  })
  writeFileSync(path, readFileSync(path).subarray(0, -20))
  await assert.rejects(readTrainingSet(path, options), {
    code: 'bad-input-file',
    message: /train\.parquet cannot be read as Parquet \(.*\): write it anew, /,
  })
})
