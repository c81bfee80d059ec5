import { V3ioError } from 'v3io-js-sdk'
import { StreamError } from '../../stream/errors.ts'
import type { Verdict } from '../bisect.ts'

/**
 * What an error of the platform says of what it was given. Refused for good is only what the platform
 * said is wrong with the data: a key that may not write, or a container that is not there, are
 * mended by people, and what waits is written then.
 *
 * @throws the error when it is none of the platform's: a bug of ours
 */
export function verdict(error: unknown): Verdict {
  if (!(error instanceof V3ioError)) throw error
  const isRefusal = error.code === 'refused' || error.code === 'invalid-argument'
  return { isRefusal, reason: reasonOf(error) }
}

/** A StreamError `store-unavailable` that ends in the platform's own words. */
export function unavailable(what: string, error: unknown): StreamError {
  if (!(error instanceof V3ioError)) throw error
  return new StreamError('store-unavailable', `${what}: ${reasonOf(error)}.`, { cause: error })
}

function reasonOf(error: V3ioError): string {
  switch (error.code) {
    case 'unauthorized':
      return `${error.message}; see that V3IO_ACCESS_KEY holds a key that is valid`
    case 'forbidden':
      return `${error.message}; the key of V3IO_ACCESS_KEY may not do this`
    default:
      return error.message
  }
}
