import assert from 'node:assert'
import { crc32 } from './accept/crc32.ts'
import {
  type CheckpointHeader,
  checkpointEnd,
  checkpointName,
  parseCheckpointName,
  type ReadCheckpoint,
  readCheckpoint,
} from './checkpoint-format.ts'
import type { Endpoint } from './compute/endpoint.ts'
import type { EndpointTable } from './compute/endpoint-table.ts'
import { errorCode, errorMessage } from './errors.ts'
import type { SegmentDisk, SegmentFile } from './ports.ts'

/** Endpoints, and characters of them, that are written in one go: about two milliseconds. */
const ENDPOINTS_PER_STEP = 50
const CHARS_PER_STEP = 128 * 1024
const BUFFER_CHARS = 64 * 1024
/** Whole ones that wait for what came before them: the oldest, and the newest. */
const PENDING_MAX = 2

/** What checkpoints are made of. */
export interface CheckpointsParts {
  /** The folder of the spool. */
  readonly disk: SegmentDisk
  readonly table: Pick<EndpointTable<unknown>, 'endpoints' | 'toCheckpoint'>
  /** Told when one could not be written; another one is begun later. */
  readonly onFailure: (reason: string) => void
}

/** One that is being written. */
interface Taking {
  readonly offset: number
  readonly name: string
  readonly file: SegmentFile
  /** Endpoints that there were, by slot: whether each is written. */
  readonly isWritten: Uint8Array
  next: number
  text: string
  /** Characters that were written so far. */
  chars: number
  sum: number
}

/**
 * Takes checkpoints of a log, so that its spool can be shortened and a start need not read all of it.
 *
 * A checkpoint is the whole state after one record. It is written an endpoint at a time while events go
 * on; an endpoint that is about to change is written first, so that all are as they were. It becomes the
 * beginning of the log when everything that records up to it brought is delivered: then a start reads it
 * and applies what follows, and nothing before it is needed any more.
 */
export class Checkpoints {
  readonly #parts: CheckpointsParts
  #taking: Taking | null = null
  /** Whole ones, oldest first. */
  #pending: number[] = []
  /** Offset of the one that the log begins with, -1 for none. */
  #beginning: number

  constructor(parts: CheckpointsParts, beginning: number) {
    this.#parts = parts
    this.#beginning = beginning
  }

  /**
   * What a log begins with. Files that are no whole checkpoint are kept aside, and those that were not
   * the beginning yet are removed.
   *
   * @param onDamage  told of a file that was to be the beginning and cannot be read
   */
  static read(disk: SegmentDisk, onDamage: (name: string) => void): ReadCheckpoint | null {
    const files = disk.list().flatMap((name) => {
      const parsed = parseCheckpointName(name)
      return parsed === null ? [] : [{ name, ...parsed }]
    })
    for (const { name, isPending } of files) if (isPending) disk.remove(name)
    const whole = files.filter(({ isPending }) => !isPending).sort((a, b) => b.offset - a.offset)
    for (const { name } of whole) {
      const checkpoint = readCheckpoint(disk.read(name))
      if (checkpoint !== null) return checkpoint
      disk.rename(name, `${name}.damaged`)
      onDamage(name)
    }
    return null
  }

  /** Whether one is being written. */
  get isUnderWay(): boolean {
    return this.#taking !== null
  }

  /** Offset of the oldest whole one that waits to become the beginning, null for none. */
  get oldestPending(): number | null {
    return this.#pending[0] ?? null
  }

  /** Offset of the one that the log begins with, -1 for none. */
  get beginning(): number {
    return this.#beginning
  }

  /** Offset of the newest whole one, whether it is the beginning or waits to become it; -1 for none. */
  get newest(): number {
    return this.#pending.at(-1) ?? this.#beginning
  }

