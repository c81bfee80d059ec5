/**
 * One owner at a time for a data folder, whoever dies when.
 *
 * lock-N.json   JSON object: who took the folder (ProcessIdentity), `released`, and `facts` of the
 *               owner for others. N counts from 1; the file with the highest N counts, the others
 *               are history.
 *
 * Taking: whoever finds the newest owner dead or gone makes lock-(N+1).json exclusively (O_EXCL),
 * so of two starters one wins. The newest file is never removed, only marked released; so a number
 * is never used twice, and a starter that was slow to act on an old sight either fails or sees a
 * higher number.
 * After a crash: an owner of this boot and pid namespace is looked up by pid and start time. Of any
 * other (another container, a machine before its reboot, a file that cannot be read) only the
 * heartbeat can tell: its file's mtime changes every BEAT_MS while it lives. Clocks are not
 * compared.
 */
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { errorCode, errorMessage, StreamError } from '../../stream/errors.ts'
import { makeFolder } from './make-folder.ts'
import { type Liveness, livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.ts'

// A statement of the embedded store may hold the thread, and so the beat, for a second or two.
const BEAT_MS = 1_000
const SILENCE_MS = 10_000

/** What an owner tells others about itself, such as the port it serves. */
export type OwnerFacts = Readonly<Record<string, string | number>>

/** Who has, or last had, a data folder. */
export interface FolderOwner {
  readonly pid: number
  readonly host: string
  readonly liveness: Liveness
  readonly facts: OwnerFacts
}

/** A folder that this process has for itself. */
export interface FolderLock {
  /** Of this taking of the folder, > 0: each one that takes it has a greater one than all before. */
  readonly number: number
  /** False once somebody else has taken it over, because this process seemed dead. */
  isHeld(): boolean
  /**
   * The same, for before each use of the folder that must not come after somebody else has taken it over:
   * it looks at the folder when this process has stood still for so long that others may wonder.
   */
  check(): boolean
  /** Replaces what others read with `readFolderOwner`. */
  setFacts(facts: OwnerFacts): void
  /** Leaves the folder to others. May be called twice. */
  release(): void
}

interface LockFile {
  readonly number: number
  readonly path: string
  /** Changes with every write and every beat. */
  readonly stamp: string
  /** undefined: being written, or spoilt. */
  readonly content: LockContent | undefined
}

interface LockContent {
  readonly owner: ProcessIdentity
  readonly released: boolean
  readonly facts: OwnerFacts
}

/**
 * Takes the folder, which is made if there is none.
 *
 * @param silenceMs  how long an owner that cannot be looked up must be silent to count as dead
 * @throws StreamError `data-folder-in-use`, `path-unusable`, `disk-full`
 */
export async function lockFolder(
  folder: string,
  { silenceMs = SILENCE_MS }: { silenceMs?: number } = {},
): Promise<FolderLock> {
  const own = ownIdentity()
  onFolder(folder, () => makeFolder(folder))
  for (;;) {
    const newest = onFolder(folder, () => readNewest(folder))
    if (newest !== undefined && (await isTaken(newest, { folder, own, silenceMs }))) {
      throw inUse(folder, newest.content?.owner)
    }
    const lock = onFolder(folder, () =>
      tryToTake(folder, (newest?.number ?? 0) + 1, { own, silenceMs }),
    )
    if (lock !== undefined) return lock
  }
}

/**
 * Who has the folder, for a process that would rather ask the owner than wait for it.
 *
 * @returns  undefined when nobody has it; `liveness` tells whether the owner still runs
 * @throws StreamError `path-unusable`
 */
export function readFolderOwner(folder: string): FolderOwner | undefined {
  const content = onFolder(folder, () => readNewest(folder))?.content
  if (content === undefined || content.released) return undefined
  const { owner, facts } = content
  return { pid: owner.pid, host: owner.host, liveness: livenessOf(owner, ownIdentity()), facts }
}

async function isTaken(
  newest: LockFile,
  { folder, own, silenceMs }: { folder: string; own: ProcessIdentity; silenceMs: number },
): Promise<boolean> {
  const { content } = newest
  if (content?.released === true) return false
  const liveness = content === undefined ? 'unknown' : livenessOf(content.owner, own)
  if (liveness !== 'unknown') return liveness === 'alive'
  for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += silenceMs / 40) {
    await wait(silenceMs / 40)
    if (onFolder(folder, () => readNewest(folder))?.stamp !== newest.stamp) return true
  }
  return false
}

function tryToTake(
  folder: string,
  number: number,
  { own, silenceMs }: { readonly own: ProcessIdentity; readonly silenceMs: number },
): FolderLock | undefined {
  const path = join(folder, `lock-${number}.json`)
  try {
    writeFileSync(path, encode({ owner: own, released: false, facts: {} }), { flag: 'wx' })
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return undefined
    throw error
  }
  const numbers = listNumbers(folder)
  if (Math.max(...numbers) > number) {
    rmSync(path)
    return undefined
  }
  // The one before stays: a listing that another starter has begun must find one of the two.
  for (const old of numbers) if (old < number - 1) rmSync(join(folder, `lock-${old}.json`))
  return new HeldLock({ folder, number, path, own, silenceMs })
}

