import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type FoundRow, foundRow } from '../lib/audit/found-row.ts'
import { readLines } from '../lib/store/disk/read-lines.ts'
import { DEAD_LETTER_SHARD, deadLetterKey } from '../lib/stream/accept/dead-letter-key.ts'
import { isJsonObject } from '../lib/stream/accept/event.ts'
import { tryParseJson } from '../lib/stream/accept/parse-json.ts'
import { trouble } from './errors.ts'

/** One line of the dead letters. */
export interface Letter {
  /** The whole line as it was written. */
  readonly line: Readonly<Record<string, unknown>>
  readonly log: string
  readonly time: string
  readonly reason: string
  /** The field that it is about, or the sink that refused it. */
  readonly about: string
  /** Null for what a store has refused: its event was taken. */
  readonly event: LetterEvent | null
  /** The row that the Parquet sink has refused, null for other letters. */
  readonly refusedRow: {
    /** Of its line, in its log. */
    readonly key: string
    readonly endpointId: string
    readonly offset: number
    readonly row: FoundRow
  } | null
}

/** Where a letter's event stands, and its bytes. */
export interface LetterEvent {
  readonly key: string
  readonly offset: number
  readonly call: number | null
  readonly row: number | null
  /** Null when its line is gone. */
  readonly body: Uint8Array | null
  /** The feature of an endpoint that had a text in the place of a number; null for other reasons. */
  readonly wrongType: { readonly endpointId: string; readonly feature: string } | null
  /** The letter that this one came of, when it was taken up again in vain. */
  readonly comesOf: string | null
}

/**
 * The dead letters of a folder, file by file, in the order in which they were written.
 *
 * @throws CliError when there is no such folder
 */
export function* readLetters(folder: string): Generator<Letter, void, undefined> {
  if (!existsSync(folder)) {
    throw trouble(`There is no folder ${folder}: name the one of DEAD_LETTER_PATH.`)
  }
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  for (const name of names.sort()) {
    // An event's bytes stand in its first letter only.
    let last: { readonly of: string; readonly body: Uint8Array | null } = { of: '', body: null }
    for (const text of readLines(join(folder, name))) {
      const line = tryParseJson(text) // undefined: a torn line
      if (!isJsonObject(line)) continue
      const of = `${line['log']}/${line['offset']}`
      const body = bodyOf(line)
      if (body !== null || of !== last.of) last = { of, body }
      yield letterOf(line, last.body)
    }
  }
}

function letterOf(line: Readonly<Record<string, unknown>>, body: Uint8Array | null): Letter {
  const { log, time, reason, path, sink, shard } = line
  const isRefused = typeof sink === 'string'
  const { offset, call, row } = line as { offset: number; call: number | null; row: number | null }
  const place = { log: String(log), offset, call, row }
  const isAgain = typeof shard === 'string' && shard.startsWith(DEAD_LETTER_SHARD)
  return {
    line,
    log: place.log,
    time: String(time),
    reason: String(reason),
    about: isRefused ? `${sink} ${line['key']}` : String(path),
    event: isRefused
      ? null
      : {
          ...place,
          key: deadLetterKey(place),
          body,
          wrongType: wrongTypeOf(line),
          comesOf: isAgain ? shard.slice(DEAD_LETTER_SHARD.length) : null,
        },
    refusedRow: sink === 'parquet' ? refusedRowOf(line) : null,
  }
}

function refusedRowOf({ key, content }: Letter['line']): Letter['refusedRow'] {
  if (!isJsonObject(content)) return null
  return {
    key: String(key),
    endpointId: String(content['endpoint_id']),
    offset: Number(content['offset']),
    row: foundRow(content['named_features'], content['prediction']),
  }
}

function wrongTypeOf({
  endpoint_id: endpointId,
  feature,
}: Letter['line']): LetterEvent['wrongType'] {
  if (typeof endpointId !== 'string' || typeof feature !== 'string') return null
  return { endpointId, feature }
}

function bodyOf(line: Readonly<Record<string, unknown>>): Uint8Array | null {
  const { body, body_base64: base64 } = line
  if (typeof body === 'string') return Buffer.from(body)
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null
}
