import { type Stats, statSync } from 'node:fs'
import { errorCode, errorMessage, StreamError } from '../stream/errors.ts'
import { beginsWith } from './file-bytes.ts'
import { profileTable } from './profile-table.ts'
import type { TrainingProfile } from './training-profile.ts'

/** How every Parquet file begins. */
const PARQUET_MAGIC = Buffer.from('PAR1')

/**
 * Reads a training set, CSV (packed by gzip or not) or Parquet by its content, whatever it is called.
 *
 * @param labelColumns  which of its columns are labels, as the file or the record spells them
 * @param wasmFile      where parquet_wasm_bg.wasm is
 * @throws StreamError `bad-input-file`
 */
export async function readTrainingSet(
  path: string,
  {
    labelColumns,
    wasmFile,
  }: { readonly labelColumns: readonly string[]; readonly wasmFile: string },
): Promise<TrainingProfile> {
  try {
    checkFile(path, statSync(path))
    // Each reader brings a library that nothing else of the command line needs.
    const table = beginsWith(path, PARQUET_MAGIC)
      ? await (await import('./read-parquet.ts')).openParquetTable(path, wasmFile)
      : await (await import('./read-csv.ts')).openCsv(path)
    return await profileTable(table, { labelColumns })
  } catch (error) {
    throw translate(path, error)
  }
}

function checkFile(path: string, stats: Stats): void {
  if (stats.isDirectory()) {
    throw badFile(`The training set ${path} is a folder: name one CSV or Parquet file.`)
  }
  // It is read twice.
  if (!stats.isFile()) throw badFile(`The training set ${path} is no file: save it as one first.`)
  if (stats.size > 0) return
  throw badFile(`${path} is empty: it needs a line of column names and rows below it.`)
}

function translate(path: string, error: unknown): unknown {
  const code = errorCode(error)
  if (code === 'ENOENT') {
    return badFile(`The training set ${path} does not exist: name a CSV or Parquet file.`)
  }
  if (!/^E(?!RR_)[A-Z0-9]+$/.test(code)) return error
  const why = errorMessage(error).includes(code) ? code : errorMessage(error)
  return badFile(
    `The training set ${path} cannot be read (${why}): make it readable for this user.`,
  )
}

function badFile(sentence: string): StreamError {
  return new StreamError('bad-input-file', sentence)
}
