// Claim: a CSV file is read as it is meant, and one that cannot be meant is refused with a sentence that names
// the line.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { numberOf } from '../../../lib/register/csv-cell.ts'
import { openCsv } from '../../../lib/register/read-csv.ts'
import type { Cell } from '../../../lib/register/training-table.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const folder = temporaryFolder()
after(folder.remove)
const path = join(folder.path, 'train.csv')

async function read(content: string | Uint8Array): Promise<readonly (readonly Cell[])[]> {
  writeFileSync(path, content)
  const table = await openCsv(path)
  const rows: Cell[][] = [[...table.columnNames]]
  await table.read((cells) => rows.push([...cells]))
  return rows
}

test('quotes, line ends, a byte order mark, empty lines and missing values', async () => {
  const text = '\uFEFFa,"b, ""c"""\r\n1,NA\r\n\r\n,"x\ny"\r\n"NaN",é\n'
  assert.deepEqual(await read(text), [
    ['a', 'b, "c"'],
    ['1', null],
    [null, 'x\ny'],
    [null, 'é'],
  ])
})

test('a file of many blocks is read whole, though its blocks end inside of letters', async () => {
  const line = `${'é'.repeat(50)},1\n`
  const rows = await read(`a,b\n${line.repeat(30_000)}`)
  assert.equal(rows.length, 30_001)
  assert(rows.slice(1).every(([text, one]) => text === 'é'.repeat(50) && one === '1'))
})

test('a file that is packed by gzip is read as what was packed, in several parts too', async () => {
  const line = `${'é'.repeat(50)},1\n`
  const text = `a,b\n${line.repeat(30_000)}`
  const half = text.length / 2
  const parts = [text.slice(0, half), text.slice(half)]
  const packed = Buffer.concat(parts.map((part) => gzipSync(part)))
  assert.deepEqual(await read(packed), await read(text))
})

for (const { name, content, sentence } of [
  {
    name: 'a gzip file without its end',
    content: gzipSync('a,b\n1,2\n').subarray(0, -6),
    sentence: /^.*train\.csv is a gzip file that is damaged or not whole: pack it again\.$/,
  },
  {
    name: 'a gzip file with other bytes in it',
    content: Buffer.concat([Buffer.of(0x1f, 0x8b), Buffer.from('a,b\n1,2\n')]),
    sentence: /is a gzip file that is damaged/,
  },
  {
    name: 'an empty line alone',
    content: '\n',
    sentence: /train\.csv is empty: it needs a line of /,
  },
  {
    name: 'a short row',
    content: 'a,b\n1,2\n3\n',
    sentence: /^Line 3 of .*train\.csv has 1 field, /,
  },
  {
    name: 'a long row',
    content: 'a,b\n"x\ny",2\n3,4,5\n',
    sentence: /^Line 4 of .* has 3 fields, /,
  },
  {
    name: 'a column twice',
    content: 'a,b,a\n1,2,3\n',
    sentence: /has two columns called "a": rename /,
  },
  {
    name: 'an unnamed column',
    content: ',a\n0,1\n',
    sentence: /^Column 1 of .* has no name: .*index=False/,
  },
  { name: 'semicolons', content: 'a;b\n1;2\n', sentence: /write it with commas instead of ";"\.$/ },
  {
    name: 'an open quote',
    content: 'a,b\n1,"2\n3,4\n',
    sentence: /^A quote in .* is never closed, /,
  },
  {
    name: 'a stray quote',
    content: 'a,b\n1,"2"3\n',
    sentence: /^Line 2 of .* is no CSV, as a quote /,
  },
  {
    name: 'Latin-1',
    content: Buffer.from('a,b\nü,1\n', 'latin1'),
    sentence: /is not UTF-8 text: save /,
  },
]) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(read(content), { code: 'bad-input-file', message: sentence })
  })
}

test('a text is a number where pandas has one', () => {
  for (const text of ['1', ' 1 ', '+1', '1.', '1e0', '001', '10e-1'])
    assert.equal(numberOf(text), 1, text)
  for (const text of ['inf', 'Infinity', '+INF'])
    assert.equal(numberOf(text), Number.POSITIVE_INFINITY)
  assert.equal(numberOf('-inf'), Number.NEGATIVE_INFINITY)
  for (const text of ['', ' ', '0x10', '1_000', '1,5', 'one', '0b1', '0O7', 'e5', '-']) {
    assert.equal(numberOf(text), undefined, text)
  }
})
