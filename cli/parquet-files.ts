import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet'
import { type ObjectStore, V3ioClient } from 'v3io-js-sdk'
import type { DamagedFile, FileFacts } from '../lib/audit/facts.ts'
import { type FoundRow, foundRow } from '../lib/audit/found-row.ts'
import type { Config } from '../lib/config/fields.ts'
import { parquetPlace } from '../lib/config/paths.ts'
import { type FileMetadata, readFileMetadata } from '../lib/store/parquet/parquet-metadata.ts'
import { errorMessage } from '../lib/stream/errors.ts'
import { trouble } from './errors.ts'

const AT_ONCE = 16
/** Nearly every footer fits; a longer one costs a second read. */
const FOOTER_BYTES = 64 * 1024

/** Where Parquet files are read from. */
export interface ParquetFiles {
  /** Names of all of them, from the place's root. */
  names(): Promise<readonly string[]>
  open(name: string): Promise<AsyncBuffer>
  close(): void
}

/**
 * Those of a folder.
 *
 * @throws CliError when there is no such folder
 */
export function filesInFolder(root: string): ParquetFiles {
  if (!existsSync(root)) {
    throw trouble(`There is no folder ${root}: name the one of the Parquet files with --parquet.`)
  }
  return {
    names: async () =>
      (await readdir(root, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => relative(root, join(parentPath, name))),
    open: (name) => asyncBufferFromFile(join(root, name)),
    close: () => undefined,
  }
}

/** Those of the place that the settings name. */
export function filesOf(config: Config): ParquetFiles {
  const place = parquetPlace(config)
  if (place.kind === 'directory') return filesInFolder(place.path)
  const client = new V3ioClient({ url: config.v3ioApi, accessKey: config.v3ioAccessKey })
  const objects = client.objects(place.container)
  const prefix = `${place.path}/`
  return {
    names: async () =>
      (await pathsBelow(objects, place.path)).map((path) => path.slice(prefix.length)),
    open: (name) => bufferOf(objects, `${prefix}${name}`),
    close: () => client.close(),
  }
}

async function pathsBelow(objects: ObjectStore, folder: string): Promise<readonly string[]> {
  const paths: string[] = []
  for await (const { kind, path } of objects.list(folder)) {
    if (kind === 'directory') paths.push(...(await pathsBelow(objects, path)))
    else paths.push(path)
  }
  return paths
}

async function bufferOf(objects: ObjectStore, path: string): Promise<AsyncBuffer> {
  const size = (await objects.head(path))?.sizeBytes
  if (size === undefined || size === null) throw new RangeError('It has no size')
  return {
    byteLength: size,
    slice: async (from, to = size) => {
      const bytes = await objects.get(path, { from, to })
      if (bytes === null) throw new RangeError('It is gone')
      return new Uint8Array(bytes).buffer
    },
  }
}

/**
 * Reads the metadata of all Parquet files of a place, by a reader that shares no code with their writer.
 * Files that others have put there are passed over.
 */
export async function readParquetFiles(place: ParquetFiles): Promise<{
  readonly files: readonly FileFacts[]
  readonly damaged: readonly DamagedFile[]
}> {
  const names = (await place.names()).filter((name) => name.endsWith('.parquet')).sort()
  const files: FileFacts[] = []
  const damaged: DamagedFile[] = []
  for (let next = 0; next < names.length; next += AT_ONCE) {
    await Promise.all(
      names.slice(next, next + AT_ONCE).map(async (path) => {
        try {
          const metadata = await readMetadata(await place.open(path))
          if (metadata !== null) files.push({ path, ...metadata })
        } catch (error) {
          damaged.push({ path, reason: errorMessage(error).replace(/\.$/, '') })
        }
      }),
    )
  }
  return { files, damaged }
}

/** The values of a file's rows; rejects with what the reader or the place says. */
export async function readRows(
  place: ParquetFiles,
  { path }: FileFacts,
): Promise<readonly FoundRow[]> {
  const file = await place.open(path)
  const metadata = await parquetMetadataAsync(file)
  const wanted = ['named_features', 'prediction']
  const names = metadata.schema.map(({ name }) => name)
  const columns = wanted.filter((name) => names.includes(name))
  const rows = await parquetReadObjects({ file, metadata, columns })
  return rows.map(({ named_features: features, prediction }) => foundRow(features, prediction))
}

/** Null for a file that is none of ours. */
async function readMetadata(file: AsyncBuffer): Promise<FileMetadata | null> {
  const { key_value_metadata: pairs = [], num_rows: rowCount } = await parquetMetadataAsync(file, {
    initialFetchSize: FOOTER_BYTES,
  })
  const metadata = readFileMetadata(new Map(pairs.map(({ key, value = '' }) => [key, value])))
  if (metadata === null) return null
  const { runs } = metadata
  const told = runs.reduce((sum, run) => sum + (run.last - run.first + 1) * run.rowCount, 0)
  if (told === Number(rowCount) && told === metadata.rowCount) return metadata
  throw new RangeError(`It has ${rowCount} rows and says that it has ${told}`)
}
