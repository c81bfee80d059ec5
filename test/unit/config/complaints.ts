import assert from 'node:assert/strict'
import { type Environment, parseConfig } from '../../../lib/config/parse.ts'
import { StreamError } from '../../../lib/stream/errors.ts'

/** The complaints about an environment; none when it is accepted. */
export function complaintsOf(env: Environment): readonly string[] {
  const error = errorOf(env)
  if (error === null) return []
  assert.ok(error.details.length > 0, 'an error has complaints')
  return error.details
}

/** The error that an environment gives, null when it is accepted. */
export function errorOf(env: Environment): StreamError | null {
  try {
    parseConfig(env)
    return null
  } catch (error) {
    assert.ok(error instanceof StreamError)
    assert.equal(error.code, 'bad-config')
    return error
  }
}
