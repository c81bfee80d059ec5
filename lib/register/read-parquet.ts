import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { type Field, type Schema, tableFromIPC } from 'apache-arrow'
import { initSync, ParquetFile, type RecordBatch } from 'parquet-wasm/esm'
import { isJsonObject } from '../stream/accept/event.ts'
import { tryParseJson } from '../stream/accept/parse-json.ts'
import { errorMessage, StreamError } from '../stream/errors.ts'
import { cellReader } from './arrow-cells.ts'
import { FileBlob } from './file-blob.ts'
import type { Cell, TrainingTable } from './training-table.ts'

const ROWS_PER_BATCH = 16_384

/**
 * A Parquet file as a table, read batch by batch. Columns that pandas keeps its index in are left
 * out.
 *
 * @param wasmFile  where parquet_wasm_bg.wasm is
 * @throws StreamError `bad-input-file`; other errors are the disk's
 */
export async function openParquetTable(path: string, wasmFile: string): Promise<TrainingTable> {
  initSync({ module: readFileSync(wasmFile) })
  return await withFile(path, async (file) => {
    const { schema } = tableFromIPC(file.schema().intoIPCStream())
    const isIndex = indexNames(schema)
    const fields = schema.fields.filter(({ name }) => !isIndex(name))
    checkFields(path, fields)
    return {
      columnNames: fields.map(({ name }) => name),
      hasTypes: true,
      read: (onRow) => withFile(path, (opened) => readRows(path, { file: opened, fields, onRow })),
    }
  })
}

async function withFile<T>(path: string, use: (file: ParquetFile) => Promise<T>): Promise<T> {
  const fd = openSync(path, 'r')
  try {
    // Only the three members that parquet-wasm asks for.
    const blob = new FileBlob(fd, { from: 0, size: fstatSync(fd).size }) as unknown as Blob
    const file = await understood(path, () => ParquetFile.fromFile(blob))
    try {
      return await use(file)
    } finally {
      file.free()
    }
  } finally {
    closeSync(fd)
  }
}

async function readRows(
  path: string,
  {
    file,
    fields,
    onRow,
  }: {
    readonly file: ParquetFile
    readonly fields: readonly Field[]
    readonly onRow: (cells: readonly Cell[]) => void
  },
): Promise<void> {
  const readers = fields.map((field) => cellReader(field))
  const cells: Cell[] = []
  // One batch after the other, so that no more than a row group is in memory, and that compressed.
  const stream = await understood(path, () =>
    file.stream({ batchSize: ROWS_PER_BATCH, concurrency: 1 }),
  )
  const batches = stream.getReader() as { read(): Promise<{ value?: RecordBatch }> }
  for (;;) {
    const { value: read } = await understood(path, () => batches.read())
    if (read === undefined) return
    for (const batch of tableFromIPC(read.intoIPCStream()).batches) {
      const columns = fields.map(({ name }) => batch.getChild(name))
      for (let row = 0; row < batch.numRows; row++) {
        for (let index = 0; index < columns.length; index++) {
          const column = columns[index]
          cells[index] = column ? (readers[index]?.(column, row) ?? null) : null
        }
        onRow(cells)
      }
    }
  }
}

/** What parquet-wasm throws is about the file. */
async function understood<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    const why = errorMessage(error).replace(/\s+/g, ' ').trim().slice(0, 200).replace(/\.$/, '')
    throw badFile(`${path} cannot be read as Parquet (${why}): write it anew, or give a CSV file.`)
  }
}

function checkFields(path: string, fields: readonly Field[]): void {
  if (fields.length === 0) throw badFile(`${path} has no columns: name a file that has some.`)
  const names = fields.map(({ name }) => name)
  const unnamed = names.findIndex((name) => name.trim() === '')
  if (unnamed >= 0) throw badFile(`Column ${unnamed + 1} of ${path} has no name: name it.`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    throw badFile(`${path} has two columns called ${JSON.stringify(twice)}: rename one.`)
  }
  const odd = fields.find((field) => cellReader(field) === null)
  if (odd === undefined) return
  throw badFile(
    `The column ${JSON.stringify(odd.name)} of ${path} is of type ${String(odd.type)}, which is neither a ` +
      'number, a bool, a time nor a text: leave it out.',
  )
}

/** Pandas notes in the file which columns are no columns to it. */
function indexNames(schema: Schema): (name: string) => boolean {
  const noted = tryParseJson(schema.metadata.get('pandas') ?? '')
  const columns = isJsonObject(noted) ? noted['index_columns'] : null
  const names = new Set(Array.isArray(columns) ? columns : [])
  return (name) => names.has(name) || /^__index_level_\d+__$/.test(name)
}

function badFile(sentence: string): StreamError {
  return new StreamError('bad-input-file', sentence)
}
