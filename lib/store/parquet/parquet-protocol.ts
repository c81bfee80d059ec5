import type { PackedFile } from './parquet-pack.ts'

/** What the main thread asks of the Parquet worker, one thing at a time. */
export type ParquetRequest =
  | {
      readonly kind: 'write'
      readonly root: string
      /** Below the root. */
      readonly path: string
      readonly packed: PackedFile
    }
  /** Encode a file and hand its bytes back; nothing is written. */
  | { readonly kind: 'encode'; readonly packed: PackedFile }
  /** Encode made-up rows until the code is compiled; nothing is written. */
  | { readonly kind: 'warm-up' }

/** What the worker says: `ready` once, after its start, then one answer for each request. */
export type ParquetReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done' }
  | { readonly kind: 'encoded'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** The disk refused. */
  | { readonly kind: 'disk'; readonly reason: string }
  /** Arrow or parquet-wasm refused the rows. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** parquet-wasm broke or memory ran out: the worker can write nothing more. */
  | { readonly kind: 'broken'; readonly reason: string }
