import { existsSync, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { errorCode } from '../../stream/errors.ts'

/**
 * Makes a folder and those above it that are missing. Step by step, because Node's own recursive
 * mkdir goes round for ever below /proc.
 *
 * @returns  the topmost folder that was made here, absolute; undefined if all were there
 * @throws   the disk's error
 */
export function makeFolder(folder: string): string | undefined {
  // An empty name would be the working directory.
  if (folder === '') throw new Error('its name is empty')
  const path = resolve(folder)
  if (existsSync(path)) return undefined
  const above = dirname(path) === path ? undefined : makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error // somebody else was faster
  }
  return above ?? path
}
