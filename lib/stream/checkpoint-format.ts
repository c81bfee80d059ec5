/**
 * Format 1 of a checkpoint: the state of a log after the record at one offset, as lines of JSON.
 *
 * `checkpoint-OFFSET.jsonl`          the log begins after it: what came before is delivered and its
 *                                    segments may be gone
 * `checkpoint-OFFSET-pending.jsonl`  taken, or being taken, while records up to it are still to be
 *                                    delivered; a start removes it
 *
 * First line: the header (`CheckpointHeader`). Then a line for each endpoint, in any order
 * (`TableCheckpoint`). Last line: `{"endpoints": COUNT, "crc": "HEX"}`, the CRC-32 of all bytes before
 * it. A file without that line, or with another sum, is no checkpoint.
 */
import { crc32 } from './accept/crc32.ts'
import { isJsonObject } from './accept/event.ts'
import { tryParseJson } from './accept/parse-json.ts'
import type { TableCheckpoint } from './compute/endpoint-table.ts'
import type { LogStateCheckpoint } from './compute/log-state.ts'

/** The only format that there is. */
export const CHECKPOINT_FORMAT = 1

/** What a checkpoint holds besides its endpoints. */
export interface CheckpointHeader extends LogStateCheckpoint {
  readonly format: number
  readonly log: string
  /** Of the last record that is in it. */
  readonly offset: number
  /** Rows that the Parquet sink has refused for good up to it. */
  readonly refusedRows: number
  /** Widths of the windows' buckets, see EndpointTable.periods. */
  readonly periods: readonly [countMs: number, latencyMs: number | null]
}

/** A checkpoint as it was read. */
export interface ReadCheckpoint {
  readonly header: CheckpointHeader
  readonly endpoints: readonly TableCheckpoint[]
}

const NAME = /^checkpoint-(\d+)(-pending)?\.jsonl$/
const NEWLINE = 0x0a

/** Name of a checkpoint's file. */
export function checkpointName(offset: number, { isPending }: { readonly isPending: boolean }) {
  const digits = String(offset).padStart(16, '0')
  return `checkpoint-${digits}${isPending ? '-pending' : ''}.jsonl`
}

/** What a file's name says; null for a file that is none. */
export function parseCheckpointName(
  name: string,
): { readonly offset: number; readonly isPending: boolean } | null {
  const match = NAME.exec(name)
  if (match === null) return null
  return { offset: Number(match[1]), isPending: match[2] !== undefined }
}

/** The last line, without its line feed. */
export function checkpointEnd(endpoints: number, sum: number): string {
  return JSON.stringify({ endpoints, crc: (sum >>> 0).toString(16).padStart(8, '0') })
}

/** Reads a checkpoint; null for bytes that are none, or not whole. */
export function readCheckpoint(bytes: Uint8Array): ReadCheckpoint | null {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (text.at(-1) !== NEWLINE) return null
  const endAt = text.lastIndexOf(NEWLINE, text.length - 2) + 1
  const end = tryParseJson(text.toString('utf8', endAt, text.length - 1))
  if (!isJsonObject(end) || typeof end['endpoints'] !== 'number') return null
  const count = end['endpoints']
  if (checkpointEnd(count, crc32(text.subarray(0, endAt))) !== JSON.stringify(end)) return null
  const lines = [...linesOf(text.subarray(0, endAt))]
  const header = lines.shift()
  if (!isJsonObject(header) || header['format'] !== CHECKPOINT_FORMAT) return null
  if (lines.length !== count) return null
  return {
    header: header as unknown as CheckpointHeader,
    endpoints: lines as unknown as TableCheckpoint[],
  }
}

function* linesOf(text: Buffer): Generator<unknown> {
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf(NEWLINE, start)
    yield JSON.parse(text.toString('utf8', start, end))
    start = end + 1
  }
}
