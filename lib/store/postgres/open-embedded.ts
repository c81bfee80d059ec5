import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { errorCode, StreamError } from '../../stream/errors.ts'
import type { Store } from '../../stream/ports.ts'
import { lockFolder, type OwnerFacts } from '../disk/folder-lock.ts'
import { unavailable } from './database.ts'
import { PgliteDatabase } from './pglite-database.ts'
import { migrate } from './schema.ts'
import { createStore } from './store.ts'

// Every merge leaves the record before it behind, and the embedded engine has nobody who sweeps up.
const UPKEEP = ['VACUUM model_endpoints']

/** A store in a folder of this process. */
export interface EmbeddedStore extends Store {
  /** Tells other processes about this one (`readFolderOwner`), such as the port it serves. */
  setOwnerFacts(facts: OwnerFacts): void
}

/**
 * Opens the PostgreSQL that lives in a folder, and makes it if there is none. It belongs to one
 * process at a time; `close` leaves it to others. What was written survives the process's death at
 * any instruction, not a power cut (docs/decisions/0002).
 *
 * folder/lock-N.json         who has it (folder-lock.ts)
 * folder/pglite/             the database
 * folder/pglite-unfinished   there while the database is made for the first time; when it is found
 *                            at the start, making it was cut short and is begun anew
 *
 * @throws StreamError `data-folder-in-use`, `path-unusable`, `disk-full`, `store-version`,
 *         `store-unavailable`
 */
export async function openEmbedded({ folder }: { folder: string }): Promise<EmbeddedStore> {
  const lock = await lockFolder(folder)
  const root = resolve(folder)
  const database = new PgliteDatabase({
    folder: join(root, 'pglite'),
    isOurs: () => lock.isHeld(),
    upkeep: UPKEEP,
  })
  try {
    const unfinished = join(root, 'pglite-unfinished')
    if (existsSync(unfinished)) rmSync(join(root, 'pglite'), { recursive: true, force: true })
    if (!existsSync(join(root, 'pglite'))) writeFileSync(unfinished, '')
    await migrate(database)
    rmSync(unfinished, { force: true })
  } catch (error) {
    await database.close().catch(() => undefined) // it never opened; the first error tells why
    lock.release()
    throw error instanceof StreamError ? error : translate(folder, error)
  }
  const store = createStore(database)
  return {
    ...store,
    setOwnerFacts: (facts) => lock.setFacts(facts),
    close: async () => {
      try {
        await store.close()
      } finally {
        lock.release()
      }
    },
  }
}

function translate(folder: string, cause: unknown): StreamError {
  if (errorCode(cause) === 'ENOSPC') {
    return new StreamError('disk-full', `The disk of the data folder ${folder} is full.`, { cause })
  }
  return unavailable(`The embedded store in ${folder} could not be opened`, cause)
}
