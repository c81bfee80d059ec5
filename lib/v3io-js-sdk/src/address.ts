import { V3ioError } from './v3io-error.ts'

/**
 * The address of a server: `http://HOST:PORT` or `https://...`, without a scheme http.
 *
 * @throws V3ioError `invalid-argument`, which does not repeat the text: it may hold a password
 */
export function parseAddress(text: string): URL {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.canParse(whole) ? new URL(whole) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw invalid('cannot be read: write http://HOST:PORT')
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('holds a user or a password: give the access key as a setting of its own')
  }
  if (url.search !== '' || url.hash !== '') throw invalid('must not hold a query or a fragment')
  return url
}

function invalid(what: string): V3ioError {
  return new V3ioError('invalid-argument', `The address ${what}`)
}
