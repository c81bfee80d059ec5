import { closeSync, openSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode, errorMessage, StreamError } from '../../stream/errors.ts'
import { makeFolder } from './make-folder.ts'

/**
 * Makes a folder if there is none, and sees whether a file can be made in it.
 *
 * @throws StreamError `path-unusable`
 */
export function ensureWritable(folder: string): void {
  try {
    makeFolder(folder)
    const probe = join(folder, `.probe-${process.pid}`)
    closeSync(openSync(probe, 'w'))
    unlinkSync(probe)
  } catch (error) {
    const message = `The folder ${folder} cannot be written to (${errorCode(error) || errorMessage(error)}): make it writable for this user, or name another one.`
    throw new StreamError('path-unusable', message, { cause: error })
  }
}
