/**
 * Remembers which records of a log have ended the process, so that none of them ends it for ever.
 *
 * `crash-marks.jsonl`, beside the segments, a line for each thing that happened:
 *   {"crashed": OFFSET}   applying the record threw: the process said so before it died
 *   {"replay": "begun"}   a start began to read the log again; the file is cut when it has come through
 *   {"about": OFFSET}     the record is about to be applied; written only in a careful replay
 *   {"about": null}       it was applied, and for a while none is: no record is to blame for a death now
 *
 * A kill from outside (no memory, a fault of the runtime) leaves no `crashed`. So when two replays have died,
 * the next ones are careful: the last `about` of a replay that did not come through counts as `crashed`. A
 * record with two marks is not applied any more: it becomes a dead letter with the reason `crashed`.
 */
import { isJsonObject } from './accept/event.ts'
import { tryParseJson } from './accept/parse-json.ts'
import { errorCode } from './errors.ts'
import type { SegmentDisk, SegmentFile } from './ports.ts'

const NAME = 'crash-marks.jsonl'
const CRASHES_MAX = 2
const DEATHS_MAX = 2

/** The marks of one log. */
export class CrashMarks {
  readonly #disk: SegmentDisk
  readonly #crashes = new Map<number, number>()
  /** Replays in a row that did not come through. */
  #deathCount = 0
  #file: SegmentFile | null = null

  /** Reads what earlier processes left; a torn last line is passed over. */
  constructor(disk: SegmentDisk) {
    this.#disk = disk
    if (!disk.list().includes(NAME)) return
    let about: number | null = null
    for (const line of Buffer.from(disk.read(NAME)).toString('utf8').split('\n')) {
      const mark = tryParseJson(line)
      if (!isJsonObject(mark)) continue
      const { crashed, replay, about: next } = mark
      if (typeof crashed === 'number') {
        this.#count(crashed)
        about = null // it is the record that was about to be applied
      } else if (replay === 'begun') {
        if (about !== null) this.#count(about)
        about = null
        this.#deathCount++
      } else if (typeof next === 'number') about = next
      else if (next === null) about = null
    }
    if (about !== null) this.#count(about)
  }

  #count(offset: number): void {
    this.#crashes.set(offset, (this.#crashes.get(offset) ?? 0) + 1)
  }

  /** Whether the record must not be applied any more. */
  isPoison(offset: number): boolean {
    return (this.#crashes.get(offset) ?? 0) >= CRASHES_MAX
  }

  /** A start begins to read the log again. */
  beginReplay(): void {
    this.#append({ replay: 'begun' })
  }

  /** In a replay: the record is the next to be applied. */
  aboutTo(offset: number): void {
    if (this.#deathCount >= DEATHS_MAX) this.#append({ about: offset })
  }

  /** In a replay: for a while no record is applied. */
  aboutToPause(): void {
    if (this.#deathCount >= DEATHS_MAX) this.#append({ about: null })
  }

  /**
   * The log was read to its end. Marks of records that may be read again are kept.
   *
   * @param firstOffset  where the log begins
   */
  endReplay(firstOffset: number): void {
    this.#deathCount = 0
    this.#close()
    if (this.#disk.list().includes(NAME)) this.#disk.remove(NAME)
    for (const [offset, count] of this.#crashes) {
      if (offset < firstOffset) continue
      for (let crash = 0; crash < count; crash++) this.#append({ crashed: offset })
    }
    this.#close()
  }

  /** Applying the record threw; the process ends after this. */
  crashed(offset: number): void {
    this.#append({ crashed: offset })
    this.#close()
  }

  #append(mark: object): void {
    // In front as well: what a kill tore before must not swallow it.
    const bytes = Buffer.from(`\n${JSON.stringify(mark)}\n`)
    try {
      this.#file ??= this.#disk.open(NAME)
      this.#file.append(bytes, bytes.length)
    } catch (error) {
      // Without a mark one more crash is needed; a full disk must not keep a start from being made.
      if (errorCode(error) === '') throw error
    }
  }

  #close(): void {
    this.#file?.close()
    this.#file = null
  }
}