class HeldLock implements FolderLock {
  readonly #folder: string
  readonly number: number
  readonly #path: string
  readonly #own: ProcessIdentity
  readonly #timer: NodeJS.Timeout
  readonly #looksAfterMs: number
  #facts: OwnerFacts = {}
  #isHeld = true
  #beatAtMs = Date.now()

  constructor(lock: {
    folder: string
    number: number
    path: string
    own: ProcessIdentity
    silenceMs: number
  }) {
    this.#looksAfterMs = lock.silenceMs / 2
    this.#folder = lock.folder
    this.number = lock.number
    this.#path = lock.path
    this.#own = lock.own
    this.#timer = setInterval(() => this.#beat(), BEAT_MS)
    this.#timer.unref() // the lock alone keeps no process alive
  }

  isHeld(): boolean {
    return this.#isHeld
  }

  check(): boolean {
    // A clock that was set makes for a look too many, at worst.
    const isFresh = Math.abs(Date.now() - this.#beatAtMs) < this.#looksAfterMs
    if (this.#isHeld && !isFresh) this.#beat()
    return this.#isHeld
  }

  setFacts(facts: OwnerFacts): void {
    this.#facts = { ...facts }
    this.#rewrite({ released: false })
  }

  release(): void {
    if (this.#isHeld) this.#rewrite({ released: true })
    this.#end()
  }

  #beat(): void {
    try {
      const now = new Date()
      utimesSync(this.#path, now, now)
      if (Math.max(...listNumbers(this.#folder)) === this.number) this.#beatAtMs = Date.now()
      else this.#end()
    } catch (error) {
      // Gone: the folder was removed under us. Anything else (too many open files) may pass, and
      // missing some beats takes the folder from nobody who can be looked up.
      if (errorCode(error) === 'ENOENT') this.#end()
    }
  }

  #end(): void {
    this.#isHeld = false
    clearInterval(this.#timer)
  }

  /** By a rename, so that nobody reads half a file. */
  #rewrite({ released }: { released: boolean }): void {
    if (!this.#isHeld) return
    const temporary = `${this.#path}.new`
    onFolder(this.#folder, () => {
      writeFileSync(temporary, encode({ owner: this.#own, released, facts: this.#facts }))
      renameSync(temporary, this.#path)
    })
  }
}

function listNumbers(folder: string): readonly number[] {
  return readdirSync(folder).flatMap((name) => {
    const [, digits] = /^lock-(\d{1,15})\.json$/.exec(name) ?? []
    return digits === undefined ? [] : [Number(digits)]
  })
}

function readNewest(folder: string): LockFile | undefined {
  const numbers = listNumbers(folder)
  if (numbers.length === 0) return undefined
  const number = Math.max(...numbers)
  const path = join(folder, `lock-${number}.json`)
  try {
    const text = readFileSync(path, 'utf8')
    const stamp = `${number} ${statSync(path).mtimeMs} ${text}`
    return { number, path, stamp, content: decode(text) }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
    return readNewest(folder) // a higher one came, or a starter took its own back
  }
}

function encode({ owner, released, facts }: LockContent): string {
  return `${JSON.stringify({ ...owner, released, facts }, null, 2)}\n`
}

function decode(text: string): LockContent | undefined {
  const raw = parseObject(text)
  const pid = raw?.['pid']
  if (raw === undefined || typeof pid !== 'number' || !Number.isSafeInteger(pid)) return undefined
  const owner = {
    pid,
    host: String(raw['host']),
    bootId: String(raw['bootId']),
    pidNamespace: String(raw['pidNamespace']),
    startedAt: String(raw['startedAt']),
  }
  return { owner, released: raw['released'] === true, facts: decodeFacts(raw['facts']) }
}

function decodeFacts(raw: unknown): OwnerFacts {
  const facts: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(raw ?? {})) {
    if (typeof value === 'string' || typeof value === 'number') facts[name] = value
  }
  return facts
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const raw: unknown = JSON.parse(text)
    return typeof raw === 'object' && raw !== null ? { ...raw } : undefined
  } catch {
    return undefined // being written at this moment, or spoilt
  }
}

function onFolder<T>(folder: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    const code = errorCode(cause)
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new StreamError('disk-full', `The disk of the data folder ${folder} is full.`, {
        cause,
      })
    }
    throw new StreamError(
      'path-unusable',
      `The data folder ${JSON.stringify(folder)} cannot be used ` +
        `(${code || errorMessage(cause)}): ` +
        'name a folder that this user may write, or one that can be made.',
      { cause },
    )
  }
}

function inUse(folder: string, owner: ProcessIdentity | undefined): StreamError {
  const who =
    owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host || 'this host'}`
  return new StreamError(
    'data-folder-in-use',
    `The data folder ${folder} is in use by ${who}: stop that process, or name another folder.`,
  )
}
