import { StreamError } from '../stream/errors.ts'
import { crossChecks } from './cross-checks.ts'
import { type Config, settings } from './fields.ts'
import type { Field, Value } from './kinds.ts'
import { maskText } from './mask.ts'
import { fromJson, parseText, wantedOf } from './parse-value.ts'

/** Names and texts of the environment, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** As much of a given value as a complaint shows. */
const SHOWN_CHARS_MAX = 80

/**
 * All settings from the environment. An absent name takes the default; so does an empty text, but
 * for settings that are texts themselves, where it is the empty text. Other names are ignored.
 *
 * Throws StreamError 'bad-config' with every complaint at once, one sentence each, in which no
 * secret stands.
 */
export function parseConfig(env: Environment): Config {
  const complaints: string[] = []
  const refused = new Set<string>()
  const values: [string, Value | null][] = settings.map(({ name, envName, field }) => {
    const given = givenText(env, envName, field)
    if (given === null) return [name, fromJson(field, field.default)]
    const value = parseText(field, given)
    if (value === null) {
      refused.add(name)
      complaints.push(complaintOf(envName, field, given))
    }
    return [name, value]
  })
  const config = Object.fromEntries(values) as Config
  for (const check of crossChecks) {
    // A setting that is wrong on its own has its complaint already.
    if (check.names.some((name) => refused.has(name))) continue
    const complaint = check.complaintOf(config)
    if (complaint !== null) complaints.push(complaint)
  }
  if (complaints.length > 0) {
    throw new StreamError('bad-config', `Settings are wrong. ${complaints.join(' ')}`, {
      details: complaints,
    })
  }
  return config
}

/** The text of a setting; null when it counts as absent. */
function givenText(env: Environment, envName: string, field: Field): string | null {
  // An environment made by hand may inherit names; those are not given.
  const given = Object.hasOwn(env, envName) ? env[envName] : undefined
  if (given === undefined) return null
  return field.kind !== 'text' && given.trim() === '' ? null : given
}

function complaintOf(envName: string, field: Field, given: string): string {
  const masked = maskText(field, given)
  const shown = masked.length > SHOWN_CHARS_MAX ? `${masked.slice(0, SHOWN_CHARS_MAX)}...` : masked
  const json = given.startsWith('$') ? 'as JSON after the "$" ' : ''
  return `${envName}: given ${JSON.stringify(shown)}, wanted ${json}${wantedOf(field)}.`
}
