/**
 * The columns of a Parquet file of predictions; this file owns the format.
 *
 * Constraints: a file holds rows of one log, endpoint and UTC hour, 1 to 10,000 or so, written
 * whole or not at all; the same rows give the same bytes. Types are fixed and depend on nothing but
 * the endpoint's feature names, feature kinds and prediction kind, so that all files of an endpoint
 * read as one table. Other readers (pyarrow, DuckDB, Spark) need nothing of ours to read them.
 *
 * Column by column (`?` = may be null):
 *   timestamp        timestamp(us, UTC)   of the event
 *   endpoint_id      string               the same in every row
 *   function_uri     string
 *   model            string               with its version
 *   model_class      string?
 *   request_id       string
 *   first_request    string               as in the record when the row was processed
 *   last_request     string               likewise
 *   latency          int64?               microseconds
 *   error_count      int64?               of the endpoint when the row was processed
 *   prediction       list<element: double?>?, or list<element: string?>? for texts
 *   named_features   struct<name: double? or string?, ...>, in the order of the endpoint's names.
 *                    No column at all for an endpoint without features: Parquet has no empty struct
 *   labels           map<string, string>?    an empty map is written as null, in all three
 *   entities         map<string, string>?
 *   metrics          map<string, double?>?
 * A missing number is null, never NaN. A lone half of a surrogate pair in a text or a name becomes
 * U+FFFD. Feature names may be any text, the empty one too.
 *
 * Written by `parquet-encode.ts` (SNAPPY, key-value metadata of `parquet-metadata.ts`) and
 * `durable-file.ts`: temporary name in the same directory, fsync, rename, fsync of the directory.
 *
 * After a crash there is the whole file under its name or none, and maybe a temporary file. The
 * claim on the file is in the store from before it was written: when the file is missing, its rows
 * are collected again from the log and written under the same name, which removes the temporary
 * file. Its metadata says which offsets it holds.
 */
import type { Data } from 'apache-arrow'
import {
  Field,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
} from 'apache-arrow'
import { ROW } from '../../stream/ports.ts'
import type { Cells } from './arrow-data.ts'
import {
  doubleData,
  doublesOf,
  int32Of,
  int64sOf,
  listData,
  mapData,
  textData,
} from './arrow-data.ts'
import type { Maps, PackedFile, Texts } from './parquet-pack.ts'
import { repeatMaps, repeatText, repeatTexts } from './repeat-texts.ts'

interface Column {
  readonly field: Field
  readonly data: Data
}

/**
 * The rows of a file as one Arrow table of one batch.
 *
 * @throws RangeError or AssertionError when the rows cannot be such a table: an index out of its
 *         list, predictions that do not add up, texts of more than 2 GB in one column.
 */
export function arrowTable(packed: PackedFile): Table {
  const columns = [
    ...rowColumns(packed),
    column('prediction', predictionData(packed), true),
    ...featureColumns(packed),
    ...mapColumns(packed),
  ]
  const schema = new Schema(columns.map(({ field }) => field))
  const rows = makeData({
    type: new Struct(schema.fields),
    length: packed.rowCount,
    nullCount: 0,
    children: columns.map(({ data }) => data),
  })
  return new Table(schema, new RecordBatch(schema, rows))
}

function column(name: string, data: Data, isNullable = false): Column {
  return { field: new Field(name, data.type, isNullable), data }
}

/** Where the fixed or feature column `at` of each row stands in a file's numbers. */
function cellsAt({ numbers, rowCount, featureNames }: PackedFile, at: number): Cells {
  return { numbers, rowCount, stride: ROW.features + featureNames.length, at }
}

function rowColumns(packed: PackedFile): Column[] {
  const identities = int32Of(cellsAt(packed, ROW.identity))
  const firstRequests = int32Of(cellsAt(packed, ROW.firstRequest))
  const lookUp = (texts: Texts, indexes: Int32Array): Data => textData(repeatTexts(texts, indexes))
  const int64 = (at: number): Data =>
    makeData({ type: new Int64(), ...int64sOf(cellsAt(packed, at)) })
  const utcMicroseconds = new TimestampMicrosecond('UTC')
  return [
    column(
      'timestamp',
      makeData({ type: utcMicroseconds, ...int64sOf(cellsAt(packed, ROW.atUs)) }),
    ),
    column('endpoint_id', textData(repeatText(packed.claim.endpointId, packed.rowCount))),
    column('function_uri', lookUp(packed.functionUris, identities)),
    column('model', lookUp(packed.models, identities)),
    column('model_class', lookUp(packed.modelClasses, identities), true),
    column('request_id', textData(packed.requestIds)),
    column('first_request', lookUp(packed.firstRequests, firstRequests)),
    column('last_request', textData(packed.lastRequests)),
    column('latency', int64(ROW.latencyUs), true),
    column('error_count', int64(ROW.errorCount), true),
  ]
}

function predictionData(packed: PackedFile): Data {
  const { predictions } = packed
  const values =
    predictions instanceof Float64Array ? doubleData(predictions) : textData(predictions)
  return listData(int32Of(cellsAt(packed, ROW.predictionCount)), values)
}

function featureColumns(packed: PackedFile): Column[] {
  const { featureNames, featureTexts, rowCount } = packed
  if (featureNames.length === 0) return []
  const features = featureNames.map((name, index) => {
    const texts = featureTexts[index] ?? null
    const data = texts === null ? doublesOf(cellsAt(packed, ROW.features + index)) : textData(texts)
    return column(name, data, true)
  })
  const struct = makeData({
    type: new Struct(features.map(({ field }) => field)),
    length: rowCount,
    nullCount: 0,
    children: features.map(({ data }) => data),
  })
  return [column('named_features', struct)]
}

function mapColumns(packed: PackedFile): Column[] {
  const { rowCount, labelSets } = packed
  const none = { starts: new Int32Array(rowCount + 1), keys: repeatText('', 0) }
  const labels = repeatMaps(labelSets, int32Of(cellsAt(packed, ROW.labels)))
  const entities: Maps<Texts> = packed.entities ?? { ...none, values: repeatText('', 0) }
  const metrics: Maps<Float64Array> = packed.metrics ?? { ...none, values: new Float64Array(0) }
  return [
    column('labels', mapData(labels, textData(labels.values)), true),
    column('entities', mapData(entities, textData(entities.values)), true),
    column('metrics', mapData(metrics, doubleData(metrics.values)), true),
  ]
}