  /**
   * Begins one, between two records of the log; nothing if one is being written already.
   *
   * @param header  made only when one is begun
   */
  begin(header: () => CheckpointHeader): void {
    if (this.#taking !== null) return
    const { disk, table } = this.#parts
    const first = header()
    const name = checkpointName(first.offset, { isPending: true })
    this.#guarded(() => {
      const file = disk.open(name)
      if (file.size() > 0) file.truncate(0) // left by one that could not be removed
      this.#taking = {
        offset: first.offset,
        name,
        file,
        isWritten: new Uint8Array(table.endpoints.length),
        next: 0,
        text: '',
        chars: 0,
        sum: 0,
      }
      this.#write(this.#taking, `${JSON.stringify(first)}\n`)
    })
  }

  /** The endpoint is about to change: if a checkpoint lacks it, it is written as it is. */
  touch(endpoint: Endpoint): void {
    const taking = this.#taking
    if (taking === null || taking.isWritten[endpoint.slot] !== 0) return
    this.#guarded(() => this.#writeEndpoint(taking, endpoint))
  }

  /**
   * Goes on with the one that is being written.
   *
   * @returns  whether there is more to do
   */
  step(): boolean {
    const taking = this.#taking
    if (taking === null) return false
    this.#guarded(() => {
      const { endpoints } = this.#parts.table
      const end = Math.min(taking.next + ENDPOINTS_PER_STEP, taking.isWritten.length)
      const charsMax = taking.chars + CHARS_PER_STEP
      for (; taking.next < end && taking.chars < charsMax; taking.next++) {
        const endpoint = endpoints[taking.next]
        assert(endpoint !== undefined)
        if (taking.isWritten[taking.next] === 0) this.#writeEndpoint(taking, endpoint)
      }
    })
    return this.#taking !== null && taking.next < taking.isWritten.length
  }

  /** Ends the one whose endpoints are all written; when this settles, it survives a power cut. */
  async finish(): Promise<void> {
    const taking = this.#taking
    if (taking === null || taking.next < taking.isWritten.length) return
    try {
      this.#flush(taking)
      const end = Buffer.from(`${checkpointEnd(taking.isWritten.length, taking.sum)}\n`)
      taking.file.append(end, end.length)
      await taking.file.syncLater()
      taking.file.close()
    } catch (error) {
      this.#giveUp(error)
      return
    }
    this.#taking = null
    this.#keepPending(taking.offset)
  }

  /** The newest takes the place of the one before it, and the oldest stays: it is delivered first. */
  #keepPending(offset: number): void {
    if (this.#pending.length === PENDING_MAX) {
      const older = this.#pending.pop()
      if (older !== undefined) this.#guarded(() => this.#remove(older, { isPending: true }))
    }
    this.#pending.push(offset)
  }

  /**
   * Makes the newest one the beginning whose records are all delivered.
   *
   * @param deliveredBefore  everything that records before this offset brought is delivered
   * @returns                where the log begins now, if that changed
   */
  promote(deliveredBefore: number): number | null {
    let promoted: number | null = null
    while ((this.#pending[0] ?? deliveredBefore) < deliveredBefore) {
      const [offset = 0] = this.#pending
      const isDone = this.#guarded(() => {
        const from = checkpointName(offset, { isPending: true })
        this.#parts.disk.rename(from, checkpointName(offset, { isPending: false }))
      })
      if (!isDone) break
      this.#pending.shift()
      const before = this.#beginning
      this.#beginning = offset
      promoted = offset
      // A start reads the newest, so an older one that stays does no harm.
      if (before >= 0) this.#guarded(() => this.#remove(before, { isPending: false }))
    }
    return promoted
  }

  #remove(offset: number, kind: { readonly isPending: boolean }): void {
    this.#parts.disk.remove(checkpointName(offset, kind))
  }

  /** Drops what is being written; the log goes on without it. */
  close(): void {
    const taking = this.#taking
    this.#taking = null
    this.#guarded(() => taking?.file.close())
  }

  #writeEndpoint(taking: Taking, endpoint: Endpoint): void {
    taking.isWritten[endpoint.slot] = 1
    this.#write(taking, `${JSON.stringify(this.#parts.table.toCheckpoint(endpoint))}\n`)
  }

  #write(taking: Taking, line: string): void {
    taking.text += line
    taking.chars += line.length
    if (taking.text.length >= BUFFER_CHARS) this.#flush(taking)
  }

  #flush(taking: Taking): void {
    const bytes = Buffer.from(taking.text)
    taking.text = ''
    taking.sum = crc32(bytes, taking.sum)
    taking.file.append(bytes, bytes.length)
  }

  /** The disk's trouble ends a checkpoint, and nothing else. */
  #guarded(work: () => void): boolean {
    try {
      work()
      return true
    } catch (error) {
      if (errorCode(error) === 'ERR_ASSERTION') throw error
      this.#giveUp(error)
      return false
    }
  }

  #giveUp(error: unknown): void {
    const taking = this.#taking
    this.#taking = null
    this.#parts.onFailure(errorMessage(error))
    if (taking === null) return
    try {
      taking.file.close()
      this.#parts.disk.remove(taking.name)
    } catch (more) {
      // The file is no checkpoint, and the next start removes it.
      this.#parts.onFailure(errorMessage(more))
    }
  }
}
