import { readFileSync } from 'node:fs'
import type { FileMetaData } from 'hyparquet'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** What a Parquet file holds, read by a reader that shares nothing with the writer. */
export interface ReadBack {
  /** Column -> value; maps as pairs, named_features as values in the order of featureNames. */
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly featureNames: readonly string[]
  /** One line an element: depth by name, physical type, logical type, optional or not. */
  readonly schema: readonly string[]
  readonly metadata: ReadonlyMap<string, string>
  readonly codecs: ReadonlySet<string>
}

// hyparquet builds plain objects, in which `__proto__` and numeric keys go astray: every text is
// read with a mark in front, and features are read under made-up names.
const MARK = '='

export async function readBack(path: string): Promise<ReadBack> {
  const bytes = readFileSync(path)
  const file = new Uint8Array(bytes).buffer
  const metadata = parquetMetadata(file)
  const schema = metadata.schema.map((element) =>
    [
      element.name,
      element.type ?? 'group',
      JSON.stringify(element.logical_type ?? element.converted_type ?? null),
      element.repetition_type,
    ].join(' '),
  )
  const featureNames = renameFeatures(metadata)
  const rows = await parquetReadObjects({
    file,
    metadata,
    compressors,
    parsers: {
      timestampFromMicroseconds: (us) => us,
      stringFromBytes: (text) => MARK + Buffer.from(text).toString(),
    },
  })
  return {
    rows: rows.map((row) => cleaned(row, featureNames.length)),
    featureNames,
    schema,
    metadata: new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ''])),
    codecs: new Set(
      metadata.row_groups.flatMap(({ columns }) =>
        columns.map((column) => column.meta_data?.codec ?? ''),
      ),
    ),
  }
}

/** Calls the features 0, 1, ... in the metadata; answers with their names. */
function renameFeatures(metadata: FileMetaData): string[] {
  const at = metadata.schema.findIndex(({ name }) => name === 'named_features')
  if (at < 0) return []
  const children = metadata.schema.slice(at + 1, at + 1 + (metadata.schema[at]?.num_children ?? 0))
  const names = children.map(({ name }) => name)
  children.forEach((element, index) => {
    element.name = String(index)
  })
  for (const { columns } of metadata.row_groups) {
    const paths = columns.flatMap(({ meta_data }) => (meta_data ? [meta_data.path_in_schema] : []))
    const features = paths.filter((path) => path[0] === 'named_features')
    features.forEach((path, index) => {
      path.splice(1, path.length, String(index))
    })
  }
  return names
}

function cleaned(row: Record<string, unknown>, featureCount: number): Record<string, unknown> {
  const features = row['named_features'] as Record<string, unknown> | undefined
  const values = Array.from({ length: featureCount }, (_, index) => features?.[String(index)])
  return Object.fromEntries([
    ...Object.entries(row).map(([name, value]) => [name, unmarked(value)]),
    ['named_features', unmarked(values)],
  ])
}

function unmarked(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value.slice(MARK.length)
  if (Array.isArray(value)) return value.map(unmarked)
  if (typeof value !== 'object') return value
  return Object.entries(value).map(([key, each]) => [key.slice(MARK.length), unmarked(each)])
}
