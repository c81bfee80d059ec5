export type { Attribute, Attributes, Item, Timestamp, Value } from './attributes.ts'
export { isAttributeName, timestampOf } from './attributes.ts'
export type { LiteralValue } from './expressions.ts'
export { attributeName, checkExpression, equals, literal, WITHOUT_SCHEMA } from './expressions.ts'
export * from './frames-index.ts'
export * from './frames-index.ts'
export type { AttributeNames, Scan } from './kv-scan.ts'
export type { ExpressionUpdate, FoundItem, WriteOptions } from './kv-table.ts'
export { KvTable } from './kv-table.ts'
export type { CreateResult, WriteResult } from './kv-writes.ts'
export type { ContainerInfo, ListEntry } from './object-listing.ts'
export type { ByteRange, DirectoryDeletion, ListOptions, ObjectInfo } from './object-store.ts'
export { ObjectStore } from './object-store.ts'
export type { Location } from './paths.ts'
export type {
  SchemaConflict,
  SchemaField,
  SchemaKeys,
  SchemaType,
  TableSchema,
} from './schema-merge.ts'
export type { ShardRecord, ShardRecords, ShardStart } from './stream-read.ts'
export type { FailedRecord, RecordResult, StoredRecord, StreamRecord } from './stream-write.ts'
export type { SchemaMerge, SchemaMergeOptions } from './table-schema.ts'
export { TableSchemaFile } from './table-schema.ts'
export type { V3ioErrorCode, V3ioErrorDetails } from './v3io-error.ts'
export { V3ioError } from './v3io-error.ts'
export type { ReadOptions, RetryOptions, StreamLayout } from './v3io-stream.ts'
export { V3ioStream } from './v3io-stream.ts'
export type { V3ioClientOptions } from './web-client.ts'
export { V3ioClient } from './web-client.ts'
