import type { WireSession } from './frames-messages.ts'
import type { JsonRequest } from './json-request.ts'
import { ProcessDeath, Refusal } from './refusal.ts'

/** Who asks, and where the table lies. */
export interface Session {
  /** Of the web API. */
  readonly url: string
  readonly container: string
  readonly user: string
  readonly password: string
  readonly token: string
}

/** A table: its container and its path inside it, without slashes at the ends. */
export interface TablePlace {
  readonly container: string
  readonly table: string
}

/** The session of a JSON request. Throws ProcessDeath when it is missing. */
export function sessionOfJson(request: JsonRequest, path: string): Session {
  const session = request.child('session')
  if (session === null) throw missingSession(path)
  const [url, container] = [session.text('url'), session.text('container')]
  const [user, password, token] = [
    session.text('user'),
    session.text('password'),
    session.text('token'),
  ]
  return { url, container, user, password, token }
}

/** The session of a write. Throws ProcessDeath when it is missing. */
export function sessionOfWrite(session: WireSession | null): Session {
  if (session === null) throw missingSession('/write')
  return session
}

function missingSession(path: string): ProcessDeath {
  return new ProcessDeath(`${path}: a message without session (nil dereference)`)
}

/** Applies an Authorization header, which wins over the session; other schemes are ignored. */
export function withAuthorization(session: Session, header: string | undefined): Session {
  if (header?.startsWith('Bearer ')) {
    return { ...session, token: header.slice('Bearer '.length), user: '', password: '' }
  }
  if (!header?.startsWith('Basic ')) return session
  const text = Buffer.from(header.slice('Basic '.length), 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) return session
  const [user, password] = [text.slice(0, colon), text.slice(colon + 1)]
  if (user === '__ACCESS_KEY') return { ...session, token: password, user: '', password: '' }
  return { ...session, token: '', user, password }
}

/** Finds the table; `home` is the container that framesd is configured with, '' for none. */
export function placeOf(session: Session, path: string, home: string): TablePlace {
  const expanded = path.replace(/^\/*\$V3IO_HOME(?=\/|$)/, `users/${session.user}`)
  const segments = expanded.split('/').filter((segment) => segment !== '')
  const container = session.container || home || segments.shift() || ''
  if (container === '') throw new Refusal('missing container name')
  if (segments.length === 0) throw new Refusal('missing table name')
  return { container, table: segments.join('/') }
}

/**
 * What V3IO's refusal looks like in framesd's answer, or null when the key is right. `object` is
 * the URL path of what framesd wanted to read.
 */
export function keyRefusal(session: Session, accessKey: string, object: string): string | null {
  if (session.token === accessKey) return null
  const known = session.token !== '' || session.user !== ''
  const status = known ? '403 Forbidden' : '401 Unauthorized'
  const body = known
    ? '{\n\t"ErrorCode": -13,\n\t"ErrorMessage": "Permission denied"\n}'
    : '{\n\t"ErrorCode": -1,\n\t"ErrorMessage": "Unauthorized"\n}'
  return [
    `Expected a 2xx response status code: HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    '',
    `${body}\nRequest details:\nGET ${object} HTTP/1.1`,
    'User-Agent: fasthttp',
    'X-V3io-Session-Key: SANITIZED\n',
    '',
  ].join('\r\n')
}
