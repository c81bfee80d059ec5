import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { decodeProfile, encodeProfile } from '../lib/register/profile-format.ts'
import type { TrainingProfile } from '../lib/register/training-profile.ts'
import { tryParseJson } from '../lib/stream/accept/parse-json.ts'
import { errorCode, errorMessage } from '../lib/stream/errors.ts'
import { oneLine, trouble } from './errors.ts'

const BYTES_MAX = 256 * 1024 * 1024

/**
 * Reads a profile that `--export-record` wrote (its format: lib/register/profile-format.ts).
 *
 * @throws CliError
 */
export function readProfile(path: string): TrainingProfile {
  const decoded = decodeProfile(tryParseJson(textOf(path)))
  if (decoded.ok) return decoded.value
  throw trouble(
    `${path} is no record that was exported: ${decoded.complaint}; ` +
      'write it anew with "model-monitoring register --export-record".',
  )
}

function textOf(path: string): string {
  try {
    const stats = statSync(path)
    if (stats.isDirectory()) throw trouble(`The exported record ${path} is a folder: name a file.`)
    if (stats.size > BYTES_MAX) throw trouble(`The exported record ${path} is too large to be one.`)
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = errorCode(error)
    if (code === '') throw error
    if (code === 'ENOENT') {
      throw trouble(`The exported record ${path} does not exist: name a file with --from-record.`)
    }
    throw trouble(`The exported record ${path} cannot be read (${code}): make it readable.`)
  }
}

/**
 * Writes a profile, whole or not at all.
 *
 * @throws CliError
 */
export function writeProfile(path: string, profile: TrainingProfile): void {
  const unfinished = `${path}.unfinished`
  try {
    writeFileSync(unfinished, encodeProfile(profile))
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    const why = errorCode(error) || oneLine(errorMessage(error))
    throw trouble(`The record cannot be exported to ${path} (${why}): name another file.`)
  }
}
