/**
 * Format of the dead letters: what was not taken, for people and for putting it back.
 *
 * One JSON object per line, in append-only files:
 *   log, offset     the log that the event was read in and its offset there
 *   shard, shard_offset  where a stream trigger read it (left out if it has no such position)
 *   call            index of the call in a batch event, or null
 *   row             index of the row in its call, or null for more than a row
 *   time            arrival of the event, ISO 8601 in UTC
 *   reason, path    a fixed word and the field it is about
 *   endpoint_id, feature   of a row with a text in the place of a number: whose, and which one
 *   body            the event's bytes as they were received, as text; `body_base64` instead where the
 *                   bytes are not valid UTF-8; left out where an earlier line of the same log and
 *                   offset has it: an event with many bad rows is kept once
 * What a store refused for good has other lines:
 *   log, sink, key  kv, tsdb or parquet, and what it was about: an endpoint, a time, an offset
 *   time            when it was refused, ISO 8601 in UTC
 *   reason          what the store said
 *   content         what was refused: attributes, a metric row or a prediction
 * (log, offset, call, row), or (log, sink, key), is the key of a line. A line is written by one append; a torn last line has
 * no line feed and is left alone, the next one begins on a line of its own. After a restart the replay
 * meets the same rejections again, so the keys of the log's lines are read first and not written twice.
 */
import { isUtf8 } from 'node:buffer'
import { errorMessage } from '../errors.ts'
import type { LineFile, StreamPosition } from '../ports.ts'
import type { SinkName } from '../telemetry.ts'
import { asBuffer } from './as-buffer.ts'
import { isJsonObject } from './event.ts'
import { tryParseJson } from './parse-json.ts'
import { isoTime } from './parse-when.ts'
import type { Rejection } from './rejection.ts'

/** A rejection with the event it comes from. */
export interface DeadLetter {
  readonly log: string
  readonly offset: number
  readonly position: StreamPosition | null
  readonly arrivedAtUs: number
  readonly call: number | null
  readonly rejection: Rejection
  /** The feature that has a text in the place of a number; null for other rejections. */
  readonly about: { readonly endpointId: string; readonly feature: string } | null
  /** Null when an earlier letter of the same event has it. */
  readonly body: Uint8Array | null
}

/** The line of one dead letter, without its line feed. */
export function deadLetterLine(letter: DeadLetter): string {
  const { rejection, position, about, body } = letter
  return JSON.stringify({
    log: letter.log,
    offset: letter.offset,
    ...(position === null ? {} : { shard: position.shard, shard_offset: position.offset }),
    call: letter.call,
    row: rejection.row,
    time: isoTime(letter.arrivedAtUs),
    reason: rejection.reason,
    path: rejection.path,
    ...(about === null ? {} : { endpoint_id: about.endpointId, feature: about.feature }),
    ...(body === null ? {} : bodyFields(asBuffer(body))),
  })
}

function bodyFields(bytes: Buffer): Readonly<Record<string, string>> {
  return isUtf8(bytes)
    ? { body: bytes.toString('utf8') }
    : { body_base64: bytes.toString('base64') }
}

/** Something that a store will never take. */
export interface RefusedLetter {
  readonly log: string
  readonly sink: SinkName
  readonly key: string
  readonly refusedAtUs: number
  readonly reason: string
  readonly content: unknown
}

/** The line of what a store refused, without its line feed. */
export function refusedLine(letter: RefusedLetter): string {
  const { log, sink, key, refusedAtUs, reason, content } = letter
  return JSON.stringify({ log, sink, key, time: isoTime(refusedAtUs), reason, content })
}

/**
 * Writes dead letters of one log, each key once. A letter that the disk does not take waits; the event
 * it is about is still in the spool, so that a restart writes it again.
 */
export class DeadLetters {
  readonly #file: LineFile
  readonly #waiting: string[] = []
  /** At first too: an earlier process may have written lines and died. */
  #hasUnsynced = true
  #written: Set<string> | null
  /** What stores have refused before this process: they may refuse it again at any time. */
  readonly #refused = new Set<string>()

  /** @param lines  what the log's file holds already, line by line */
  constructor(file: LineFile, log: string, lines: Iterable<string>) {
    this.#file = file
    this.#written = new Set()
    for (const line of lines) {
      const key = keyOfLine(line, log)
      if (key === null) continue
      if (key.includes(' ')) this.#refused.add(key)
      else this.#written.add(key)
    }
  }

  /** Whether an earlier run of the log has a letter of what a sink refused, by its key. */
  wasRefused(sink: SinkName, key: string): boolean {
    return this.#refused.has(`${sink} ${key}`)
  }

  /** Letters that the disk has not taken yet. */
  get waitingCount(): number {
    return this.#waiting.length
  }

  /** Appends a letter unless an earlier run of the same log did. */
  write(letter: DeadLetter): void {
    const { call, rejection } = letter
    if (this.#written?.has(keyOf(letter.offset, call, rejection.row))) return
    this.#waiting.push(deadLetterLine(letter))
    this.retry()
  }

  /** The same for what a store refused. */
  writeRefused(letter: RefusedLetter): void {
    if (this.wasRefused(letter.sink, letter.key)) return
    this.#waiting.push(refusedLine(letter))
    this.retry()
  }

  /**
   * Tries once more to write the letters that wait.
   *
   * @returns  null when none waits any more, else what the disk said
   */
  retry(): string | null {
    while (this.#waiting.length > 0) {
      const [line = ''] = this.#waiting
      try {
        this.#file.append(line)
      } catch (error) {
        return errorMessage(error)
      }
      this.#waiting.shift()
      this.#hasUnsynced = true
    }
    return null
  }

  /**
   * Makes the letters that were written survive a power cut.
   *
   * @returns  null when they do, else what the disk said
   */
  sync(): string | null {
    if (!this.#hasUnsynced) return null
    try {
      this.#file.sync()
    } catch (error) {
      return errorMessage(error)
    }
    this.#hasUnsynced = false
    return null
  }

  /** After the replay every key is new: what was there before need not be remembered any longer. */
  forgetEarlier(): void {
    this.#written = null
  }
}

function keyOf(offset: number, call: number | null, row: number | null): string {
  return `${offset}/${call}/${row}`
}

function keyOfLine(line: string, log: string): string | null {
  const letter = tryParseJson(line) // undefined: a torn line
  if (!isJsonObject(letter) || letter['log'] !== log) return null
  if ('sink' in letter) return `${letter['sink']} ${letter['key']}`
  const { offset, call, row } = letter as {
    offset: number
    call: number | null
    row: number | null
  }
  return keyOf(offset, call, row)
}
