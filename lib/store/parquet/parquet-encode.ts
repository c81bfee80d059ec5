import type { Table } from 'apache-arrow'
import { tableToIPC } from 'apache-arrow'
import {
  Compression,
  Table as WasmTable,
  WriterPropertiesBuilder,
  writeParquet,
} from 'parquet-wasm/esm'
import { arrowTable } from './parquet-columns.ts'
import { withMetadata } from './parquet-footer.ts'
import { fileMetadata } from './parquet-metadata.ts'
import type { PackedFile } from './parquet-pack.ts'

/**
 * A column whose dictionary outgrows this goes on without one. Measured with 10,000 rows of 20
 * features: with the default of 1 MB all-distinct doubles cost twice the CPU and 20 % more bytes;
 * values of few kinds keep their dictionary (2,048 doubles) and their small size.
 */
const DICTIONARY_BYTES_MAX = 16_384

/**
 * The bytes of a file of predictions; the same rows give the same bytes. parquet-wasm must have
 * been started (`initSync`).
 *
 * @throws what Arrow or parquet-wasm throw at rows that they refuse. A WebAssembly.RuntimeError
 *         means that the instance of parquet-wasm is broken; after any other error it stays usable.
 */
export function encodeFile(packed: PackedFile): Uint8Array {
  return withMetadata(encodeTable(arrowTable(packed)), fileMetadata(packed))
}

/** A table as a Parquet file, compressed by SNAPPY. Throws as `encodeFile`. */
export function encodeTable(table: Table): Uint8Array {
  const wasmTable = WasmTable.fromIPCStream(tableToIPC(table, 'stream'))
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setDictionaryPageSizeLimit(DICTIONARY_BYTES_MAX)
    .build()
  // Takes both out of our hands and frees them, also when it throws: nothing is left to free.
  return writeParquet(wasmTable, properties)
}
