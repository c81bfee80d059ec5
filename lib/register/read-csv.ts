import { type Stats, statSync } from 'node:fs'
import { CsvError, type Parser, parse } from 'csv-parse'
import { errorCode, StreamError } from '../stream/errors.ts'
import { isMissing } from './csv-cell.ts'
import { bytesOf } from './file-bytes.ts'
import type { Cell, TrainingTable } from './training-table.ts'

/** A quote that is never closed would make one field of all the rest. */
const RECORD_CHARS_MAX = 16 * 1024 * 1024

/**
 * A CSV file as a table, packed by gzip or not: UTF-8, fields between commas, quotes as in RFC 4180, names in the first line. What
 * stands for a missing value is what pandas.read_csv takes for one.
 *
 * @throws StreamError `bad-input-file`; other errors are the disk's
 */
export async function openCsv(path: string): Promise<TrainingTable> {
  const before = statSync(path)
  let names: readonly string[] = []
  await readRecords(path, (record) => {
    names = record
    return 'stop'
  })
  checkNames(path, names)
  return {
    columnNames: names,
    hasTypes: false,
    async read(onRow) {
      let isHeader = true
      const cells: Cell[] = []
      await readRecords(path, (record) => {
        if (isHeader) isHeader = false
        else {
          for (let index = 0; index < record.length; index++) {
            const text = record[index] ?? ''
            cells[index] = isMissing(text) ? null : text
          }
          onRow(cells)
        }
        return 'go on'
      })
      if (isSame(before, statSync(path))) return
      throw badFile(`${path} was changed while it was read: call this again when it is whole.`)
    },
  }
}

function isSame(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs
}

async function readRecords(
  path: string,
  onRecord: (record: readonly string[]) => 'go on' | 'stop',
): Promise<void> {
  const parser = parse({
    bom: true,
    // All of them, as lines of one file may end in different ways.
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    max_record_size: RECORD_CHARS_MAX,
  })
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const file = bytesOf(path)
  let isStopped = false
  parser.on('data', (record: readonly string[]) => {
    if (!isStopped) isStopped = onRecord(record) === 'stop'
  })
  try {
    const ended = new Promise<void>((resolve, reject) => {
      parser.once('end', resolve).once('error', reject).once('close', resolve)
    })
    ended.catch(() => undefined) // awaited below; a write may fail first
    for await (const bytes of file) {
      await write(parser, decoder.decode(bytes, { stream: true }))
      if (isStopped) return
    }
    await write(parser, decoder.decode())
    parser.end()
    await ended
  } catch (error) {
    throw translate(path, error)
  } finally {
    file.destroy()
    parser.destroy()
  }
}

/** Settles when the parser has taken the text, and has room for more. */
async function write(parser: Parser, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    parser.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

function checkNames(path: string, names: readonly string[]): void {
  if (names.length === 0) {
    throw badFile(`${path} is empty: it needs a line of column names and rows below it.`)
  }
  const [only = ''] = names
  const separator = names.length === 1 ? /[;\t|]/.exec(only)?.[0] : undefined
  if (separator !== undefined) {
    throw badFile(
      `${path} has one column, ${JSON.stringify(only)}: write it with commas instead of ${JSON.stringify(separator)}.`,
    )
  }
  const unnamed = names.findIndex((name) => name.trim() === '')
  if (unnamed >= 0) {
    throw badFile(
      `Column ${unnamed + 1} of ${path} has no name: name it, or leave it out ` +
        '(pandas writes such a column for its index, unless to_csv gets index=False).',
    )
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw badFile(`${path} has two columns called ${JSON.stringify(twice)}: rename one.`)
}

function translate(path: string, error: unknown): unknown {
  if (error instanceof CsvError) return badFile(sentenceOf(path, error))
  if (errorCode(error).startsWith('Z_')) {
    return badFile(`${path} is a gzip file that is damaged or not whole: pack it again.`)
  }
  if (errorCode(error) !== 'ERR_ENCODING_INVALID_ENCODED_DATA') return error
  return badFile(`${path} is not UTF-8 text: save it as UTF-8, or give a Parquet file.`)
}

function sentenceOf(path: string, error: CsvError): string {
  const line = Number(error['lines'])
  switch (error.code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH': {
      const { record } = error as { readonly record?: unknown }
      const count = Array.isArray(record) ? record.length : 0
      const found = count === 1 ? '1 field' : `${count} fields`
      return `Line ${line} of ${path} has ${found}, and the lines before it have another number: mend that line.`
    }
    case 'CSV_QUOTE_NOT_CLOSED':
      return `A quote in ${path} is never closed, the file ends in line ${line}: close it, or write it twice where it is meant as text.`
    case 'CSV_MAX_RECORD_SIZE':
      return `A row of ${path} is longer than ${RECORD_CHARS_MAX} characters, near line ${line}: look for a quote that is not closed.`
    default:
      return `Line ${line} of ${path} is no CSV, as a quote stands where none may: quote the whole field, and write quotes in it twice.`
  }
}

function badFile(sentence: string): StreamError {
  return new StreamError('bad-input-file', sentence)
}
